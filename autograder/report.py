"""What an instructor sees when a class has been graded: who, which step, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from autograder.feedback import clean
from autograder.mistakes import Mistake
from autograder.model import GapResult, Record, Status
from lab.texts import FAMILIES

MOST_STUDENTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a class did at one gap."""

    notebook: str
    gap: str
    tried: int
    right: int
    total: int
    commonest: str
    times: int


def steps(records: Sequence[Record], names: Mapping[str, str]) -> list[Step]:
    """One row a gap, in the order of the course; `names` gives the text for a mistake's slug."""
    by_gap: dict[tuple[str, str], list[GapResult]] = {}
    for record in records:
        for result in record.gaps:
            by_gap.setdefault((record.notebook, result.gap), []).append(result)
    return [_step(notebook, gap, results, names) for (notebook, gap), results in by_gap.items()]


def _step(notebook: str, gap: str, results: list[GapResult], names: Mapping[str, str]) -> Step:
    untried = {Status.UNTOUCHED, Status.MISSING, Status.UNREADABLE}
    tried = [result for result in results if result.status not in untried]
    counted = Counter(_mistake(result, names) for result in tried if result.status is not Status.RIGHT)
    commonest, times = counted.most_common(1)[0] if counted else ("", 0)
    right = sum(result.status is Status.RIGHT for result in results)
    return Step(
        notebook=notebook, gap=gap, tried=len(tried), right=right, total=len(results), commonest=commonest, times=times
    )


def _mistake(result: GapResult, names: Mapping[str, str]) -> str:
    if result.mistake:
        return names.get(result.mistake, result.mistake)
    return {Status.RAISED: "raises an error", Status.STOPPED: "never ends", Status.DIED: "ends Python"}.get(
        result.status, "wrong in a way of its own"
    )


def names_of(mistakes: Sequence[Mistake]) -> dict[str, str]:
    """Texts for slugs and families."""
    return FAMILIES | {mistake.slug: mistake.name for mistake in mistakes}


def print_class(console: Console, records: Sequence[Record], names: Mapping[str, str]) -> None:
    """The tables at the end of a class run."""
    students = sorted({record.student for record in records})
    if len(records) > 1 and len(students) <= MOST_STUDENTS:
        console.print(_students_table(records, students))
    found = steps(records, names)
    console.print(_steps_table(found))
    _print_commonest(console, records, names)
    _print_reviews(console, records)


def _students_table(records: Sequence[Record], students: Sequence[str]) -> Table:
    notebooks = list(dict.fromkeys(record.notebook for record in records))
    table = Table(title="Points", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("student")
    for notebook in notebooks:
        table.add_column(notebook, justify="right")
    table.add_column("in all", justify="right")
    by_key = {(record.student, record.notebook): record for record in records}
    for student in students:
        own = [by_key.get((student, notebook)) for notebook in notebooks]
        total = sum(record.score or 0 for record in own if record)
        most = sum(record.max_score for record in own if record)
        table.add_row(clean(student), *[_points(record) for record in own], f"{total:g} of {most:g}")
    return table


def _points(record: Record | None) -> str:
    if record is None:
        return ""
    return "by hand" if record.score is None else f"{record.score:g}"


def _steps_table(found: Sequence[Step]) -> Table:
    table = Table(title="Steps", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("gap")
    table.add_column("right", justify="right")
    table.add_column("", min_width=10)
    table.add_column("commonest mistake")
    table.add_column("times", justify="right")
    notebook = ""
    for step in found:
        if step.notebook != notebook:
            notebook = step.notebook
            table.add_row(f"[bold]{notebook}[/bold]")
        share = step.right / step.total
        bar = "█" * round(10 * share) + "░" * (10 - round(10 * share))
        table.add_row(f"  {step.gap}", f"{step.right} of {step.total}", bar, step.commonest, str(step.times or ""))
    return table


def _print_commonest(console: Console, records: Sequence[Record], names: Mapping[str, str], most: int = 5) -> None:
    counted = Counter((result.mistake, result.gap) for record in records for result in record.gaps if result.mistake)
    if not counted:
        return
    console.print("[bold]Commonest mistakes of the class[/bold]")
    for (slug, gap), times in counted.most_common(most):
        console.print(f"  {times:3} × {names.get(slug, slug)} ({gap})", highlight=False)


def _print_reviews(console: Console, records: Sequence[Record]) -> None:
    for record in records:
        waiting = [result for result in record.gaps if result.status is Status.REVIEW]
        if waiting:
            gaps = "every gap" if len(waiting) == len(record.gaps) else ", ".join(result.gap for result in waiting)
            faults = "; ".join(dict.fromkeys(result.fault for result in waiting))
            text = f"To be graded by hand: {record.student}, {record.notebook}, {gaps}. {faults}"
            console.print(clean(text), style="bold", markup=False)
