"""What an instructor says once to everybody who made a mistake: `comments.toml` of the course, a text by slug."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from autograder.course.typed import read_toml
from autograder.model import KitError

FILE = "comments.toml"


def comments_of(root: Path) -> dict[str, str]:
    """The course's comments by slug; none if it has no such file.

    Raises:
        KitError: The file is no TOML, or a value in it is no text.
    """
    path = root / FILE
    found = read_toml(path) if path.exists() else {}
    odd = [slug for slug, text in found.items() if not isinstance(text, str)]
    if odd:
        raise KitError(f'{path}: what stands after {odd[0]} is no text. Each line is a slug and a text: slug = "text"')
    return found


def write_comments(root: Path, comments: Mapping[str, str]) -> None:
    """Write the course's comments, one a line.

    Raises:
        KitError: The file cannot be written.
    """
    lines = [f"{json.dumps(slug)} = {_quoted(text)}\n" for slug, text in sorted(comments.items())]
    path = root / FILE
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise KitError(
            f"{path} cannot be written: {error.strerror}. Set its permissions right, and say it again."
        ) from error


def _quoted(text: str) -> str:
    """A text as a basic string of TOML, which is JSON's but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
