"""A course of one small assignment and a class in which every case is a student; one grader for the session."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import SECRET_FILE, Course
from autograder.grading import Grader

from .cases import ASSIGNMENT, CASES, NOTEBOOKS, ROOT

SECRET = "notebooks"


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The course, with `submitted/` filled."""
    root = tmp_path_factory.mktemp("notebooks") / "course"
    for name in NOTEBOOKS:
        path = root / "source" / ASSIGNMENT / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "source" / ASSIGNMENT / path.name, path)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    for case in CASES:
        case.write(root / "submitted" / case.name / ASSIGNMENT)
    with pytest.MonkeyPatch.context() as patch:  # nbgrader calls alembic by its bare name
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        yield Course(root, SECRET)


@pytest.fixture(scope="session")
def grader(course: Course) -> Iterator[Grader]:
    """The engine."""
    with Grader(course) as made:
        yield made
