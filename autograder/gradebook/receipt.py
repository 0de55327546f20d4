"""When a submission was handed in, and by which secret its feedback is fetched: two files beside its notebooks.

nbgrader's exchange writes both. They lie in a student's folder, so they may be anything; what goes on from there to
nbgrader's own programs is what they are meant to be, or nothing.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, tzinfo
from pathlib import Path

from autograder.course.times import FORM, as_nbgrader, read_time
from autograder.judging import feedback

TIMESTAMP, SECRET = "timestamp.txt", "submission_secret.txt"
MOST_TIMESTAMP, MOST_SECRET = 100, 1000
"""Bytes. Students can put such files beside their notebooks, and a file may be longer than memory."""
_SECRET = re.compile(rb"[\x21-\x7e]+\s*")


def handed_in_at(folder: Path, zone: tzinfo) -> datetime | None:
    """When a submission was handed in, in UTC; None if nothing says so.

    Args:
        folder: Of the submission.
        zone: The course's.

    Raises:
        OSError: The file cannot be read.
        ValueError: It says no time, or one that could be two.
    """
    content = _bytes(folder / TIMESTAMP, MOST_TIMESTAMP)
    return None if content is None else read_time(content.decode("utf-8-sig"), zone)


def secret_of(folder: Path) -> bytes | None:
    """The secret of a submission that came through the exchange."""
    try:
        content = _bytes(folder / SECRET, MOST_SECRET)
    except (OSError, ValueError):
        return None
    return content if content and _SECRET.fullmatch(content) else None


def _bytes(path: Path, most: int) -> bytes | None:
    """The bytes of a file; None if there is none, or a link to something else."""
    if not os.path.isfile(path) or os.path.islink(path):
        return None
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it has more than {most} bytes")
    return content


def carry(folder: Path, graded: Path, zone: tzinfo) -> None:
    """Have a graded submission say what the submitted one says; what cannot be read is told with the marks.

    Args:
        folder: Of the submission.
        graded: Its folder below `autograded`; nbgrader takes both files on from there to its feedback.
        zone: The course's.
    """
    try:
        moment = handed_in_at(folder, zone)
    except (OSError, ValueError):
        moment = None
    _write(graded / TIMESTAMP, as_nbgrader(moment).encode() if moment else None)
    _write(graded / SECRET, secret_of(folder))


def _write(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
        return
    if path.is_file() and path.read_bytes() == content:
        return
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.write_bytes(content)
    os.replace(part, path)


def unreadable(folder: Path, error: Exception) -> str:
    """What is said of a submission that does not say when it was handed in."""
    problem = feedback.clean(str(error))  # it may repeat what the file says
    return (
        f"{folder / TIMESTAMP} does not say when it was handed in ({problem}). Unless an earlier time is known, "
        f"it counts as on time. Write the time into the file, such as {FORM}, and grade again."
    )
