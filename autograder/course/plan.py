"""The plan of one notebook: its gaps, its twins, and the source as a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.course import notebook as files
from autograder.course.cells import submission_of
from autograder.course.data import Folders
from autograder.course.notebook import FoundCell, Repaired, SourceNotebook
from autograder.course.twins import twins_of
from autograder.course.typed import read_toml
from autograder.model import DocumentValue, Gap, KitError, Plan


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
    spec = read_toml(path)
    gaps = tuple(_gap(row, source, spec["open"]) for row in spec["gap"])
    if tuple(gap.name for gap in gaps) != source.gaps:
        raise KitError(
            f"{path} lists the gaps {', '.join(gap.name for gap in gaps)}; "
            f"{source.path} has {', '.join(source.gaps)}. Make the order the same."
        )
    twins = twins_of(source, spec, secret)
    for gap in gaps:
        if not isinstance(gap.results, dict):
            raise KitError(
                f"{path}: `results` of gap {gap.name} must be a table of names and what students know them as, "
                'such as { of_x = "spread(x)" }.'
            )
        missing = set(gap.open_twins) - {twin.name for twin in twins if twin.judges(gap.name)}
        if missing or not gap.open_twins:
            wrong = ", ".join(sorted(missing)) or "an empty list"
            raise KitError(f"{path}: `open` of gap {gap.name} must list twins that judge it; {wrong} does not.")
    reference = Repaired(cells=tuple(_solved(source)))
    return Plan(
        assignment=source.assignment,
        notebook=source.key,
        gaps=gaps,
        twins=twins,
        source=submission_of(reference, source, source.sha256),
        documents=documents,
    )


def _gap(row: Mapping[str, Any], source: SourceNotebook, open_twins: Sequence[str]) -> Gap:
    name = row["name"]
    cells = {cell.grade_id: cell for cell in source.graded}
    try:
        cell, check = cells[name], cells[f"check_{name}"]
    except KeyError as missing:
        raise KitError(
            f"checks/{source.key}.toml has a gap {name}, but {source.path} has no cell with grade_id {missing}."
        ) from None
    return Gap(
        name=name,
        notebook=source.key,
        points=float(check.metadata["nbgrader"]["points"]),
        edge_points=float(row.get("edge", 0)),
        conduct_points=float(row.get("conduct", 0)),
        inputs=tuple(row["inputs"]),
        outputs=tuple(row["outputs"]),
        driver=row.get("driver", ""),
        results=row.get("results", {}),
        supplies=tuple(row.get("supplies", ())),
        closed=row.get("closed", False),
        accepts_row=tuple(row.get("accepts", {})),
        tolerance=float(row.get("tolerance", 1e-9)),
        open_twins=tuple(row.get("open", open_twins)),
        minutes=row["minutes"],
        difficulty=row["difficulty"],
        solution=files.solution_of(cell.source),
        stub=files.stub_of(cell.source),
    )


def _solved(source: SourceNotebook) -> list[FoundCell]:
    return [
        FoundCell(role=cell.role, source=files.solution_of(cell.source), grade_id=cell.grade_id)
        for cell in source.cells
        if cell.role != "own"
    ]
