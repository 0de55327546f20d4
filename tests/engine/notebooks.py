"""Notebooks of the course as students hand them in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from autograder.model import Plan

ROOT = Path(__file__).parents[2]

Own = Sequence[tuple[str, str]]
"""Cells of the student's: the grade_id of the cell they follow (empty: at the top), and their source."""


@cache
def _released(name: str) -> str:
    (path,) = ROOT.glob(f"release/*/{name}.ipynb")
    return path.read_text(encoding="utf-8")


def grade_id(cell: Mapping[str, Any]) -> str:
    """Of a cell; empty if it has none."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def code(source: str) -> dict[str, Any]:
    """A code cell of the student's own."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def notebook(name: str, answers: Mapping[str, str], own: Own = ()) -> dict[str, Any]:
    """The released notebook with these answers in its gaps, and these cells between them."""
    content: dict[str, Any] = json.loads(_released(name))
    cells = [code(source) for after, source in own if not after]
    for cell in content["cells"]:
        cell["source"] = answers.get(grade_id(cell), cell["source"])
        cells.append(cell)
        cells += [code(source) for after, source in own if after and after == grade_id(cell)]
    return {**content, "cells": cells}


def handed_in(name: str, answers: Mapping[str, str], own: Own = ()) -> bytes:
    """The same as a file."""
    return json.dumps(notebook(name, answers, own)).encode()


def solutions(plan: Plan) -> dict[str, str]:
    """The right answer for every gap."""
    return {gap.name: gap.solution for gap in plan.gaps}
