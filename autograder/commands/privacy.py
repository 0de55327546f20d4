"""Commands for what a course knows of people: pseudonyms, and a student's data deleted whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from autograder.classes.records import drop_student, read_records, write_records
from autograder.commands.shared import FAULT, in_course, private_root, told_kindly
from autograder.course.course import Course, find_root
from autograder.course.pseudonyms import FILE, with_pseudonyms
from autograder.handed_in.folder import shown
from autograder.model import KitError


@click.command()
@click.option(
    "--records", type=click.Path(dir_okay=False, path_type=Path), help="Write the records here, without names."
)
@in_course
@told_kindly
def pseudonyms(records: Path | None, course: Path) -> None:
    """Give every student a pseudonym; the table, pseudonyms.csv, is yours alone.

    With --records, the records of the class are written anew under pseudonyms, to be passed on or looked at by others.
    """
    root = private_root(course)
    known = read_records(root / "results.jsonl")
    folders = {path.name for path in Course(root, "").submitted.glob("[!.]*") if path.is_dir()}
    table = with_pseudonyms(root, folders | {record.student for record in known.values()})
    click.echo(f"{FILE} names {len(table)} students. Only you can read it; keep it out of what you pass on.")
    if records is not None:
        write_records(records, (msgspec.structs.replace(one, student=table[one.student]) for one in known.values()))
        click.echo(f"{records} holds {len(known)} records without names.")


@click.command()
@click.argument("student")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_course
@told_kindly
def forget(student: str, yes: bool, course: Path) -> None:
    """Delete all that the course holds of STUDENT: work, marks, records, feedback pages, hand-ins in the exchange."""
    from autograder.gradebook import forget as forgetting

    root = find_root(course)
    if not student or Path(student).name != student or student.startswith("."):
        raise KitError(f"{student!r} is no student's id.")
    named = Course(root, "")
    held = forgetting.held(named, student)
    results = [path for path in sorted(root.glob("results*.jsonl")) if _names(path, student)]
    held += [f"records in {path.name}" for path in results]
    if not held:
        raise KitError(f"The course holds nothing of {student}.")
    click.echo(f"Of {shown(student)} the course holds:\n" + "\n".join(f"  {text}" for text in held))
    if not yes and not click.confirm("Delete all of it? It cannot be brought back."):
        sys.exit(FAULT)
    forgetting.forget(named, student)
    for path in results:
        drop_student(path, student)
    click.echo("Deleted. What remains elsewhere:")
    for text in forgetting.kept(named, student):
        click.echo(f"  {text}")


def _names(path: Path, student: str) -> bool:
    return any(record.student == student for record in read_records(path).values())
