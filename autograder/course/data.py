"""The data files of a course's checks: where they are, and how they are read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from autograder.course.twins import PAGE
from autograder.model import DocumentValue, KitError

CHECKS = Path(__file__).parent.parent / "checks"


def read_toml(path: Path) -> dict[str, Any]:
    """A data file of the checks; KitError if it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(f"{path} is missing. Each source notebook needs its checks there.") from None
    except tomllib.TOMLDecodeError as error:
        raise KitError(f"{path} is no valid TOML: {error}.") from None


def documents() -> tuple[DocumentValue, ...]:
    """Every reference value of the documents."""
    rows = read_toml(CHECKS / "documents.toml").get("value", [])
    return tuple(
        DocumentValue(
            gap=row["gap"],
            output=row["output"],
            twin=row.get("twin", PAGE),
            value=row["value"],
            printed=row.get("printed", ""),
            cells=tuple(row["cells"]),
        )
        for row in rows
    )
