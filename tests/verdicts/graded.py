"""What grading says of answers: each handed in alone, as a notebook, and run in the sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..engine.notebooks import handed_in
from .answers import Answer, filled
from .kit import Comparison, GapResult, Grader, Record, clean, verdict
from .said import Said


def graded(grader: Grader, answers: Iterable[Answer]) -> Iterator[tuple[Answer, dict[str, Said]]]:
    """Each answer with what is said of the gap that is looked at, and of all others that are not right."""
    for answer in answers:
        sources = filled(grader.course.plan(answer.notebook), answer)
        data = handed_in(answer.notebook, sources, answer.own)
        yield answer, said_of(grader.grade(data, student="-", name=answer.notebook).record)


def said_of(record: Record) -> dict[str, Said]:
    """What a record says of each gap, and under "" of the notebook, if anything."""
    whole = {"": Said(status="remarks", text="\n".join(map(clean, record.remarks)))} if record.remarks else {}
    return whole | {result.gap: _said(result) for result in record.gaps}


def _said(result: GapResult) -> Said:
    _, *lines = verdict(result).split("\n")  # the first has status and points, which are kept apart
    lines += [_compared(one) for one in result.compared]
    if result.status == "stopped":  # by the limit that it met first, which depends on what else the machine does
        lines = []
    return Said(status=str(result.status), points=f"{result.score:g}", mistake=result.mistake, text="\n".join(lines))


def _compared(one: Comparison) -> str:
    yours, wanted = (f"{numbers.shape} {' '.join(numbers.entries)}" for numbers in (one.yours, one.wanted))
    return f"{one.output} ({one.twin}): {yours} | {wanted}"
