"""One engine for the tests that need no command line, and a class graded by it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import StringIO

import nbgrader.api as api
import pytest
from click.testing import CliRunner
from rich.console import Console

from autograder import cli
from autograder.classes.jobs import jobs_in
from autograder.classes.run import grade_class
from autograder.course.course import Course
from autograder.gradebook.keeper import GradebookKeeper
from autograder.judging.grading import Grader
from autograder.model import Record
from autograder.sandbox.confine import Limits

from . import classroom

LIMITS = Limits(cell_cpu_s=0.5, cell_wall_s=4, runner_cpu_s=4, notebook_wall_s=40)
"""Small, so that what hangs does not take long."""


@functools.cache
def engine() -> Grader:
    """One engine for all courses of these tests, which have the same notebooks and the same secret."""
    return Grader(Course(classroom.ROOT, classroom.SECRET), LIMITS)


@pytest.fixture(scope="session", autouse=True)
def programs() -> Iterator[None]:
    """nbgrader calls alembic by its bare name, and for seconds whenever it makes a gradebook: once is enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", classroom.environment()["PATH"])
        patch.setattr(api, "get_alembic_version", functools.cache(api.get_alembic_version))
        yield
    engine().close()


@contextmanager
def engine_on(course: Course) -> Iterator[Grader]:
    """The engine, grading this course; its warm processes have ended afterwards."""
    made = engine()
    made.course = course
    vars(made).pop("checks", None)  # those of the course before may have had a fault
    try:
        yield made
    finally:
        made.close()


def regrade(course: Course) -> tuple[list[Record], str]:
    """What `autograder grade submitted` does, in this process: the records, and what is printed."""
    text = StringIO()
    with engine_on(course) as grader:
        jobs = jobs_in(course, course.root / "submitted")
        console, results = Console(file=text, width=200), course.root / "results.jsonl"
        keeper = GradebookKeeper(course)
        graded = grade_class(grader, jobs, workers=1, results=results, keeper=keeper, console=console)
    return graded.records, text.getvalue()


def command_line(course: Course, *options: str) -> tuple[int, str]:
    """`autograder grade submitted` by its command line, in this process: exit code, and what is printed."""
    with engine_on(course) as grader, pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "Grader", lambda _: nullcontext(grader))
        arguments = ["grade", str(course.root / "submitted"), "--course", str(course.root), "--jobs", "1", *options]
        done = CliRunner().invoke(cli.main, arguments)
    return done.exit_code, " ".join(done.output.split())
