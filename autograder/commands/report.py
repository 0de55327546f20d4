"""`autograder report`: the class report from records."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path

import click

from autograder.commands.shared import told_kindly


@click.command()
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("results.jsonl"),
    show_default=True,
    help="The records, as `autograder grade submitted` leaves them.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("report.html"),
    show_default=True,
    help="The page to write.",
)
@click.option("--names", is_flag=True, help="Call students by their names; left out, they are numbered by points.")
@click.option(
    "--csv", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write all numbers as tables, too."
)
@told_kindly
def report(results: Path, out: Path, names: bool, folder: Path | None) -> None:
    """Write one page on what the class got wrong, from records alone: nothing is graded."""
    from autograder.classes.report import page, tables

    summary = page.read(results)
    page.write(out, page.page(summary, names=names))
    click.echo(f"{out}: {_so_many(summary.pupils, 'student')}, {_so_many(summary.notebooks, 'notebook')}.")
    if folder:
        tables.write(folder, tables.tables(summary, page.labels(summary, names=names)))
        click.echo(f"{folder}: {', '.join(tables.NAMES)}")


def _so_many(things: Sized, word: str) -> str:
    return f"{len(things)} {word}{'s' if len(things) != 1 else ''}"
