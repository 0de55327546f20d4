"""The data of a course: where they are, all found from the course's root, and how they are read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from autograder.course.rules import SETTINGS
from autograder.course.tables import Documents
from autograder.course.typed import read_if_there, read_toml
from autograder.model import DocumentValue, KitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where the data of a course lie.

    Attributes:
        checks: Gaps and twins of each notebook, the documents' values, equivalents, and the pytest checks.
        mistakes: Known mistakes of each notebook.
        hints: For students, of each notebook.
        open: The numbers that the students' check knows; generated.
        static: A still picture of each notebook.
        card: What students may call up with `card()`.
        pictures: The course's own pictures, a Python package.
        honest: Unusual right answers to each notebook.
        wrong: Wrong answers to each notebook, with what they are to be called.
    """

    checks: Path
    mistakes: Path
    hints: Path
    open: Path
    static: Path
    card: Path
    pictures: Path
    honest: Path
    wrong: Path


def folders_of(root: Path) -> Folders:
    """Where the data of the course at `root` lie: the one place that knows, for every course."""
    checks, lab, tests = root / "autograder" / "checks", root / "lab", root / "tests"
    return Folders(
        checks=checks,
        mistakes=checks / "mistakes",
        hints=lab / "hints",
        open=lab / "open",
        static=lab / "static",
        card=lab / "card.toml",
        pictures=lab / "pictures",
        honest=tests / "honest",
        wrong=tests / "wrong",
    )


def copy_course(root: Path, folder: Path) -> None:
    """Copy a course, without its release, its solutions and its students.

    Args:
        root: Of the course.
        folder: Of the copy; made if need be.
    """
    _copy(root / "source", folder / "source")
    copy_data(root, folder)


def copy_data(root: Path, folder: Path) -> None:
    """Copy a course's data and settings, without its notebooks.

    Args:
        root: Of the course.
        folder: Of the copy; made if need be.
    """
    here, there = folders_of(root), folders_of(folder)
    for part in ("checks", "hints", "open", "static", "pictures"):
        _copy(getattr(here, part), getattr(there, part))
    if here.card.is_file():
        there.card.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here.card, there.card)
    for path in root.glob("*.py"):  # with what the settings name, such as a rule for late penalties
        shutil.copy(path, folder)
    if (root / SETTINGS).exists():
        shutil.copy(root / SETTINGS, folder)


def _copy(part: Path, copy: Path) -> None:
    if part.is_dir():
        shutil.copytree(part, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))


def families(folders: Folders) -> dict[str, str]:
    """Kinds of mistakes of a course, by name: what they have in common, in a few words; none without `families.toml`.

    Raises:
        KitError: One is no text.
    """
    path = folders.checks / "families.toml"
    found = read_toml(path) if path.exists() else {}
    odd = [name for name, words in found.items() if not isinstance(words, str)]
    if odd:
        raise KitError(f'{path}: what stands after {odd[0]} is no text. Each line is a family and a text: sign = "..."')
    return found


def documents(folders: Folders) -> tuple[DocumentValue, ...]:
    """Every reference value of a course's documents; none without `documents.toml`."""
    path = folders.checks / "documents.toml"
    return tuple(
        DocumentValue(
            gap=row.gap, output=row.output, twin=row.twin, value=row.value, printed=row.printed, cells=row.cells
        )
        for row in read_if_there(path, Documents).value
    )
