"""`autograder export records`: records as open data."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from autograder.classes.open_records import open_records
from autograder.classes.records import cannot_write, read_records
from autograder.commands.shared import in_course, private_root, told_kindly
from autograder.course.pseudonyms import FILE, with_pseudonyms
from autograder.model import KitError


@click.command("records")
@click.option("--pseudonyms", is_flag=True, help="Drawn names in place of the students'; nothing is written without.")
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("open-records.jsonl"),
    show_default=True,
    help="The file, one record a line.",
)
@in_course
@told_kindly
def records(pseudonyms: bool, to: Path, course: Path) -> None:
    """Write what a researcher may have of the records: no names, no texts, no code."""
    root = private_root(course)
    found = list(read_records(root / "results.jsonl").values())
    if not pseudonyms:
        raise KitError("Records for others hold no names. Say so: autograder export records --pseudonyms")
    if not found:
        raise KitError(f"{root / 'results.jsonl'} holds no records. Run `autograder grade submitted` first.")
    table = with_pseudonyms(root, [one.student for one in found])
    try:
        to.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in open_records(found, table)))
    except OSError as error:
        raise cannot_write(to, error) from error
    count = len({one.student for one in found})
    click.echo(f"{to}: {len(found)} records of {count} students. Who is who stands in {FILE}; keep that to yourself.")
