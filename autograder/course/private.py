"""Work and marks are readable by their owner alone.

Where the course's folder passes its group on (setgid, as nbgrader's `groupshared` wants it), the group stays let in.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from autograder.course.secret import SECRET_FILE

PRIVATE = (
    *("submitted", "autograded", "feedback", "downloaded", "exports"),
    *(
        "gradebook.db*",
        "results*.jsonl",
        "report*.html",
        "questions*.html",
        "pseudonyms.csv",
        ".nbgrader.log",
        SECRET_FILE,
    ),
)
"""What a course's folder holds of students and of hidden numbers."""


def mask_of(root: Path) -> int:
    """The rights that files with work and marks do not give."""
    return 0o007 if root.stat().st_mode & stat.S_ISGID else 0o077


def keep_private(root: Path) -> list[str]:
    """Take from others what they may do with work and marks in this course, and with what this process writes.

    Returns:
        What the instructor should know.
    """
    mask = mask_of(root)
    os.umask(mask)
    return [text for path in _open_to_others(root, mask) for text in _closed(path, mask)]


def close_to_others(root: Path) -> None:
    """As `keep_private`, for what is there: nbgrader's own commands write files that go to students, too."""
    mask = mask_of(root)
    for path in _open_to_others(root, mask):
        with contextlib.suppress(OSError):  # of a file that belongs to somebody else
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~mask)


def close_folder(root: Path, name: str) -> None:
    """Have a folder that is closed to others before anything is put into it; one that is somebody else's stays.

    Args:
        root: Of the course.
        name: Of the folder.
    """
    folder, mask = root / name, mask_of(root)
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        if folder.stat().st_mode & mask:
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~mask)


def _open_to_others(root: Path, mask: int) -> Iterator[Path]:
    for pattern in PRIVATE:
        yield from (path for path in sorted(root.glob(pattern)) if path.exists() and path.stat().st_mode & mask)


def _closed(path: Path, mask: int) -> Iterator[str]:
    """Close a file or folder; what is said of it if that cannot be done, or comes too late."""
    now = "now only you can"
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~mask)
    except OSError as error:
        now = f"and it cannot be closed to them: {error.strerror}. Its owner can: chmod go-rwx {path.name}"
        yield f"Others on this machine may read {path.name}, {now}."
        return
    if path.name == SECRET_FILE:
        yield (
            f"Others on this machine could read {SECRET_FILE}, from which the hidden numbers are drawn; {now}. If a "
            "student may have done so, remove the file: the next grading draws other numbers and grades everybody anew."
        )
