"""Every attack, by one `nbgrader autograde` for all: the same points, nothing seen, nothing changed, nothing left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from autograder.judging.feedback import WORDS
from autograder.model import Status

from .conftest import NBGRADERS_PART
from .engine import Engine, Seen
from .entries import Entry, entries


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


def test_pages_of_feedback_hold_no_more_than_an_honest_page(nbgraded: Callable[[bool], Mapping[str, Seen]]) -> None:
    pages = nbgraded(True)
    honest = pages["A14_cells_reversed"].markup
    assert honest
    for entry in entries():
        if entry.id[0] in "DG":
            assert pages[entry.id].markup, f"{entry.id} has no page of feedback"
            assert set(pages[entry.id].markup) <= set(honest), entry.id
