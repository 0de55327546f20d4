"""What the tests of naming share: one grader of the real course, with what its known mistakes give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.judging.grading import Grader

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def grader() -> Iterator[Grader]:
    with Grader(Course(ROOT, "naming")) as made:
        yield made
