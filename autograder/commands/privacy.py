"""Commands for what a course knows of people: pseudonyms, and a student's data deleted whole."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.classes.nameless import under_pseudonyms
from autograder.classes.records import drop_student, read_records, write_records
from autograder.commands.shared import FAULT, in_course, private_root, told_kindly
from autograder.course.course import Course, find_root
from autograder.course.pseudonyms import FILE, all_names, with_pseudonyms
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

    With --records, the records of the class are written anew under pseudonyms, to be passed on or looked at by others:
    without remarks, and code without comments and texts. `autograder report` and `autograder export` take --pseudonyms;
    with `pseudonyms = true` in course.toml all work is collected under them.
    """
    root = private_root(course)
    known = read_records(root / "results.jsonl")
    folders = {path.name for path in Course(root, "").submitted.glob("[!.]*") if path.is_dir()}
    table = with_pseudonyms(root, folders | {record.student for record in known.values()})
    click.echo(
        f"{FILE} names {len(set(table.values()))} students. Only you can read it; keep it out of what you pass on."
    )
    if records is not None:
        write_records(records, under_pseudonyms(known.values(), table))
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
    named, names = Course(root, ""), all_names(root, student)
    held = [text for name in names for text in forgetting.held(named, name)]
    results = [path for path in sorted(root.glob("results*.jsonl")) if any(_named_in(path, name) for name in names)]
    held += [f"records in {path.name}" for path in results]
    if not held:
        raise KitError(f"The course holds nothing of {student}.")
    click.echo(f"Of {shown(student)} the course holds:\n" + "\n".join(f"  {text}" for text in held))
    if not yes and not click.confirm("Delete all of it? It cannot be brought back."):
        sys.exit(FAULT)
    for name in reversed(names):  # the table last: a run that fails on the way finds it again
        for path in results:
            drop_student(path, name)
        forgetting.forget(named, name)
    click.echo("Deleted. What remains elsewhere:")
    for text in dict.fromkeys(text for name in names for text in forgetting.kept(named, name)):
        click.echo(f"  {text}")


def _named_in(path: Path, student: str) -> bool:
    return any(record.student == student for record in read_records(path).values())
