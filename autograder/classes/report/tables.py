"""All numbers of the class report as CSV, one file a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from autograder.classes.records import cannot_write
from autograder.classes.report.summary import ClassSummary
from autograder.model import Status

Row = Sequence[object]
NAMES = ("gaps.csv", "mistakes.csv", "checks.csv", "reliability.csv", "students.csv")


def tables(summary: ClassSummary, label: Callable[[int], str]) -> dict[str, str]:
    """Text of each CSV file by its name.

    Args:
        summary: Of the class.
        label: What a student is called, by place in `summary.pupils`.
    """
    texts = (
        _csv(GAPS, _gaps(summary)),
        _csv(MISTAKES, _mistakes(summary)),
        _csv(CHECKS, _checks(summary)),
        _csv(RELIABILITY, _reliability(summary)),
        _csv(STUDENTS, _students(summary, label)),
    )
    return dict(zip(NAMES, texts, strict=True))


def write(folder: Path, found: dict[str, str]) -> None:
    """Write the files into a folder, which is made; KitError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in found.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise cannot_write(error.filename or folder, error) from error


GAPS = (
    "notebook", "gap", "points", "answered", "right", "right_low", "right_high", "mean_share", "discrimination",
    "stopped", "raised", "untouched", "points_lost",
)  # fmt: skip
MISTAKES = ("notebook", "gap", "mistake", "name", "students", "answered", "points_lost")
CHECKS = ("notebook", "gap", "check", "passed", "judged")
RELIABILITY = (
    "notebook", "students", "gaps", "points", "mean", "standard_deviation", "alpha", "alpha_low", "alpha_high",
    "standard_error",
)  # fmt: skip
STUDENTS = ("student", "notebook", "gap", "status", "score", "points", "mistake")


def _csv(head: Row, rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    """A value as it is written: six digits are enough; a text that a spreadsheet would compute begins with '."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value


def _gaps(summary: ClassSummary) -> Iterable[Row]:
    for gap in summary.per_gap:
        low, high = gap.interval or (None, None)
        counted = [gap.statuses.get(status, 0) for status in (Status.STOPPED, Status.RAISED, Status.UNTOUCHED)]
        yield (
            gap.notebook, gap.gap, gap.points, gap.answered, gap.right, low, high, gap.mean_share, gap.discrimination,
            *counted, gap.cost,
        )  # fmt: skip


def _mistakes(summary: ClassSummary) -> Iterable[Row]:
    for one in summary.mistakes:
        yield one.notebook, one.gap, one.slug, one.story.name, one.times, one.answered, one.cost


def _checks(summary: ClassSummary) -> Iterable[Row]:
    for gap in summary.per_gap:
        for check, passed, judged in gap.checks:
            yield gap.notebook, gap.gap, check, passed, judged


def _reliability(summary: ClassSummary) -> Iterable[Row]:
    for one in summary.reliability:
        low, high = one.interval or (None, None)
        yield (
            one.name or "all", one.students, one.gaps, one.points, one.mean, one.deviation, one.alpha, low, high,
            one.error,
        )  # fmt: skip


def _students(summary: ClassSummary, label: Callable[[int], str]) -> Iterable[Row]:
    keys = list(summary.gaps)
    for at, pupil in enumerate(summary.pupils):
        for (notebook, gap), result in zip(keys, pupil.results, strict=True):
            if result:
                yield label(at), notebook, gap, result.status, result.score, result.points, result.mistake
