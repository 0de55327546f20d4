"""One engine for the tests that need no command line, and a class graded by it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from autograder import batch
from autograder.cli import grade_class
from autograder.course import Course
from autograder.grading import Grader
from autograder.model import Record
from autograder.sandbox.confine import Limits

LIMITS = Limits(cell_cpu_s=0.5, cell_wall_s=4, runner_cpu_s=4, notebook_wall_s=40)
"""Small, so that what hangs does not take long."""


@pytest.fixture(scope="session", autouse=True)
def programs() -> Iterator[None]:
    """nbgrader calls alembic by its bare name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        yield


def grade_quietly(grader: Grader, *, workers: int = 1) -> tuple[list[Record], str]:
    """What `autograder grade submitted` does, in this process: the records, and what is printed."""
    root = grader.course.root
    console = Console(file=StringIO(), width=200)
    jobs = batch.jobs_in(grader.course, root / "submitted")
    records = grade_class(
        grader, jobs, workers=workers, results=root / "results.jsonl", gradebook=True, console=console
    )
    assert isinstance(console.file, StringIO)
    return records, console.file.getvalue()


def regrade(course: Course) -> tuple[list[Record], str]:
    """The same with an engine of its own."""
    with Grader(course, LIMITS) as grader:
        return grade_quietly(grader)
