"""What the repairs of a submitted notebook pass on: its cells in pieces, and the notebook that was handed out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from autograder.course.celltext import first_line, names_set, squeezed
from autograder.course.notebook import SourceCell, SourceNotebook, is_untouched, solution_of, stub_of

SHORTEST_PROSE = 20
"""Characters of a line by which a course's text is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A submitted cell, or a part of one.

    Attributes:
        index: Place of its cell in the file as handed in.
        grade_id: Of the course's cell that it stands for; empty for the student's own.
        identified: It says so itself, in nbgrader's metadata or by nbformat's id of the cell.
        remarks: What is said of the gap if this piece is its answer.
    """

    source: str
    index: int
    is_code: bool
    grade_id: str = ""
    identified: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pieces:
    """All pieces of a notebook in their order; `remarks` are on the notebook as a whole."""

    pieces: tuple[Piece, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handout:
    """The notebook that students were given, in the forms by which the repairs look things up."""

    source: SourceNotebook

    @cached_property
    def cells(self) -> dict[str, SourceCell]:
        """The cells that nbgrader knows, by grade_id, in order."""
        return {cell.grade_id: cell for cell in self.source.graded}

    @cached_property
    def rank(self) -> dict[str, int]:
        """The place of each grade_id among them."""
        return {grade_id: at for at, grade_id in enumerate(self.cells)}

    @cached_property
    def stubs(self) -> dict[str, str]:
        """The gaps' cells as handed out, by grade_id."""
        return {cell.grade_id: stub_of(cell.source) for cell in self.cells.values() if cell.role == "gap"}

    @cached_property
    def first_lines(self) -> dict[str, str]:
        """The gap that each first line belongs to."""
        return {first_line(stub): gap for gap, stub in self.stubs.items()}

    @cached_property
    def fixed(self) -> dict[str, str]:
        """The grade_id of each locked or check cell, by its text without blanks."""
        return {squeezed(cell.source): cell.grade_id for cell in self.cells.values() if cell.role != "gap"}

    @cached_property
    def ungraded(self) -> frozenset[str]:
        """First lines of the code cells that nbgrader does not know, which are there to be played with."""
        return frozenset(first_line(cell.source) for cell in self.source.cells if cell.role == "own")

    @cached_property
    def prose(self) -> frozenset[str]:
        """Lines of the text cells."""
        texts = [cell.source for cell in self.source.cells if cell.role == "text"]
        return frozenset(line.strip() for text in texts for line in text.split("\n") if len(line) >= SHORTEST_PROSE)

    def texts(self, role: str) -> list[str]:
        """The sources of all cells of a role."""
        return [cell.source for cell in self.cells.values() if cell.role == role]

    def sets(self, gap: str) -> frozenset[str]:
        """Names that the solution of a gap sets."""
        return names_set(solution_of(self.cells[gap].source)) or frozenset()

    def answers(self, piece: Piece) -> bool:
        """Whether a piece is a gap's cell with something in it."""
        return piece.grade_id in self.stubs and not is_untouched(piece.source, self.stubs[piece.grade_id])

    def is_changed(self, piece: Piece) -> bool:
        """Whether a locked or check cell is not as it was handed out."""
        return squeezed(piece.source) != squeezed(self.cells[piece.grade_id].source)
