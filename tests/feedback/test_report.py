"""What an instructor reads in the terminal when a class has been graded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from autograder.classes.report import terminal as report
from autograder.course.course import Course
from autograder.judging.mistakes import known_mistakes
from autograder.model import GapResult, Record, Status

ROOT = Path(__file__).parents[2]
MISTAKES = known_mistakes(Course(ROOT, ""), "02_chain")


def result(gap: str, status: Status, mistake: str = "") -> GapResult:
    return GapResult(gap=gap, points=2.0, score=2.0 * (status is Status.RIGHT), status=status, mistake=mistake)


def record(student: str, *results: GapResult) -> Record:
    return Record(
        student=student,
        assignment="1_neuron",
        notebook="02_chain",
        submission="",
        suite="",
        score=sum(result.score for result in results),
        max_score=2.0 * len(results),
        isolation="",
        gaps=results,
    )


CLASS = (
    record("ada", result("relu_dz", Status.RIGHT), result("neuron_backward", Status.RIGHT)),
    record(
        "ben",
        result("relu_dz", Status.RAISED),
        result("neuron_backward", Status.WRONG, "neuron_backward_upstream_forgotten"),
    ),
    record(
        "cem",
        result("relu_dz", Status.WRONG, "relu_dz_constant_one"),
        result("neuron_backward", Status.WRONG, "neuron_backward_upstream_forgotten"),
    ),
    record("dora", result("relu_dz", Status.MISSING), result("neuron_backward", Status.UNTOUCHED)),
    record("eve", result("relu_dz", Status.WRONG), result("neuron_backward", Status.WRONG, "neuron_backward_db_one")),
)


def printed(records: Sequence[Record], width: int = 80) -> str:
    screen = StringIO()
    report.print_class(Console(file=screen, width=width), records, MISTAKES)
    return screen.getvalue()


def test_a_step_names_its_commonest_mistake_and_how_often_it_happened() -> None:
    by_gap = {step.gap: step for step in report.steps(CLASS, MISTAKES)}
    step = by_gap["neuron_backward"]
    assert (step.right, step.total) == (1, 5)
    assert (step.commonest, step.times) == ("The upstream gradient is left out", 2)


def test_of_equals_the_mistake_with_a_name_is_told() -> None:
    by_gap = {step.gap: step for step in report.steps(CLASS, MISTAKES)}
    assert by_gap["relu_dz"].commonest == "The number 1, whatever z is"


def test_of_one_notebook_everything_is_said_about_every_gap() -> None:
    one = record(
        "bea",
        result("relu_dz", Status.RIGHT),
        result("neuron_backward", Status.REVIEW),
    )
    said = printed([msgspec.structs.replace(one, score=None, remarks=("A [bold]remark[/bold].\x1b",))])
    assert re.search(r"relu_dz +2 of 2", said)
    assert re.search(r"neuron_backward +by hand", said)
    assert "A [bold]remark[/bold].\N{REPLACEMENT CHARACTER}" in said
    assert "To be graded by hand: bea" in said


def test_who_did_not_try_made_no_mistake() -> None:
    nobody = [record("dora", result("relu_dz", Status.MISSING), result("neuron_backward", Status.UNREADABLE))]
    assert [(step.commonest, step.times) for step in report.steps(nobody, MISTAKES)] == [("", 0), ("", 0)]
    assert "Commonest mistakes" not in printed(nobody)


def test_the_class_ends_with_its_commonest_mistakes_and_where_they_happened() -> None:
    (first, second) = report.families(CLASS, MISTAKES)
    assert (first.name, first.times, first.gaps) == (
        "The upstream gradient is left out",
        3,
        (("neuron_backward", 3),),
    )
    assert second.gaps == (("relu_dz", 1),)
    assert "3 ×  The upstream gradient is left out" in printed(CLASS)
    assert "3 in neuron_backward" in printed(CLASS)
    assert "of the class" not in printed(CLASS[1:2])


@pytest.mark.parametrize("width", [50, 80, 120])
def test_no_terminal_breaks_a_word_or_a_gap(width: int) -> None:
    text = printed(CLASS, width)
    assert max(map(len, text.split("\n"))) <= width
    assert "neuron_backward" in text
    assert "The upstream gradient" in text


def test_many_notebooks_are_named_by_their_numbers() -> None:
    names = ["01_neuron", "02_chain", "03_step", "04_layer"]
    assert report._headings(names) == ["01", "02", "03", "04"]
    assert report._headings(names[:3]) == names[:3]
    assert report._headings(["a_1", "a_2", "a_3", "a_4"]) == ["a_1", "a_2", "a_3", "a_4"]
