"""What students get beside their notebooks: the package `lab`, made of the kit's files, the course's and the data."""

from __future__ import annotations

from pathlib import Path

import lab
from autograder.course.course import Course
from autograder.course.data import Folders
from autograder.course.notebook import SourceNotebook

KITS = Path(lab.__file__).parent
OF_THE_COURSE = ("hints", "open", "static", "pictures")
"""Folders of `lab/` that are the course's, not the kit's."""


def students_files(course: Course, assignment: str, name: str = "*") -> dict[str, Path]:
    """The files of `lab/` in a release, by their names there.

    Args:
        course: Its pictures, and its data of the notebooks.
        assignment: The release's.
        name: Of the one notebook whose data are wanted; left out, of all.
    """
    files = {f"lab/{path.relative_to(KITS).as_posix()}": path for path in sorted(KITS.rglob("*.py")) if _is_kits(path)}
    pictures = course.folders.pictures
    files |= {f"lab/pictures/{path.relative_to(pictures).as_posix()}": path for path in sorted(pictures.rglob("*.py"))}
    for source in course.sources.values():
        if source.assignment == assignment and name in (source.name, "*"):
            files |= _data_of(source, course.folders)
    if course.folders.card.is_file():
        files["lab/card.toml"] = course.folders.card
    return files


def _is_kits(path: Path) -> bool:
    return path.relative_to(KITS).parts[0] not in OF_THE_COURSE


def _data_of(source: SourceNotebook, folders: Folders) -> dict[str, Path]:
    """Numbers, hints and picture of one notebook; those there are."""
    found = {
        f"lab/open/{source.name}.json": folders.open / f"{source.key}.json",
        f"lab/hints/{source.name}.toml": folders.hints / f"{source.key}.toml",
        f"lab/static/{source.name}.svg": folders.static / f"{source.key}.svg",
    }
    return {inside: path for inside, path in found.items() if path.is_file()}
