"""Marks and feedback for other programs."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.commands.shared import FAULT, PSEUDONYMS, in_course, private_root, told_kindly
from autograder.course.course import Course, find_root
from autograder.course.pseudonyms import with_pseudonyms
from autograder.course.settings import settings_of
from autograder.handed_in.collect import Collector
from autograder.handed_in.roster import roster_of
from autograder.handed_in.table import Table, as_bytes, read_table
from autograder.judging.feedback import clean
from autograder.model import KitError
from autograder.sandbox.confine import Limits

if TYPE_CHECKING:  # they import nbgrader, which takes seconds
    from autograder.gradebook.exports.filling import Filling
    from autograder.gradebook.exports.results import StudentResult
    from autograder.gradebook.exports.returning import Returned

INTO = click.option(
    "--into", required=True, type=click.Path(dir_okay=False, exists=True, path_type=Path), help="The downloaded file."
)
ROSTER = click.option(
    "--roster", required=True, type=click.Path(dir_okay=False, exists=True, path_type=Path), help="The downloaded list."
)
TO = click.option("--to", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file.")
ARCHIVE = click.option(
    "--archive", required=True, type=click.Path(exists=True, path_type=Path), help="The submissions."
)
STUDENT = click.option("--student", default="", help="Header of the column that names students as this course does.")


@click.group()
def export() -> None:
    """Write marks and feedback in the form that another program takes."""


def _results(course: Path, assignment: str) -> list[StudentResult]:
    from autograder.gradebook.exports.results import results_of

    return results_of(Course(private_root(course), ""), assignment)


def _fills(system: str, what: str) -> None:
    """Add the command that fills a downloaded file of one platform."""

    @export.command(system, help=f"Fill marks into {what}. Shows what would change; --write does it.")
    @click.argument("assignment")
    @INTO
    @click.option("--column", default="", help="Header of the column that takes the marks, if it cannot be told.")
    @STUDENT
    @click.option("--write", is_flag=True, help="Write the marks into the file.")
    @in_course
    @told_kindly
    def command(assignment: str, into: Path, column: str, student: str, write: bool, course: Path) -> None:
        from autograder.gradebook.exports.filling import fill, filled, target_of

        results, table = _results(course, assignment), read_table(into)
        filling = fill(table, target_of(system, table, assignment, column), results, student)
        _tell(table, filling)
        if filling.ambiguous:
            raise KitError("Nothing was written: for some students more than one row could be meant.")
        if write:
            _replace(into, as_bytes(table, filled(table, filling)))
        click.echo(f"{into} was written." if write else "Nothing was written. Look at it, and add --write.")


_fills("canvas", "the gradebook that Canvas exported")
_fills("moodle", "the gradebook that Moodle exported as a text file")
_fills("moodle-worksheet", "the grading worksheet of one assignment in Moodle")
_fills("blackboard", "the gradebook that Blackboard exported")


def _tell(table: Table, filling: Filling) -> None:
    changes = [f"{one.student}: {one.before.strip() or 'blank'} -> {one.after}" for one in filling.changes]
    click.echo(clean(f'"{table.header[filling.target.column]}" would change for {len(changes)} students'))
    _say("Changes", changes)
    _say("The same already", [f"{len(filling.same)} students"] if filling.same else [])
    _say("Left as it is, since the platform says so", [f"{student}: {cell}" for student, cell in filling.kept])
    _say("Left as it is: a step waits for a mark by hand", filling.waiting)
    _say("Left as it is: nothing was handed in", filling.absent)
    _say("Left as it is: excused in course.toml", filling.excused)
    _say("Without a row in the file", filling.unmatched)
    _say("Rows of nobody in the gradebook, left as they are", filling.without)
    _say("More than one row could be meant", [f"{student}: {rows}" for student, rows in filling.ambiguous])


def _say(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(clean("\n".join([f"{title}:", *(f"  {line}" for line in lines)])))


def _writes(name: str, what: str, make: Callable[[str, list[StudentResult]], bytes]) -> None:
    """Add a command that writes one file of a class."""

    @export.command(name, help=f"Write {what}.")
    @click.argument("assignment")
    @TO
    @PSEUDONYMS
    @in_course
    @told_kindly
    def command(assignment: str, to: Path, pseudonyms: bool, course: Path) -> None:
        results = _results(course, assignment)
        if pseudonyms:
            results = _under_pseudonyms(find_root(course), results)
        _replace(to, make(assignment, results))
        click.echo(f"{to} was written: {len(results)} students.")
        _say("A step waits for a mark by hand", [one.student for one in results if one.waits])
        _say("Nothing was handed in", [one.student for one in results if not one.handed_in])


def _under_pseudonyms(root: Path, results: Sequence[StudentResult]) -> list[StudentResult]:
    table = with_pseudonyms(root, [one.student for one in results])
    hidden = [dataclasses.replace(one, student=table[one.student], ids=()) for one in results]
    return sorted(hidden, key=lambda one: one.student)


def _ags(_assignment: str, results: list[StudentResult]) -> bytes:
    from autograder.gradebook.exports.formats import ags

    return ags(results, datetime.now(UTC))


def _junit(assignment: str, results: list[StudentResult]) -> bytes:
    from autograder.gradebook.exports.formats import junit

    return junit(assignment, results)


def _csv(_assignment: str, results: list[StudentResult]) -> bytes:
    from autograder.gradebook.exports.formats import table

    return table(results)


_writes("ags", "LTI scores, one a line, for a tool that may send them", _ags)
_writes("junit", "JUnit XML, a case for each gap", _junit)
_writes("csv", "a table with a row for each notebook", _csv)


@export.command()
@click.argument("assignment")
@click.option("--to", required=True, type=click.Path(file_okay=False, path_type=Path), help="A folder.")
@in_course
@told_kindly
def gradescope(assignment: str, to: Path, course: Path) -> None:
    """Write Gradescope's results.json for each student, in a folder of the student's name."""
    from autograder.gradebook.exports import formats

    results = [one for one in _results(course, assignment) if one.handed_in]
    for one in results:
        (to / one.student).mkdir(parents=True, exist_ok=True)
        _replace(to / one.student / "results.json", formats.gradescope(one))
    click.echo(f"{to} was written: {len(results)} students.")


@export.command("moodle-feedback")
@click.argument("assignment")
@ROSTER
@STUDENT
@TO
@in_course
@told_kindly
def moodle_feedback(assignment: str, roster: Path, student: str, to: Path, course: Path) -> None:
    """Put the feedback pages into a zip for Moodle: Upload multiple feedback files in a zip."""
    from autograder.gradebook.exports.returning import for_moodle, pages_of

    pages = pages_of(Course(private_root(course), ""), assignment)
    _returned(to, for_moodle(pages, roster_of(read_table(roster), student)))


@export.command("canvas-feedback")
@click.argument("assignment")
@ROSTER
@STUDENT
@ARCHIVE
@TO
@in_course
@told_kindly
def canvas_feedback(assignment: str, roster: Path, student: str, archive: Path, to: Path, course: Path) -> None:
    """Put the feedback pages into a zip for Canvas: Re-Upload Submissions."""
    from autograder.gradebook.exports.returning import for_canvas, pages_of

    root = private_root(course)
    pages = pages_of(Course(root, ""), assignment)
    sources = {key: one for key, one in Course(root, "").sources.items() if one.assignment == assignment}
    people = roster_of(read_table(roster), student)
    collector = Collector(root, sources, people, settings_of(root).clock, Limits().submission_bytes)
    collector.read(archive, "canvas")
    _returned(to, for_canvas(pages, collector.result().taken))


def _returned(to: Path, returned: Returned) -> None:
    _replace(to, returned.data)
    click.echo(f"{to} was written: {returned.pages} pages.")
    _say("No page for", [f"{student}: {why}" for student, why in returned.without])
    if returned.without:
        sys.exit(FAULT)


def _replace(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all, for nobody else to read."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise KitError(f"{path} cannot be written: {error.strerror}.") from None
