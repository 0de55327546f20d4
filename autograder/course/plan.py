"""The plan of one notebook: its gaps, its twins, and the source as a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.course import notebook as files
from autograder.course.cells import submission_of
from autograder.course.data import CHECKS, read_toml
from autograder.course.notebook import FoundCell, Repaired, SourceNotebook
from autograder.course.twins import twins_of
from autograder.model import Gap, KitError, Plan


def plan_of(source: SourceNotebook, secret: str) -> Plan:
    """The plan of a source notebook; hidden twins are drawn from the secret.

    Raises:
        KitError: The checks of this notebook are missing or do not fit it.
    """
    path = CHECKS / f"{source.name}.toml"
    spec = read_toml(path)
    gaps = tuple(_gap(row, source, spec["open"]) for row in spec["gap"])
    in_notebook = tuple(cell.grade_id for cell in source.cells if cell.role == "gap")
    if tuple(gap.name for gap in gaps) != in_notebook:
        raise KitError(
            f"{path} lists the gaps {', '.join(gap.name for gap in gaps)}; "
            f"source/{source.assignment}/{source.name}.ipynb has {', '.join(in_notebook)}. Make the order the same."
        )
    twins = twins_of(source, spec, secret)
    for gap in gaps:
        if not isinstance(gap.results, dict):
            raise KitError(
                f"{path}: `results` of gap {gap.name} must be a table of names and what students know them as, "
                'such as { activation = "ReLU(z)" }.'
            )
        missing = set(gap.open_twins) - {twin.name for twin in twins if twin.judges(gap.name)}
        if missing or not gap.open_twins:
            wrong = ", ".join(sorted(missing)) or "an empty list"
            raise KitError(f"{path}: `open` of gap {gap.name} must list twins that judge it; {wrong} does not.")
    reference = Repaired(cells=tuple(_solved(source)))
    return Plan(
        assignment=source.assignment,
        notebook=source.name,
        gaps=gaps,
        twins=twins,
        source=submission_of(reference, source, source.sha256),
    )


def _gap(row: Mapping[str, Any], source: SourceNotebook, open_twins: Sequence[str]) -> Gap:
    name = row["name"]
    cells = {cell.grade_id: cell for cell in source.graded}
    try:
        cell, check = cells[name], cells[f"check_{name}"]
    except KeyError as missing:
        raise KitError(
            f"checks/{source.name}.toml has a gap {name}, but source/{source.assignment}/{source.name}.ipynb "
            f"has no cell with grade_id {missing}."
        ) from None
    return Gap(
        name=name,
        notebook=source.name,
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
