"""A run of `grade`: a class with progress, into the records and whatever else keeps its marks, and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder.classes.attention import Topic, print_topics, topics
from autograder.classes.grade import grade_all
from autograder.classes.jobs import Job
from autograder.classes.report.terminal import print_class
from autograder.course.settings import settings_of
from autograder.judging.grading import Graded, Grader
from autograder.judging.mistakes import known_mistakes
from autograder.model import Record


class Keeper(Protocol):
    """What keeps marks besides the records: nbgrader's gradebook, or nothing."""

    def keep(self, graded: Graded) -> None:
        """Keep one notebook as graded, before its record is written."""

    def is_kept(self, record: Record) -> bool:
        """Whether what was kept for an earlier record is still there."""

    def write(self, records: list[Record]) -> list[str]:
        """Keep the marks of the class; what the instructor should know."""


class NoKeeper:
    """Records only."""

    def keep(self, graded: Graded) -> None:
        """Nothing."""

    def is_kept(self, record: Record) -> bool:
        """Nothing is missing."""
        return True

    def write(self, records: list[Record]) -> list[str]:
        """Nothing."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedClass:
    """A class's records, and what somebody must look at."""

    records: list[Record]
    to_look_at: list[Topic]


def grade_class(
    grader: Grader,
    jobs: list[Job],
    *,
    workers: int,
    results: Path | None,
    keeper: Keeper,
    console: Console,
    passed_over: Sequence[str] = (),
) -> GradedClass:
    """Grade with progress, have the marks kept, print the class's tables and what somebody must look at.

    Args:
        grader: Shared by the workers.
        jobs: What to grade.
        workers: How many notebooks at once.
        results: Where records are written as they come, and found again; None for nowhere.
        keeper: What keeps the marks besides.
        console: Where progress and tables are shown.
        passed_over: What lay among the submissions and is not graded.

    Raises:
        KitError: Student code cannot be confined, or something cannot be written; what has been graded is kept.
    """
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Grading", total=len(jobs))

        def told(_record: Record) -> None:
            progress.advance(task)

        records = grade_all(
            grader, jobs, workers=workers, results=results, keep=keeper.keep, is_kept=keeper.is_kept, told=told
        )
    notices = keeper.write(records)
    graded = {job.notebook for job in jobs}  # others may be unfinished
    names = [name for name in grader.course.sources if name in graded]
    mistakes = [mistake for name in names for mistake in known_mistakes(grader.course, name)]
    print_class(console, records, mistakes)
    excused = {(one.student, one.assignment) for one in settings_of(grader.course.root).excused}
    to_look_at = topics(records, passed_over, notices, excused)
    print_topics(console, to_look_at)
    return GradedClass(records=records, to_look_at=to_look_at)
