"""`autograder report`: the class report from records."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import click

from autograder.classes.nameless import under_pseudonyms
from autograder.classes.report.summary import ClassSummary
from autograder.commands.shared import PSEUDONYMS, file_option, so_many, told_kindly
from autograder.course.private import mask_of
from autograder.course.pseudonyms import with_pseudonyms
from autograder.course.rules import SETTINGS
from autograder.gradebook.lateness import lateness


@click.command()
@file_option("--results", "results.jsonl", "The records, as `autograder grade submitted` leaves them.")
@file_option("--out", "report.html", "The page to write.")
@click.option("--names", is_flag=True, help="Call students by their names; left out, they are numbered by points.")
@PSEUDONYMS
@click.option(
    "--csv", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write all numbers as tables, too."
)
@told_kindly
def report(results: Path, out: Path, names: bool, pseudonyms: bool, folder: Path | None) -> None:
    """Write one page on what the class got wrong, from records alone: nothing is graded."""
    from autograder.classes.report import page, tables

    summary, root = page.read(results), results.resolve().parent
    os.umask(mask_of(root))  # the page holds students' code
    late = _late(root, summary)
    if pseudonyms:
        table = with_pseudonyms(root, {record.student for record in summary.records})
        names, summary = True, ClassSummary(under_pseudonyms(summary.records, table))
        late = late and {(table[student], of): by for (student, of), by in late.items()}
    page.write(out, page.page(summary, names=names, late=late))
    click.echo(f"{out}: {so_many(summary.pupils, 'student')}, {so_many(summary.notebooks, 'notebook')}.")
    if folder:
        tables.write(folder, tables.tables(summary, page.labels(summary, names=names)))
        click.echo(f"{folder}: {', '.join(tables.NAMES)}")


def _late(root: Path, summary: ClassSummary) -> dict[tuple[str, str], timedelta] | None:
    """How late submissions came, if the records lie in their course; None if nobody knows when they were due."""
    submissions = sorted({(one.student, one.assignment) for one in summary.records})
    return lateness(root, submissions) if (root / SETTINGS).is_file() else None
