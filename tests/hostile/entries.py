"""The attacks as data: `A.toml` to `G.toml` and `R.toml`, one entry each, and the notebook that carries an entry.

An entry says what a student hands in and what that honestly earns. `@NAME@` in its code stands for a place of the class
under attack: a path, a port, a token that only this run knows.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from autograder.model import Plan

HERE = Path(__file__).parent
ASSIGNMENT = "1_neuron"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One attack.

    Attributes:
        id: Class, number and name: "B06_numpy_patched".
        tries: What the student hopes for.
        points: What the notebook honestly earns, and gets.
        solved: Gaps that hold the right solution; "all" for every gap that `gaps` does not name.
        gaps: Source of other gap cells.
        own: Cells of the student's: (grade_id of the cell before, "" for the top; source).
        edit: Python that changes `notebook`, `cells` and `files` (what lies beside the notebook), or sets `data`, or
            `link` (what the student's folder is a link to).
        statuses: Of gaps that are neither solved and right nor as handed out and untouched.
        any_status: The points are certain, the words are not.
        remarks: Part of a remark that the student must get.
    """

    id: str
    tries: str
    points: float
    notebook: str = "01_neuron"
    solved: str | tuple[str, ...] = ()
    gaps: Mapping[str, str] = field(default_factory=dict)
    own: tuple[tuple[str, str], ...] = ()
    edit: str = ""
    statuses: Mapping[str, str] = field(default_factory=dict)
    any_status: bool = False
    remarks: str = ""

    def is_solved(self, gap: str) -> bool:
        """Whether the gap holds the right solution."""
        return gap not in self.gaps and (self.solved == "all" or gap in self.solved)

    def expected(self, plan: Plan) -> dict[str, str]:
        """The status of every gap."""
        return {
            gap.name: self.statuses.get(gap.name, "right" if self.is_solved(gap.name) else "untouched")
            for gap in plan.gaps
        }


@cache
def entries() -> tuple[Entry, ...]:
    """All entries, by class and number."""
    found = []
    for path in sorted(HERE.glob("[A-Z].toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["entry"]:
            row["solved"] = (
                row.get("solved", ()) if isinstance(row.get("solved"), str) else tuple(row.get("solved", ()))
            )
            row["own"] = tuple((cell["after"], cell["source"]) for cell in row.get("own", ()))
            found.append(Entry(**row))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a student hands in: the notebook's bytes, and other files by name; or all of it as a link to a folder."""

    data: bytes
    files: Mapping[str, bytes]
    link: str = ""


def hand_in(entry: Entry, release: bytes, plan: Plan, places: Mapping[str, str]) -> HandedIn:
    """The released notebook, changed as the entry says."""
    notebook = json.loads(release)
    cells: list[dict[str, Any]] = notebook["cells"]
    for cell in cells:
        name = id_of(cell)
        if name in entry.gaps:
            cell["source"] = _filled(entry.gaps[name], places)
        elif entry.is_solved(name) and name in [gap.name for gap in plan.gaps]:
            cell["source"] = plan.gap(name).solution
    for after, source in reversed(entry.own):
        at = next((at for at, cell in enumerate(cells, start=1) if id_of(cell) == after), 0) if after else 0
        cells.insert(at, code_cell(_filled(source, places)))
    files: dict[str, bytes | str] = {}
    space: dict[str, Any] = {
        "notebook": notebook,
        "cells": cells,
        "files": files,
        "plan": plan,
        "places": places,
        "code_cell": code_cell,
        "id_of": id_of,
        "copy": copy.deepcopy,
        "cell": lambda name: next(one for one in cells if id_of(one) == name),
        "json": json,
    }
    exec(_filled(entry.edit, places), space)
    data = space.get("data")
    if data is None:
        data = json.dumps(notebook, ensure_ascii=False).encode()
    beside = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    return HandedIn(data, beside, space.get("link", ""))


def id_of(cell: Mapping[str, Any]) -> str:
    """The grade_id of a cell; empty if it has none."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def code_cell(source: str) -> dict[str, Any]:
    """A code cell of the student's own."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _filled(text: str, places: Mapping[str, str]) -> str:
    return re.sub(r"@([A-Z_]+)@", lambda found: places[found[1]], text)
