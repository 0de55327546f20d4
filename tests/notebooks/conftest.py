"""A course of one small assignment and a class in which every case is a student; one grader for the session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.course.data import copy_data
from autograder.course.secret import SECRET_FILE
from autograder.judging.grading import Grader

from .cases import ASSIGNMENT, CASES, NOTEBOOKS, ROOT, Case

SECRET = "notebooks"


def make_course(root: Path, cases: Sequence[Case]) -> Course:
    """A course below `root` in which every case is a student."""
    for name in NOTEBOOKS:
        path = root / "source" / ASSIGNMENT / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "source" / ASSIGNMENT / path.name, path)
    copy_data(ROOT, root)
    (root / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    for case in cases:
        case.write(root / "submitted" / case.name / ASSIGNMENT)
    return Course(root, SECRET)


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The course of all cases."""
    return make_course(tmp_path_factory.mktemp("notebooks") / "course", CASES)


@pytest.fixture(scope="session")
def grader(course: Course) -> Iterator[Grader]:
    """The engine."""
    with Grader(course) as made:
        yield made
