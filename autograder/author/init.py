"""A course to begin with: one notebook, two gaps, and everything that belongs to them."""

from __future__ import annotations

import shutil
from pathlib import Path

from autograder.author.generate import OPEN_SECRET, generate
from autograder.course.course import Course
from autograder.model import KitError

STARTER = Path(__file__).parent / "starter"
UNDER_ANOTHER_NAME = {"gitignore.txt": ".gitignore"}
"""Files that stand in the kit under a name that means nothing there."""


def make_course(folder: Path) -> list[Path]:
    """Make a course in a folder, with its generated files; the files that its author writes.

    Args:
        folder: Made if need be; it must be empty.

    Raises:
        KitError: There is something in the folder already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise KitError(f"{folder} is not empty. Give a new folder: autograder init FOLDER")
    try:
        shutil.copytree(STARTER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for name, wanted in UNDER_ANOTHER_NAME.items():
            (folder / name).rename(folder / wanted)
    except OSError as error:
        raise KitError(f"{folder} cannot be written: {error.strerror}. Give another folder.") from None
    written = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    generate(Course(folder.resolve(), OPEN_SECRET))
    return written
