"""Notebooks changed at random, through the whole engine: every gap gets a status, and nothing a point for nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.model import Record, Status
from autograder.sandbox.confine import Limits

from .cases import ROOT
from .mutations import Mutated, gently_changed, mutated

NAMES = ("02_chain", "03_step", "06_relu_arrays", "07_all_together")
LIMITS = Limits(cell_cpu_s=0.4, cell_wall_s=4, runner_cpu_s=4, notebook_wall_s=40)
"""Small, so that what hangs does not take long."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Grader]:
    """The real course, with short limits."""
    with Grader(Course(ROOT, "random"), LIMITS) as made:
        yield made


def grade(engine: Grader, name: str, work: Mutated) -> Record:
    """Its record, which is in order in any case."""
    plan = engine.course.plan(name)
    record = engine.grade(work.data, student="s", name=name).record
    assert [result.gap for result in record.gaps] == [gap.name for gap in plan.gaps]
    for result in record.gaps:
        assert result.status in Status
        assert result.status is not Status.REVIEW, result.fault
        assert 0 <= result.score <= result.points
        assert result.score == 0 or result.status in (Status.RIGHT, Status.PARTLY)
    assert record.score == sum(result.score for result in record.gaps)
    return record


def holds(engine: Grader, name: str, seed: int) -> None:
    """Gaps that were as handed out earn nothing, whatever was done to the notebook."""
    work = mutated(engine.course.plan(name), seed)
    record = grade(engine, name, work)
    assert {result.gap for result in record.gaps if result.score} <= work.solved


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_done_to_a_notebook_earns_no_point(engine: Grader, name: str) -> None:
    for seed in range(60):
        holds(engine, name, seed)


@pytest.mark.parametrize("name", NAMES)
def test_what_leaves_solutions_whole_costs_no_point(engine: Grader, name: str) -> None:
    for seed in range(15):
        work = gently_changed(engine.course.plan(name), seed)
        record = grade(engine, name, work)
        assert {result.gap for result in record.gaps if result.status is Status.RIGHT} == work.solved, (seed, record)


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_five_thousand_notebooks_earn_no_point(engine: Grader, part: int) -> None:
    for seed in range(1000 + part * 250, 1250 + part * 250):
        holds(engine, NAMES[seed % len(NAMES)], seed)
