"""Every attack, through both routes: exactly the honest points, nothing seen, nothing changed, nothing left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from autograder.feedback import WORDS
from autograder.model import Status

from .conftest import NBGRADERS_PART
from .engine import MOST_SECONDS, Engine, Seen
from .entries import Entry, entries

MOST_VISIBLE = 3 << 20
"""Characters that one notebook may put before a reader, whatever its runner sends."""


def test_there_are_enough_attacks_and_no_two_of_one_name() -> None:
    names = [entry.id for entry in entries()]
    assert len(names) >= 120
    assert len(set(names)) == len(names)


def test_expected_points_are_those_of_the_expected_statuses(engine: Engine) -> None:
    for entry in entries():
        plan = engine.course.plan(entry.notebook)
        expected = entry.expected(plan)
        right = sum(gap.points for gap in plan.gaps if expected[gap.name] == Status.RIGHT)
        partly = sum(gap.points for gap in plan.gaps if expected[gap.name] == Status.PARTLY)
        assert entry.any_status or right <= entry.points <= right + partly, entry.id


class TestByTheKitsEngine:
    def test_it_earns_exactly_what_is_honest(self, entry: Entry, seen: Seen, engine: Engine) -> None:
        assert not seen.fault
        assert seen.score == entry.points
        if not entry.any_status:
            assert seen.statuses == entry.expected(engine.course.plan(entry.notebook))
        assert entry.remarks in seen.remarks

    def test_it_sees_nothing_hidden(self, entry: Entry, seen: Seen) -> None:
        assert seen.leaks == []
        assert len(seen.visible) < MOST_VISIBLE

    def test_it_leaves_nothing_behind(self, entry: Entry, seen: Seen) -> None:
        assert seen.changed == []
        assert seen.left == []
        assert seen.processes == []
        assert seen.connections == []

    def test_it_takes_bounded_time(self, entry: Entry, seen: Seen) -> None:
        assert seen.seconds < MOST_SECONDS


@pytest.mark.parametrize(
    "nbgraders_part", [pytest.param(True, id="files-and-texts"), pytest.param(False, id="rest", marks=pytest.mark.long)]
)
def test_nbgrader_grades_the_class_to_its_end_and_nothing_is_left(
    nbgraders_part: bool, nbgraded: Callable[[bool], Mapping[str, Seen]]
) -> None:
    run = nbgraded(nbgraders_part)[""]
    assert run.score == 0  # nbgrader's exit code
    assert run.changed == []
    assert run.left == []
    assert run.connections == []
    assert run.processes == []


class TestByNbgrader:
    def test_it_earns_exactly_what_is_honest(
        self, student: Entry, nbgraded: Callable[[bool], Mapping[str, Seen]], engine: Engine
    ) -> None:
        seen = nbgraded(student.id[0] in NBGRADERS_PART)[student.id]
        assert not seen.fault
        assert seen.score == student.points
        if not student.any_status:
            expected = student.expected(engine.course.plan(student.notebook))
            assert seen.statuses == {gap: WORDS[Status(status)] for gap, status in expected.items()}

    def test_it_sees_nothing_hidden(self, student: Entry, nbgraded: Callable[[bool], Mapping[str, Seen]]) -> None:
        assert nbgraded(student.id[0] in NBGRADERS_PART)[student.id].leaks == []
