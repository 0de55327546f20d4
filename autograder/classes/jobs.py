"""What there is to grade: the notebooks that lie in a folder of submissions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Course
from autograder.handed_in.folder import check_student, notebook_of, read_file
from autograder.model import KitError
from autograder.sandbox.confine import Limits

ALONE = "-"
"""Stands for the student of a notebook that lies in no student's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One notebook to grade: what answers it in a student's folder, or a file by itself."""

    student: str
    notebook: str
    path: Path


def jobs_in(course: Course, path: Path) -> list[Job]:
    """The notebooks below `path`: a notebook file, or a folder <student>/<assignment>/<notebook>.ipynb.

    Within an assignment's folder every notebook of the assignment counts, handed in or not.

    Raises:
        KitError: There is nothing to grade.
    """
    if path.is_file():
        return [Job(student=ALONE, notebook=_notebook_in(course, path), path=path)]
    by_assignment: dict[str, list[str]] = {}
    for source in course.sources.values():
        by_assignment.setdefault(source.assignment, []).append(source.name)
    folders = _folders(path, by_assignment)
    if not folders:
        raise KitError(f"{path} holds no submissions. Expected: {path}/<student>/{next(iter(by_assignment))}/*.ipynb")
    for folder in folders:
        check_student(folder.parent.name)
    return [
        Job(student=folder.parent.name, notebook=name, path=folder)
        for folder in folders
        for name in by_assignment[folder.name]
    ]


def _folders(path: Path, assignments: Iterable[str]) -> list[Path]:
    """Folders <student>/<assignment>; of a student's folder that may not be read, those that the others have.

    Grading meets these again, and leaves them for review: somebody has to look at what lies there.
    """
    found = {folder for name in assignments for folder in path.glob(f"[!.]*/{name}") if folder.is_dir()}
    students = [student for student in path.glob("[!.]*") if student.is_dir()]
    closed = [student for student in students if not os.access(student, os.R_OK | os.X_OK)]
    return sorted(found | {student / folder.name for student in closed for folder in found})


def _notebook_in(course: Course, path: Path) -> str:
    """Which notebook a file answers: the one it is named after, else the one whose cells it has."""
    data = read_file(path, Limits().submission_bytes)
    if data is None:
        raise KitError(
            f"{path} is a link to a file in another folder. Give the file itself, if it is what you want graded."
        )
    if path.stem in course.sources:
        return path.stem
    name = notebook_of(data, course.sources)
    if not name:
        names = ", ".join(course.sources)
        raise KitError(f"{path} is none of the notebooks of this course ({names}). Rename it to the one it answers.")
    return name
