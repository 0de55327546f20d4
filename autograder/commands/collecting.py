"""Collect what a learning platform hands over."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from autograder.commands.shared import FAULT, in_course, private_root, told_kindly
from autograder.course.course import Course
from autograder.course.pseudonyms import read_pseudonyms, with_pseudonyms
from autograder.course.settings import settings_of
from autograder.handed_in.collect import Collected, Collector, Taken, write
from autograder.handed_in.labels import SYSTEMS
from autograder.handed_in.roster import Roster, renamed, roster_of
from autograder.handed_in.table import read_table
from autograder.judging.feedback import clean
from autograder.model import KitError
from autograder.sandbox.confine import Limits

MOST_LINES = 40
UNTIMED = "they are not late, unless a timestamp.txt says so"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--roster", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="Who is who: a CSV file.")
@click.option("--student", "column", default="", help="Column of the roster that names students as this course does.")
@click.option("--assignment", default="", help="Take notebooks of this assignment only.")
@click.option("--from", "system", type=click.Choice([*SYSTEMS]), help="The platform, if it is not told by the names.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@in_course
@told_kindly
def collect(
    paths: tuple[Path, ...],
    roster: Path | None,
    column: str,
    assignment: str,
    system: str | None,
    dry_run: bool,
    course: Path,
) -> None:
    """Take downloads of Moodle, Canvas, Blackboard or ILIAS, or plain folders and zips, into submitted/.

    A student is known by the platform's own id through the roster, a notebook by its cells; of several attempts the
    newest counts. Exit code 2 if a file is doubtful or nobody's, and somebody has to look.
    """
    root = private_root(course)
    sources = {key: one for key, one in Course(root, "").sources.items() if assignment in ("", one.assignment)}
    if not sources:
        raise KitError(f"There is no assignment {assignment}.")
    settings = settings_of(root)
    people = roster_of(read_table(roster), column) if roster else None
    if settings.pseudonyms:
        people = _under_pseudonyms(root, people, is_dry=dry_run)
    collector = Collector(root, sources, people, settings.clock, Limits().submission_bytes)
    for path in paths:
        collector.read(path, system or "")
    found = collector.result()
    if not dry_run:
        write(root, found.taken)
    _tell(Console(), found, dry_run=dry_run)
    if found.doubtful or found.nobodys:
        sys.exit(FAULT)


def _under_pseudonyms(root: Path, people: Roster | None, *, is_dry: bool) -> Roster:
    """The class under pseudonyms; in a dry run, who has none yet is shown by name.

    Raises:
        KitError: There is no roster.
    """
    if people is None:
        raise KitError("course.toml says pseudonyms = true: say who is who with --roster FILE.csv.")
    everybody = [person.student for person in people.people]
    return renamed(people, read_pseudonyms(root) if is_dry else with_pseudonyms(root, everybody))


def _tell(console: Console, found: Collected, *, dry_run: bool) -> None:
    """What was taken, and by name what was not."""

    def say(title: str, lines: Sequence[str]) -> None:
        if lines:
            more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
            text = "\n".join(f"  {line}" for line in [*lines[:MOST_LINES], *more])
            console.print(clean(f"\n{title}\n{text}"), markup=False, highlight=False, soft_wrap=True)

    console.print("\n".join(f"{name}: from {system}" for name, system in found.systems), markup=False)
    say("Would be taken" if dry_run else "Taken", _counted(found.taken))
    say("Marked as late by the platform", [f"{one.student}: {one.source.name}" for one in found.taken if one.late])
    say("Passed over", [*_over(found.taken), *(f"{name}: {why}" for name, why in found.passed_over)])
    say("Doubtful, so nothing of it was written", [f"{name}: {why}" for name, why in found.doubtful])
    say("Nobody's", [f"{name}: {why}" for name, why in found.nobodys])
    say("In the roster, but nothing was taken from", found.without)
    if found.others:
        console.print(f"\nFiles that hold no notebook, not looked at: {found.others}")


def _counted(taken: Sequence[Taken]) -> list[str]:
    """How many notebooks by assignment: new ones, and those that were there already; how many without a time."""
    lines = []
    for assignment in dict.fromkeys(one.source.assignment for one in taken):
        own = [one for one in taken if one.source.assignment == assignment]
        new = Counter(one.is_new for one in own)
        students = len({one.student for one in own})
        there = f", {new[False]} there already" if new[False] else ""
        lines.append(f"{assignment}: {new[True]} notebooks{there}, of {students} students")
        without = len({one.student for one in own if one.when is None})
        if without:
            lines.append(f"{assignment}: of {without} students it does not say when they handed in; {UNTIMED}")
    return lines


def _over(taken: Sequence[Taken]) -> list[str]:
    return [f"{one.student}: {other.name} {why}; {one.file} counts" for one in taken for other, why in one.over]
