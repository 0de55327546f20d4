"""Notebook files: the instructor's and handed-in ones read into cells, repaired ones written as nbformat.

What students hand in is anything at all; `cells_in` reads what can be read, `repair.py` finds the gaps in it.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.model import CellKind, KitError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "pass  # YOUR CODE HERE"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
MOST_CELLS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCell:
    """A cell of the instructor's notebook.

    Attributes:
        role: "locked", "gap", "check", "own" (ungraded code) or "text".
        metadata: As it goes into the release.
    """

    role: str
    grade_id: str
    source: str
    metadata: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNotebook:
    """The instructor's notebook, read once.

    Attributes:
        key: What it goes by in the course: its name, or "assignment/name" where another one has that name too.
    """

    assignment: str
    name: str
    key: str
    cells: tuple[SourceCell, ...]
    sha256: str

    @property
    def path(self) -> str:
        """Where it lies, below the course's root."""
        return f"source/{self.assignment}/{self.name}.ipynb"

    @property
    def gaps(self) -> tuple[str, ...]:
        """The names of its gaps, in order."""
        return tuple(cell.grade_id for cell in self.cells if cell.role == "gap")

    @property
    def graded(self) -> tuple[SourceCell, ...]:
        """The cells that nbgrader knows, in order."""
        return tuple(cell for cell in self.cells if cell.grade_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedCell:
    """A cell as handed in.

    Attributes:
        grade_id: That its metadata give; anything at all, or empty.
        ids: Other names it goes by: nbformat's id of the cell, and where Colab keeps that.
        index: Its place in the file.
    """

    is_code: bool
    source: str
    grade_id: str
    ids: tuple[str, ...]
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCell:
    """A cell of a repaired notebook; `index` is its place in the file as handed in, -1 if it was put back."""

    role: str
    source: str
    grade_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A submitted notebook with every cell of the course in its place.

    Attributes:
        missing: Gaps with no cell.
        remarks: What was repaired, per gap and under "" for the notebook.
        unreadable: Why the file could not be read; empty otherwise.
    """

    cells: tuple[FoundCell, ...] = ()
    missing: frozenset[str] = frozenset()
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: str = ""


class UnreadableError(Exception):
    """A file is no notebook; the text is for the student."""


def stub_of(source: str) -> str:
    """A gap's cell as students get it: nbgrader's rule, one stub line for each solution region."""
    kept, inside = [], False
    for line in source.split("\n"):
        if line.strip() == BEGIN:
            inside = True
            kept.append(line[: len(line) - len(line.lstrip())] + STUB)
        elif line.strip() == END:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def solution_of(source: str) -> str:
    """A gap's cell with its solution, without the markers."""
    return "\n".join(line for line in source.split("\n") if line.strip() not in (BEGIN, END))


def is_untouched(source: str, stub: str) -> bool:
    """Whether a gap's cell is still as handed out, or holds nothing but comments."""
    if not has_code(source):
        return True
    pairs = itertools.zip_longest(_code_lines(source), _code_lines(stub))
    return all(line == handed_out for line, handed_out in pairs)


def has_code(source: str) -> bool:
    """Whether a cell holds more than comments."""
    return any(True for _ in _code_lines(source))


def _code_lines(source: str) -> Iterator[list[str]]:
    """The words of each line that is not blank and no comment."""
    return (line.split() for line in source.split("\n") if line.strip() and not line.lstrip().startswith("#"))


def read_source(data: bytes, assignment: str, name: str, key: str) -> SourceNotebook:
    """Read an instructor's notebook.

    Args:
        data: The file.
        assignment: Name of its folder below `source/`.
        name: Of the file, without its ending.
        key: What it goes by in the course.

    Raises:
        KitError: It is no notebook, or a cell that nbgrader is to know is not in order.
    """
    path = f"source/{assignment}/{name}.ipynb"
    try:
        content = json.loads(data)["cells"]
        cells = [_source_cell(cell, f"{path}, cell {at}") for at, cell in enumerate(content, 1)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise KitError(
            f"{path} is no notebook of nbformat 4 ({type(error).__name__}: {error}). Open it in JupyterLab and save it."
        ) from None
    _hold_grade_ids(cells, path)
    sha256 = hashlib.sha256(data).hexdigest()
    return SourceNotebook(assignment=assignment, name=name, key=key, cells=tuple(cells), sha256=sha256)


def _source_cell(cell: Mapping[str, Any], where: str) -> SourceCell:
    metadata = cell["metadata"].get("nbgrader", {})
    source, grade_id = "".join(cell["source"]), metadata.get("grade_id", "")
    found = SourceCell(
        role=_role(cell["cell_type"], metadata), grade_id=grade_id, source=source, metadata=cell["metadata"]
    )
    where = f'{where} ("{source.lstrip().partition(chr(10))[0][:40]}")'
    if metadata and not grade_id:
        raise KitError(
            f"{where}: it has nbgrader's metadata, but no grade_id. Give it one in the Create Assignment panel."
        )
    marked = [line.strip() for line in source.split("\n") if line.strip() in (BEGIN, END)]
    if found.role == "gap" and (not marked or marked != [BEGIN, END] * (len(marked) // 2)):
        raise KitError(
            f"{where}: the gap {grade_id} has no solution between {BEGIN} and {END}, each on a line of its own. "
            "Put the solution between the two; what is outside goes to the students."
        )
    if found.role != "gap" and marked:
        raise KitError(
            f"{where}: a solution stands in a cell that is no gap, and would go to the students. "
            'Make the cell an "Autograded answer" in the Create Assignment panel, or take the markers out.'
        )
    if found.role == "check" and not _is_number(metadata.get("points")):
        raise KitError(
            f"{where}: the check {grade_id} has no points. Write a number above 0 in the Create Assignment panel."
        )
    return found


def _is_number(points: object) -> bool:
    return isinstance(points, int | float) and not isinstance(points, bool) and points > 0


def _hold_grade_ids(cells: Sequence[SourceCell], path: str) -> None:
    """Refuse two cells of one grade_id, and a check without its gap."""
    names = [cell.grade_id for cell in cells if cell.grade_id]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise KitError(f"{path}: two cells have the grade_id {twice[0]}. Give one of them another one.")
    for cell in cells:
        if cell.role == "check" and cell.grade_id.removeprefix("check_") not in names:
            raise KitError(
                f"{path}: the check {cell.grade_id} belongs to no gap. A gap my_gap has the check check_my_gap; "
                "correct the grade_id."
            )


def _role(cell_type: str, metadata: Mapping[str, Any]) -> str:
    if cell_type != "code":
        return "text"
    if metadata.get("grade"):
        return "check"
    if metadata.get("solution"):
        return "gap"
    return "locked" if metadata.get("locked") else "own"


def cells_in(data: bytes) -> list[SubmittedCell]:
    """The cells of a file as handed in, of whatever nbformat.

    Raises:
        UnreadableError: It is no notebook, or one of too many cells.
    """
    if not data.strip():
        raise UnreadableError("The file is empty. Save the notebook, check that it opens, and hand it in again.")
    content = _parsed(data)
    notebook = content if isinstance(content, dict) else {}
    sheets = [sheet for sheet in _list(notebook.get("worksheets")) if isinstance(sheet, dict)]  # nbformat 3
    cells = [cell for part in (notebook, *sheets) for cell in _list(part.get("cells"))]
    if len(cells) > MOST_CELLS:
        raise UnreadableError(
            f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are taken. Delete those that you do not need, "
            "and hand it in again."
        )
    return [_cell(cell, index) for index, cell in enumerate(cells) if isinstance(cell, dict)]


def _parsed(data: bytes) -> object:
    """JSON in any of its encodings; a byte that is no text costs itself, a number of any size is taken."""
    try:
        text = data.decode(json.detect_encoding(data), errors="replace")
        return json.loads(text.removeprefix("\ufeff"), parse_int=float)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(
            "The file cannot be read as a notebook. Open it in Jupyter, save it there, and hand it in again."
        ) from error


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _cell(cell: Mapping[str, Any], index: int) -> SubmittedCell:
    metadata = _dict(cell.get("metadata"))
    grade_id = _dict(metadata.get("nbgrader")).get("grade_id")
    return SubmittedCell(
        is_code=cell.get("cell_type") == "code",
        source=_text(cell.get("source", cell.get("input"))),
        grade_id=grade_id if isinstance(grade_id, str) else "",
        ids=tuple(one for one in (cell.get("id"), metadata.get("id")) if isinstance(one, str)),
        index=index,
    )


def _text(value: object) -> str:
    """A cell's text, given whole or in lines: ends of lines as Python has them, nothing that no file can hold."""
    lines = value if isinstance(value, list) else [value]
    text = "".join(line for line in lines if isinstance(line, str)).removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace").decode()


def kinds(role: str) -> CellKind | None:
    """The kind of a code cell in a replay; None for cells that are not run (checks and text)."""
    return {"locked": CellKind.LOCKED, "gap": CellKind.GAP, "own": CellKind.OWN}.get(role)


def as_json(repaired: Repaired, outputs: Mapping[int, list[dict[str, Any]]]) -> dict[str, Any]:
    """A repaired notebook as nbformat 4.5, with `outputs` by position in `repaired.cells`."""
    counts = execution_counts(repaired) if outputs else {}
    return {
        "cells": [_json_cell(cell, at, counts.get(at), outputs.get(at, [])) for at, cell in enumerate(repaired.cells)],
        "metadata": {"kernelspec": KERNELSPEC},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def execution_counts(repaired: Repaired) -> dict[int, int]:
    """The number that a kernel gives each code cell if all run in order, by place."""
    code = [place for place, cell in enumerate(repaired.cells) if cell.role != "text"]
    return {place: count for count, place in enumerate(code, 1)}


def _json_cell(cell: FoundCell, at: int, count: int | None, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    is_text = cell.role == "text"
    shared = {
        "cell_type": "markdown" if is_text else "code",
        "id": cell.grade_id or f"cell-{at}",
        "metadata": dict(cell.metadata),
        "source": cell.source,
    }
    if is_text:
        return shared
    return {**shared, "execution_count": count, "outputs": outputs}
