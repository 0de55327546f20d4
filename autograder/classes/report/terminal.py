"""What an instructor sees when a class has been graded: who, which step, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.classes.records import told_apart
from autograder.judging.feedback import clean
from autograder.judging.mistakes import Mistake
from autograder.model import GapResult, Record, Status

MOST_STUDENTS, MOST_MISTAKES = 40, 5
WIDE = 100
"""Columns of a terminal from which there is room for bars."""

UNTRIED = frozenset([Status.UNTOUCHED, Status.MISSING, Status.UNREADABLE])
UNNAMED = {
    Status.RAISED: "raises an error",
    Status.STOPPED: "never ends",
    Status.DIED: "ends Python",
    Status.PARTLY: "right, but for its edges or conduct",
}
"""What is said of answers whose mistake has no name; of all others, `OWN`."""
OWN = "wrong in a way of its own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a class did at one gap."""

    notebook: str
    gap: str
    right: int
    total: int
    commonest: str
    times: int


def steps(records: Sequence[Record], mistakes: Sequence[Mistake]) -> list[Step]:
    """One row a gap, in the order of the course."""
    names = _family_names(mistakes) | {mistake.slug: mistake.name for mistake in mistakes}
    by_gap: dict[tuple[str, str], list[GapResult]] = {}
    for record in records:
        for result in record.gaps if record.handed_in else ():
            by_gap.setdefault((record.notebook, result.gap), []).append(result)
    return [_step(notebook, gap, results, names) for (notebook, gap), results in by_gap.items()]


def _family_names(mistakes: Sequence[Mistake]) -> dict[str, str]:
    return {mistake.family: mistake.family_name for mistake in mistakes}


def _step(notebook: str, gap: str, results: list[GapResult], names: Mapping[str, str]) -> Step:
    lost = [result for result in results if result.status not in UNTRIED | {Status.RIGHT, Status.REVIEW}]
    named = Counter(names.get(result.mistake, result.mistake) for result in lost if result.mistake)
    unnamed = Counter(UNNAMED.get(result.status, OWN) for result in lost if not result.mistake)
    first = [*named.most_common(1), *unnamed.most_common(1), ("", 0)]
    commonest, times = max(first, key=lambda one: one[1])  # of equals the first, which has a name
    right = sum(result.status is Status.RIGHT for result in results)
    return Step(notebook=notebook, gap=gap, right=right, total=len(results), commonest=commonest, times=times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of mistake: how often a class made it, and where."""

    name: str
    times: int
    gaps: tuple[tuple[str, int], ...]


def families(records: Sequence[Record], mistakes: Sequence[Mistake]) -> list[Family]:
    """The kinds of mistakes of a class, the commonest first; each with its gaps, the commonest first."""
    family_of = {mistake.slug: mistake.family for mistake in mistakes}
    names = _family_names(mistakes)
    results = [result for record in records for result in record.gaps if result.mistake]
    counted: dict[str, Counter[str]] = {}
    for result in results:
        counted.setdefault(family_of.get(result.mistake, result.mistake), Counter())[result.gap] += 1
    found = [
        Family(name=names.get(family, family), times=gaps.total(), gaps=tuple(gaps.most_common()))
        for family, gaps in counted.items()
    ]
    return sorted(found, key=lambda family: -family.times)


def print_class(console: Console, records: Sequence[Record], mistakes: Sequence[Mistake]) -> None:
    """The tables at the end of a class run; what matters most comes last, where the eye is.

    Args:
        console: Where they go.
        records: Of every notebook of the class, graded now or before.
        mistakes: All that are known in these notebooks, for their names.
    """
    records = told_apart(records)
    students = sorted({record.student for record in records})
    if len(records) == 1:
        _print_one(console, records[0])
        return
    if len(students) <= MOST_STUDENTS:
        console.print(_students_table(records, students))
    console.print(_steps_table(steps(records, mistakes), wide=console.width >= WIDE))
    if len(students) > 1:
        _print_commonest(console, families(records, mistakes))
    _print_reviews(console, records)


def _print_one(console: Console, record: Record) -> None:
    """One notebook: points, and what is said of each gap."""
    table = Table(title=f"{record.notebook}: {_in_all([record])}", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("gap", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("what is said")
    for result in record.gaps:
        points = "by hand" if result.status is Status.REVIEW else f"{result.score:g} of {result.points:g}"
        said = " ".join([result.message, *result.remarks]) or str(result.status)
        table.add_row(result.gap, points, Text(clean(said)))
    console.print(table)
    for remark in record.remarks:
        console.print(clean(remark), markup=False)
    _print_reviews(console, [record])


def _in_all(records: Sequence[Record]) -> str:
    return f"{sum(record.score or 0 for record in records):g} of {sum(record.max_score for record in records):g}"


def _students_table(records: Sequence[Record], students: Sequence[str]) -> Table:
    notebooks = list(dict.fromkeys(record.notebook for record in records))
    table = Table(title="Points", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("student", overflow="fold")
    for heading in _headings(notebooks):
        table.add_column(heading, justify="right")
    table.add_column("in all", justify="right", no_wrap=True)
    by_key = {(record.student, record.notebook): record for record in records}
    for student in students:
        own = [by_key.get((student, notebook)) for notebook in notebooks]
        in_all = _in_all([record for record in own if record])
        table.add_row(Text(clean(student)), *[_points(record) for record in own], in_all)
    return table


def _headings(notebooks: Sequence[str]) -> Sequence[str]:
    """Names of notebooks; where there are many, what stands before the first underscore, if that tells them apart."""
    short = [name.partition("_")[0] for name in notebooks]
    return short if len(notebooks) > 3 and len(set(short)) == len(short) else notebooks


def _points(record: Record | None) -> str:
    if record is None:
        return ""
    if not record.handed_in:
        return "none"
    return "by hand" if record.score is None else f"{record.score:g}"


def _steps_table(found: Sequence[Step], *, wide: bool) -> Table:
    table = Table(title="Steps", box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    table.add_column("gap", no_wrap=True)
    table.add_column("right", justify="right", no_wrap=True)
    if wide:
        table.add_column("", width=10)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("commonest mistake")
    notebook = ""
    for step in found:
        if step.notebook != notebook:
            notebook = step.notebook
            table.add_row(f"[bold]{notebook}[/bold]")
        times = f"{step.times} ×" if step.times else ""
        bar = [_bar(step.right / step.total)] if wide else []
        table.add_row(f"  {step.gap}", f"{step.right} of {step.total}", *bar, times, step.commonest)
    return table


def _bar(share: float) -> str:
    return "█" * round(10 * share) + "░" * (10 - round(10 * share))


def _print_commonest(console: Console, found: Sequence[Family]) -> None:
    if not found:
        return
    table = Table(title="Commonest mistakes of the class", box=None, show_header=False, title_justify="left")
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for family in found[:MOST_MISTAKES]:
        gaps = ", ".join(f"{times} in {gap}" for gap, times in family.gaps)
        table.add_row(f"{family.times} ×", f"{family.name}\n[dim]{gaps}[/dim]")
    console.print(table)


def _print_reviews(console: Console, records: Sequence[Record]) -> None:
    for record in records:
        waiting = [result for result in record.gaps if result.status is Status.REVIEW]
        if waiting:
            gaps = "every gap" if len(waiting) == len(record.gaps) else ", ".join(result.gap for result in waiting)
            faults = "; ".join(dict.fromkeys(result.fault for result in waiting))
            text = f"To be graded by hand: {record.student}, {record.notebook}, {gaps}. {faults}"
            console.print(clean(text), style="bold", markup=False)
