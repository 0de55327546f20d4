"""Answers of fewer digits are judged at their type's precision; no mistake and no rounding hides behind that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograder.author.mutation import mutants
from autograder.author.verify import _packed
from autograder.course.cells import with_answers
from autograder.course.data import folders_of
from autograder.judging import checking
from autograder.model import CheckKind, Gap, Plan, Transcript
from lab.judge import narrowed

from .conftest import ROOT

NOTEBOOKS = [path.stem for path in sorted((ROOT / "source").glob("*/*.ipynb"))]
WHOLE = {
    "relu_dz": "slopes are 0 or 1",
    "relu_mask": "slopes are 0 or 1",
    "silent_neurons": "counts and truths",
    "shapes_dinputs": "counts",
    "shapes_parameters": "counts",
}
"""Gaps whose results are whole numbers, so that there is nothing to round."""


def changed(transcript: Transcript, change: Callable[[Any], Any]) -> Transcript:
    """A transcript in which every value has been changed."""
    answers = {
        twin: {
            gap: replace(answer, values={name: change(value) for name, value in answer.values.items()})
            for gap, answer in by_gap.items()
        }
        for twin, by_gap in transcript.answers.items()
    }
    return replace(transcript, answers=answers)


CHECKS = checking.checks_in(folders_of(ROOT).checks)


def lost(plan: Plan, gap: Gap, transcript: Transcript, reference: Transcript) -> set[CheckKind]:
    """Which shares of its points an answer loses; a wrong value takes the others with it."""
    found = checking.results(CHECKS, checking.case_of(plan, gap, transcript, reference))
    kinds = {kind for kind, result in found if not result.passed}
    return {CheckKind.VALUE} if CheckKind.VALUE in kinds else kinds


def in_type(element: str) -> Callable[[Any], Any]:
    return lambda value: narrowed(value, element)


@pytest.mark.parametrize("element", ["f4", "f2"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_known_mistake_loses_the_same_in_fewer_digits_and_a_right_answer_nothing(name, element, grader):
    plan, reference = grader.course.plan(name), grader.reference(name)
    differ = [
        mistake.slug
        for mistake, its in grader.known_mistakes(name).items()
        if lost(plan, plan.gap(mistake.gap), its, reference)
        != lost(plan, plan.gap(mistake.gap), changed(its, in_type(element)), reference)
    ]
    right = changed(reference, in_type(element))
    assert differ == []
    assert {gap.name: found for gap in plan.gaps if (found := lost(plan, gap, right, reference))} == {}


@pytest.mark.long
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_small_change_loses_the_same_in_fewer_digits(name, grader):
    plan, reference = grader.course.plan(name), grader.reference(name)
    packed = list(_packed(plan, [(gap.name, mutant) for gap in plan.gaps for mutant in mutants(gap.solution)]))
    submissions = [with_answers(plan, {gap: one.source for gap, one in carried.items()}) for carried in packed]
    differ = []
    for carried, its in zip(packed, grader.replay_ours(name, submissions), strict=True):
        for element in ("f4", "f2"):
            cast = changed(its, in_type(element))
            differ += [
                (element, gap, mutant.change)
                for gap, mutant in carried.items()
                if lost(plan, plan.gap(gap), its, reference) != lost(plan, plan.gap(gap), cast, reference)
            ]
    assert differ == []


def rounded(digits: int) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(map(change, value))
        return np.round(value, digits) if np.asarray(value).dtype.kind == "f" else value

    return change


@pytest.mark.parametrize("digits", [2, 3, 4, 6])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_rounded_answers_are_wrong_in_every_gap(name, digits, grader):
    plan, reference = grader.course.plan(name), grader.reference(name)
    for gap in plan.gaps:
        for output in gap.answers:
            its = only(output, rounded(digits), reference)
            is_fine = gap.name in WHOLE or (gap.name, output) in CONSTANT or 10.0**-digits <= gap.tolerance
            assert (CheckKind.VALUE in lost(plan, gap, its, reference)) is not is_fine, (gap.name, output)


def only(output: str, change: Callable[[Any], Any], transcript: Transcript) -> Transcript:
    """A transcript in which one output has been changed."""
    answers = {
        twin: {gap: replace(answer, values=_with(answer.values, output, change)) for gap, answer in by_gap.items()}
        for twin, by_gap in transcript.answers.items()
    }
    return replace(transcript, answers=answers)


def _with(values: Mapping[str, Any], output: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: change(value) if name == output else value for name, value in values.items()}


CONSTANT = {
    *(("drelu_dxw", f"dsum_{end}") for end in ("dxw0", "dxw1", "dxw2", "db")),
    ("gradients", "db"),
    ("backward_chain", "called"),
}
"""Results that are whole numbers on any twin: local derivatives of a sum, a slope of ReLU, an order of calls."""
