"""What a gap leaves behind besides its outputs costs nobody else: names, settings, chance, and the last digits."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.judging import checking
from autograder.judging.grading import Grader
from autograder.model import Record
from autograder.sandbox.pool import Sandbox

from .notebooks import handed_in, solutions
from .tiny import Tiny, gap, twin

PARTS = [
    "import math\nimport numpy as np\nx = np.array([1.0, -2.0])\nw = [1.0, 2.0]",
    gap("first", "y = x + 1", inputs="x", outputs="y"),
    gap("second", "z = float(np.sum(y)) + sum(w)", inputs="y w", outputs="z"),
]
TWINS = [
    twin("P", x=np.array([1.0, -2.0]), w=[1.0, 2.0]),
    twin("A", x=np.array([0.1, 0.7, 1 / 3]), w=[0.3, -0.1, 1 / 7]),
    twin("H", x=np.array([1e3 / 7]), w=[1 / 9]),
]

LEFT_BEHIND = {
    "a number called sum": "sum = 3.0",
    "numbers called list, max and len": "list = max = len = 1.5",
    "a number called np": "np = 3.0",
    "a builtin patched": "import builtins\nbuiltins.sum = lambda *_: 0.0",
    "builtins that are gone": "import builtins\nfor name in ('len', 'zip', 'sum', 'dict'): delattr(builtins, name)",
    "a function of numpy patched": "np.sum = np.add = None",
    "a function of math gone": "del math.fsum, math.sqrt",
    "numpy's tables": "np.typecodes.clear(); np.sctypeDict.clear()",
    "errors that raise": "np.seterr(all='raise')",
    "warnings that raise": "import warnings; warnings.simplefilter('error')",
    "print options": "np.set_printoptions(precision=1)",
    "little recursion": "import sys; sys.setrecursionlimit(60)",
    "nowhere to print": "import sys; sys.stdout = sys.stderr = None",
}
USES_THEM = """
s = [len(w), max(w), list(w), float(np.add(1.0, 2.0)), math.sqrt(4.0)]
np.array([1.0]) / 0.0
int(np.array([2.0])[0])
print(str(y), np.zeros(2, dtype="float64").dtype)
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
deep(200)
z = float(np.sum(y)) + sum(w)
"""


@pytest.fixture(scope="module")
def tiny(sandbox: Sandbox) -> Tiny:
    return Tiny(sandbox, PARTS, *TWINS)


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_what_a_gap_leaves_behind_costs_no_later_gap(tiny, what):
    found = tiny.values(first=f"y = x + 1\n{LEFT_BEHIND[what]}", second=USES_THEM)
    assert {name: value["z"] for name, value in found.items()} == tiny.right("z")


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_nor_does_it_if_a_function_leaves_it_when_it_is_called(sandbox, what):
    parts = [PARTS[0], gap("y_of", "def y_of(x):\n    return x + 1", driver="y = y_of(x)", results="y"), PARTS[2]]
    parts[2] = gap("second", "z = sum(w)", inputs="w", outputs="z")
    made = Tiny(sandbox, parts, *TWINS)
    lines = "\n    ".join(
        ["def y_of(x):", "global sum, list, max, len, np", *LEFT_BEHIND[what].split("\n"), "return x"]
    )
    found = made.values(y_of=lines, second=USES_THEM.replace("str(y), ", "").replace("np.sum(y)", "0.0"))
    assert {name: value["z"] for name, value in found.items()} == made.right("z")


def test_a_function_that_takes_a_name_of_pythons_stays_for_later_gaps(tiny):
    found = tiny.values(first="from numpy import sum\ny = x + 1", second="z = float(sum(y, axis=0)) + float(sum(w))")
    assert {name: value["z"] for name, value in found.items()} == pytest.approx(tiny.right("z"), rel=1e-15)


def test_what_an_own_cell_sets_on_purpose_stays_and_what_a_gap_sets_does_not(tiny):
    own = {
        "first": "np.random.seed(7)\nnp.set_printoptions(precision=2)\none = np.random.rand()",
        "second": "same = one == np.random.RandomState(7).rand()\nnext_one = np.random.rand()",
    }
    looks = "z = [float(same), float(next_one != np.random.RandomState(99).rand()), str(np.array([1 / 3]))]"
    found = tiny.values(own, first="np.random.seed(99)\nnp.set_printoptions(precision=5)\ny = x + 1", second=looks)
    assert {tuple(value["z"]) for value in found.values()} == {(1.0, 1.0, "[0.33]")}


INEXACT = {
    "rounded to nine digits": "y = np.round(x + 1, 10)",
    "a list": "y = [one * (1 + 9e-11) for one in x + 1]",
    "scaled": "y = (x + 1) * (1 + 9e-11)",
    "single precision": "y = (x + 1).astype(np.float32)",
    "half precision": "y = (x + 1).astype(np.float16)",
    "long double": "y = (x + 1).astype(np.longdouble) * (1 + np.longdouble(9e-11))",
}


@pytest.mark.parametrize("what", INEXACT)
def test_an_inexact_value_that_is_right_costs_no_later_gap(tiny, grader, what):
    transcript = tiny.replay(first=INEXACT[what], second="total = np.sum(y)\nz = total + sum(w)")
    for name in ("first", "second"):
        case = checking.case_of(tiny.plan, tiny.plan.gap(name), transcript, tiny.reference)
        assert [result.message for _, result in checking.results(grader.checks, case) if not result.passed] == []


def test_what_is_set_right_keeps_its_type_and_its_other_names(tiny):
    own = {"second": "other = y"}
    found = tiny.values(
        own, first="y = (x + 1.5).astype(np.float32)", second="z = [str(y.dtype), float(other is y), *other.tolist()]"
    )
    for name, right in tiny.right("y").items():
        assert found[name]["z"] == ["float32", 1.0, *right.astype(np.float32).tolist()]


def test_two_names_for_one_array_that_must_differ_are_taken_apart(sandbox):
    parts = [
        PARTS[0],
        gap("both", "y = x + 1\nv = x - 1", outputs="y v"),
        gap("sums", "z = [y.sum(), v.sum()]", outputs="z"),
    ]
    made = Tiny(sandbox, parts, *TWINS)
    found = made.values(both="y = v = x + 0.5")
    assert {name: value["z"] for name, value in found.items()} == made.right("z")


PLAIN = {
    "objects": "np.array([float(one) for one in x + 1], dtype=object)",
    "fractions": "from fractions import Fraction\ny = np.array([Fraction(one) for one in x + 1])",
    "masked with no mask": "np.ma.array(x + 1)",
    "more digits": "(x + 1).astype(np.longdouble)",
}


@pytest.mark.parametrize("what", PLAIN)
def test_arrays_of_plain_numbers_count_as_those_numbers(tiny, what):
    source = PLAIN[what] if PLAIN[what].startswith("from") else f"y = {PLAIN[what]}"
    found = tiny.values(first=source)
    assert all(np.array_equal(found[name]["y"], right) for name, right in tiny.right("y").items())


def test_a_masked_entry_is_no_number(tiny):
    found = tiny.values(first="y = np.ma.array(x + 1, mask=[True] + [False] * (len(x) - 1))")
    assert not any(isinstance(value["y"], np.ndarray) for value in found.values())


def test_a_shadowed_name_costs_nothing_in_a_whole_notebook(grader):
    plan = grader.course.plan("01_neuron")
    shadows = {"weighted_sum": "sum = xw0 + xw1 + xw2 + b\nz = sum\nnp = list = max = z"}
    record = graded(grader, {**solutions(plan), **shadows})
    assert {result.gap: result.status for result in record.gaps if result.score < result.points} == {}


def graded(grader: Grader, answers: dict[str, str]) -> Record:
    return grader.grade(handed_in("01_neuron", answers), student="s", name="01_neuron").record


def test_rounded_products_cost_no_later_gap(grader):
    plan = grader.course.plan("01_neuron")
    rounded = {"products": "xw0, xw1, xw2 = (round(p * q, 9) for p, q in zip(x, w))"}
    record = graded(grader, {**solutions(plan), **rounded})
    assert {result.gap: result.status for result in record.gaps if result.score < result.points} == {}
