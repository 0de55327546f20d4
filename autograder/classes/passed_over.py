"""What lies in a folder of submissions and is not graded, with the reason and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from autograder.handed_in.archives import JUNK
from autograder.handed_in.folder import is_like_notebook

HANDED_IN = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz")
"""Endings of files that may hold a student's work, besides those of notebooks."""


def is_student(folder: Path) -> bool:
    """Whether a folder among the submissions is a student's: not hidden, not what a Mac or a program leaves."""
    return folder.is_dir() and not folder.name.startswith(".") and folder.name.casefold() not in JUNK


def passed_over(path: Path, assignments: Collection[str]) -> list[str]:
    """What is not graded below a folder <student>/<assignment>/<notebook>.ipynb, one text each.

    Args:
        path: The folder of submissions.
        assignments: Of the course.
    """
    if not path.is_dir():
        return []
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    return [text for entry in entries for text in _at_the_top(entry, path, assignments)] + list(_alike(entries))


def _at_the_top(entry: Path, path: Path, assignments: Collection[str]) -> Iterator[str]:
    where = f"{path.name}/{entry.name}"
    if entry.is_symlink():
        yield f"{where} is a link, and links are not followed: put the folder itself there."
    elif is_student(entry):
        yield from _of_student(entry, where, assignments)
    elif entry.is_dir():
        yield f"{where} was left by the program that made an archive; nobody's work is in it. Remove it."
    else:
        yield f"{where} is a file, and a student's folder is expected. `autograder collect` takes archives apart."


def _of_student(student: Path, where: str, assignments: Collection[str]) -> Iterator[str]:
    try:
        entries = sorted(entry for entry in student.iterdir() if not entry.name.startswith("."))
    except OSError:
        return  # grading meets it again, and leaves it for review
    if student.name != student.name.strip():
        yield f'"{where}" has a blank at its end or beginning, so its marks belong to another id. Rename it.'
    for entry in entries:
        if entry.name in assignments:
            if entry.is_symlink():
                yield f"{where}/{entry.name} is a link, and links are not followed: put the folder itself there."
        elif entry.is_dir():
            yield f'"{where}/{entry.name}" is not graded: {_instead(entry.name, assignments)}'
        elif is_like_notebook(entry.name) or entry.name.lower().endswith(HANDED_IN):
            folder = f"{where}/{_first(assignments)}"
            yield f"{where}/{entry.name} lies outside an assignment's folder. Move it into one, such as {folder}."
    if not any(entry.is_dir() for entry in entries):
        yield f"{where} holds no folder of an assignment, such as {where}/{_first(assignments)}."


def _instead(name: str, assignments: Collection[str]) -> str:
    meant = next((one for one in assignments if _squeezed(one) == _squeezed(name)), "")
    if meant:
        return f"rename it to {meant}, if that is what it answers."
    return f"there is no such assignment. There are {', '.join(sorted(assignments))}."


def _squeezed(name: str) -> str:
    """A name by what people do not change when they write it down again."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _first(assignments: Collection[str]) -> str:
    return min(assignments, default="ASSIGNMENT")


def _alike(entries: Collection[Path]) -> Iterator[str]:
    """Folders whose names differ in capitals and blanks only: perhaps one student."""
    by_name: dict[str, list[str]] = {}
    for entry in entries:
        if is_student(entry):
            by_name.setdefault(entry.name.strip().casefold(), []).append(entry.name)
    for names in by_name.values():
        if len(names) > 1:
            quoted = ", ".join(f'"{name}"' for name in names)
            yield f"{quoted} may be one student with {len(names)} folders: each of them was graded for itself."
