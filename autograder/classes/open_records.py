"""Records as open data: what a researcher may have. No names, no texts, no code, and no numbers of a student's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from autograder.model import Comparison, GapResult, Record


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How a wrong output differed, on numbers that students may see.

    Attributes:
        shape: Of the student's output; [] for a single number.
        wanted: Shape of the right one.
        entries: How many differ; null where the shapes do.
        of: How many there are in the right one.
    """

    output: str
    twin: str
    shape: tuple[int, ...]
    wanted: tuple[int, ...]
    entries: int | None
    of: int


class OpenGap(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one gap.

    Attributes:
        mistake: Slug of the mistake, or its family where several fit; empty if it has no name.
        checks: Whether each check passed, by name; none where nothing could be checked.
        differed: Of a gap that is wrong on open numbers.
    """

    gap: str
    status: str
    score: float
    points: float
    mistake: str
    checks: dict[str, bool]
    differed: tuple[Difference, ...]


class OpenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One graded notebook of one student.

    Attributes:
        student: A pseudonym.
        attempt: How many different files of this student for this notebook had been graded, this one included.
        suite: Fingerprint of course, kit and secret: marks compare only within one.
        score: Null when a gap is up for review.
    """

    schema: int
    student: str
    assignment: str
    notebook: str
    attempt: int
    suite: str
    score: float | None
    max_score: float
    gaps: tuple[OpenGap, ...]


def open_records(records: Iterable[Record], pseudonyms: Mapping[str, str]) -> Iterator[OpenRecord]:
    """The records without what could say whose they are, in the order of the pseudonyms.

    Args:
        records: As graded.
        pseudonyms: Of every student in them.
    """
    for record in sorted(records, key=lambda one: (pseudonyms[one.student], one.assignment, one.notebook)):
        yield OpenRecord(
            schema=record.schema,
            student=pseudonyms[record.student],
            assignment=record.assignment,
            notebook=record.notebook,
            attempt=record.attempt,
            suite=record.suite,
            score=record.score,
            max_score=record.max_score,
            gaps=tuple(map(_open_gap, record.gaps)),
        )


def _open_gap(result: GapResult) -> OpenGap:
    return OpenGap(
        gap=result.gap,
        status=result.status,
        score=result.score,
        points=result.points,
        mistake=result.mistake,
        checks={one.check: one.passed for one in result.checks},
        differed=tuple(map(_difference, result.compared)),
    )


def _difference(compared: Comparison) -> Difference:
    alike = compared.yours.shape == compared.wanted.shape
    return Difference(
        output=compared.output,
        twin=compared.twin,
        shape=compared.yours.shape,
        wanted=compared.wanted.shape,
        entries=len(compared.differs) if alike else None,
        of=math.prod(compared.wanted.shape),
    )
