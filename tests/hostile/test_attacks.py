"""Every attack, through both routes: exactly the honest points, nothing seen, nothing changed, nothing left."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autograder.feedback import WORDS
from autograder.model import Status

from .engine import MOST_SECONDS, Engine, Seen
from .entries import Entry, entries

MOST_VISIBLE = 6_000_000


def test_there_are_enough_attacks_and_no_two_of_one_name() -> None:
    names = [entry.id for entry in entries()]
    assert len(names) >= 120
    assert len(set(names)) == len(names)


def test_expected_points_are_those_of_the_expected_statuses(engine: Engine) -> None:
    for entry in entries():
        plan = engine.course.plan(entry.notebook)
        right = sum(gap.points for gap in plan.gaps if entry.expected(plan)[gap.name] == Status.RIGHT)
        partly = [gap for gap in plan.gaps if entry.expected(plan)[gap.name] == Status.PARTLY]
        assert entry.any_status or right <= entry.points <= right + sum(gap.points for gap in partly), entry.id


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


class TestByNbgrader:
    def test_it_earns_exactly_what_is_honest(self, entry: Entry, nbgraded: Mapping[str, Seen], engine: Engine) -> None:
        found = nbgraded[entry.id]
        assert not found.fault
        assert found.score == entry.points
        if not entry.any_status:
            words = {
                gap: WORDS[Status(status)] for gap, status in entry.expected(engine.course.plan(entry.notebook)).items()
            }
            assert found.statuses == words

    def test_it_sees_nothing_hidden(self, entry: Entry, nbgraded: Mapping[str, Seen]) -> None:
        assert nbgraded[entry.id].leaks == []

    def test_the_class_is_graded_to_its_end(self, nbgraded: Mapping[str, Seen]) -> None:
        assert nbgraded[""].score == 0  # nbgrader's exit code
        assert set(nbgraded) == {"", *(entry.id for entry in entries())}

    def test_nothing_is_left_behind(self, nbgraded: Mapping[str, Seen]) -> None:
        assert nbgraded[""].changed == []
        assert nbgraded[""].left == []
        assert nbgraded[""].connections == []


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Nothing yet."""
