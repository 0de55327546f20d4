"""Notebook files: read whatever students hand in, find the gaps, put the course's own cells back.

Both routes (the kit's and nbgrader's) repair the same bytes here. Nothing a notebook holds raises: what cannot be read
is a value that says why.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from autograder.model import CellKind

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "pass  # YOUR CODE HERE"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
MOST_CELLS = 2000
MOST_CODE = 100_000
"""Characters of a code cell. Far above what anybody writes; Python's own parser takes gigabytes for megabytes."""


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
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNotebook:
    """The instructor's notebook, read once."""

    assignment: str
    name: str
    cells: tuple[SourceCell, ...]
    sha256: str

    @property
    def graded(self) -> tuple[SourceCell, ...]:
        """The cells that nbgrader knows, in order."""
        return tuple(cell for cell in self.cells if cell.grade_id)


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


def read_source(data: bytes, assignment: str, name: str) -> SourceNotebook:
    """Read an instructor's notebook (ours: a fault in it is a KeyError or ValueError that CI shows)."""
    cells = []
    for cell in json.loads(data)["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        cells.append(
            SourceCell(
                role=_role(cell["cell_type"], marks),
                grade_id=marks.get("grade_id", ""),
                source="".join(cell["source"]),
                metadata=cell["metadata"],
            )
        )
    return SourceNotebook(assignment=assignment, name=name, cells=tuple(cells), sha256=hashlib.sha256(data).hexdigest())


def _role(cell_type: str, marks: Mapping[str, Any]) -> str:
    if cell_type != "code":
        return "text"
    if marks.get("grade"):
        return "check"
    if marks.get("solution"):
        return "gap"
    return "locked" if marks.get("locked") else "own"


def repair(data: bytes, source: SourceNotebook) -> Repaired:
    """Find the gaps in a submitted notebook, and put everything else of the course back in its place.

    Args:
        data: The file as handed in; anything at all.
        source: The notebook it is an answer to.
    """
    try:
        found = _cells(data)
    except _UnreadableError as error:
        return Repaired(unreadable=str(error))
    remarks: dict[str, list[str]] = {}
    known = {cell.grade_id: cell for cell in source.graded}
    found = _recognise(found, source, known, remarks)
    if not any(cell.grade_id for cell in found):
        return Repaired(
            unreadable=f"This is not notebook {source.name}: none of its cells was found. "
            "Hand in the notebook you were given, under its own name."
        )
    found = _unmerge(found, source, remarks)
    found = _one_cell_a_gap(found, known, remarks)
    code = [cell for cell in found if cell.grade_id or cell.role == "own"]
    long = next((cell for cell in code if len(cell.source) > MOST_CODE), None)
    if long is not None:
        return Repaired(
            unreadable=f"The code cell at position {long.index + 1} has {len(long.source)} characters; at most "
            f"{MOST_CODE} are taken. Shorten it, and hand the notebook in again."
        )
    cells, missing = _in_place(found, source, remarks)
    return Repaired(
        cells=cells,
        missing=frozenset(missing),
        remarks={gap: tuple(dict.fromkeys(texts)) for gap, texts in remarks.items()},
    )


class _UnreadableError(Exception):
    """The file is no notebook; the text is for the student."""


def _cells(data: bytes) -> list[FoundCell]:
    if not data.strip():
        raise _UnreadableError("The file is empty. Save the notebook, check that it opens, and hand it in again.")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(
            "The file is not a notebook: it cannot be read as JSON. Open it in Jupyter, save it, and hand it in again."
        ) from error
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in _list(sheet.get("cells"))]
    else:
        cells = _list(notebook.get("cells")) if isinstance(notebook, dict) else []
    if len(cells) > MOST_CELLS:
        raise _UnreadableError(
            f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are taken. Delete those that you do not need, "
            "and hand it in again."
        )
    return [_found(cell, index) for index, cell in enumerate(cells) if isinstance(cell, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _found(cell: Mapping[str, Any], index: int) -> FoundCell:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    text = cell.get("source", cell.get("input", ""))
    lines = [line for line in text if isinstance(line, str)] if isinstance(text, list) else [text]
    source = "".join(lines) if all(isinstance(line, str) for line in lines) else ""
    return FoundCell(
        role="own" if cell.get("cell_type") == "code" else "text",
        source=source.replace("\r\n", "\n").encode(errors="replace").decode(),
        grade_id=grade_id if isinstance(grade_id, str) else "",
        index=index,
    )


def _first_line(source: str) -> str:
    return next((line.strip() for line in source.split("\n") if line.strip()), "")


def _gap_named_by(line: str, gaps: Iterable[str]) -> str:
    named = re.match(r"#\s*(\w+):", line.strip())
    return named[1] if named and named[1] in gaps else ""


def _recognise(
    found: Sequence[FoundCell],
    source: SourceNotebook,
    known: Mapping[str, SourceCell],
    remarks: dict[str, list[str]],
) -> list[FoundCell]:
    """Give each cell the grade_id it stands for: by its metadata, else by its first line, else by its place."""
    gaps = [cell.grade_id for cell in source.graded if cell.role == "gap"]
    texts = {cell.source.strip(): cell.grade_id for cell in source.graded if cell.role != "gap"}
    present = {cell.grade_id for cell in found}
    recognised: list[FoundCell] = []
    for cell in found:
        grade_id = cell.grade_id if cell.grade_id in known else ""
        if not grade_id and cell.role == "own":
            grade_id = texts.get(cell.source.strip(), "") or _gap_named_by(_first_line(cell.source), gaps)
            if grade_id in gaps and grade_id not in present:
                _remark(remarks, grade_id, "The cell had lost its marks and was found by its first line.")
        if grade_id and known[grade_id].role == "gap" and cell.role == "text":
            _remark(remarks, grade_id, "The cell had been turned into text; it was read as code.")
        recognised.append(replace(cell, grade_id=grade_id))
    unclaimed = set(gaps) - {cell.grade_id for cell in recognised}
    for at, cell in enumerate(recognised[1:], start=1):
        gap = cell.grade_id.removeprefix("check_")
        before = recognised[at - 1]
        if cell.grade_id != gap and gap in unclaimed and not before.grade_id and before.role == "own":
            recognised[at - 1] = replace(before, grade_id=gap)
            unclaimed.remove(gap)
            _remark(remarks, gap, "The cell had lost its marks and was found by its place before the check.")
    return recognised


def _unmerge(found: Sequence[FoundCell], source: SourceNotebook, remarks: dict[str, list[str]]) -> list[FoundCell]:
    """Take apart cells in which students have merged several gaps."""
    gaps = [cell.grade_id for cell in source.graded if cell.role == "gap"]
    present = {cell.grade_id for cell in found}
    parted: list[FoundCell] = []
    for cell in found:
        parts: list[tuple[FoundCell, list[str]]] = [(cell, [])]
        for line in cell.source.split("\n"):
            gap = _gap_named_by(line, gaps)
            if gap and gap not in present and gap != parts[-1][0].grade_id:
                parts.append((replace(cell, grade_id=gap, role="own"), [line]))
                _remark(remarks, gap, "The cell had been merged with another; it was taken apart at its first line.")
            else:
                parts[-1][1].append(line)
        apart = [replace(part, source="\n".join(lines).lstrip("\n")) for part, lines in parts]
        parted += [part for part in apart if part.source.strip() or len(apart) == 1]
    return parted


def _one_cell_a_gap(
    found: Sequence[FoundCell], known: Mapping[str, SourceCell], remarks: dict[str, list[str]]
) -> list[FoundCell]:
    """Join split gaps, and of several cells for one gap take the last that is not empty."""
    pieces: list[list[FoundCell]] = []
    for cell in found:
        is_gap = bool(cell.grade_id) and known[cell.grade_id].role == "gap"
        goes_on = bool(pieces) and pieces[-1][0].grade_id == cell.grade_id
        if is_gap and goes_on and not _first_line(cell.source).startswith("#"):
            pieces[-1].append(cell)
            _remark(remarks, cell.grade_id, "The cell had been split; its parts were joined.")
        else:
            pieces.append([cell])
    joined = [replace(parts[0], source="\n".join(part.source for part in parts)) for parts in pieces]
    chosen = {cell.grade_id: at for at, cell in enumerate(joined) if cell.grade_id and not _is_empty(cell.source)}
    kept = []
    for at, cell in enumerate(joined):
        taken = chosen.get(cell.grade_id, at)
        if cell.grade_id and known[cell.grade_id].role == "gap" and taken != at and not _is_empty(cell.source):
            _remark(
                remarks, cell.grade_id, "There were several cells for this gap; the last one that is not empty counts."
            )
        if not cell.grade_id or taken == at:
            kept.append(cell)
    return kept


def _is_empty(source: str) -> bool:
    return all(not line.strip() or line.strip().startswith("#") for line in source.split("\n"))


def _in_place(
    found: Sequence[FoundCell], source: SourceNotebook, remarks: dict[str, list[str]]
) -> tuple[tuple[FoundCell, ...], list[str]]:
    """The course's cells in the course's order, the student's own cells behind the one they followed."""
    order = [cell.grade_id for cell in source.graded]
    answers = {cell.grade_id: cell for cell in found if cell.grade_id}
    followers: dict[str, list[FoundCell]] = {"": []}
    at, seen = "", []
    for cell in found:
        if cell.grade_id:
            at = cell.grade_id
            seen.append(at)
        else:
            followers.setdefault(at, []).append(cell)
    ranks = [order.index(grade_id) for grade_id in dict.fromkeys(seen)]
    for first, second in itertools.pairwise(ranks):
        if second < first:
            _remark(remarks, "", "Cells of the course had been moved; they were graded in their own order.")
    cells, missing = list(followers[""]), []
    for original in source.graded:
        answer = answers.get(original.grade_id)
        if original.role == "gap" and answer is None:
            missing.append(original.grade_id)
        is_answer = original.role == "gap" and answer is not None
        cells.append(
            FoundCell(
                role=original.role,
                source=answer.source if is_answer and answer else "" if original.role == "gap" else original.source,
                grade_id=original.grade_id,
                metadata=original.metadata,
                index=answer.index if answer else -1,
            )
        )
        if answer and original.role == "locked" and answer.source.strip() != original.source.strip():
            _remark(remarks, "", f"The locked cell {original.grade_id} had been changed; the original was used.")
        cells += followers.get(original.grade_id, [])
    return tuple(cells), missing


def _remark(remarks: dict[str, list[str]], gap: str, text: str) -> None:
    remarks.setdefault(gap, []).append(text)


def kinds(role: str) -> CellKind | None:
    """The kind of a code cell in a replay; None for cells that are not run (checks and text)."""
    return {"locked": CellKind.LOCKED, "gap": CellKind.GAP, "own": CellKind.OWN}.get(role)


def as_json(repaired: Repaired, outputs: Mapping[int, list[dict[str, Any]]]) -> dict[str, Any]:
    """A repaired notebook as nbformat 4.5, with `outputs` by position in `repaired.cells`."""
    return {
        "cells": [_json_cell(cell, at, outputs.get(at)) for at, cell in enumerate(repaired.cells)],
        "metadata": {"kernelspec": KERNELSPEC},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _json_cell(cell: FoundCell, at: int, outputs: list[dict[str, Any]] | None) -> dict[str, Any]:
    is_text = cell.role == "text"
    shared = {
        "cell_type": "markdown" if is_text else "code",
        "id": cell.grade_id or f"cell-{at}",
        "metadata": dict(cell.metadata),
        "source": cell.source,
    }
    if is_text:
        return shared
    return {**shared, "execution_count": at + 1 if outputs is not None else None, "outputs": outputs or []}
