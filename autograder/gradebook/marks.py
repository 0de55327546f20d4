"""What nbgrader's gradebook holds of one submitted notebook, and of a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nbgrader.api as api
from sqlalchemy import select
from sqlalchemy.orm import Session

from autograder.model import KitError, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the gradebook holds of one gap.

    Attributes:
        score: The instructor's score or else the kit's, with extra credit.
        by_hand: The instructor has given the score.
        waiting: Neither has.
        comment: By the instructor.
    """

    score: float
    points: float
    extra_credit: float
    by_hand: bool
    waiting: bool
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the gradebook holds of one submitted notebook; `late_penalty` is not yet taken off any score."""

    by_gap: Mapping[str, Mark]
    late_penalty: float
    handed_in: datetime | None

    @property
    def score(self) -> float:
        """Sum of the gaps, less what lateness costs."""
        return sum(mark.score for mark in self.by_gap.values()) - self.late_penalty

    @property
    def points(self) -> float:
        """What could be reached."""
        return sum(mark.points for mark in self.by_gap.values())


def marks(url: str, record: Record) -> Marks:
    """What the gradebook holds of the notebook that a record belongs to.

    Raises:
        KitError: It holds nothing.
    """
    with api.Gradebook(url) as book:
        session: Session = book.db
        row = session.execute(
            select(
                api.SubmittedNotebook.id,
                api.SubmittedNotebook.late_submission_penalty,
                api.SubmittedAssignment.timestamp,
            )
            .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
            .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
            .where(api.SubmittedAssignment.student_id == record.student)
            .where(api.Assignment.name == record.assignment, api.Notebook.name == record.notebook)
        ).one_or_none()
        if row is None:
            where = f"{record.student}, {record.assignment}, {record.notebook}"
            raise KitError(f"The gradebook has no submission of {where}. Run `autograder grade submitted` first.")
        grade, comment, cell = api.Grade, api.Comment, api.GradeCell
        comments = session.execute(
            select(api.SolutionCell.name, comment.manual_comment)
            .join(comment, comment.cell_id == api.SolutionCell.id)
            .where(comment.notebook_id == row.id)
        )
        said: dict[str, str | None] = {name: text for name, text in comments}
        grades = session.execute(
            select(cell.name, cell.max_score, grade.auto_score, grade.manual_score, grade.extra_credit)
            .join(grade, grade.cell_id == cell.id)
            .where(grade.notebook_id == row.id)
        ).all()
    by_gap = {one.name.removeprefix("check_"): _mark(one, said) for one in grades}
    return Marks(by_gap=by_gap, late_penalty=row.late_submission_penalty or 0.0, handed_in=row.timestamp)


def class_marks(url: str, assignment: str) -> dict[tuple[str, str], Marks]:
    """What the gradebook holds of everybody's notebooks of an assignment, by student and notebook; without comments."""
    with api.Gradebook(url) as book:
        rows = book.db.execute(
            select(
                api.SubmittedAssignment.student_id,
                api.Notebook.name.label("notebook"),
                api.SubmittedNotebook.late_submission_penalty,
                api.SubmittedAssignment.timestamp,
                api.GradeCell.name,
                api.GradeCell.max_score,
                api.Grade.auto_score,
                api.Grade.manual_score,
                api.Grade.extra_credit,
                api.Grade.needs_manual_grade,
            )
            .join(api.SubmittedNotebook, api.Grade.notebook_id == api.SubmittedNotebook.id)
            .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
            .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
            .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
            .join(api.GradeCell, api.Grade.cell_id == api.GradeCell.id)
            .where(api.Assignment.name == assignment)
            .order_by(api.SubmittedAssignment.student_id, api.Notebook.name)
        ).all()
    found: dict[tuple[str, str], Marks] = {}
    for row in rows:
        before = found.get((row.student_id, row.notebook))
        by_gap = {**(before.by_gap if before else {}), row.name.removeprefix("check_"): _mark(row, {})}
        penalty = row.late_submission_penalty or 0.0
        found[row.student_id, row.notebook] = Marks(by_gap=by_gap, late_penalty=penalty, handed_in=row.timestamp)
    return found


def known_by(url: str) -> dict[str, tuple[str, ...]]:
    """Other ids of the gradebook's students: address, and the platform's own id."""
    with api.Gradebook(url) as book:
        rows = book.db.execute(select(api.Student.id, api.Student.email, api.Student.lms_user_id)).all()
    return {student: tuple(one for one in ids if one) for student, *ids in rows}


def _mark(row: Any, comments: Mapping[str, str | None]) -> Mark:
    given = [score for score in (row.manual_score, row.auto_score) if score is not None]
    return Mark(
        score=(given[0] + (row.extra_credit or 0.0)) if given else 0.0,
        points=row.max_score,
        extra_credit=row.extra_credit or 0.0,
        by_hand=row.manual_score is not None,
        waiting=not given,
        comment=comments.get(row.name.removeprefix("check_")) or "",
    )
