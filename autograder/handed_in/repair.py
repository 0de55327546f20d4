"""Find the gaps in what students hand in, and put everything else of the course back in its place.

Both routes (the kit's and nbgrader's) repair the same bytes here. Nothing a notebook holds raises: what cannot be read
is a value that says why. A cell is recognised by its grade_id (in nbgrader's metadata, or as its id), else by what it
says, else by where it stands; every cell that is not the course's is the student's own, and stays behind the one it
followed.

`RECOGNITION` and `REPAIRS` list what is done, in order. A new repair is one more function in one of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from autograder.course.celltext import first_line, names_set, squeezed, tree, without
from autograder.course.notebook import (
    FoundCell,
    Repaired,
    SourceCell,
    SourceNotebook,
    SubmittedCell,
    UnreadableError,
    cells_in,
    has_code,
)
from autograder.handed_in.pieces import Handout, Piece, Pieces

MOST_CODE = 100_000
"""Characters of a code cell. Far above what anybody writes; Python's own parser takes gigabytes for megabytes."""
MOST_VERSIONS = 10
"""Cells for one gap that are looked at, the last ones."""
MOST_PASSES = 5

Repair: TypeAlias = Callable[[Handout, Pieces], Pieces]

BY_FIRST_LINE = "The cell had lost its nbgrader metadata and was recognised by its first line. Keep that line."
BY_PLACE = "The cell had lost its nbgrader metadata and was recognised by its place and by what it sets."
ELSEWHERE = "The answer stood in a cell of its own and was taken from there. Write it into the step's own cell."
AS_CODE = "The cell had been turned into text; it was read as code. Turn it back into a code cell."
MERGED = "The cell had been merged with another; it was taken apart. Keep one cell for each step."
SPLIT = "The cell had been split; its parts were joined. Keep one cell for each step."
SEVERAL = "There were several cells for this step; the last one with an answer counts. Delete the others."
METADATA_LOST = (
    "The cells had lost their nbgrader metadata, as they do in Colab and some other programs; "
    "they were recognised by what they say. Keep the first line of each step's cell."
)
MOVED = "Cells of the course had been moved; they were graded in the order of the notebook you were given."


@lru_cache(maxsize=4)  # both routes ask twice: which file it is, and what is in it
def repair(data: bytes, source: SourceNotebook) -> Repaired:
    """Find the gaps in a submitted notebook, and put everything else of the course back in its place.

    Args:
        data: The file as handed in; anything at all.
        source: The notebook it is an answer to.
    """
    try:
        cells = cells_in(data)
    except UnreadableError as error:
        return Repaired(unreadable=str(error))
    handout = Handout(source)
    repaired = _repaired_once(handout, cells)
    for _ in range(MOST_PASSES - 1):  # a repair may bring together what belongs together
        if repaired.unreadable or [cell.source for cell in repaired.cells] == [cell.source for cell in cells]:
            break
        cells = [_submitted(cell) for cell in repaired.cells if cell.grade_id not in repaired.missing]
        repaired = _with_remarks(_repaired_once(handout, cells), repaired.remarks)
    return repaired


def _submitted(cell: FoundCell) -> SubmittedCell:
    """A repaired cell as if it had been handed in like that."""
    is_code = cell.role != "text"
    return SubmittedCell(is_code=is_code, source=cell.source, grade_id=cell.grade_id, ids=(), index=cell.index)


def _with_remarks(repaired: Repaired, earlier: Mapping[str, tuple[str, ...]]) -> Repaired:
    both = {gap: (*earlier.get(gap, ()), *repaired.remarks.get(gap, ())) for gap in [*earlier, *repaired.remarks]}
    return replace(repaired, remarks={gap: _each_once(texts) for gap, texts in both.items()})


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _repaired_once(handout: Handout, cells: Sequence[SubmittedCell]) -> Repaired:
    found = _after(RECOGNITION, handout, by_grade_id(handout, cells))
    if not any(_speaks_for_the_notebook(handout, piece) for piece in found.pieces):
        return Repaired(
            unreadable=f"This is not notebook {handout.source.name}: none of its cells was found. "
            "Hand in the notebook you were given, under its own name."
        )
    return in_place(handout, _after(REPAIRS, handout, found))


def _after(repairs: Sequence[Repair], handout: Handout, found: Pieces) -> Pieces:
    for step in repairs:
        found = step(handout, found)
    return found


def _speaks_for_the_notebook(handout: Handout, piece: Piece) -> bool:
    """Whether a piece shows which notebook this is; the text of a locked cell may stand in another one as well."""
    return bool(piece.grade_id) and (piece.identified or handout.cells[piece.grade_id].role != "locked")


def by_grade_id(handout: Handout, cells: Sequence[SubmittedCell]) -> Pieces:
    """Each cell as a piece, with the grade_id that it gives itself, if the course has one like that."""
    claimed = {cell.grade_id for cell in cells}
    return Pieces(tuple(_piece(handout, cell, claimed) for cell in cells))


def _piece(handout: Handout, cell: SubmittedCell, claimed: set[str]) -> Piece:
    ids = (cell.grade_id, *(one for one in cell.ids if one not in claimed))
    grade_id = next((one for one in ids if one in handout.cells), "")
    return Piece(
        source=cell.source, index=cell.index, is_code=cell.is_code, grade_id=grade_id, identified=bool(grade_id)
    )


def by_text(handout: Handout, found: Pieces) -> Pieces:
    """Recognise cells without a grade_id by what they say: gaps by their first line, the others by all of it."""
    identified = {piece.grade_id for piece in found.pieces}
    pieces = [replace(piece, grade_id=piece.grade_id or _in_text(handout, piece, identified)) for piece in found.pieces]
    if not any(piece.identified for piece in pieces):
        return Pieces(tuple(pieces), (*found.remarks, METADATA_LOST))
    told = [
        replace(piece, remarks=(BY_FIRST_LINE,)) if piece.grade_id in handout.stubs and not piece.identified else piece
        for piece in pieces
    ]
    return replace(found, pieces=tuple(told))


def _in_text(handout: Handout, piece: Piece, identified: set[str]) -> str:
    """The grade_id that a cell's text stands for; empty if it is none of the course's."""
    first = first_line(piece.source)
    if not piece.is_code:
        return handout.first_lines.get(first, "")
    grade_id = handout.fixed.get(squeezed(piece.source), "")
    if grade_id and grade_id not in identified:
        return grade_id
    header = _header(first)
    return header if header in handout.stubs else ""


def _header(line: str) -> str:
    """The name that a line like `# dmul: from x, w` begins with."""
    found = re.match(r"#\s*(\w+):", line)
    return found[1] if found else ""


def leave_out_too_long(handout: Handout, found: Pieces) -> Pieces:
    """Leave out cells that are too long to be looked into, and say so."""
    too_long = [piece for piece in found.pieces if _is_too_long(piece)]
    said = [
        f"{_whose(handout, piece)} at position {piece.index + 1} has {len(piece.source)} characters and was left out; "
        f"at most {MOST_CODE} are taken. Shorten it, and hand the notebook in again."
        for piece in too_long
    ]
    return Pieces(tuple(piece for piece in found.pieces if not _is_too_long(piece)), (*found.remarks, *said))


def _is_too_long(piece: Piece) -> bool:
    return len(piece.source) > MOST_CODE and (piece.is_code or bool(piece.grade_id))


def _whose(handout: Handout, piece: Piece) -> str:
    return f"The cell of step {piece.grade_id}" if piece.grade_id in handout.stubs else "Your cell"


def take_apart(handout: Handout, found: Pieces) -> Pieces:
    """Undo merges: a gap's first line inside another cell starts the gap's own."""
    answered = {piece.grade_id for piece in found.pieces if piece.identified and handout.answers(piece)}
    parts = [part for piece in found.pieces for part in _parts(handout, piece, answered)]
    return replace(found, pieces=tuple(parts))


def _parts(handout: Handout, piece: Piece, answered: set[str]) -> list[Piece]:
    if not any(line in piece.source for line in handout.first_lines):
        return [piece]
    starts = _starts(handout, piece, answered)
    if len(starts) == 1:
        return [piece]
    lines = piece.source.split("\n")
    ends = [*(start for start, _ in starts[1:]), len(lines)]
    texts = ["\n".join(lines[start:end]).strip("\n") for (start, _), end in zip(starts, ends, strict=True)]
    first, *others = (
        replace(piece, source=text, grade_id=grade_id, remarks=())
        for text, (_, grade_id) in zip(texts, starts, strict=True)
    )
    parts = [first, *(replace(part, is_code=True, remarks=(MERGED,)) for part in others)]
    return [part for part in parts if part.source.strip() or part.grade_id]


def _starts(handout: Handout, piece: Piece, answered: set[str]) -> list[tuple[int, str]]:
    """Lines at which a part of a piece begins, from 0, with the grade_id of each part."""
    lines = piece.source.split("\n")
    starts = [(0, piece.grade_id)]
    for at, line in enumerate(lines):
        gap = handout.first_lines.get(line.rstrip(), "")
        if not gap:
            continue
        if at and starts == [(0, gap)] and tree("\n".join(lines[:at])) is None:
            starts = [(0, "")]  # prose above the gap's own first line
        if gap != starts[-1][1] and (gap not in answered or gap == piece.grade_id):
            starts.append((at, gap))
    return starts


def take_out_texts_of_others(handout: Handout, found: Pieces) -> Pieces:
    """Take out of a gap's cell what other cells of the course say: checks, locked cells that are gone, prose."""
    present = {piece.grade_id for piece in found.pieces}
    locked = [text.strip() for text in handout.texts("locked")]
    absent = [text for text in locked if handout.fixed[squeezed(text)] not in present]
    pieces = [_alone(handout, piece, absent) if piece.grade_id in handout.stubs else piece for piece in found.pieces]
    return replace(found, pieces=tuple(pieces))


def _alone(handout: Handout, piece: Piece, absent: Sequence[str]) -> Piece:
    source = without(piece.source, handout.texts("check"))
    code = _above_prose(handout, without(source, absent))
    remarks = piece.remarks if code == source else _each_once([*piece.remarks, MERGED])
    return replace(piece, source=code, remarks=remarks)


def _above_prose(handout: Handout, code: str) -> str:
    """A cell without what follows a line of the course's prose, if that is what keeps it from being Python."""
    lines = code.split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip() in handout.prose), len(lines))
    if start < len(lines) and tree(code) is None and tree("\n".join(lines[start:])) is None:
        return "\n".join(lines[:start])
    return code


def set_aside_changed(handout: Handout, found: Pieces) -> Pieces:
    """Of the cells that stand for a locked or check cell, one holds the place; what else they say is the student's.

    Somebody may have put an import into a locked cell, or merged an answer into a check.
    """
    fixed = [piece for piece in found.pieces if piece.grade_id and piece.grade_id not in handout.stubs]
    exact = {piece.grade_id for piece in fixed if not handout.is_changed(piece)}
    placed: set[str] = set()
    kept: list[Piece] = []
    remarks: list[str] = []
    for piece in found.pieces:
        if piece.grade_id in handout.stubs or not piece.grade_id:
            kept.append(piece)
            continue
        changed = handout.is_changed(piece)
        own = [replace(piece, grade_id="", identified=False)] if changed and has_code(piece.source) else []
        if piece.grade_id in placed or (changed and piece.grade_id in exact):
            kept += own
            continue
        placed.add(piece.grade_id)
        is_check = handout.cells[piece.grade_id].role == "check"
        kept += [*own, piece] if is_check else [piece, *own]
        if not is_check and piece.grade_id not in exact:
            remarks.append(f"The locked cell {piece.grade_id} differs from the course's; the course's was used.")
    return Pieces(tuple(kept), (*found.remarks, *remarks))


def join_split(handout: Handout, found: Pieces) -> Pieces:
    """Undo splits: a cell that goes on with the gap above it becomes part of it."""
    joined: list[Piece] = []
    times = 0
    for piece in found.pieces:
        if joined and times < MOST_VERSIONS and _goes_on(handout, joined[-1], piece):
            last = joined[-1]
            source = f"{last.source}\n{piece.source}"
            joined[-1] = replace(last, source=source, remarks=_each_once([*last.remarks, SPLIT]))
            times += 1
        else:
            joined.append(piece)
            times = 0
    return replace(found, pieces=tuple(joined))


def _goes_on(handout: Handout, first: Piece, second: Piece) -> bool:
    """Whether `second` is the rest of the gap's cell `first`, and not another version of it or something else."""
    if not (_may_go_on(handout, first, second) and has_code(second.source)):
        return False
    both = f"{first.source}\n{second.source}"
    if len(both) > MOST_CODE or names_set(both) is None:
        return False
    earlier, later = names_set(first.source), names_set(second.source)
    if earlier is None or later is None:
        return True
    if second.grade_id:
        return not earlier or not earlier <= later
    return handout.answers(first) and bool((later - earlier) & handout.sets(first.grade_id))


def _may_go_on(handout: Handout, first: Piece, second: Piece) -> bool:
    """Whether two cells are code of one gap, the first one begun and the second one without a beginning of its own."""
    is_of_gap = first.grade_id in handout.stubs and second.grade_id in (first.grade_id, "")
    is_stub = has_code(first.source) and not handout.answers(first)
    return is_of_gap and first.is_code and second.is_code and not is_stub and not _starts_anew(handout, second)


def _starts_anew(handout: Handout, piece: Piece) -> bool:
    first = first_line(piece.source)
    return first in handout.ungraded or bool(_header(first) and piece.grade_id)


def find_by_place(handout: Handout, found: Pieces) -> Pieces:
    """Gaps without an answer may have one in a cell of the student's, just where it belongs."""
    answered = {piece.grade_id for piece in found.pieces if handout.answers(piece)}
    for gap in handout.stubs:
        if gap not in answered:
            found = _found_by_place(handout, found, gap)
    return found


def _found_by_place(handout: Handout, found: Pieces, gap: str) -> Pieces:
    pieces = found.pieces
    has_cell = any(piece.grade_id == gap for piece in pieces)
    at = _answer_among(handout, pieces, _own_cells_around(handout, pieces, gap), gap)
    if at is None or (has_cell and names_set(pieces[at].source) is None):
        return found
    told = () if METADATA_LOST in found.remarks else (BY_PLACE,)
    piece = replace(pieces[at], grade_id=gap, remarks=(ELSEWHERE,) if has_cell else told)
    return replace(found, pieces=(*pieces[:at], piece, *pieces[at + 1 :]))


def _own_cells_around(handout: Handout, pieces: Sequence[Piece], gap: str) -> list[int]:
    """Where the student's own cells are between the course's cell before a gap and its check, or the cell that follows.

    Returns:
        Places in `pieces`, at most MOST_VERSIONS, in order.
    """
    rank = handout.rank
    after = [at for at, piece in enumerate(pieces) if rank.get(piece.grade_id, -1) > rank[gap]]
    check = [at for at in after if pieces[at].grade_id == f"check_{gap}"]
    end = (check or after or [len(pieces)])[0]
    found: list[int] = []
    for at in reversed(range(end)):
        piece = pieces[at]
        if piece.grade_id and piece.grade_id != gap:
            break
        if not piece.grade_id and piece.is_code and first_line(piece.source) not in handout.ungraded:
            found.append(at)
    return found[:MOST_VERSIONS][::-1]


def _answer_among(handout: Handout, pieces: Sequence[Piece], places: Sequence[int], gap: str) -> int | None:
    """The last of the places that set most of what the gap asks for; else the last one that is no Python at all."""
    wanted = handout.sets(gap)
    names = {at: names_set(pieces[at].source) for at in places}
    most, last = max(((len(wanted & (sets or frozenset())), at) for at, sets in names.items()), default=(0, 0))
    if most:
        return last
    return next((at for at in reversed(places) if names[at] is None), None)


def choose_version(handout: Handout, found: Pieces) -> Pieces:
    """One piece for each gap: of several with an answer the last. The others are the student's own cells."""
    versions: dict[str, list[int]] = {}
    for at, piece in enumerate(found.pieces):
        if piece.grade_id in handout.stubs:
            versions.setdefault(piece.grade_id, []).append(at)
    decided: dict[int, list[Piece]] = {}
    for places in versions.values():
        decided |= _decided(handout, found.pieces, places)
    kept = [one for at, piece in enumerate(found.pieces) for one in decided.get(at, [piece])]
    return replace(found, pieces=tuple(kept))


def _decided(handout: Handout, pieces: Sequence[Piece], places: Sequence[int]) -> dict[int, list[Piece]]:
    """What becomes of the cells of one gap: one is its answer, other answers are the student's own, the rest goes."""
    answers = [at for at in places if handout.answers(pieces[at])]
    chosen = max(answers[-MOST_VERSIONS:], key=lambda at: (_preference(handout, pieces[at]), at), default=places[-1])
    piece = pieces[chosen]
    is_one_of_several = sum(pieces[at].identified == piece.identified for at in answers) > 1
    remarks = (*piece.remarks, *[SEVERAL] * is_one_of_several, *[AS_CODE] * (not piece.is_code))
    others = {at: [replace(pieces[at], grade_id="")] if at in answers else [] for at in places}
    return others | {chosen: [replace(piece, remarks=remarks)]}


def _preference(handout: Handout, piece: Piece) -> tuple[bool, bool, bool]:
    sets = bool(handout.sets(piece.grade_id) & (names_set(piece.source) or frozenset()))
    return piece.is_code, sets, piece.identified


def in_place(handout: Handout, found: Pieces) -> Repaired:
    """The course's cells in the course's order, the student's own cells behind the one they followed."""
    answers = {piece.grade_id: piece for piece in found.pieces if piece.grade_id}
    followers = _own_cells(found.pieces)
    cells = followers.get("", [])
    for original in handout.cells.values():
        cells.append(_course_cell(original, answers.get(original.grade_id)))
        cells += followers.get(original.grade_id, [])
    ranks = [handout.rank[grade_id] for grade_id in answers]
    is_moved = any(second < first for first, second in itertools.pairwise(ranks))
    remarks = {gap: answers[gap].remarks for gap in handout.stubs if gap in answers}
    remarks[""] = (*found.remarks, *[MOVED] * is_moved)
    return Repaired(
        cells=tuple(cells),
        missing=frozenset(gap for gap in handout.stubs if gap not in answers),
        remarks={gap: _each_once(texts) for gap, texts in remarks.items() if texts},
    )


def _own_cells(pieces: Sequence[Piece]) -> dict[str, list[FoundCell]]:
    """The student's own cells by the course's cell that they follow; under "" those before the first."""
    followers: dict[str, list[FoundCell]] = {}
    at = ""
    for piece in pieces:
        at = piece.grade_id or at
        if not piece.grade_id:
            role = "own" if piece.is_code else "text"
            followers.setdefault(at, []).append(FoundCell(role=role, source=piece.source, index=piece.index))
    return followers


def _course_cell(original: SourceCell, answer: Piece | None) -> FoundCell:
    source = original.source
    if original.role == "gap":
        source = answer.source if answer else ""
    return FoundCell(
        role=original.role,
        source=source,
        grade_id=original.grade_id,
        metadata=original.metadata,
        index=answer.index if answer else -1,
    )


RECOGNITION: tuple[Repair, ...] = (by_text, leave_out_too_long, take_apart, take_out_texts_of_others)
"""After it, each piece has the grade_id of the cell that it stands for, if it can be seen by its text."""

REPAIRS: tuple[Repair, ...] = (set_aside_changed, join_split, find_by_place, choose_version)
"""After them, each cell of the course has one piece at most."""
