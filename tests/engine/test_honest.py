"""Unusual right answers earn full marks: one in every gap at a time, and whole notebooks as students work in them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.course.data import copy_course
from autograder.course.secret import SECRET_FILE
from autograder.model import Status

from ..routes.conftest import must, run
from .conftest import ROOT
from .notebooks import handed_in, solutions

HONEST = ROOT / "tests" / "honest"
NAMES = sorted(path.stem for path in ROOT.glob("source/*/*.ipynb"))


def rows(name: str, key: str) -> list[dict[str, Any]]:
    return tomllib.loads((HONEST / f"{name}.toml").read_text(encoding="utf-8"))[key]


def packed(name: str) -> Iterator[dict[str, dict[str, Any]]]:
    """As few sets as hold all styles of a notebook, one a gap."""
    waiting: dict[str, list[dict[str, Any]]] = {}
    for row in rows(name, "honest"):
        waiting.setdefault(row["gap"], []).append(row)
    while any(waiting.values()):
        yield {gap: of_gap.pop(0) for gap, of_gap in waiting.items() if of_gap}


def solved_but(grader, name: str, answers: dict[str, str], own: list[tuple[str, str]]) -> bytes:
    """The solved notebook with these answers in its gaps, and cells of the student's own."""
    right = solutions(grader.course.plan(name))
    return handed_in(name, {**right, **{gap: source.strip("\n") for gap, source in answers.items()}}, own)


def lost(grader, name: str, data: bytes) -> dict[str, Any]:
    """What is not right; nothing, if all is well."""
    record = grader.grade(data, student="s", name=name).record
    return {result.gap: result.message for result in record.gaps if result.status is not Status.RIGHT}


def with_helpers(grader, name: str, styles: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Helper cells of these styles, each behind the cell of the course that comes before its gap."""
    order = [cell.grade_id for cell in grader.course.sources[name].graded]
    return [
        (order[order.index(gap) - 1], style["before"].strip("\n")) for gap, style in styles.items() if "before" in style
    ]


def styled(grader, name: str, styles: dict[str, dict[str, Any]]) -> bytes:
    """The notebook with these styles in its gaps."""
    answers = {gap: style["source"] for gap, style in styles.items()}
    return solved_but(grader, name, answers, with_helpers(grader, name, styles))


@pytest.mark.parametrize("name", NAMES)
def test_every_honest_style_of_a_gap_earns_full_marks(grader, name):
    for styles in packed(name):
        assert not lost(grader, name, styled(grader, name, styles)), [
            (gap, style["name"]) for gap, style in styles.items()
        ]


NOTEBOOKS = {row["name"]: row for row in rows("notebooks", "notebook")}


def worked_in(grader, row: dict[str, Any]) -> bytes:
    """A notebook in which somebody has worked in this way."""
    own = [(cell["after"], cell["source"].strip("\n")) for cell in row.get("own", [])]
    return solved_but(grader, row["notebook"], row.get("answers", {}), own)


@pytest.mark.parametrize("style", NOTEBOOKS)
def test_every_honest_way_of_working_in_a_notebook_earns_full_marks(grader, style):
    row = NOTEBOOKS[style]
    assert not lost(grader, row["notebook"], worked_in(grader, row))


@pytest.mark.long
def test_all_of_them_earn_full_marks_by_nbgrader_too(grader, tmp_path):
    copy_course(ROOT, tmp_path)
    (tmp_path / SECRET_FILE).write_text("honest\n", encoding="ascii")
    notebooks = [(name, styled(grader, name, styles)) for name in NAMES for styles in packed(name)]
    notebooks += [(row["notebook"], worked_in(grader, row)) for row in NOTEBOOKS.values()]
    wanted = {}
    for number, (name, data) in enumerate(notebooks):
        folder = tmp_path / "submitted" / f"student_{number}" / grader.course.sources[name].assignment
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_bytes(data)
        wanted[f"student_{number}", name] = sum(gap.points for gap in grader.course.plan(name).gaps)
    for assignment in {source.assignment for source in grader.course.sources.values()}:
        must(run(tmp_path, "nbgrader", "generate_assignment", assignment))
        must(run(tmp_path, "nbgrader", "autograde", assignment))
    assert _scores(tmp_path / "gradebook.db", wanted) == wanted


def _scores(path: Path, wanted: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    with Gradebook(f"sqlite:///{path}") as book:
        found = {
            (one.student.id, notebook.name): notebook.score
            for assignment in book.assignments
            for one in assignment.submissions
            for notebook in one.notebooks
        }
    return {key: found[key] for key in wanted}


def test_own_cells_and_answers_name_cells_that_exist(grader):
    for row in NOTEBOOKS.values():
        plan, source = grader.course.plan(row["notebook"]), grader.course.sources[row["notebook"]]
        assert set(row.get("answers", {})) <= {gap.name for gap in plan.gaps}, row["name"]
        known = {"", *(cell.grade_id for cell in source.graded)}
        assert {cell["after"] for cell in row.get("own", [])} <= known, row["name"]


def test_there_are_at_least_two_honest_styles_for_every_gap(grader):
    for name in NAMES:
        counted = Counter(row["gap"] for row in rows(name, "honest"))
        assert set(counted) == {gap.name for gap in grader.course.plan(name).gaps}
        assert min(counted.values()) >= 2
