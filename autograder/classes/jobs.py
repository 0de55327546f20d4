"""What there is to grade: the notebooks that lie in a folder of submissions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.classes.passed_over import is_student, passed_over
from autograder.course.course import Course
from autograder.handed_in.folder import check_student, notebook_of, read_file
from autograder.model import KitError
from autograder.sandbox.confine import Limits

ALONE = "-"
"""Stands for the student of a notebook that lies in no student's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One notebook to grade: what answers it in a student's folder, or a file by itself; `notebook` is its key."""

    student: str
    notebook: str
    path: Path


def jobs_in(course: Course, path: Path) -> list[Job]:
    """The notebooks below `path`: a notebook file, or a folder <student>/<assignment>/<notebook>.ipynb.

    Of an assignment that anybody has handed in, every notebook of every student counts, handed in or not.

    Raises:
        KitError: There is nothing to grade.
    """
    if path.is_file():
        return [Job(student=ALONE, notebook=_notebook_in(course, path), path=path)]
    by_assignment: dict[str, list[str]] = {}
    for source in course.sources.values():
        by_assignment.setdefault(source.assignment, []).append(source.key)
    folders = _folders(path, by_assignment)
    if not folders:
        seen = " ".join(passed_over(path, by_assignment)[:3])
        expected = f"Expected: {path}/<student>/{next(iter(by_assignment))}/*.ipynb"
        raise KitError(f"{path} holds no submissions. {expected} {seen}".strip())
    for folder in folders:
        check_student(folder.parent.name)
    return [
        Job(student=folder.parent.name, notebook=name, path=folder)
        for folder in folders
        for name in by_assignment[folder.name]
    ]


def left_in(course: Course, path: Path) -> list[str]:
    """What lies below `path` and is no job, one text each, with the reason."""
    return passed_over(path, {source.assignment for source in course.sources.values()})


def chosen(course: Course, jobs: Sequence[Job], *, assignment: str | None, student: str | None) -> list[Job]:
    """The jobs of one assignment, of one student, or of both.

    Args:
        course: Whose they are.
        jobs: All.
        assignment: The only one; None for all.
        student: The only one; None for all.

    Raises:
        KitError: There are none.
    """
    left = [
        job
        for job in jobs
        if student in (None, job.student) and assignment in (None, course.sources[job.notebook].assignment)
    ]
    if not left:
        whose = f" of {student}" if student else ""
        raise KitError(f"There is nothing{whose} to grade for {assignment or 'any assignment'}. Look into `submitted`.")
    return left


def _folders(path: Path, assignments: Iterable[str]) -> list[Path]:
    """Folders <student>/<assignment>: every student's, of each assignment that anybody has.

    One that is not there was not handed in; one that may not be read is left for review.
    """
    students = [student for student in path.glob("*") if is_student(student)]
    begun = [name for name in assignments if any(os.path.isdir(student / name) for student in students)]
    return sorted(student / name for student in students for name in begun)


def _notebook_in(course: Course, path: Path) -> str:
    """Which notebook a file answers: the one it is named after, else the one whose cells it has."""
    data = read_file(path, Limits().submission_bytes)
    if data is None:
        raise KitError(
            f"{path} is a link to a file in another folder. Give the file itself, if it is what you want graded."
        )
    named = [key for key, source in course.sources.items() if source.name == path.stem]
    if len(named) == 1:
        return named[0]
    name = notebook_of(data, {key: course.sources[key] for key in named} or course.sources)
    if not name:
        names = ", ".join(course.sources)
        raise KitError(f"{path} is none of the notebooks of this course ({names}). Rename it to the one it answers.")
    return name
