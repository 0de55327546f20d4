"""Make `release/`, `solutions/` and `lab/open/` from the source notebooks, by nbgrader's own commands.

Everything happens in a temporary course with a temporary database and moves over when it is complete: nbgrader empties
a release folder when it fails, and refuses to change an assignment that has submissions.
"""

from __future__ import annotations

import filecmp
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course.course import Course
from autograder.course.data import copy_course, folders_of
from autograder.gradebook.commands import nbgrader
from autograder.judging.before import state_before
from autograder.judging.grading import Grader
from autograder.judging.mistakes import Mistake
from autograder.model import Answer, CellKind, Gap, KitError, Outcome, Plan, Transcript, Twin, TwinKind, Value

OPEN_SECRET = "open"
"""The open numbers are named twins, which no secret changes; any secret gives the same files."""


def generate(course: Course) -> list[str]:
    """Make the generated folders anew; the files that changed, relative to the course."""
    with tempfile.TemporaryDirectory() as folder:
        made = _make(course, Path(folder))
        changed = list(_differences(course.root, made))
        for part in ("lab/open", "release", "solutions"):
            target = course.root / part
            if target.exists():
                shutil.rmtree(target)
            shutil.copytree(made / part, target)
    return changed


def differences(course: Course) -> list[str]:
    """Files in the generated folders that do not match their source, relative to the course; nothing is written."""
    with tempfile.TemporaryDirectory() as folder:
        return list(_differences(course.root, _make(course, Path(folder))))


def _differences(root: Path, made: Path) -> Iterator[str]:
    for part in ("lab/open", "release", "solutions"):
        old = {
            path.relative_to(root)
            for path in (root / part).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        new = {path.relative_to(made) for path in (made / part).rglob("*") if path.is_file()}
        for path in sorted(old | new):
            if path not in old or path not in new or not filecmp.cmp(root / path, made / path, shallow=False):
                yield str(path)


def _make(course: Course, folder: Path) -> Path:
    """All generated folders, below `folder`."""
    copy_course(course.root, folder)
    shutil.rmtree(folders_of(folder).open, ignore_errors=True)
    _write_open_numbers(course, folders_of(folder).open)
    for name in sorted({source.assignment for source in course.sources.values()}):
        for command in ("generate_assignment", "generate_solution"):
            nbgrader(folder, command, name, secret=OPEN_SECRET)
    return folder


def _write_open_numbers(course: Course, folder: Path) -> None:
    with Grader(Course(course.root, OPEN_SECRET)) as grader:
        for name in course.sources:
            plan = grader.course.plan(name)
            content = open_numbers(plan, grader.reference(name), grader.known_mistakes(name))
            text = json.dumps(content, indent=None, separators=(",", ":"), ensure_ascii=False)
            path = folder / f"{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace('},"', '},\n"') + "\n", encoding="utf-8")


def open_numbers(plan: Plan, reference: Transcript, known: Mapping[Mistake, Transcript]) -> dict[str, Any]:
    """What the students' check knows: page and open twins of each gap, right values, and those of known mistakes.

    Numbers only: no formula of a solution, no hidden twin.

    Args:
        plan: Of one notebook.
        reference: What its solutions gave.
        known: What each known mistake gave, alone in its gap.
    """
    return {
        "notebook": plan.name,
        "imports": _imports(plan),
        "gaps": {gap.name: _open_gap(plan, gap, reference, known) for gap in plan.gaps},
    }


def _imports(plan: Plan) -> str:
    """The import lines of the locked cells, which is all that a closed gap has besides its inputs."""
    lines = [line for cell in plan.source.cells if cell.kind is CellKind.LOCKED for line in cell.source.split("\n")]
    return "\n".join(line for line in lines if line.startswith("import "))


def _open_gap(plan: Plan, gap: Gap, reference: Transcript, known: Mapping[Mistake, Transcript]) -> dict[str, Any]:
    named = {twin.name: twin for twin in plan.twins}
    pages = [twin.name for twin in plan.judging(gap.name, TwinKind.PAGE)]
    twins = [named[name] for name in dict.fromkeys([*pages, *gap.open_twins])]
    return {
        "points": gap.points,
        "minutes": gap.minutes,
        "difficulty": gap.difficulty,
        "inputs": gap.inputs,
        "outputs": gap.outputs,
        "driver": gap.driver,
        "results": gap.results,
        "closed": gap.closed,
        "supplies": gap.supplies,
        "conduct": gap.conduct_points > 0,
        "stub": gap.stub,
        "tolerance": gap.tolerance,
        "accepts_row": gap.accepts_row,
        "twins": [_open_twin(plan, gap, twin, reference) for twin in twins],
        "mistakes": [
            _open_mistake(gap, mistake, its, twins) for mistake, its in known.items() if mistake.gap == gap.name
        ],
    }


def _open_twin(plan: Plan, gap: Gap, twin: Twin, reference: Transcript) -> dict[str, Any]:
    """State before the gap, values for the driver, and right values."""
    want = reference.answer(twin.name, gap.name).values
    return {
        "name": twin.name,
        "kind": twin.kind.value,
        "state": _plain_all(state_before(plan, gap, twin, reference)),
        "probe": _plain_all(twin.probes.get(gap.name, {})),
        "want": _plain_all({name: want[name] for name in gap.answers}),
    }


def _open_mistake(gap: Gap, mistake: Mistake, its: Transcript, twins: list[Twin]) -> dict[str, Any]:
    return {
        "slug": mistake.slug,
        "family": mistake.family,
        "family_name": mistake.family_name,
        "name": mistake.name,
        "seen": mistake.seen,
        "meaning": mistake.meaning,
        "question": mistake.question,
        "answers": {
            twin.name: _open_answer(its.answer(twin.name, gap.name))
            for twin in twins
            if its.answer(twin.name, gap.name).outcome in (Outcome.ANSWERED, Outcome.RAISED)
        },
    }


def _open_answer(answer: Answer) -> dict[str, Any]:
    """What a known mistake gave on one twin; what is as usual is left out."""
    if answer.outcome is Outcome.RAISED:
        return {"raised": answer.problem.partition(":")[0]}
    found: dict[str, Any] = {"values": _plain_all(answer.values)}
    if answer.touched:
        found["touched"] = sorted(set(answer.touched))
    if answer.shared:
        found["shared"] = sorted(set(answer.shared))
    if not answer.repeats:
        found["repeats"] = False
    if answer.needs_globals:
        found["needs_globals"] = True
    return found


def _plain_all(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """A value as JSON; an array as {"array": [...]}, a tuple as {"tuple": [...]}."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, tuple):
        return {"tuple": [_plain(item) for item in value]}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, int | float | str):
        return value
    raise KitError(f"a right value of type {type(value).__name__} cannot be written to lab/open")
