"""How late each submission came, from the course's files: its due dates and extensions, and times of handing in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from autograder.course.course import Course
from autograder.course.settings import settings_of
from autograder.gradebook import receipt

Submissions = Iterable[tuple[str, str]]
"""Students with their assignments."""


def lateness(root: Path, submissions: Submissions) -> dict[tuple[str, str], timedelta] | None:
    """How long after its due date each late submission came, extensions taken off.

    A submission whose time cannot be read counts as on time, as in the gradebook; grading says so.

    Args:
        root: Of the course.
        submissions: Which ones.

    Returns:
        None if `course.toml` gives no due date.

    Raises:
        KitError: `course.toml` cannot be read.
    """
    rules = settings_of(root)
    due = rules.due_dates()
    if not due:
        return None
    extensions = rules.extensions(due)
    found, submitted = {}, Course(root, "").submitted
    for student, assignment in submissions:
        try:
            moment = receipt.handed_in_at(submitted / student / assignment, rules.clock)
        except (OSError, ValueError):
            continue
        if moment and assignment in due:
            late = moment - due[assignment] - extensions.get((student, assignment), timedelta())
            if late > timedelta():
                found[student, assignment] = late
    return found
