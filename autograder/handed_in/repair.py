"""Find the gaps in what students hand in, and put everything else of the course back in its place.

Both routes (the kit's and nbgrader's) repair the same bytes here. Nothing a notebook holds raises: what cannot be read
is a value that says why. A cell is recognised by its marks (nbgrader's metadata, or its id), else by what it says, else
by where it stands; every cell that is not the course's is the student's own, and stays behind the one it followed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

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
    is_untouched,
    solution_of,
    stub_of,
)

MOST_CODE = 100_000
"""Characters of a code cell. Far above what anybody writes; Python's own parser takes gigabytes for megabytes."""
MOST_VERSIONS = 10
"""Cells for one gap that are looked at, the last ones."""
MOST_PASSES = 4
SHORTEST_PROSE = 20
"""Characters of a line by which a course's text is recognised."""

BY_FIRST_LINE = "The cell had lost its marks and was recognised by its first line. Keep that line."
BY_PLACE = "The cell had lost its marks and was recognised by its place and by what it sets."
ELSEWHERE = "The answer stood in a cell of its own and was taken from there. Write it into the step's own cell."
AS_CODE = "The cell had been turned into text; it was read as code. Turn it back into a code cell."
MERGED = "The cell had been merged with another; it was taken apart. Keep one cell for each step."
SPLIT = "The cell had been split; its parts were joined. Keep one cell for each step."
SEVERAL = "There were several cells for this step; the last one with an answer counts. Delete the others."
MARKS_LOST = (
    "The cells had lost their marks, as they do in Colab and some other programs; "
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
    repaired = _repaired(cells, source)
    for _ in range(MOST_PASSES):  # a repair may bring together what belongs together
        if repaired.unreadable or [cell.source for cell in repaired.cells] == [cell.source for cell in cells]:
            break
        cells = [_submitted(cell) for cell in repaired.cells if cell.grade_id not in repaired.missing]
        repaired = _with_remarks(_repaired(cells, source), repaired.remarks)
    return repaired


def _submitted(cell: FoundCell) -> SubmittedCell:
    """A repaired cell as if it had been handed in like that."""
    is_code = cell.role != "text"
    return SubmittedCell(is_code=is_code, source=cell.source, grade_id=cell.grade_id, ids=(), index=cell.index)


def _with_remarks(repaired: Repaired, earlier: Mapping[str, tuple[str, ...]]) -> Repaired:
    both = {gap: (*earlier.get(gap, ()), *repaired.remarks.get(gap, ())) for gap in [*earlier, *repaired.remarks]}
    return replace(repaired, remarks={gap: tuple(dict.fromkeys(texts)) for gap, texts in both.items()})


def _repaired(cells: Sequence[SubmittedCell], source: SourceNotebook) -> Repaired:
    work = _Repair(source)
    pieces = work.take_apart(work.recognise(cells))
    if not any(piece.name and (piece.marked or work.cells[piece.name].role != "locked") for piece in pieces):
        return Repaired(
            unreadable=f"This is not notebook {source.name}: none of its cells was found. "
            "Hand in the notebook you were given, under its own name."
        )
    pieces = work.join(work.set_aside_changed(pieces))
    work.find_by_place(pieces)
    return work.in_place(work.choose(pieces))


@dataclass(slots=True)
class _Piece:
    """A cell on its way, or a part of one.

    Attributes:
        name: grade_id of the course's cell that it stands for; empty for the student's own.
        marked: It is known by its marks.
        remarks: What is said of the gap if this piece is its answer.
    """

    source: str
    index: int
    is_code: bool
    name: str = ""
    marked: bool = False
    remarks: list[str] = field(default_factory=list)


class _Repair:
    """The repair of one notebook: what the course's cells look like, and what is to be said to the student."""

    def __init__(self, source: SourceNotebook) -> None:
        self.source = source
        self.cells = {cell.grade_id: cell for cell in source.graded}
        self.rank = {grade_id: at for at, grade_id in enumerate(self.cells)}
        self.stubs = {cell.grade_id: stub_of(cell.source) for cell in source.graded if cell.role == "gap"}
        self.first_lines = {first_line(stub): gap for gap, stub in self.stubs.items()}
        self.fixed = {squeezed(cell.source): cell.grade_id for cell in source.graded if cell.role != "gap"}
        self.ungraded = {first_line(cell.source) for cell in source.cells if cell.role == "own"}
        self.remarks: list[str] = []

    def answers(self, piece: _Piece) -> bool:
        """Whether a piece is a gap's cell with something in it."""
        return piece.name in self.stubs and not is_untouched(piece.source, self.stubs[piece.name])

    def recognise(self, cells: Sequence[SubmittedCell]) -> list[_Piece]:
        """Say which cell of the course each one stands for: by its marks, else by its text."""
        claimed = {cell.grade_id for cell in cells}
        pieces = [self._by_marks(cell, claimed) for cell in cells]
        marked = {piece.name for piece in pieces}
        for piece in pieces:
            if not piece.name:
                self._by_text(piece, marked)
        lost = not any(piece.marked for piece in pieces)
        if lost:
            self.remarks.append(MARKS_LOST)
        for piece in pieces:
            if piece.name in self.stubs and not piece.marked and not lost:
                piece.remarks.append(BY_FIRST_LINE)
        return [piece for piece in pieces if not self._is_too_long(piece)]

    def _by_marks(self, cell: SubmittedCell, claimed: set[str]) -> _Piece:
        names = (cell.grade_id, *(one for one in cell.ids if one not in claimed))
        name = next((one for one in names if one in self.cells), "")
        return _Piece(cell.source, cell.index, cell.is_code, name, bool(name))

    def _by_text(self, piece: _Piece, marked: set[str]) -> None:
        first = first_line(piece.source)
        if not piece.is_code:
            piece.name = self.first_lines.get(first, "")
            return
        name = self.fixed.get(squeezed(piece.source), "")
        header = re.match(r"#\s*(\w+):", first)
        if name and name not in marked:
            piece.name = name
        elif header and header[1] in self.stubs:
            piece.name = header[1]

    def _is_too_long(self, piece: _Piece) -> bool:
        if len(piece.source) <= MOST_CODE or not (piece.is_code or piece.name):
            return False
        what = f"The cell of step {piece.name}" if piece.name in self.stubs else "Your cell"
        self.remarks.append(
            f"{what} at position {piece.index + 1} has {len(piece.source)} characters and was left out; at most "
            f"{MOST_CODE} are taken. Shorten it, and hand the notebook in again."
        )
        return True

    def take_apart(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Undo merges: a gap's first line inside another cell starts the gap's own."""
        answered = {piece.name for piece in pieces if piece.marked and self.answers(piece)}
        apart = [part for piece in pieces for part in self._parts(piece, answered)]
        present = {piece.name for piece in apart}
        locked = [cell.source.strip() for cell in self.cells.values() if cell.role == "locked"]
        absent = [text for text in locked if self.fixed[squeezed(text)] not in present]
        for piece in apart:
            if piece.name in self.stubs:
                self._take_out_others(piece, absent)
        return apart

    def _take_out_others(self, piece: _Piece, absent: Sequence[str]) -> None:
        """Take out of a gap's cell what other cells of the course say: checks, locked cells that are gone, prose."""
        piece.source = without(piece.source, [cell.source for cell in self.cells.values() if cell.role == "check"])
        code = without(piece.source, absent)
        lines = code.split("\n")
        start = next((at for at, line in enumerate(lines) if line.strip() in self._prose), len(lines))
        if start < len(lines) and tree(code) is None and tree("\n".join(lines[start:])) is None:
            code = "\n".join(lines[:start])
        if code != piece.source:
            piece.source = code
            piece.remarks = list(dict.fromkeys([*piece.remarks, MERGED]))

    @cached_property
    def _prose(self) -> frozenset[str]:
        texts = [cell.source for cell in self.source.cells if cell.role == "text"]
        return frozenset(line.strip() for text in texts for line in text.split("\n") if len(line) >= SHORTEST_PROSE)

    def _parts(self, piece: _Piece, answered: set[str]) -> list[_Piece]:
        if not any(line in piece.source for line in self.first_lines):
            return [piece]
        lines = piece.source.split("\n")
        starts = [0]
        names = [piece.name]
        for at, line in enumerate(lines):
            gap = self.first_lines.get(line.rstrip(), "")
            if gap and gap == names[-1] and at and len(starts) == 1 and tree("\n".join(lines[:at])) is None:
                names[0] = ""  # prose above the gap's own first line
            if gap and gap != names[-1] and (gap not in answered or gap == piece.name):
                starts.append(at)
                names.append(gap)
        if len(starts) == 1:
            return [piece]
        parts = [
            replace(piece, source="\n".join(lines[start:end]).strip("\n"), name=name, remarks=[])
            for start, end, name in zip(starts, [*starts[1:], None], names, strict=True)
        ]
        for part in parts[1:]:
            part.is_code = True
            part.remarks.append(MERGED)
        return [part for part in parts if part.source.strip() or part.name]

    def set_aside_changed(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Of the cells that stand for a locked or check cell, one holds the place; what else they say is the student's.

        Somebody may have put an import into a locked cell, or merged an answer into a check.
        """
        exact = {piece.name for piece in pieces if piece.name and not self._is_changed(piece)}
        placed: set[str] = set()
        kept: list[_Piece] = []
        for piece in pieces:
            if piece.name in self.stubs or not piece.name:
                kept.append(piece)
                continue
            changed = self._is_changed(piece)
            own = [replace(piece, name="", marked=False)] if changed and has_code(piece.source) else []
            if piece.name in placed or (changed and piece.name in exact):
                kept += own
                continue
            placed.add(piece.name)
            is_check = self.cells[piece.name].role == "check"
            kept += [*own, piece] if is_check else [piece, *own]
            if not is_check and piece.name not in exact:
                self.remarks.append(f"The locked cell {piece.name} differs from the course's; the course's was used.")
        return kept

    def _is_changed(self, piece: _Piece) -> bool:
        return squeezed(piece.source) != squeezed(self.cells[piece.name].source)

    def join(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Undo splits: a cell that goes on with the gap above it becomes part of it."""
        joined: list[_Piece] = []
        times = 0
        for piece in pieces:
            last = joined[-1] if joined else piece
            if last is not piece and times < MOST_VERSIONS and self._goes_on(last, piece):
                last.source = f"{last.source}\n{piece.source}"
                last.remarks = list(dict.fromkeys([*last.remarks, SPLIT]))
                times += 1
            else:
                joined.append(piece)
                times = 0
        return joined

    def _goes_on(self, first: _Piece, second: _Piece) -> bool:
        """Whether `second` is the rest of the gap's cell `first`, and not another version of it or something else."""
        if (
            first.name not in self.stubs
            or second.name not in (first.name, "")
            or not (first.is_code and second.is_code)
        ):
            return False
        is_stub = has_code(first.source) and not self.answers(first)
        if is_stub or self._starts_anew(second) or not has_code(second.source):
            return False
        both = f"{first.source}\n{second.source}"
        if len(both) > MOST_CODE or names_set(both) is None:
            return False
        earlier, later = names_set(first.source), names_set(second.source)
        if earlier is None or later is None:
            return True
        if second.name:
            return not earlier or not earlier <= later
        return self.answers(first) and bool((later - earlier) & self._wanted(first.name))

    def _starts_anew(self, piece: _Piece) -> bool:
        first = first_line(piece.source)
        return first in self.ungraded or bool(re.match(r"#\s*(\w+):", first) and piece.name)

    def _wanted(self, gap: str) -> frozenset[str]:
        """Names that the solution of a gap sets."""
        return names_set(solution_of(self.cells[gap].source)) or frozenset()

    def find_by_place(self, pieces: Sequence[_Piece]) -> None:
        """Gaps without an answer may have one in a cell of the student's, just where it belongs."""
        answered = {piece.name for piece in pieces if self.answers(piece)}
        for gap in self.stubs:
            if gap in answered:
                continue
            has_cell = any(piece.name == gap for piece in pieces)
            found = self._answer_among(self._own_cells_around(pieces, gap), gap)
            if found is not None and not (has_cell and names_set(found.source) is None):
                found.name = gap
                found.remarks = [ELSEWHERE] if has_cell else [] if MARKS_LOST in self.remarks else [BY_PLACE]

    def _own_cells_around(self, pieces: Sequence[_Piece], gap: str) -> list[_Piece]:
        """The student's own cells between the course's cell before a gap and its check, or the cell that follows."""
        after = [at for at, piece in enumerate(pieces) if self.rank.get(piece.name, -1) > self.rank[gap]]
        check = [at for at in after if pieces[at].name == f"check_{gap}"]
        end = (check or after or [len(pieces)])[0]
        found: list[_Piece] = []
        for piece in reversed(pieces[:end]):
            if piece.name and piece.name != gap:
                break
            if not piece.name and piece.is_code and first_line(piece.source) not in self.ungraded:
                found.append(piece)
        return found[:MOST_VERSIONS][::-1]

    def _answer_among(self, own: Sequence[_Piece], gap: str) -> _Piece | None:
        """The last of those that set most of what the gap asks for; else the last one that is no Python at all."""
        wanted = self._wanted(gap)
        setting = [(len(wanted & (names_set(piece.source) or frozenset())), at) for at, piece in enumerate(own)]
        most, at = max(setting, default=(0, 0))
        if most:
            return own[at]
        return next((piece for piece in reversed(own) if names_set(piece.source) is None), None)

    def choose(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """One piece for each gap: of several with an answer the last. The others are the student's own cells."""
        versions: dict[str, list[_Piece]] = {}
        for piece in pieces:
            if piece.name in self.stubs:
                versions.setdefault(piece.name, []).append(piece)
        rejected = {id(piece) for group in versions.values() for piece in self._rejected(group)}
        return [piece for piece in pieces if id(piece) not in rejected]

    def _rejected(self, group: Sequence[_Piece]) -> list[_Piece]:
        """The cells of one gap that count for nothing; other versions with an answer become the student's own."""
        answers = [piece for piece in group if self.answers(piece)]
        chosen = group[-1]
        if len(answers) == 1:
            chosen = answers[0]
        elif answers:
            ranked = enumerate(answers[-MOST_VERSIONS:])
            _, chosen = max(ranked, key=lambda entry: (self._preference(entry[1]), entry[0]))
        if sum(piece.marked == chosen.marked for piece in answers) > 1:
            chosen.remarks.append(SEVERAL)
        if not chosen.is_code:
            chosen.remarks.append(AS_CODE)
        for piece in answers:
            piece.name = piece.name if piece is chosen else ""
        return [piece for piece in group if piece is not chosen and piece.name]

    def _preference(self, piece: _Piece) -> tuple[bool, bool, bool]:
        sets = bool(self._wanted(piece.name) & (names_set(piece.source) or frozenset()))
        return piece.is_code, sets, piece.marked

    def in_place(self, pieces: Sequence[_Piece]) -> Repaired:
        """The course's cells in the course's order, the student's own cells behind the one they followed."""
        answers = {piece.name: piece for piece in pieces if piece.name}
        followers: dict[str, list[FoundCell]] = {}
        at = ""
        for piece in pieces:
            if piece.name:
                at = piece.name
            else:
                role = "own" if piece.is_code else "text"
                followers.setdefault(at, []).append(FoundCell(role=role, source=piece.source, index=piece.index))
        ranks = [self.rank[name] for name in answers]
        if any(second < first for first, second in itertools.pairwise(ranks)):
            self.remarks.append(MOVED)
        cells = followers.get("", [])
        for original in self.source.graded:
            cells.append(self._course_cell(original, answers.get(original.grade_id)))
            cells += followers.get(original.grade_id, [])
        return Repaired(
            cells=tuple(cells),
            missing=frozenset(gap for gap in self.stubs if gap not in answers),
            remarks=self._all_remarks(answers),
        )

    def _course_cell(self, original: SourceCell, answer: _Piece | None) -> FoundCell:
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

    def _all_remarks(self, answers: Mapping[str, _Piece]) -> dict[str, tuple[str, ...]]:
        found = {gap: answers[gap].remarks for gap in self.stubs if gap in answers} | {"": self.remarks}
        return {gap: tuple(dict.fromkeys(texts)) for gap, texts in found.items() if texts}
