"""Pseudonyms for students: a table that only the instructor has, in a file that git ignores.

With `pseudonyms = true` in the course's settings the table stands at both ends: what is collected lies under
pseudonyms, so gradebook, records, feedback and report know nobody's name, and an export is under the own names again.
"""

from __future__ import annotations

import csv
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.course.settings import settings_of
from autograder.model import KitError

FILE = "pseudonyms.csv"
HEADER = ["student", "pseudonym"]
LETTERS = "bcdfghjkmnpqrstvwxz"
"""No vowels, so that no word comes of them."""


def read_pseudonyms(root: Path) -> dict[str, str]:
    """The pseudonyms of a course by student; none if the table has not been made.

    Raises:
        KitError: The table cannot be read, or gives two students one pseudonym.
    """
    path = root / FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise KitError(f"{path} cannot be read: {error}. Put a backup in its place.") from None
    if rows[:1] != [HEADER] or any(len(row) != 2 for row in rows):
        raise KitError(f"{path} is no table of pseudonyms: its columns are {' and '.join(HEADER)}.")
    found = {student: pseudonym for student, pseudonym in rows[1:]}
    if len(set(found.values())) < len(rows) - 1:
        raise KitError(f"{path} has a student or a pseudonym twice. Remove one of the lines.")
    return found


def with_pseudonyms(root: Path, students: Iterable[str]) -> Mapping[str, str]:
    """The table, with a new line for each of these students who has none yet; it is written if there are any.

    A pseudonym is drawn, not computed from the name: without the table nobody can say whose it is. Who is named by a
    pseudonym already is called by that.
    """
    found, students = read_pseudonyms(root), set(students)
    new = sorted(students - {*found, *found.values()})
    for student in new:
        found[student] = _drawn(set(found.values()))
    if new:
        write_pseudonyms(root, found)
    return found | {name: name for name in students & set(found.values())}


def own_names(root: Path) -> dict[str, str]:
    """Students' own names by pseudonym; empty if the table has not been made."""
    return {pseudonym: student for student, pseudonym in read_pseudonyms(root).items()}


def all_names(root: Path, student: str) -> tuple[str, ...]:
    """What the course may call a student who is named here by either: the own name first, then the pseudonym."""
    own = own_names(root).get(student, student)
    pseudonym = read_pseudonyms(root).get(own)
    return (own, pseudonym) if pseudonym else (own,)


def openly_named(root: Path, students: Iterable[str]) -> list[str]:
    """What is said of students whose work lies under their own names in a course of pseudonyms."""
    if not settings_of(root).pseudonyms:
        return []
    names = sorted(set(students) - set(own_names(root)))
    said = f"course.toml says pseudonyms = true, and these folders of submitted/ have other names: {', '.join(names)}. "
    return [said + "`autograder collect --roster FILE.csv` brings work under pseudonyms."] if names else []


def write_pseudonyms(root: Path, table: Mapping[str, str]) -> None:
    """Write the table, readable by its owner alone."""
    part = root / f"{FILE}.part"
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *sorted(table.items())])
    part.replace(root / FILE)


def _drawn(taken: set[str]) -> str:
    while True:
        name = "p-" + "".join(secrets.choice(LETTERS) for _ in range(6))
        if name not in taken:
            return name
