"""Every attack, by the kit's engine: exactly the honest points, nothing seen, nothing changed, nothing left."""

from __future__ import annotations

import json
from collections.abc import Callable

from autograder.model import Status

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


def test_what_attacks_put_into_verdicts_is_one_line_each(attacked: Callable[[Entry], Seen]) -> None:
    for entry in entries():
        if entry.id[0] in "EG":
            parsed = json.loads(attacked(entry).visible.split("\n")[0])
            assert all("\n" not in gap["message"] for gap in parsed["gaps"]), entry.id


def test_outputs_of_a_notebook_are_text_and_pictures(attacked: Callable[[Entry], Seen]) -> None:
    entry = next(entry for entry in entries() if entry.id.startswith("G01"))
    outputs = json.loads(attacked(entry).visible.split("\n")[-1])
    kinds = {kind for shown in outputs.values() for output in shown for kind in output.get("data", {})}
    assert kinds <= {"text/plain", "image/png"}


def test_the_engine_of_these_tests_is_the_kits(engine: Engine) -> None:
    assert engine.grader.isolation
