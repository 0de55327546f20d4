"""The numbers and hints that came with the notebook, read from the files beside this one.

Numbers only: no formula of a solution and no hidden number is in them.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab.gaps import Answer, Gap, Mistake, Numbers, fresh_all

HERE = Path(__file__).parent


class NoData(Exception):  # noqa: N818 (shown to students under no name at all)
    """The files with numbers or hints are not there, or cannot be read."""


class NoSuchGap(Exception):  # noqa: N818 (likewise)
    """No gap has this name; `close` has names that look like it."""

    def __init__(self, name: str, close: list[str]) -> None:
        super().__init__(name)
        self.close = close


def notebooks() -> Mapping[str, Mapping[str, Gap]]:
    """The gaps of every notebook in this folder, in the notebooks' order.

    Raises:
        NoData: There are none, or a file is damaged.
    """
    paths = sorted((HERE / "open").glob("*.json"))
    if not paths:
        raise NoData
    return {path.stem: _gaps(path, path.stat().st_mtime_ns) for path in paths}


def gap(name: str) -> Gap:
    """The gap of this name.

    Raises:
        NoSuchGap: There is none.
        NoData: The files are missing or damaged.
    """
    known = {one: gap for gaps in notebooks().values() for one, gap in gaps.items()}
    if name not in known:
        folded = {one.casefold(): one for one in known}
        close = difflib.get_close_matches(name.casefold(), folded, n=4, cutoff=0.5)
        raise NoSuchGap(name, [folded[one] for one in close])
    return known[name]


def hints(of: Gap) -> list[str]:
    """The hints for a gap.

    Raises:
        NoData: The file is missing or damaged.
    """
    try:
        text = (HERE / "hints" / f"{of.notebook}.toml").read_text(encoding="utf-8")
        return [str(one) for one in tomllib.loads(text)[of.name]["hints"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise NoData from problem


def card() -> tuple[str, list[str]]:
    """Title and paragraphs of the course's card.

    Raises:
        NoData: The file is missing or damaged.
    """
    try:
        content = tomllib.loads((HERE / "card.toml").read_text(encoding="utf-8"))
        return str(content["title"]), [str(rule) for rule in content["rules"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise NoData from problem


@cache
def _gaps(path: Path, _modified_ns: int) -> Mapping[str, Gap]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found: dict[str, Gap] = {}
        for name, row in content["gaps"].items():
            found[name] = _gap(name, row, content, found)
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NoData from problem


def _gap(name: str, row: Mapping[str, Any], content: Mapping[str, Any], before: Mapping[str, Gap]) -> Gap:
    return Gap(
        name=name,
        notebook=content["notebook"],
        points=row["points"],
        minutes=row["minutes"],
        inputs=tuple(row["inputs"]),
        outputs=tuple(row["outputs"]),
        results=row["results"],
        driver=row["driver"],
        supplies=tuple(row["supplies"]),
        neighbours=frozenset(content["gaps"]),
        earlier=frozenset(output for gap in before.values() for output in gap.outputs),
        supplied={function: gap.name for gap in before.values() for function in gap.supplies},
        closed=row["closed"],
        conduct=row["conduct"],
        tolerance=row["tolerance"],
        accepts_row=tuple(row["accepts_row"]),
        stub=row["stub"],
        imports=content["imports"],
        numbers=tuple(
            Numbers(
                name=one["name"],
                page=one["kind"] == "page",
                corner=one["kind"] == "edge",
                **{key: one[key] for key in ("state", "probe", "want")},
            )
            for one in row["twins"]
        ),
        mistakes=tuple(_mistake(one) for one in row["mistakes"]),
    )


def _mistake(row: Mapping[str, Any]) -> Mistake:
    texts = {key: row[key] for key in ("slug", "family", "family_name", "name", "seen", "meaning", "question")}
    return Mistake(**texts, answers={twin: _answer(one) for twin, one in row["answers"].items()})


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer(
        values=fresh_all(row.get("values", {})),
        raised=row.get("raised", ""),
        touched=frozenset(row.get("touched", ())),
        shared=frozenset(row.get("shared", ())),
        repeats=row.get("repeats", True),
        needs_globals=row.get("needs_globals", False),
    )
