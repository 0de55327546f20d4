"""The checks of this course: five of the kit's (test_results_of_their_own is for gaps with `conduct` and no driver).

A check of your own would stand below: a function `test_...(case)` with one of pytest's markers `value`, `edge` and
`conduct`, which fails by an AssertionError whose text the student reads.
"""

from autograder.judging.standard import (  # noqa: F401  # pytest and the grader find them here
    test_edges,
    test_inputs_unchanged,
    test_no_globals,
    test_second_call,
    test_values,
)
