"""`autograder init`: a course to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.commands.shared import told_kindly


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@told_kindly
def init(folder: Path) -> None:
    """Make a course in FOLDER: one notebook, two gaps, and everything that belongs to them."""
    from autograder.author.init import make_course

    for path in make_course(folder):
        click.echo(f"{folder / path}")
    click.echo(
        f"\nA course with one notebook and two gaps. In {folder}: `autograder verify` has it grade itself, "
        "`autograder lab` opens it as a student would; change source/ and run `autograder generate`."
    )
