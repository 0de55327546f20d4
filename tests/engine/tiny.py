"""Notebooks of a few lines with plans of their own, to see one property of the replay at a time."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograder.model import Answer, Cell, CellKind, Gap, Plan, Submission, Transcript, Twin, TwinKind
from autograder.sandbox.pool import Sandbox
from autograder.sandbox.speech import Speech


def gap(name: str, solution: str, *, inputs: str = "", outputs: str = "", results: str = "", **more: Any) -> Gap:
    """A gap; names are given in one text, with spaces between."""
    return Gap(
        **{
            "name": name,
            "notebook": "tiny",
            "points": 4.0,
            "edge_points": 0.0,
            "conduct_points": 0.0,
            "inputs": tuple(inputs.split()),
            "outputs": tuple(outputs.split()),
            "driver": "",
            "results": {name: name for name in results.split()},
            "supplies": (),
            "closed": False,
            "accepts_row": (),
            "tolerance": 1e-9,
            "open_twins": ("A",),
            "minutes": 1,
            "difficulty": 1,
            "solution": solution,
            "stub": "",
            **more,
        }
    )


def twin(name: str, **more: Any) -> Twin:
    """A twin; the page is called P, and whatever is no field of a twin is one of its givens."""
    known = {key: more.pop(key) for key in ("probes", "before", "only") if key in more}
    return Twin(name=name, kind=TwinKind.PAGE if name == "P" else TwinKind.GENERAL, givens=more, **known)


def plan(parts: Sequence[Gap | str], *twins: Twin) -> Plan:
    """A notebook of gaps and, as texts, locked cells."""
    source = Submission(
        assignment="a", notebook="tiny", sha256="", cells=tuple(_cell(part, at, twins) for at, part in enumerate(parts))
    )
    gaps = tuple(part for part in parts if isinstance(part, Gap))
    return Plan(assignment="a", notebook="tiny", gaps=gaps, twins=twins, source=source)


def _cell(part: Gap | str, at: int, twins: Sequence[Twin]) -> Cell:
    if isinstance(part, Gap):
        return Cell(kind=CellKind.GAP, source=part.solution, grade_id=part.name)
    stored = {
        node.id for node in ast.walk(ast.parse(part)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    givens = tuple(name for name in twins[0].givens if name in stored)
    return Cell(kind=CellKind.LOCKED, source=part, grade_id=f"locked_{at}", givens=givens)


def handed_in(of: Plan, answers: Mapping[str, str], own: Mapping[str, str] | None = None) -> Submission:
    """The solved notebook with other answers (None: no cell), and own cells by the gap they stand before."""
    own = own or {}
    cells: list[Cell] = []
    for cell in of.source.cells:
        if cell.grade_id in own:
            cells.append(Cell(kind=CellKind.OWN, source=own[cell.grade_id], index=len(cells)))
        source = answers.get(cell.grade_id, cell.source)
        cells += [replace(cell, source=source)] if source is not None else []
    return replace(of.source, cells=tuple(cells))


class Tiny:
    """A plan with its reference, in a sandbox."""

    def __init__(self, sandbox: Sandbox, parts: Sequence[Gap | str], *twins: Twin) -> None:
        self.sandbox, self.plan = sandbox, plan(parts, *twins)
        self.reference = sandbox.replay(Speech(self.plan, None), self.plan.source)
        self.speech = Speech(self.plan, self.reference)

    def replay(self, own: Mapping[str, str] | None = None, **answers: Any) -> Transcript:
        """What the notebook gives with these answers."""
        return self.sandbox.replay(self.speech, handed_in(self.plan, answers, own))

    def values(self, own: Mapping[str, str] | None = None, **answers: Any) -> dict[str, dict[str, Any]]:
        """Values by twin and name."""
        return values(self.replay(own, **answers))

    def right(self, name: str, *twins: str) -> dict[str, Any]:
        """The reference's value of a name by twin."""
        return {twin: found[name] for twin, found in values(self.reference).items() if not twins or twin in twins}


def values(transcript: Transcript) -> dict[str, dict[str, Any]]:
    """Values by twin and name, of all gaps together."""
    return {
        twin: {name: value for answer in answers.values() for name, value in answer.values.items()}
        for twin, answers in transcript.answers.items()
    }


def by_twin(transcript: Transcript, of: str) -> dict[str, Answer]:
    """A gap's answer on each twin."""
    return {twin: answers[of] for twin, answers in transcript.answers.items()}
