"""A notebook as cells to replay: a submission, or the source with other answers in its gaps."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.course import notebook as files
from autograder.course.celltext import assigned
from autograder.course.notebook import FoundCell, Repaired, SourceNotebook
from autograder.course.twins import page_of
from autograder.model import Cell, CellKind, Plan, Submission, Value


def submission_of(repaired: Repaired, plan_or_source: Plan | SourceNotebook, sha256: str) -> Submission:
    """A repaired notebook as cells to replay.

    Args:
        repaired: Every cell of the course in its place.
        plan_or_source: Of the notebook; says which names the locked cells set.
        sha256: Of the bytes as handed in.
    """
    name = plan_or_source.notebook if isinstance(plan_or_source, Plan) else plan_or_source.key
    givens = page_of(plan_or_source) if isinstance(plan_or_source, SourceNotebook) else plan_or_source.page.givens
    cells = [
        _cell(cell, kind, givens)
        for cell in repaired.cells
        if (kind := files.kinds(cell.role)) and cell.grade_id not in repaired.missing
    ]
    return Submission(
        assignment=plan_or_source.assignment,
        notebook=name,
        sha256=sha256,
        cells=tuple(cells),
        remarks=repaired.remarks,
        unreadable=repaired.unreadable,
    )


def with_answers(plan: Plan, answers: Mapping[str, str]) -> Submission:
    """The source notebook with other answers in some gaps: how known mistakes and the reference are graded."""
    cells = [
        Cell(kind=cell.kind, source=answers.get(cell.grade_id, cell.source), grade_id=cell.grade_id, givens=cell.givens)
        for cell in plan.source.cells
    ]
    return Submission(assignment=plan.assignment, notebook=plan.notebook, sha256="", cells=tuple(cells))


def _cell(cell: FoundCell, kind: CellKind, givens: Mapping[str, Value]) -> Cell:
    sets = assigned(cell.source) if kind is CellKind.LOCKED else frozenset()
    return Cell(
        kind=kind,
        source=cell.source,
        grade_id=cell.grade_id,
        givens=tuple(name for name in givens if name in sets),
        index=cell.index,
    )
