"""The checks of every gap: the kit's five. `pytest autograder/checks --submission FILE` runs them.

A check of the course's own would stand here, with one of the markers `value`, `edge` and `conduct`.
"""

from __future__ import annotations

from autograder.judging.standard import (  # noqa: F401  # pytest and the grader find them here
    test_edges,
    test_inputs_unchanged,
    test_no_globals,
    test_results_of_their_own,
    test_second_call,
    test_values,
)
