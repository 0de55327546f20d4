"""Twins come from the course's secret alone, and data that cannot give them is refused with a text that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course import twins
from autograder.course.course import Course
from autograder.course.data import copy_course, folders_of
from autograder.model import KitError, Plan, TwinKind
from autograder.sandbox.wire import pack_all

from .conftest import ROOT

NAMES = sorted(path.stem for path in ROOT.glob("source/*/*.ipynb"))


def givens(plan: Plan) -> dict[str, object]:
    return {
        twin.name: [pack_all(part) for part in (twin.givens, *twin.probes.values(), *twin.before.values())]
        for twin in plan.twins
    }


def seeded(plan: Plan) -> set[str]:
    return {twin.name for twin in plan.twins if twin.name.rpartition("_")[2].isdecimal()}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_secret_gives_the_same_twins_and_another_secret_other_seeded_ones(name):
    one, again, other = (Course(ROOT, secret).plan(name) for secret in ("a", "a", "b"))
    assert givens(one) == givens(again)
    assert givens(one).keys() == givens(other).keys()
    differ = {twin for twin, values in givens(one).items() if values != givens(other)[twin]}
    assert differ == seeded(one)
    assert seeded(one)


@pytest.mark.parametrize("name", NAMES)
def test_every_gap_is_judged_on_a_seeded_general_twin(name):
    plan = Course(ROOT, "a").plan(name)
    for gap in plan.gaps:
        general = {twin.name for twin in plan.judging(gap.name, TwinKind.GENERAL)}
        assert general & seeded(plan), gap.name


def test_drawing_the_twins_of_one_notebook_does_not_depend_on_the_others():
    alone = Course(ROOT, "a").plan("07_all_together")
    course = Course(ROOT, "a")
    for name in course.sources:
        course.plan(name)
    assert givens(course.plan("07_all_together")) == givens(alone)


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    """The checks of notebook 02 in a copy of the course."""
    copy_course(ROOT, tmp_path)
    return folders_of(tmp_path).checks / "02_chain.toml"


DRAW = """
[[draw]]
name = "never"
kind = "general"
givens = '''
b = float(rng.normal())
'''
keep = "b > 1e9"
"""


def test_draws_that_never_keep_are_refused_with_the_condition(checks, tmp_path, monkeypatch):
    text = checks.read_text(encoding="utf-8") + DRAW
    checks.write_text(text, encoding="utf-8")
    monkeypatch.setattr(twins, "MOST_DRAWS", 50)
    with pytest.raises(KitError) as refused:
        Course(tmp_path, "a").plan("02_chain")
    said = "50 draws of never_1 did not meet `keep`: b > 1e9. Ask for less."
    assert str(refused.value).endswith(f'checks/02_chain.toml, row {text.count("[[draw]]")} of draw ("never"): {said}')


FAULTS = [
    ("name = 'relu_dz'", "name = 'relu'", "source/1_neuron/02_chain.ipynb has no cell with the grade_id relu."),
    ("name = 'dmul'", "name = 'drelu_dx'", "Make the order the same"),
    ("open = ['A',", "open = ['Z',", "`open` must list twins that judge the gap"),
    ("open = ['A',", "open = [A,", "is no valid TOML"),
    (
        "results = { dx = 'dx', dw = 'dw', db = 'db' }",
        "results = ['dx', 'dw', 'db']",
        "a table of names that the driver leaves",
    ),
]


@pytest.mark.parametrize(("old", "new", "text"), FAULTS)
def test_checks_that_do_not_fit_their_notebook_are_refused_by_name(checks, tmp_path, old, new, text):
    content = checks.read_text(encoding="utf-8").replace('"', "'")
    assert old in content
    checks.write_text(content.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KitError) as refused:
        Course(tmp_path, "a").plan("02_chain")
    assert text in str(refused.value)
    assert "02_chain.toml" in str(refused.value)


def test_a_notebook_without_checks_is_no_notebook_of_the_course(checks, tmp_path):
    checks.unlink()
    course = Course(tmp_path, "a")
    assert list(course.sources) == [name for name in Course(ROOT, "a").sources if name != "02_chain"]
    assert course.unchecked == (tmp_path / "source/1_neuron/02_chain.ipynb",)
    with pytest.raises(KitError, match=r"1_neuron/02_chain\.ipynb has no checks"):
        course.key("1_neuron", "02_chain")
