"""What a person must look at when a class has been graded: nothing that matters passes in silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console

from autograder.handed_in.folder import SEVERAL
from autograder.judging.feedback import clean
from autograder.model import Record, Status

NOT_HANDED_IN = "Not handed in"
UNREADABLE = "Could not be read"
TWICE = "Several files for one notebook"
PASSED_OVER = "Passed over"
IN_THE_GRADEBOOK = "Times and marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One kind of thing to look at, one line for each."""

    title: str
    lines: tuple[str, ...]


def topics(
    records: Sequence[Record],
    passed_over: Iterable[str],
    notices: Iterable[str],
    excused: Collection[tuple[str, str]] = (),
) -> list[Topic]:
    """What to look at, kind by kind; empty if there is nothing.

    Args:
        records: Of the class.
        passed_over: What lay among the submissions and was not graded.
        notices: What there is to say of times and marks in the gradebook.
        excused: Students, each with an assignment that does not count for them.
    """
    found = [
        Topic(title=NOT_HANDED_IN, lines=tuple(_not_handed_in(records, excused))),
        Topic(title=UNREADABLE, lines=tuple(_unreadable(records))),
        Topic(title=TWICE, lines=tuple(_twice(records))),
        Topic(title=PASSED_OVER, lines=tuple(passed_over)),
        Topic(title=IN_THE_GRADEBOOK, lines=tuple(notices)),
    ]
    return [topic for topic in found if topic.lines]


def _not_handed_in(records: Sequence[Record], excused: Collection[tuple[str, str]]) -> Iterator[str]:
    by_submission: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        by_submission.setdefault((record.student, record.assignment), []).append(record)
    for (student, assignment), its in by_submission.items():
        missing = [record.notebook for record in its if not record.handed_in]
        if missing and (student, assignment) not in excused:
            what = f"nothing of {assignment}" if len(missing) == len(its) else ", ".join(missing)
            instead = dict.fromkeys(remark for record in its if not record.handed_in for remark in record.remarks[1:])
            yield ". ".join([f"{student}: {what}", *instead])


def _unreadable(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        if {result.status for result in record.gaps} == {Status.UNREADABLE}:
            yield f"{record.student}, {record.notebook}: {' '.join(record.remarks)}"


def _twice(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        yield from (f"{record.student}: {remark}" for remark in record.remarks if SEVERAL in remark)


def print_topics(console: Console, found: Sequence[Topic]) -> None:
    """The end of a run."""
    for topic in found:
        console.print(f"\n{topic.title} ({len(topic.lines)})", style="bold", highlight=False)
        for line in topic.lines:
            console.print(clean(f"  {line}"), markup=False, highlight=False)
