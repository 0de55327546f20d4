"""Due dates, extensions, times of handing in and late penalties: from the course's rules into nbgrader's gradebook."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbgrader.api as api
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import select
from sqlalchemy.orm import Session
from traitlets.config import Config

from autograder.course.course import Course, find_root
from autograder.course.rules import SETTINGS, Rules, late_penalty
from autograder.course.settings import settings_of
from autograder.course.times import shown
from autograder.gradebook import receipt
from autograder.model import KitError

Submissions = Collection[tuple[str, str]]
"""Students with their assignments."""


class CourseLatePolicy(LateSubmissionPlugin):
    """What `course.toml` says of lateness; where it says nothing, as `c.LateSubmissionPlugin` is configured."""

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The penalty for one notebook, as nbgrader asks for it."""
        policy = settings_of(find_root(Path(self.config.CourseDirectory.get("root", "")))).late
        if policy is None:
            return super().late_submission_penalty(student_id, score, total_seconds_late)  # type: ignore[no-any-return]
        return late_penalty(policy, score, total_seconds_late) or None


def late_rule(config: Config) -> AssignLatePenalties:
    """Nbgrader's own step that assigns penalties, with the plug-in that is configured.

    Raises:
        KitError: The plug-in cannot be loaded.
    """
    try:
        rule = AssignLatePenalties(config=config)
        rule.init_plugin()
    except Exception as error:  # the plug-in is the instructor's own code
        raise KitError(
            f"The plug-in for late penalties that nbgrader_config.py names cannot be loaded: {error} "
            "Its module belongs beside nbgrader_config.py; try `python -c 'import <module>'` there."
        ) from error
    return rule


def save_due_dates(session: Session, rules: Rules) -> None:
    """Due dates of `course.toml`; those that only the gradebook knows stay."""
    due = rules.due_dates()
    for assignment in session.scalars(select(api.Assignment).where(api.Assignment.name.in_(due))):
        _set(assignment, "duedate", _plain(due[assignment.name]))


def save_times(session: Session, course: Course, rules: Rules, submissions: Submissions) -> list[str]:
    """Extensions, and when each submission was handed in.

    Args:
        session: Of the gradebook.
        course: Where the submissions lie.
        rules: The course's, for times and extensions.
        submissions: Students with their assignments.

    Returns:
        What the instructor should know: times that cannot be read, extensions that only the gradebook knows.
    """
    rows = session.execute(select(api.Assignment.name, api.Assignment.duedate))
    due: dict[str, datetime | None] = {name: day for name, day in rows}
    granted = rules.extensions({name: day.replace(tzinfo=UTC) for name, day in due.items() if day is not None})
    notices = [
        f"{SETTINGS} gives {student} an extension in {name}, which has no due date yet: it changes nothing."
        for student, name in granted
        if (student, name) in set(submissions) and due.get(name) is None
    ]
    for row in _rows(session, submissions):
        notices += _save_extension(row, granted, rules)
        notices += _save_handed_in(row, course, rules)
    return notices


def _save_extension(
    row: api.SubmittedAssignment, granted: Mapping[tuple[str, str], timedelta], rules: Rules
) -> Iterable[str]:
    """The extension of one submission; one that the file does not name stays, and is said."""
    key = row.student_id, row.assignment.name
    if key in granted:
        _set(row, "extension", granted[key] or None)
    elif row.extension:
        until = "" if row.duedate is None else f", until {shown(row.duedate.replace(tzinfo=UTC), rules.clock)}"
        yield (
            f"{key[0]} has an extension of {row.extension} in {key[1]}{until}, which the gradebook knows and "
            f"{SETTINGS} does not. It counts. Write it there, or take it away there with `days = 0`."
        )


def _save_handed_in(row: api.SubmittedAssignment, course: Course, rules: Rules) -> Iterable[str]:
    folder = course.submitted / row.student_id / row.assignment.name
    try:
        moment = receipt.handed_in_at(folder, rules.clock)
    except (OSError, ValueError) as error:
        yield receipt.unreadable(folder, error)
        return
    if moment is not None:
        _set(row, "timestamp", _plain(moment))


def without_work(session: Session, course: Course, assignments: Collection[str]) -> list[str]:
    """What is said of students whose marks have lost their work, and of those who never handed anything in.

    Args:
        session: Of the gradebook.
        course: Where the submissions lie.
        assignments: Those that are looked at.
    """
    rows = session.execute(
        select(api.SubmittedAssignment.student_id, api.Assignment.name)
        .join(api.SubmittedAssignment.assignment)
        .where(api.Assignment.name.in_(assignments))
        .order_by(api.SubmittedAssignment.student_id)
    )
    submitted = course.submitted
    lost = [
        f"{student} has marks for {assignment}, and submitted/{student}/{assignment} is not there: withdrawn, renamed? "
        f"The marks stay. `autograder forget {student}` deletes all of {student}."
        for student, assignment in rows
        if not (submitted / student / assignment).exists()
    ]
    silent = [one for one in session.scalars(select(api.Student.id)) if not (submitted / one).exists()]
    with_marks = set(session.scalars(select(api.SubmittedAssignment.student_id)))
    never = sorted(set(silent) - with_marks)
    return lost + [f"In the gradebook, and without any hand-in: {', '.join(never)}."] * bool(never)


def _rows(session: Session, submissions: Submissions) -> list[Any]:
    """Their rows in the gradebook."""
    wanted = set(submissions)
    rows = session.scalars(
        select(api.SubmittedAssignment)
        .join(api.SubmittedAssignment.assignment)
        .where(api.Assignment.name.in_({assignment for _, assignment in wanted}))
        .where(api.SubmittedAssignment.student_id.in_({student for student, _ in wanted}))
        .order_by(api.SubmittedAssignment.student_id, api.Assignment.name)
    )
    return [row for row in rows if (row.student_id, row.assignment.name) in wanted]


def save_penalties(session: Session, submissions: Submissions, rule: AssignLatePenalties) -> None:
    """Late penalties anew, by nbgrader's own rule and plug-in, from the scores as they are now, manual ones included.

    Args:
        session: Of the gradebook.
        submissions: Students with their assignments.
        rule: nbgrader's step with the plug-in that is configured.

    Raises:
        KitError: The plug-in raised.
    """
    for row in _rows(session, submissions):
        for notebook in row.notebooks if row.total_seconds_late > 0 or row.late_submission_penalty else ():
            _set(notebook, "late_submission_penalty", _penalty(rule, row, notebook))


def _penalty(rule: AssignLatePenalties, row: api.SubmittedAssignment, notebook: api.SubmittedNotebook) -> float | None:
    late = row.total_seconds_late
    if late <= 0:
        return None
    try:
        penalty = rule.plugin_inst.late_submission_penalty(row.student_id, notebook.score, late)
        return None if penalty is None else float(rule._check_late_penalty(notebook, penalty))
    except KitError:
        raise
    except Exception as error:  # the plug-in is the instructor's own code
        name = type(rule.plugin_inst).__name__
        raise KitError(
            f"The plug-in for late penalties, {name}, failed on {row.student_id}, {row.assignment.name}: "
            f"{type(error).__name__}: {error}. Mend it, and run the same command again."
        ) from error


def prepare(url: str, course: Course, rules: Rules, submission: tuple[str, str]) -> list[str]:
    """Have the gradebook know of one submission what its penalty depends on.

    Args:
        url: Of the gradebook.
        course: Where the submission lies.
        rules: The course's, for times and extensions.
        submission: A student and an assignment.

    Returns:
        What the instructor should know.
    """
    with api.Gradebook(url) as book:
        save_due_dates(book.db, rules)
        notices = save_times(book.db, course, rules, {submission})
        book.db.commit()  # whatever `dirty` says: a query in between has flushed what was set before it
    return notices


def settle(url: str, submissions: Submissions, config: Config) -> None:
    """Work penalties out anew, after marks that were given by hand.

    Args:
        url: Of the gradebook.
        submissions: Students with their assignments.
        config: The course's, which may name another late policy.

    Raises:
        KitError: A plug-in of the instructor's fails.
    """
    with api.Gradebook(url) as book:
        save_penalties(book.db, submissions, late_rule(config))
        book.db.commit()  # whatever `dirty` says: a query in between has flushed what was set before it


def _plain(moment: datetime) -> datetime:
    """A moment as the gradebook keeps it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def _set(row: Any, name: str, value: object) -> None:
    """Set a column if it says something else: what is as it was is not written."""
    if getattr(row, name) != value:
        setattr(row, name, value)
