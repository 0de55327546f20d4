"""When a submission was handed in: the file `timestamp.txt` beside its notebooks."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.judging import feedback

MOST_TIMESTAMP = 100
"""Bytes of a `timestamp.txt`. Students can put one beside their notebooks, and a file may be longer than memory."""


def timestamp_in(folder: Path) -> Path | None:
    """The file that says when a submission was handed in; None if there is none, or a link to something else."""
    path = folder / "timestamp.txt"
    return path if os.path.isfile(path) and not os.path.islink(path) else None


def timestamp_of(stamp: Path) -> str:
    """What such a file says.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no text, or longer than any time.
    """
    return timestamp_bytes(stamp).decode().strip()


def timestamp_bytes(stamp: Path) -> bytes:
    """The bytes of such a file; OSError if it cannot be read, ValueError if it is longer than any time."""
    with stamp.open("rb") as file:
        content = file.read(MOST_TIMESTAMP + 1)
    if len(content) > MOST_TIMESTAMP:
        raise ValueError(f"it has more than {MOST_TIMESTAMP} bytes")
    return content


def unreadable_timestamp(folder: Path, error: Exception) -> str:
    """What is said of a submission that does not say when it was handed in."""
    problem = feedback.clean(str(error))  # it may repeat what the file says
    return (
        f"{folder / 'timestamp.txt'} does not say when it was handed in ({problem}). Unless an earlier time is known, "
        "it counts as on time. Write the time into the file, such as 2026-01-12 18:00:00 UTC, and grade again."
    )
