"""Marks into the file that a teacher has downloaded, where each platform's importer looks for them.

Nothing is invented: rows and columns are the file's own, a student is found by ids and never by name, and what has no
mark is left as it was downloaded. each function names the importer whose rules it keeps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.gradebook.exports.results import StudentResult, number
from autograder.handed_in.labels import CANVAS_ID, LOGIN, PARTICIPANT
from autograder.handed_in.roster import Person, folded, participants, roster_of
from autograder.handed_in.table import Table
from autograder.model import KitError

SPREAD = 0.005
"""Points are compared at two decimals, as the platforms do."""
NO_ASSIGNMENTS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
"""Canvas takes columns with these words for its own sums (gradebook_importer.rb, NON_ASSIGNMENT_COLUMN_HEADERS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The column that takes marks.

    Attributes:
        points: What the platform holds to be the most; None if the file does not say.
        comma: Numbers are written with a decimal comma.
        keeps: Cells that the platform must decide: excused, not assigned.
    """

    column: int
    points: float | None
    comma: bool = False
    keeps: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One cell that is to be filled in."""

    student: str
    row: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What would be written, and what not, and why.

    Attributes:
        changes: Cells that differ from what was downloaded.
        same: Students whose mark stands there already.
        ambiguous: Students with the rows that could be theirs.
        unmatched: Students without a row.
        waiting: Students with a gap that nobody has judged.
        absent: Students who handed nothing in.
        excused: Students for whom the assignment does not count here.
        kept: Students whose cell the platform must decide, with what stands there.
        without: Rows that nobody of the gradebook belongs to, as the file names them.
    """

    target: Target
    changes: tuple[Change, ...]
    same: tuple[str, ...]
    ambiguous: tuple[tuple[str, str], ...]
    unmatched: tuple[str, ...]
    waiting: tuple[str, ...]
    absent: tuple[str, ...]
    excused: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    without: tuple[str, ...]


def fill(table: Table, target: Target, results: Sequence[StudentResult], student_column: str = "") -> Filling:
    """Find every student's cell.

    Args:
        table: As downloaded.
        target: The column that takes marks.
        results: Of the class.
        student_column: Header of the column that names students as the gradebook does; empty for the best one.

    Raises:
        KitError: The platform's points are not the kit's.
    """
    _refuse_other_points(table, target, results)
    people = roster_of(table, student_column).people
    meant = {result.student: _meant(people, result) for result in results}
    rows = Counter(person.row for own in meant.values() for person in own)
    ambiguous = {
        student: ", ".join(f"row {person.row + 2}" for person in own)
        for student, own in meant.items()
        if len(own) > 1 or any(rows[person.row] > 1 for person in own)
    }
    sure = [one for one in results if meant[one.student] and one.student not in ambiguous]
    cells = [_cell(table, target, meant[one.student][0].row, one) for one in sure if one.counts]
    kept = [cell for cell in cells if cell.before.strip().upper() in target.keeps]
    return Filling(
        target=target,
        changes=tuple(cell for cell in cells if cell not in kept and not _is_same(cell.before, cell.after)),
        same=tuple(cell.student for cell in cells if cell not in kept and _is_same(cell.before, cell.after)),
        ambiguous=tuple(ambiguous.items()),
        unmatched=tuple(student for student, own in meant.items() if not own),
        waiting=tuple(one.student for one in results if one.waits),
        absent=tuple(one.student for one in results if not one.handed_in),
        excused=tuple(one.student for one in results if one.excused),
        kept=tuple((cell.student, cell.before.strip()) for cell in kept),
        without=tuple(person.student for person in people if not rows[person.row]),
    )


def _refuse_other_points(table: Table, target: Target, results: Sequence[StudentResult]) -> None:
    points = max(result.points for result in results)
    if target.points is not None and abs(target.points - points) > SPREAD:
        raise KitError(
            f'"{table.header[target.column]}" has {number(target.points)} points in {table.path}, and {number(points)} '
            "here: a mark would mean something else there. Set the points of the assignment right and download again."
        )


def _cell(table: Table, target: Target, row: int, result: StudentResult) -> Change:
    after = number(result.score, target.comma)
    return Change(student=result.student, row=row, before=table.rows[row][target.column], after=after)


def filled(table: Table, filling: Filling) -> list[list[str]]:
    """The rows with the marks in them; every other cell as downloaded."""
    rows = [list(row) for row in table.rows]
    for change in filling.changes:
        rows[change.row][filling.target.column] = change.after
    return rows


def _meant(people: Iterable[Person], result: StudentResult) -> list[Person]:
    """The rows that could be a student's, by the gradebook's name and by other ids that it has."""
    names = [(LOGIN, value) for value in (result.student, *result.ids)]
    numbers = [(kind, value) for value in result.ids for kind in (CANVAS_ID, PARTICIPANT)]
    wanted = {(kind, folded(value)) for kind, value in [*names, *numbers]}
    return [person for person in people if person.ids & wanted]


def _is_same(before: str, after: str) -> bool:
    value = decimal(before)
    return value is not None and abs(value - float(after.replace(",", "."))) < SPREAD


def decimal(cell: str) -> float | None:
    """A number in a cell, with a decimal point or comma; None if it is none."""
    text = cell.strip().replace(",", ".")
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def _canvas(table: Table, assignment: str, column: str = "") -> Target:
    """Canvas's gradebook (lib/gradebook_importer.rb): `Title (1234)`, points in the row `Points Possible`."""
    header = table.header
    starts = (len(header) > 3 and "Student" in header[0] and "ID" in header[1]) or (
        len(header) > 4 and "LastName" in header[0] and "FirstName" in header[1] and "ID" in header[2]
    )
    if not starts or table.column("Section") is None:
        raise KitError(
            f"{table.path} is no gradebook of Canvas. Download it at Grades, Export, Export Entire Gradebook."
        )
    form = re.compile(r"(?P<title>.*)\s\(\d+\)", re.DOTALL)
    titles = {at: found["title"] for at, cell in enumerate(header) if (found := form.fullmatch(cell))}
    ours = {at: title for at, title in titles.items() if not NO_ASSIGNMENTS.search(header[at])}
    at = _the_column(table, ours, assignment, column)
    possible = next((row for row in table.rows if "Points Possible" in row[0]), None)
    numbers = [cell for row in table.rows for cell in row[len(header) // 2 :] if re.fullmatch(r"\d+,\d+", cell)]
    keeps = frozenset(["EX", "N/A"])
    return Target(column=at, points=decimal(possible[at]) if possible else None, comma=bool(numbers), keeps=keeps)


def _moodle(table: Table, assignment: str, column: str = "") -> Target:
    """Moodle's gradebook as it exports plain text (grade/export/txt): `Assignment: 1_first (Real)`, or translated."""
    titles = {at: re.sub(r" \([^()]*\)$", "", cell).rpartition(":")[2].strip() for at, cell in enumerate(table.header)}
    return Target(column=_the_column(table, titles, assignment, column), points=None)


def _moodle_worksheet(table: Table, assignment: str, column: str = "") -> Target:
    """The worksheet of one assignment (mod/assign/feedback/offline/importgradeslib.php), in any language.

    Its columns have translated names. "Participant 1234" stands in the first; the mark stands just before the column
    in which every row has the same number, which is the highest mark.
    """
    if participants(table) is None:
        raise KitError(
            f"{table.path} is no grading worksheet of Moodle: its first column does not number the participants. "
            "Download it at View all submissions, Download grading worksheet (the assignment's settings, Feedback "
            "types, must have Offline grading worksheet)."
        )
    if column:
        return Target(column=table.named(column), points=None)
    most = _highest_marks(table)
    if len(most) != 1:
        raise KitError(f"{table.path} does not show which column takes the marks. Say its header with --column.")
    named = table.column("Grade")
    return Target(column=most[0] - 1 if named is None else named, points=decimal(table.rows[0][most[0]]))


def _highest_marks(table: Table) -> list[int]:
    """Columns that could hold the highest mark: one number in every row, and no such column behind it."""
    named = table.column("Maximum grade")
    if named is not None:
        return [named]
    values = [{decimal(row[at]) for row in table.rows} for at in range(len(table.header))]
    constant = [at for at, numbers in enumerate(values) if at and len(numbers) == 1 and None not in numbers]
    return [at for at in constant if at + 1 not in constant]


def _blackboard(table: Table, assignment: str, column: str = "") -> Target:
    """Blackboard's gradebook: `Title [Total Pts: 62 Score] |664617`; without the number it would be a new column."""
    if table.column("Username") is None:
        raise KitError(f"{table.path} is no gradebook of Blackboard. Download it at Work offline, Download grades.")
    form = re.compile(r"(?P<title>.*?) \[(?P<about>[^\]]*)\] \|\d+")
    found = {at: match for at, cell in enumerate(table.header) if (match := form.fullmatch(cell))}
    at = _the_column(table, {at: match["title"] for at, match in found.items()}, assignment, column)
    points = re.search(r"\d+([.,]\d+)?", found[at]["about"])
    return Target(column=at, points=decimal(points[0]) if points else None)


_TARGETS: dict[str, Callable[[Table, str, str], Target]] = {
    "canvas": _canvas,
    "moodle": _moodle,
    "moodle-worksheet": _moodle_worksheet,
    "blackboard": _blackboard,
}


def target_of(system: str, table: Table, assignment: str, column: str = "") -> Target:
    """The column of a downloaded file that takes the marks of an assignment.

    Args:
        system: "canvas", "moodle" (its gradebook), "moodle-worksheet" or "blackboard".
        table: As downloaded.
        assignment: Its name here, which the column's title has too.
        column: Another title, or the whole header; empty if it is called as here.

    Raises:
        KitError: It is no such file, or no column or more than one could be meant.
    """
    return _TARGETS[system](table, assignment, column)


def _the_column(table: Table, titles: dict[int, str], assignment: str, column: str) -> int:
    """The one column of that title or header."""
    wanted = column or assignment
    found = [at for at, title in titles.items() if wanted in (title, table.header[at])]
    if len(found) != 1:
        number_of = "no column" if not found else "more than one column"
        columns = ", ".join(table.header[at] for at in titles) or "none"
        raise KitError(
            f"{table.path} has {number_of} for {wanted}. Say which one takes the marks: --column HEADER. "
            f"Columns that could: {columns}."
        )
    return found[0]
