"""What the tests of the engine share: one grader of the real course, and one sandbox for plans of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.sandbox.confine import Limits
from autograder.sandbox.pool import Sandbox

ROOT = Path(__file__).parents[2]
LIMITS = Limits(cell_cpu_s=0.5, cell_wall_s=4, runner_cpu_s=6, notebook_wall_s=30)
"""Small, so that what hangs does not take long."""


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    """The real engine on the real course: the only one of the session."""
    with Grader(Course(ROOT, "engine"), LIMITS) as made:
        yield made


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """For the small plans of `tiny.py`."""
    with Sandbox(LIMITS) as made:
        yield made
