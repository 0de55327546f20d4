"""Which lines and numbers of a gap a student is shown, and what is said of a cell that did not get to its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.course.course import Course
from autograder.judging import display, stories
from autograder.judging.mistakes import Named, known_mistakes
from autograder.judging.scoring import MESSAGES
from autograder.model import Answer, Case, Gap, Numbers, Outcome, Plan, Story, Twin, TwinKind
from lab.raised import Around
from lab.texts import ERRORS, WHEN_USED

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return Course(ROOT, "display").plan("01_neuron")


@pytest.fixture(scope="module")
def gap(plan: Plan) -> Gap:
    return replace(plan.gap("products"), outputs=("a", "b"), open_twins=("A",))


@pytest.mark.parametrize(
    ("line", "sets"),
    [
        ("a = 1", True),
        ("    self.a = dvalues * 2", True),
        ("a[0][i] += 3", True),
        ("b, a = 1, 2", True),
        ("c = a = 1", True),
        ("a: float = 1", True),
        ("c = a", False),
        ("if a == 1:", False),
        ("print(a, end='')", False),
        ("# a = 1", False),
        ("a != 1", False),
        ("return a", False),
    ],
)
def test_a_line_sets_what_stands_before_its_sign(gap: Gap, line: str, sets: bool) -> None:
    assert display.setting_lines(f"x = 0\n{line}", gap) == ((2,) if sets else ())


def test_only_the_lines_of_wrong_results_are_marked_if_they_are_known(gap: Gap) -> None:
    assert display.setting_lines("a = 1\nb = 2", gap) == (1, 2)
    assert display.setting_lines("a = 1\nb = 2", gap, ["b"]) == (2,)


def test_what_a_function_returns_counts_where_the_gap_is_a_function(gap: Gap) -> None:
    source = "def f(x):\n    y = x\n    return y"
    assert display.setting_lines(source, gap) == ()
    assert display.setting_lines(source, replace(gap, driver="a = f(1)")) == (3,)


def test_a_cell_that_is_no_python_has_its_lines_too(gap: Gap) -> None:
    assert display.setting_lines("a = (1 +\nb = ]", gap) == (1, 2)


def case(gap: Gap, got: dict[str, Answer], want: dict[str, Answer]) -> Case:
    kinds = {"P": TwinKind.PAGE, "A": TwinKind.GENERAL, "hidden": TwinKind.GENERAL}
    twins = tuple(Twin(name=name, kind=kinds[name], givens={}) for name in got)
    return Case(gap=gap, twins=twins, want=want, got=got, documents={})


def answer(**values: object) -> Answer:
    return Answer(outcome=Outcome.ANSWERED, values=values)  # type: ignore[arg-type]


def test_numbers_are_compared_on_the_page_first_and_never_on_a_hidden_twin(gap: Gap) -> None:
    right, wrong = answer(a=1.0, b=2.0), answer(a=1.0, b=3.0)
    everywhere = dict.fromkeys(("P", "A", "hidden"), right)
    (found,) = display.comparisons(case(gap, {**everywhere, "P": wrong, "A": wrong}, everywhere))
    assert (found.output, found.twin, found.yours.entries, found.wanted.entries) == ("b", TwinKind.PAGE, ("3",), ("2",))
    (found,) = display.comparisons(case(gap, {**everywhere, "A": wrong}, everywhere))
    assert found.twin is TwinKind.GENERAL
    hidden = case(gap, {**everywhere, "hidden": wrong}, everywhere)
    assert display.comparisons(hidden) == ()
    assert display.wrong_outputs(hidden) == ("b",)


def test_places_that_differ_are_named_unless_the_shapes_do(gap: Gap) -> None:
    want = {"P": answer(a=np.array([[1.0, 2.0], [3.0, 4.0]]), b=0.0)}
    (found,) = display.comparisons(case(gap, {"P": answer(a=[[1, 2], [3, 5]], b=0)}, want))
    assert found.differs == (3,)
    (found,) = display.comparisons(case(gap, {"P": answer(a=[1, 2, 3, 4], b=0)}, want))
    assert (found.differs, found.yours.shape, found.wanted.shape) == ((), (4,), (2, 2))


def test_a_row_is_read_as_a_vector_where_the_gap_takes_both_and_shown_as_a_row_elsewhere(gap: Gap) -> None:
    want = {"P": answer(a=np.array([1.0, 2.0]), b=np.array([1.0, 2.0]))}
    row = np.array([[1.0, 5.0]])
    found = display.comparisons(case(replace(gap, accepts_row=("a",)), {"P": answer(a=row, b=row)}, want))
    assert [(one.yours.shape, one.differs) for one in found] == [((2,), (1,)), ((1, 2), ())]


def test_numbers_that_differ_little_are_shown_with_the_digits_that_tell(gap: Gap) -> None:
    want = {"P": answer(a=1.0, b=1 / 3)}
    (found,) = display.comparisons(case(gap, {"P": answer(a=1.0, b=0.33333334)}, want))
    assert found.yours.entries != found.wanted.entries


def test_what_is_no_number_is_not_compared(gap: Gap) -> None:
    assert display.comparisons(case(gap, {"P": answer(a="x", b=None)}, {"P": answer(a=1.0, b=2.0)})) == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, ("1",)),
        (-0.0, ("0",)),
        (-0.1, ("−0.1",)),
        (float("nan"), ("nan",)),
        (True, ("True",)),
        (1 + 2j, ("(1+2j)",)),
        ([0.1, 0.2], ("0.1", "0.2")),
    ],
)
def test_numbers_are_written_as_a_student_reads_them(value: object, shown: tuple[str, ...]) -> None:
    assert display.numbers(np.asarray(value)).entries == shown


def test_of_a_large_array_whole_rows_are_shown() -> None:
    assert len(display.numbers(np.zeros((100, 5))).entries) == 70
    assert len(display.numbers(np.zeros(1000)).entries) == display.MOST_ENTRIES
    assert display.numbers(np.zeros((0, 3))) == Numbers(shape=(0, 3), entries=())
    assert display.numbers(np.zeros((3, 0))) == Numbers(shape=(3, 0), entries=())


def raised(problem: str, line: int = 3) -> Answer:
    return Answer(outcome=Outcome.RAISED, problem=problem, line=line)


def test_an_error_is_told_with_its_line_what_it_means_and_a_question() -> None:
    told = stories.of_end(raised("NameError: name 'q' is not defined"), Around())
    assert told.seen == "NameError came up in line 3 of the cell: name 'q' is not defined."
    assert told.meaning
    assert told.question.endswith("?")


def test_the_words_of_an_error_on_hidden_numbers_are_not_told() -> None:
    told = stories.of_end(raised("ValueError: 0.1234"), None)
    assert told.seen == "On hidden numbers, ValueError came up in line 3 of the cell; on the page's it did not."
    assert "0.1234" not in stories.of_end(raised("My0.1234Error: x"), None).text


def test_the_replay_s_own_names_of_cells_are_not_told() -> None:
    assert stories.of_end(raised("SyntaxError: '(' was never closed (<cell 5>, line 2)"), Around()).seen == (
        "SyntaxError came up in line 3 of the cell: '(' was never closed."
    )


def test_an_error_whose_words_are_of_hidden_numbers_is_told_by_its_type_alone() -> None:
    told = stories.of_end(raised("NameError: name 'n01234' is not defined"), None)
    assert (told.meaning, told.question) == ERRORS["NameError"]


def test_where_an_error_came_up_is_known_by_the_line_and_the_names_before_the_gap(gap: Gap) -> None:
    answer = raised("NameError: name 'wieght' is not defined", line=1)
    around = stories.around_of(gap, "a = wieght", answer, {"weight": 2.0})
    assert "the nearest name that exists is `weight`" in stories.of_end(answer, around).meaning


def test_what_a_gap_used_and_failed_on_is_asked_about_what_it_returns(gap: Gap) -> None:
    answer = raised("RuntimeError: no", line=0)
    around = stories.around_of(replace(gap, driver="a = f(1)"), "def f(x): pass", answer, {})
    assert stories.of_end(answer, around).question == WHEN_USED


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("AttributeError: 'list' object has no attribute 'T'", "q" + ".T" * 1990),
        ("TypeError: 'float' object is not subscriptable", "q" + "[0]" * 1300),
        ("TypeError: 'float' object is not subscriptable", "[" + "q[0]," * 650 + "]"),
        ("TypeError: unsupported operand type(s) for -: 'list' and 'list'", "q" + " - q" * 990),
        ("ValueError: operands could not be broadcast together with shapes (3,) (2,)", "q" + ".T*q" * 990),
        ("NameError: name 'q' is not defined", "-" * 3900 + "q"),
        ("NameError: name 'q' is not defined", "q = 1\n" * 10**6),
    ],
)
def test_a_cell_that_is_hard_to_read_costs_no_more_than_its_own_translation(gap: Gap, kind: str, source: str) -> None:
    answer = raised(kind, line=1)
    told = stories.of_end(answer, stories.around_of(gap, source, answer, {"q": [1.0, 2.0]}))
    assert told.seen.startswith(kind.partition(":")[0])


def test_an_error_with_a_name_is_told_with_both() -> None:
    end = Story(seen="TypeError came up.", meaning="m", question="q?")
    (one, *_) = known_mistakes(Course(ROOT, "display"), "01_neuron")
    told = stories.of_named_end(end, Named(slug=one.slug, mistake=one))
    assert told == Story(
        name=one.name, seen=f"TypeError came up. {one.seen}", meaning=one.meaning, question=one.question
    )
    family = stories.of_named_end(end, Named(slug="factor", family_name="a factor"))
    assert family == Story(name="a factor", seen="TypeError came up.", meaning="m", question="q?")


@pytest.mark.parametrize("outcome", [Outcome.STOPPED, Outcome.DIED])
def test_a_cell_that_was_ended_is_told_in_whole_sentences(outcome: Outcome) -> None:
    told = stories.of_end(Answer(outcome=outcome, problem="it ran for more than 2 s"), None)
    assert told.seen.startswith("It ran for more than 2 s")
    assert told.question.endswith("?")


def test_every_status_without_checks_has_words() -> None:
    assert all(text.endswith(".") for text in MESSAGES.values())
