"""A student's data, deleted whole: work, marks, records and pages, and what lies in nbgrader's exchange."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import nbgrader.api as api
from nbgrader.utils import notebook_hash
from sqlalchemy import make_url

from autograder.course.course import Course
from autograder.course.pseudonyms import FILE as TABLE
from autograder.course.pseudonyms import read_pseudonyms, write_pseudonyms
from autograder.course.rules import SETTINGS
from autograder.course.settings import settings_of
from autograder.gradebook import book, receipt
from autograder.model import KitError

FOLDERS = ("submitted", "autograded", "feedback")


def held(course: Course, student: str) -> list[str]:
    """What the course holds of a student, one text each; empty if nothing."""
    root, url = course.root, _url(course)
    found = [f"{name}/{student}" for name in FOLDERS if (root / name / student).exists()]
    if _is_in(url, student):
        found.append("marks, comments and lateness in the gradebook")
    if student in read_pseudonyms(root):
        found.append(f"a line in {TABLE}")
    return found + [str(path) for path in _in_the_exchange(course, student)]


def forget(course: Course, student: str) -> None:
    """Delete it.

    Raises:
        KitError: The gradebook cannot be written, or a file cannot be deleted; what is left is named by `held`.
    """
    root = course.root
    for path in [*_in_the_exchange(course, student), *(root / name / student for name in FOLDERS)]:
        _delete(path)
    url = _url(course)
    if _is_in(url, student):
        with api.Gradebook(url) as gradebook:
            gradebook.remove_student(student)
    table = read_pseudonyms(root)
    if table.pop(student, None):
        write_pseudonyms(root, table)


def kept(course: Course, student: str) -> list[str]:
    """What no command may or can delete, and where it is."""
    rules = settings_of(course.root)
    named = student in {*(one.student for one in rules.extension), *(one.student for one in rules.excused)}
    found = [f"{SETTINGS} names {student}: take the lines out by hand."] if named else []
    log = course.root / ".nbgrader.log"
    if log.exists() and student in log.read_text(encoding="utf-8", errors="replace"):
        found.append(f"{log.name} names {student}; it may be removed at any time.")
    return [
        *found,
        *(f"{page.name} may hold work of {student}: make it anew, or delete it." for page in _pages(course)),
        "Archives in downloaded/ hold the whole class; so do tables that were exported, and your backups.",
        "What was entered into a learning platform or an examination office stays there, under their rules.",
        "Your university's rules may want marks and examined work kept for some years: ask before you delete them.",
    ]


def _pages(course: Course) -> list[Path]:
    """Pages on the whole class."""
    return sorted([*course.root.glob("report*.html"), *course.root.glob("questions*.html")])


def _url(course: Course) -> str:
    return book.database_url(course.root, book.load_config(course.root))


def _is_in(url: str, student: str) -> bool:
    path = make_url(url).database or ""
    if url.startswith("sqlite:") and not os.path.exists(path):
        return False
    with api.Gradebook(url) as gradebook:
        return any(one.id == student for one in gradebook.students)


def _in_the_exchange(course: Course, student: str) -> Iterator[Path]:
    """What the student has handed in there, and pages that were returned."""
    config = book.load_config(course.root)
    top = Path(config.Exchange.get("root", "") or "/nowhere") / config.CourseDirectory.get("course_id", "")
    for folder in sorted((top / "inbound").glob(f"{glob.escape(student)}+*")):
        yield folder
        secret = receipt.secret_of(folder)
        if secret:
            names = [notebook_hash(secret=secret.decode(), notebook_id=path.stem) for path in folder.glob("*.ipynb")]
            yield from (page for name in names if (page := top / "feedback" / f"{name}.html").exists())


def _delete(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise KitError(f"{error.filename} cannot be deleted: {error.strerror}. Delete it, and start again.") from error
