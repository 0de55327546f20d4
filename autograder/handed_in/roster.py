"""Who is in the class: a CSV file of a learning platform, or nbgrader's own, read into ids.

Known are Moodle's grading worksheet (in any language) and list of participants, Canvas's and Blackboard's gradebook,
and nbgrader's `id,first_name,last_name,email,lms_user_id`. Names only ever contradict an id; nobody is found by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from autograder.handed_in.labels import CANVAS_ID, LOGIN, PARTICIPANT
from autograder.handed_in.table import Table
from autograder.model import KitError

STUDENT_COLUMNS = ("student_id", "username", "sis login id", "login", "user name", "email address", "email")
"""Headers of the column that names students as the kit does, the best first; nbgrader's `id` is before all of them."""
_LOGINS = (*STUDENT_COLUMNS, "sis user id", "student id", "id number", "matriculation number")
_NUMBERED = re.compile(r"(?P<word>\D*[^\dA-Za-z])(?P<number>\d+)")
_TIMES = ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M")
"""How an English Moodle writes times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A row of a roster.

    Attributes:
        student: As the kit and nbgrader name the student.
        row: Which row of the table it is, from 0.
        ids: Kinds and values of ids that stand for the student, in small letters.
        name: As the platform writes it; empty if the roster does not say.
        handed_in: On the platform's clocks, where a worksheet says so.
    """

    student: str
    row: int
    ids: frozenset[tuple[str, str]]
    name: str = ""
    handed_in: datetime | None = None

    def contradicts(self, name: str) -> bool:
        """Whether an archive calls the person otherwise: then its numbers are not this roster's."""
        return bool(self.name and _letters(name) and _letters(name) != _letters(self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A class."""

    people: tuple[Person, ...]

    def known_by(self, ids: Iterable[tuple[str, str]]) -> list[Person]:
        """Everybody who could be meant by any of these ids."""
        wanted = {(kind, folded(value)) for kind, value in ids}
        return [person for person in self.people if person.ids & wanted]


def renamed(roster: Roster, names: Mapping[str, str]) -> Roster:
    """The class under other names, by student; who has none keeps the own one."""
    people = (replace(one, student=names.get(one.student, one.student)) for one in roster.people)
    return Roster(people=tuple(people))


def roster_of(table: Table, column: str = "") -> Roster:
    """The class in a table.

    Args:
        table: As downloaded.
        column: Header of the column that holds the kit's names of students; empty to take the best one there is.

    Raises:
        KitError: No column names students, or one row names two or none.
    """
    columns = _columns(table, table.named(column) if column else _student_column(table))
    rows = [row for row, cells in enumerate(table.rows) if cells[columns.student].strip()]
    people = tuple(_person(table, row, columns) for row in rows)
    _refuse_twice(table, columns.student, people)
    return Roster(people=people)


def folded(value: str) -> str:
    """An id as it is compared: small letters, and numbers without leading zeros."""
    text = value.strip().casefold()
    return text.lstrip("0") or "0" if text.isdecimal() else text


def participants(table: Table) -> int | None:
    """The column of Moodle's worksheet that says "Participant 1234", in whatever language: it is the first one."""
    found = [_NUMBERED.fullmatch(row[0].strip()) for row in table.rows]
    words = {one["word"] for one in found if one}
    return 0 if all(found) and len(words) == 1 else None


def email_column(table: Table) -> int | None:
    """The first column that holds addresses and nothing else, whatever it is called."""
    for at in range(len(table.header)):
        cells = [row[at] for row in table.rows if row[at].strip()]
        if cells and all(re.fullmatch(r"\s*[^@\s]+@[^@\s]+\s*", cell) for cell in cells):
            return at
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where in a table what stands: the student, ids by their kind, the name's parts, the time of handing in."""

    student: int
    ids: tuple[tuple[str, int], ...]
    names: tuple[int, ...]
    handed_in: int | None


def _columns(table: Table, student: int) -> _Columns:
    logins = [table.column(name) for name in _LOGINS]
    lms = table.column("lms_user_id")
    canvas = table.column("ID") if _is_canvas(table) else None
    ids = [(LOGIN, student), *((LOGIN, at) for at in logins), (CANVAS_ID, canvas), (PARTICIPANT, participants(table))]
    ids += [(kind, lms) for kind in (CANVAS_ID, PARTICIPANT, LOGIN)]
    names = [table.column(name) for name in ("Student", "LastName", "FirstName", "Full name")]
    return _Columns(
        student=student,
        ids=tuple((kind, at) for kind, at in ids if at is not None),
        names=tuple(at for at in names if at is not None),
        handed_in=table.column("Last modified (submission)"),
    )


def _is_canvas(table: Table) -> bool:
    """Canvas's gradebook, in which "Student" is a name and "ID" a number."""
    return table.column("Student") is not None or table.column("LastName") is not None


def _student_column(table: Table) -> int:
    names = STUDENT_COLUMNS if _is_canvas(table) else ("id", *STUDENT_COLUMNS)
    found = [at for name in names if (at := table.column(name)) is not None]
    emails = email_column(table)
    if not found and emails is None:
        raise KitError(
            f"{table.path} has no column that names students as this course does (such as Username, SIS Login ID or "
            f"Email address). Say which one does: --student COLUMN. Its columns are: {', '.join(table.header)}."
        )
    return found[0] if found else emails or 0


def _person(table: Table, row: int, columns: _Columns) -> Person:
    cells = table.rows[row]
    ids = [(kind, _number(cells[at]) if kind == PARTICIPANT else cells[at]) for kind, at in columns.ids]
    return Person(
        student=cells[columns.student].strip(),
        row=row,
        ids=frozenset((kind, folded(value)) for kind, value in ids if value.strip()),
        name=" ".join(cells[at] for at in columns.names),
        handed_in=_time(cells[columns.handed_in]) if columns.handed_in is not None else None,
    )


def _number(cell: str) -> str:
    """1234 of "Participant 1234", and of 1234."""
    found = _NUMBERED.fullmatch(cell.strip())
    return found["number"] if found else cell


def _time(cell: str) -> datetime | None:
    for form in _TIMES:
        try:
            return datetime.strptime(cell.strip(), form)
        except ValueError:
            continue
    return None


def _refuse_twice(table: Table, student: int, people: Iterable[Person]) -> None:
    seen: dict[str, int] = {}
    for person in people:
        key = folded(person.student)
        if key in seen:
            raise KitError(
                f"{table.path}: rows {seen[key] + 2} and {person.row + 2} both have {person.student} in the column "
                f'"{table.header[student]}". Every student needs a name of their own; --student COLUMN takes another '
                "column for it."
            )
        seen[key] = person.row


def _letters(name: str) -> str:
    """A name's letters and digits alone: platforms drop the rest, and some programs compose accents otherwise."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name.casefold()) if letter.isalnum())
