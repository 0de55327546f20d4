"""`documents.toml`, the reference values of the documents, against the source notebooks run by the real engine."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from autograder.course.course import Course
from autograder.course.data import documents, folders_of
from autograder.course.tables import Documents
from autograder.course.typed import read_if_there
from autograder.judging.grading import Grader
from autograder.model import DocumentValue, Plan, TwinKind
from lab.judge import as_array, difference

from .conftest import ROOT
from .inventory import cells, prose

PRINTED_BY_NUMPY = 5e-9
"""Half a unit in the eighth decimal place, the last that numpy prints; Python prints all places."""

WITHOUT_DOCUMENT_VALUE = {
    (row.gap, row.output): row.reason
    for row in read_if_there(folders_of(ROOT).checks / "documents.toml", Documents).no_value
}


def shown(value: DocumentValue) -> str:
    return f"{value.gap}.{value.output} on {value.twin}"


def plan_of(gap: str, course: Course) -> Plan:
    return next(plan for plan in map(course.plan, course.sources) if gap in [one.name for one in plan.gaps])


def reference_of(value: DocumentValue, grader: Grader) -> np.ndarray:
    plan = plan_of(value.gap, grader.course)
    found = as_array(grader.reference(plan.notebook).answer(value.twin, value.gap).values[value.output])
    assert found is not None
    return found


def misprints(printed: str, reference: np.ndarray) -> list[str]:
    """Numbers of a printed text that are not the reference, rounded to as many places as were printed."""
    texts = re.findall(r"-?\d+(?:\.\d*)?(?:e[+-]?\d+)?", printed)
    if len(texts) != reference.size:
        return [f"{len(texts)} numbers are printed, the reference has {reference.size}"]
    wrong = []
    for text, number in zip(texts, reference.ravel().tolist(), strict=True):
        exponent = Decimal(text).as_tuple().exponent
        assert isinstance(exponent, int)
        if round(number, -exponent) != float(text) or abs(number - float(text)) > PRINTED_BY_NUMPY:
            wrong.append(f"{text} for {number!r}")
    return wrong


@pytest.fixture(scope="module")
def values() -> tuple[DocumentValue, ...]:
    return documents(folders_of(ROOT))


def test_every_value_belongs_to_an_answer_of_a_gap_on_one_of_its_pages(
    values: tuple[DocumentValue, ...], course: Course
) -> None:
    for value in values:
        plan = plan_of(value.gap, course)
        assert value.output in plan.gap(value.gap).answers, shown(value)
        assert value.twin in [twin.name for twin in plan.judging(value.gap, TwinKind.PAGE)], shown(value)


def test_every_answer_has_at_most_one_value_on_each_page(values: tuple[DocumentValue, ...]) -> None:
    often = Counter((value.gap, value.output, value.twin) for value in values)
    assert [key for key, count in often.items() if count > 1] == []


def test_every_answer_has_a_value_on_every_page_but_those_that_the_documents_do_not_have(
    values: tuple[DocumentValue, ...], plans: tuple[Plan, ...]
) -> None:
    given = {(value.gap, value.output, value.twin) for value in values}
    wanted = {
        (gap.name, name, twin.name)
        for plan in plans
        for gap in plan.gaps
        for name in gap.answers
        for twin in plan.judging(gap.name, TwinKind.PAGE)
        if (gap.name, name) not in WITHOUT_DOCUMENT_VALUE
    }
    assert given ^ wanted == set()


def test_every_value_is_the_references_own_to_nine_places(values: tuple[DocumentValue, ...], grader: Grader) -> None:
    wrong = {
        shown(value): found.text
        for value in values
        if (found := difference(reference_of(value, grader), value.value, tolerance=1e-9)) is not None
    }
    assert wrong == {}


def test_every_printed_digit_is_the_references(values: tuple[DocumentValue, ...], grader: Grader) -> None:
    wrong = {
        shown(value): found
        for value in values
        if value.printed and (found := misprints(value.printed, reference_of(value, grader)))
    }
    assert wrong == {}


def test_every_cell_named_is_one_of_the_documents(values: tuple[DocumentValue, ...]) -> None:
    known = {*cells(), *prose()}
    unknown = {shown(value): [cell for cell in value.cells if cell not in known] for value in values}
    assert {value: names for value, names in unknown.items() if names} == {}


def test_every_value_names_at_least_one_cell(values: tuple[DocumentValue, ...]) -> None:
    assert [shown(value) for value in values if not value.cells] == []


@pytest.mark.parametrize(
    ("printed", "reference"),
    [
        ("5.9860000000000011", [5.986000000000001 + 2e-15]),
        ("[0.44 -0.38]", [0.44, -0.37]),
        ("0.44", [0.4412]),
        ("1", [1.0, 1.0]),
    ],
)
def test_a_wrong_digit_a_missing_digit_and_a_missing_number_are_seen(printed: str, reference: list[float]) -> None:
    assert misprints(printed, np.array(reference)) != []
