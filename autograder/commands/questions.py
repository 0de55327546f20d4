"""`autograder questions`: a sheet for each student, with questions about the student's own right code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from autograder.classes.questions import making, page
from autograder.classes.questions.bank import bank_of
from autograder.classes.records import cannot_write, read_records
from autograder.commands.shared import file_option, in_course, private_root, so_many, told_kindly
from autograder.course.course import Course
from autograder.course.secret import secret_of
from autograder.judging.grading import Grader
from autograder.model import KitError, Record


@click.command()
@click.argument("assignment")
@click.option("--student", "students", multiple=True, help="Only this one; may be given several times.")
@file_option("--out", "questions.html", "The sheets, one page a student; the keys go beside them.")
@in_course
@told_kindly
def questions(assignment: str, students: tuple[str, ...], out: Path, course: Path) -> None:
    """Write a sheet for each student of ASSIGNMENT: three questions about the student's own right code.

    Each key is found by running that code. Graded notebooks are needed: `autograder grade submitted` comes first.
    """
    root = private_root(course)
    records = _records(root, assignment, students)
    with Grader(Course(root, secret_of(root))) as grader:
        names = dict.fromkeys(record.notebook for record in records)
        banks = {name: bank_of(grader, grader.course.key(assignment, name)) for name in names}
        found = list(making.sheets(grader, records, banks, root))
    keys = out.with_name(f"{out.stem}-keys{out.suffix}")
    for path, are_keys in ((out, False), (keys, True)):
        try:
            path.write_text(page.page(found, keys=are_keys), encoding="utf-8")
        except OSError as error:
            raise cannot_write(path, error) from error
    asked = sum(len(sheet.asked) for sheet in found)
    click.echo(f"{out}: {so_many(found, 'sheet')} with {asked} questions; {keys}: the keys.")
    for sheet in found:
        if sheet.remark:
            click.echo(f"{sheet.student}: {sheet.remark}")


def _records(root: Path, assignment: str, students: Sequence[str]) -> list[Record]:
    """The records that are asked about; KitError if there are none."""
    records = [one for one in read_records(root / "results.jsonl").values() if one.assignment == assignment]
    if not records:
        raise KitError(
            f"No record of {assignment} is in {root / 'results.jsonl'}. Run `autograder grade submitted` first."
        )
    unknown = set(students) - {one.student for one in records}
    if unknown:
        raise KitError(f"{', '.join(sorted(unknown))} did not hand in {assignment}, or was not graded yet.")
    return [one for one in records if not students or one.student in students]
