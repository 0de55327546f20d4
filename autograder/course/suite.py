"""The fingerprint of all that decides the marks of one notebook: a record of another one is made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import autograder

DECIDING = (
    "autograder/model.py",
    "autograder/course/*.py",
    "autograder/sandbox/*.py",
    "autograder/handed_in/*.py",
    "autograder/judging/*.py",
    "lab/error_texts.py",
    "lab/judge.py",
    "lab/magics.py",
    "lab/outside.py",
    "lab/raised.py",
    "lab/texts.py",
    "lab/values.py",
)
"""The kit's files that can change a verdict. A change in one of them grades every notebook anew; in others, none."""


def deciding() -> list[Path]:
    """The files that DECIDING names, in a fixed order."""
    kit = Path(autograder.__file__).parent.parent
    return [path for pattern in DECIDING for path in sorted(kit.glob(pattern))]


def fingerprint(secret: str, files: Iterable[Path], *texts: str) -> str:
    """A fingerprint of the course's secret, the contents of files, and texts.

    Args:
        secret: Of the course; the fingerprint does not tell it.
        files: Read in this order; one that is missing counts as empty.
        texts: What decides besides.
    """
    contents = [path.read_bytes() if path.is_file() else b"" for path in files]
    parts = [f"fingerprint {secret}".encode(), *contents, *(text.encode() for text in texts)]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]
