"""One verdict under every secret, and no hidden number twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.author.secrets import depending
from autograder.course.course import Course
from autograder.model import Plan, Twin, TwinKind

from .test_twins import drawn


def test_every_known_mistake_loses_the_same_under_twenty_secrets(course: Course) -> None:
    assert depending(course, [f"secret {number}" for number in range(20)]) == {}


@pytest.mark.long
def test_every_known_mistake_and_every_small_change_loses_the_same_under_two_hundred_secrets(course: Course) -> None:
    assert depending(course, [f"secret {number}" for number in range(200)], small_changes=True) == {}


def numbers_of(plan: Plan, twin: Twin) -> list[str]:
    """What a twin is made of for each gap that it judges, with what stands in for the page's values."""
    page = plan.page.givens
    own = {name: value for name, value in twin.givens.items() if repr(value) != repr(page[name])}
    judged = [gap.name for gap in plan.gaps if twin.judges(gap.name)]
    return [repr((gap, own, twin.probes.get(gap), twin.before.get(gap))) for gap in judged]


def test_no_hidden_set_of_numbers_repeats_between_two_secrets(root: Path, course: Course) -> None:
    seen: set[str] = set()
    for number in range(50):
        other = Course(root, f"secret {number}")
        for name in course.sources:
            plan = other.plan(name)
            new = [one for twin in drawn(plan) for one in numbers_of(plan, twin)]
            assert not seen.intersection(new)
            seen.update(new)


def test_general_numbers_are_hit_by_no_short_decimal(plans: tuple[Plan, ...]) -> None:
    """Else a rounded answer would be right."""
    short = {}
    for plan in plans:
        for twin in drawn(plan):
            if twin.kind is TwinKind.GENERAL:
                short[plan.notebook, twin.name] = [one for one in _floats(twin) if one and round(one, 6) == one]
    assert {place: values for place, values in short.items() if values} == {}


def _floats(twin: Twin) -> list[float]:
    parts = [twin.givens, *twin.probes.values(), *twin.before.values()]
    values = [np.asarray(value) for part in parts for name, value in part.items() if name in DRAWN]
    return [float(one) for value in values if value.dtype.kind == "f" for one in value.flat]


DRAWN = {"x", "w", "b", "dvalue", "values", "z", "dvalues", "inputs", "weights", "biases", "weights_by_neuron"}
"""Givens that general twins draw."""
