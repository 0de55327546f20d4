"""The rule that names a wrong answer, on transcripts made up for one gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autograder.judging.mistakes import Mistake, name_of
from autograder.model import Answer, CellKind, Gap, Outcome, Plan, Submission, Transcript, Twin, TwinKind
from autograder.model import Cell as CourseCell

KINDS = {"page": TwinKind.PAGE, "open": TwinKind.GENERAL, "hidden": TwinKind.GENERAL, "kink": TwinKind.EDGE}


def gap(**changes: Any) -> Gap:
    fields: dict[str, Any] = {
        "name": "slope",
        "notebook": "tiny",
        "points": 4.0,
        "edge_points": 1.0,
        "conduct_points": 1.0,
        "inputs": ("z",),
        "outputs": ("slope",),
        "driver": "",
        "results": {},
        "supplies": (),
        "closed": False,
        "accepts_row": (),
        "tolerance": 1e-9,
        "open_twins": ("open",),
        "minutes": 1,
        "difficulty": 1,
        "solution": "slope = z",
        "stub": "",
    }
    return Gap(**{**fields, **changes})


def mistake(slug: str, family: str = "factor", **changes: Any) -> Mistake:
    texts = {"source": "", "name": slug, "seen": "", "meaning": "", "question": ""}
    return Mistake(**{"gap": "slope", "slug": slug, "family": family, "family_name": "", **texts, **changes})


def gave(*values: Any, **more: Any) -> Transcript:
    """What a cell gave for `slope` on the page, the open, the hidden and the kink twin; an exception is one it raised.

    `touched` and its kin hold on every twin.
    """
    return Transcript(
        answers={name: {"slope": _answer(value, more)} for name, value in zip(KINDS, values, strict=True)}
    )


def _answer(value: Any, more: Mapping[str, Any]) -> Answer:
    if isinstance(value, Exception):
        return Answer(outcome=Outcome.RAISED, problem=f"{type(value).__name__}: {value}")
    return Answer(outcome=Outcome.ANSWERED, values={"slope": value}, **more)


def named(transcript: Transcript, known: Mapping[Mistake, Transcript], of: Gap | None = None, only: str = "") -> str:
    """The name of an answer, and whether only the open numbers gave it; `only` is a twin that judges other gaps alone.

    The right values are those of RIGHT.
    """
    asked = of or gap()
    twins = tuple(
        Twin(name=name, kind=kind, givens={}, only=frozenset() if name == only else None)
        for name, kind in KINDS.items()
    )
    cells = (CourseCell(kind=CellKind.GAP, source="", grade_id="slope"),)
    source = Submission(assignment="a", notebook="tiny", sha256="", cells=cells)
    plan = Plan(assignment="a", notebook="tiny", gaps=(asked,), twins=twins, source=source)
    found = name_of(plan, asked, transcript, known, RIGHT)
    assert (found.mistake.slug if found.mistake else found.slug) == found.slug
    return f"{found.slug}, in the open" if found.in_the_open else found.slug


RIGHT = gave(1.0, 2.0, 3.0, 0.0)
DOUBLE, HALF = mistake("double"), mistake("half")


def test_an_answer_gets_the_name_of_the_mistake_that_gives_the_same_on_every_twin() -> None:
    assert named(gave(2.0, 4.0, 6.0, 0.0), {DOUBLE: gave(2, 4, 6, 0), HALF: gave(0.5, 1, 1.5, 0)}) == "double"


def test_an_answer_like_no_known_mistake_has_no_name() -> None:
    assert named(gave(3.0, 6.0, 9.0, 0.0), {DOUBLE: gave(2, 4, 6, 0), HALF: gave(0.5, 1, 1.5, 0)}) == ""


def test_one_twin_that_may_be_seen_and_differs_is_enough_for_no_name() -> None:
    for values in ((7, 4, 6, 0), (2, 7, 6, 0)):
        assert named(gave(*values), {DOUBLE: gave(2, 4, 6, 0)}) == ""


def test_what_the_notebook_has_named_keeps_its_name_though_hidden_numbers_show_something_else() -> None:
    for values in ((2, 4, 7, 0), (2, 4, 6, 7)):
        assert named(gave(*values), {DOUBLE: gave(2, 4, 6, 0)}) == "double, in the open"


def test_an_open_corner_case_that_shows_something_else_does_not_take_the_name_of_the_other_numbers() -> None:
    seen = gap(open_twins=("open", "kink"))
    assert named(gave(2, 4, 6, 7), {DOUBLE: gave(2, 4, 6, 0)}, seen) == "double, in the open"
    assert named(gave(1, 2, 3, 7), {mistake("other_corner"): gave(1, 2, 3, 8)}, seen) == ""


def test_a_mistake_that_is_right_on_the_other_numbers_does_not_name_a_conduct() -> None:
    seen = gap(open_twins=("open", "kink"))
    known = {mistake("corner"): gave(1, 2, 3, 8)}
    assert named(gave(1, 2, 3, 7, touched=("x",)), known, seen) == ""


def test_what_is_right_in_the_notebook_has_no_name_by_it() -> None:
    hidden_only = {mistake("hidden_only"): gave(1, 2, 7, 0)}
    assert named(gave(1, 2, 7, 0), hidden_only) == "hidden_only"
    assert named(gave(1, 2, 8, 0), hidden_only) == ""


def test_a_name_on_all_numbers_comes_before_one_in_the_open() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0), mistake("other", "sign"): gave(2, 4, 7, 0)}
    assert named(gave(2, 4, 7, 0), known) == "other"


def test_mistakes_that_are_alike_on_the_page_are_told_apart_by_a_hidden_twin() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0), mistake("square", "sum_and_product_rule"): gave(2, 4, 9, 0)}
    assert named(gave(2, 4, 6, 0), known) == "double"
    assert named(gave(2, 4, 9, 0), known) == "square"
    assert named(gave(2, 4, 5, 0), known) == ""


def test_several_mistakes_of_one_family_give_the_family() -> None:
    assert named(gave(2, 4, 6, 0), {DOUBLE: gave(2, 4, 6, 0), HALF: gave(2, 4, 6, 0)}) == "factor"


def test_several_mistakes_of_different_families_give_no_name() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0), mistake("other", "sign"): gave(2, 4, 6, 0)}
    assert named(gave(2, 4, 6, 0), known) == ""


def test_a_mistake_of_another_gap_is_no_name() -> None:
    assert named(gave(2, 4, 6, 0), {mistake("elsewhere", gap="value"): gave(2, 4, 6, 0)}) == ""


def test_what_raises_everywhere_has_no_name() -> None:
    raised = gave(*[TypeError("no")] * 4)
    assert named(raised, {DOUBLE: raised}) == ""


def test_what_raises_on_single_twins_is_compared_there_by_the_kind_of_its_exception() -> None:
    known = {DOUBLE: gave(2, 4, AttributeError("one text"), 0)}
    assert named(gave(2, 4, AttributeError("another text"), 0), known) == "double"
    assert named(gave(2, 4, TypeError("one text"), 0), known) == "double, in the open"


def test_shapes_that_do_not_fit_are_one_kind_in_a_loop_and_in_numpy() -> None:
    known = {DOUBLE: gave(2, ValueError("shapes (2,3) and (2,3) not aligned"), ValueError(), 0)}
    assert named(gave(2, IndexError("index 3 is out of bounds"), ValueError(), 0), known) == "double"


def test_what_raises_where_the_mistake_answers_has_no_name() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0)}
    assert named(gave(2, ValueError(), 6, 0), known) == ""
    assert named(gave(2, 4, 6, 0), {DOUBLE: gave(2, ValueError(), 6, 0)}) == ""


def test_a_mistake_of_conduct_alone_has_right_values_and_changed_inputs() -> None:
    known = {mistake("in_place", "state"): gave(1, 2, 3, 0, touched=("z",))}
    assert named(gave(1, 2, 3, 0, touched=("z",)), known) == "in_place"


def test_right_values_with_another_fault_of_conduct_have_no_name() -> None:
    known = {mistake("in_place", "state"): gave(1, 2, 3, 0, touched=("z",))}
    assert named(gave(1, 2, 3, 0), known) == ""
    assert named(gave(1, 2, 3, 0, touched=("z", "y")), known) == ""
    assert named(gave(1, 2, 3, 0, repeats=False), known) == ""
    assert named(gave(1, 2, 3, 0, needs_globals=True), known) == ""


def test_wrong_values_are_named_even_if_inputs_were_changed_on_the_way() -> None:
    assert named(gave(2, 4, 6, 0, touched=("z",)), {DOUBLE: gave(2, 4, 6, 0)}) == "double"


def test_of_two_mistakes_with_the_same_values_the_one_with_the_same_conduct_comes_first() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0), mistake("double_in_place", "state"): gave(2, 4, 6, 0, touched=("z",))}
    assert named(gave(2, 4, 6, 0), known) == "double"
    assert named(gave(2, 4, 6, 0, touched=("z",)), known) == "double_in_place"
    assert named(gave(2, 4, 6, 0, repeats=False), known) == "double"


def test_conduct_does_not_count_in_a_gap_without_points_for_it() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0), HALF: gave(0, 0, 0, 0, touched=("z",))}
    assert named(gave(0, 0, 0, 0), known, of=gap(conduct_points=0.0)) == "half"


def test_a_twin_that_does_not_judge_the_gap_does_not_count() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0)}
    assert named(gave(2, 4, 6, 1), known) == "double, in the open"
    assert named(gave(2, 4, 6, 1), known, only="kink") == "double"


def test_values_agree_up_to_the_tolerance_of_the_gap() -> None:
    known = {DOUBLE: gave(2, 4, 6, 0)}
    assert named(gave(2 + 1e-7, 4, 6, 0), known) == ""
    assert named(gave(2 + 1e-7, 4, 6, 0), known, of=gap(tolerance=1e-6)) == "double"


def test_numbers_of_another_type_are_the_same_answer() -> None:
    arrays = [np.array([2, 0]), np.array([4.0, 1.0]), np.array([True, False]), np.array([0, 0])]
    lists = [[2.0, 0.0], (4, 1), [1, 0], [False, False]]
    assert named(gave(*lists), {DOUBLE: gave(*arrays)}) == "double"


def test_another_shape_is_another_answer() -> None:
    known = {DOUBLE: gave(*[[2.0, 4.0]] * 4)}
    assert named(gave(*[[[2.0, 4.0]]] * 4), known) == ""


def test_a_row_is_the_same_answer_where_the_gap_accepts_one() -> None:
    flat, row = gave(*[[2.0, 4.0]] * 4), gave(*[[[2.0, 4.0]]] * 4)
    accepting = gap(accepts_row=("slope",))
    assert named(row, {DOUBLE: flat}, of=accepting) == named(flat, {DOUBLE: row}, of=accepting) == "double"


def test_no_value_is_named_like_any_other_answer() -> None:
    assert named(gave(*[None] * 4), {mistake("nothing", "incomplete"): gave(*[None] * 4)}) == "nothing"


def test_an_output_that_was_not_set_is_another_answer() -> None:
    unset = Transcript(answers={name: {"slope": Answer(outcome=Outcome.ANSWERED)} for name in KINDS})
    assert named(unset, {DOUBLE: gave(2, 4, 6, 0)}) == ""
    assert named(gave(2, 4, 6, 0), {DOUBLE: unset}) == ""


@pytest.mark.parametrize("outcome", [Outcome.STOPPED, Outcome.DIED, Outcome.ABSENT])
def test_what_gave_no_answer_has_no_name(outcome: Outcome) -> None:
    ended = Transcript(answers={name: {"slope": Answer(outcome=outcome)} for name in KINDS})
    assert named(ended, {DOUBLE: ended}) == ""
