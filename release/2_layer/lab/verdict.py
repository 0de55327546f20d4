"""A verdict on one gap, as plain data; `view` makes text and HTML of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lab.drawing.heat_mirror import Mirror


class Status(StrEnum):
    """How a gap stands. The words are the grader's, but for `unsure`: nothing certain can be said yet."""

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    RAISED = "raised"
    UNTOUCHED = "untouched"
    MISSING = "missing"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One wrong result beside the wanted one.

    Attributes:
        mirror: Both as a picture, where they are arrays; None otherwise.
    """

    name: str
    yours: str
    wanted: str
    mirror: Mirror | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a student is told about one gap.

    Attributes:
        entry: Number of the cell that was judged, as in `In [12]`; 0 if none was.
        says: What is known, sentence by sentence.
        asked: The numbers on which it went wrong, as text.
        named: Name of the known mistake, or of a family of mistakes; empty if unknown.
        mistake: Slug of that mistake, or the family; empty if unknown.
        explained: What was seen, and what it usually means.
        question: One that leads on.
        notes: What else is to be known about this verdict.
    """

    gap: str
    status: Status
    entry: int = 0
    says: tuple[str, ...] = ()
    asked: str = ""
    compared: tuple[Compared, ...] = ()
    named: str = ""
    mistake: str = ""
    explained: str = ""
    question: str = ""
    notes: tuple[str, ...] = ()
