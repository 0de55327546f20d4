"""The plan of one notebook: its gaps, its twins, and the source as a submission."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from autograder.course import notebook as files
from autograder.course.cells import submission_of
from autograder.course.celltext import names_set
from autograder.course.data import Folders
from autograder.course.notebook import FoundCell, Repaired, SourceNotebook
from autograder.course.tables import Checks, GapRow
from autograder.course.twins import compiled, twins_of
from autograder.course.typed import place, read_typed
from autograder.model import DocumentValue, Gap, KitError, Plan, Twin, TwinKind


def plan_of(source: SourceNotebook, folders: Folders, documents: tuple[DocumentValue, ...], secret: str) -> Plan:
    """The plan of a source notebook.

    Args:
        source: The notebook.
        folders: Where the course's data lie.
        documents: Reference values for gaps of the notebook.
        secret: What hidden twins are drawn from.

    Raises:
        KitError: The checks of this notebook are missing or do not fit it.
    """
    path = folders.checks / f"{source.key}.toml"
    checks = read_typed(path, Checks)
    places = [f"{path}, {place('gap', at, row)}" for at, row in enumerate(checks.gap, 1)]
    gaps = tuple(_gap(row, source, checks, where) for row, where in zip(checks.gap, places, strict=True))
    if tuple(gap.name for gap in gaps) != source.gaps:
        raise KitError(
            f"{path} lists the gaps {', '.join(gap.name for gap in gaps)}; "
            f"{source.path} has {', '.join(source.gaps)}. Make the order the same."
        )
    twins = twins_of(source, checks, secret, path)
    for gap, where in zip(gaps, places, strict=True):
        _hold_gap(gap, twins, where)
        _hold_inputs(gap, source, where)
    _hold_documents(documents, gaps, twins, folders.checks / "documents.toml")
    reference = Repaired(cells=tuple(_solved(source)))
    return Plan(
        assignment=source.assignment,
        notebook=source.key,
        gaps=gaps,
        twins=twins,
        source=submission_of(reference, source, source.sha256),
        documents=documents,
    )


def _gap(row: GapRow, source: SourceNotebook, checks: Checks, where: str) -> Gap:
    cells = {cell.grade_id: cell for cell in source.graded}
    for grade_id in (row.name, f"check_{row.name}"):
        if grade_id not in cells:
            raise KitError(
                f"{where}: {source.path} has no cell with the grade_id {grade_id}. "
                "Give the cell that grade_id, or take the row out."
            )
    cell, check = cells[row.name], cells[f"check_{row.name}"]
    return Gap(
        name=row.name,
        notebook=source.key,
        points=float(check.metadata["nbgrader"]["points"]),
        edge_points=row.edge,
        conduct_points=row.conduct,
        inputs=row.inputs,
        outputs=row.outputs,
        driver=row.driver,
        results=row.results,
        supplies=row.supplies,
        closed=row.closed,
        accepts_row=tuple(row.accepts),
        tolerance=row.tolerance,
        open_twins=checks.open if row.open is None else row.open,
        minutes=row.minutes,
        difficulty=row.difficulty,
        solution=files.solution_of(cell.source),
        stub=files.stub_of(cell.source),
    )


def _hold_gap(gap: Gap, twins: Sequence[Twin], where: str) -> None:
    """Refuse a gap whose row does not fit its cell or its twins."""
    judging = [twin for twin in twins if twin.judges(gap.name)]
    missing = set(gap.open_twins) - {twin.name for twin in judging}
    if missing or not gap.open_twins:
        wrong = ", ".join(sorted(missing)) or "an empty list"
        names = ", ".join(twin.name for twin in judging)
        raise KitError(f"{where}: `open` must list twins that judge the gap ({names}); {wrong} does not.")
    if bool(gap.driver) != bool(gap.results):
        raise KitError(
            f"{where}: a `driver` leaves `results`, and only a driver does; there is one without the other. "
            'Write both, such as driver = "of_x = spread(x)" and results = { of_x = "spread(x)" }.'
        )
    if not gap.answers:
        raise KitError(f"{where}: nothing is read after the gap has run. List its `outputs`, or give it a `driver`.")
    if gap.driver:
        compiled(gap.driver, f"{where}: `driver`")
    odd = [name for name in gap.accepts_row if name not in gap.answers]
    if odd:
        raise KitError(f"{where}: `accepts` names {odd[0]}, which is none of {', '.join(gap.answers)}. Correct it.")
    lacking = [name for name in gap.supplies if name not in (names_set(gap.solution) or ())]
    if lacking:
        raise KitError(f"{where}: `supplies` names {lacking[0]}, which the solution does not define. Correct it.")
    if gap.edge_points and not any(twin.kind is TwinKind.EDGE for twin in judging):
        raise KitError(
            f"{where}: `edge` has {gap.edge_points:g} points, but no twin of kind edge judges the gap. "
            'Add a [[twin]] with kind = "edge", or take `edge` out.'
        )


def _hold_inputs(gap: Gap, source: SourceNotebook, where: str) -> None:
    """Refuse inputs that the notebook does not have where the gap stands: a slip would tell students nonsense."""
    at = next(at for at, cell in enumerate(source.cells) if cell.grade_id == gap.name)
    above = "\n".join(cell.source for cell in source.cells[: at + 1] if cell.role in ("locked", "gap"))
    unknown = [name for name in gap.inputs if not re.search(rf"\b{name}\b", _without_comments(above))]
    if unknown:
        raise KitError(
            f"{where}: `inputs` names {unknown[0]}, which stands in no cell of {source.path} up to this gap. "
            "Correct the name."
        )


def _without_comments(source: str) -> str:
    """Code without its lines of comment: the first line of a gap's cell names the inputs once more."""
    return "\n".join(line for line in source.split("\n") if not line.lstrip().startswith("#"))


def _hold_documents(documents: Sequence[DocumentValue], gaps: Sequence[Gap], twins: Sequence[Twin], path: Path) -> None:
    """Refuse a reference value that no check would ever look at."""
    answers = {gap.name: gap.answers for gap in gaps}
    for value in documents:
        known = [twin.name for twin in twins if twin.judges(value.gap)]
        for field, name, allowed in (("output", value.output, answers[value.gap]), ("twin", value.twin, known)):
            if name not in allowed:
                raise KitError(
                    f"{path}, the value of {value.output} at gap {value.gap}: `{field}` is {name}; it must be one of "
                    f"{', '.join(allowed)}. Correct it."
                )


def _solved(source: SourceNotebook) -> list[FoundCell]:
    return [
        FoundCell(role=cell.role, source=files.solution_of(cell.source), grade_id=cell.grade_id)
        for cell in source.cells
        if cell.role != "own"
    ]
