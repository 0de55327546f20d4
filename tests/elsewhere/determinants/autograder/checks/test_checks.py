"""Three of the kit's checks, which is all that these gaps need."""

from autograder.judging.standard import test_edges, test_inputs_unchanged, test_values  # noqa: F401
