"""How a notebook is replayed on its twins: what is set right, what is left alone, what a gap gets to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.model import Outcome
from autograder.sandbox.pool import Sandbox
from autograder.sandbox.speech import Speech

from .tiny import Tiny, by_twin, gap, handed_in, twin, values

CHAIN = [
    "x = 1.0",
    gap("double", "y = 2 * x", inputs="x", outputs="y"),
    gap("triple", "z = 3 * y", inputs="y", outputs="z"),
    gap("total", "t = y + z", inputs="y z", outputs="t"),
]
SCALARS = [twin("P", x=1.0), twin("A", x=-2.0), twin("H", x=0.5)]
ARRAYS = [
    twin("P", x=np.array([1.0, -2.0]), w=[1.0, 2.0]),
    twin("A", x=np.array([-3.0, 4.0, 5.0]), w=[-1.0, 0.5, 2.0]),
    twin("H", x=np.array([0.5]), w=[3.0]),
]


@pytest.fixture(scope="module")
def chain(sandbox: Sandbox) -> Tiny:
    return Tiny(sandbox, CHAIN, *SCALARS)


def test_the_reference_is_the_notebook_on_each_twins_numbers(chain):
    assert chain.right("t") == {"P": 8.0, "A": -16.0, "H": 4.0}


def test_a_replay_needs_no_reference_to_give_the_same(chain):
    submission = handed_in(chain.plan, {"double": "y = 7 * x"})
    alone = chain.sandbox.replay(Speech(chain.plan, None), submission)
    assert values(alone)["A"] == {"y": -14.0, "z": -42.0, "t": -56.0}
    assert values(chain.sandbox.replay(chain.speech, chain.plan.source)) == values(chain.reference)


def test_a_wrong_early_value_costs_only_its_own_gap(chain):
    found = chain.values(double="y = 2 * x + 1")
    assert found == {
        name: {"y": right["y"] + 1, "z": right["z"], "t": right["t"]} for name, right in values(chain.reference).items()
    }


@pytest.mark.parametrize(
    "broken",
    ["y = 1 / 0", "y = (", "import os\nos._exit(0)", "while True: pass", "y = object()", "del x", "pass", None],
    ids=str,
)
def test_whatever_becomes_of_a_gap_later_gaps_find_right_values(chain, broken):
    found = chain.values(double=broken)
    for name, right in values(chain.reference).items():
        assert {**found[name], "y": 0} == {**right, "y": 0}


def test_a_wrong_value_that_another_gap_overwrites_is_set_right_too(chain):
    found = chain.values(triple="z = 3 * y\ny = -1")
    assert found == values(chain.reference)


def test_a_cell_of_ones_own_that_changes_a_given_costs_nothing(chain):
    assert chain.values(own={"triple": "x = y = 'mine'"}) == values(chain.reference)
    assert chain.values(own={"double": "del x"}) == values(chain.reference)


def test_a_typed_in_page_value_is_right_on_the_page_only(chain):
    found = chain.values(double="y = 2.0")
    assert [name for name, right in chain.right("y").items() if found[name]["y"] == right] == ["P"]


def test_locked_cells_further_down_bring_the_twins_numbers_too(sandbox):
    tiny = Tiny(
        sandbox,
        ["x = 1.0", gap("double", "y = 2 * x", outputs="y"), "k = 10.0", gap("scaled", "s = k * y", outputs="s")],
        twin("P", x=1.0, k=10.0),
        twin("A", x=3.0, k=-1.0),
    )
    assert tiny.right("s") == {"P": 20.0, "A": -6.0}
    assert tiny.values(own={"scaled": "k = 5"})["A"]["s"] == -6.0


# ---- aliases and what students derive on the way ---------------------------------------------

LAYER = [
    "import numpy as np\nx = np.array([1.0, -2.0])\nw = [1.0, 2.0]",
    gap("masked", "m = np.where(x > 0, 1.0, 0.0)", inputs="x", outputs="m"),
    gap("scaled", "s = m * x", inputs="m x", outputs="s"),
    gap("summed", "t = s.sum() + sum(w)", inputs="s w", outputs="t"),
]

DERIVED = {
    "a mask kept from an earlier gap": (
        {"masked": "mask = x > 0\nm = mask.astype(float)", "scaled": "s = x.copy()\ns[~mask] = 0"},
        {},
    ),
    "a list turned into an array": ({"summed": "t = s.sum() + w.sum()"}, {"masked": "w = np.array(w)"}),
    "an array turned into a list": (
        {"masked": "m = [1.0 if one > 0 else 0.0 for one in x]", "scaled": "s = np.array(m) * np.array(x)"},
        {"masked": "x = x.tolist()"},
    ),
    "two names in one list": ({"summed": "t = sum(np.sum(one) for one in both)"}, {"summed": "both = [s, w]"}),
    "an own name for a given": ({"masked": "m = (inputs > 0) * 1.0"}, {"masked": "inputs, weights = x, w"}),
    "a helper that reads a given": ({"scaled": "s = on_x(m)"}, {"masked": "def on_x(factor):\n    return factor * x"}),
    "a helper that reads an output": (
        {"summed": "t = total()"},
        {"scaled": "def total():\n    return s.sum() + sum(w)"},
    ),
    "a default argument taken from a given": (
        {"scaled": "s = on_x(m)"},
        {"masked": "def on_x(factor, values=x):\n    return factor * values"},
    ),
    "a class of ones own": (
        {"scaled": "s = Box(m).times(x)"},
        {"masked": "class Box:\n    def __init__(self, v): self.v = v\n    def times(self, o): return self.v * o"},
    ),
    "another name for an output, used in its place": (
        {"masked": "m = first = (x > 0) * 1.0", "scaled": "s = first * x"},
        {},
    ),
    "whole numbers and truths for floats": ({"masked": "m = x > 0", "scaled": "s = np.where(m, x, 0)"}, {}),
    "values derived in an own cell between gaps": (
        {"summed": "t = so_far + sum(w)"},
        {"summed": "so_far = float(np.sum(s))"},
    ),
    "a generator that is used up in the next gap": (
        {"scaled": "s = x * np.fromiter(lazy, float)"},
        {"scaled": "lazy = (one for one in m)"},
    ),
}


@pytest.fixture(scope="module")
def layer(sandbox: Sandbox) -> Tiny:
    return Tiny(sandbox, LAYER, *ARRAYS)


def equal(found: dict[str, dict[str, Any]], right: dict[str, dict[str, Any]]) -> bool:
    return all(np.array_equal(found[name][key], value) for name, rest in right.items() for key, value in rest.items())


@pytest.mark.parametrize("style", DERIVED)
def test_what_students_derive_from_right_values_stays(layer, style):
    answers, own = DERIVED[style]
    assert equal(layer.values(own=own, **answers), values(layer.reference))


def test_an_equal_value_is_left_alone_and_a_different_one_is_set_right(sandbox):
    tiny = Tiny(
        sandbox,
        [
            "import numpy as np\nx = np.array([1.0, 2.0])",
            gap("first", "y = x + 1", outputs="y"),
            gap("second", "kind = type(y).__name__", outputs="kind"),
        ],
        twin("P", x=np.array([1.0, 2.0])),
        twin("A", x=np.array([5.0, -1.0])),
    )
    kept = {
        "y = (x + 1).tolist()": "list",
        "y = tuple(x + 1)": "tuple",
        "y = (x + 1).astype(int)": "ndarray",
        "y = x + 1 + 1e-13": "ndarray",
    }
    for source, kind in kept.items():
        found = tiny.values(first=source, second="kind = type(y).__name__ + str(y[0])")
        assert found["A"]["kind"].startswith(kind)
    assert tiny.values(first="y = [1, 2, 3]")["A"]["kind"] == "ndarray"
    assert tiny.values(first="y = list(range(10**6))")["A"]["kind"] == "ndarray"


def test_a_change_in_place_is_put_right_and_reported(layer):
    transcript = layer.replay(scaled="s = x\ns *= m\nw.append(7)")
    assert equal(values(transcript), values(layer.reference))
    assert {name: set(one.touched) for name, one in by_twin(transcript, "scaled").items()} == {
        "P": {"x", "w"},
        "A": {"x", "w"},
        "H": {"w"},
    }  # on H every entry of x is positive, so x is as before


# ---- closed gaps, `before`, supplies, drivers ------------------------------------------------

NAMES = "seen = ' '.join(name for name in ('x', 'y', 'k', 'helper', 'np', 'math', 'pi', 'total') if name in globals())"


def test_a_closed_gap_sees_its_inputs_and_what_the_notebook_imports_only(sandbox):
    tiny = Tiny(
        sandbox,
        [
            "import numpy as np\nimport math\nx = 1.0\nk = 2.0",
            gap("open", "y = 2 * x", inputs="x", outputs="y"),
            gap("closed", NAMES, inputs="k", outputs="seen", closed=True),
            gap("after", "z = y + 1", inputs="y", outputs="z"),
        ],
        twin("P", x=1.0, k=2.0),
        twin("A", x=5.0, k=-2.0),
    )
    imports = "import os\nfrom math import nothing\nfrom math import pi, fsum as total  # sums"
    own = {"closed": f"{imports}\ndef helper():\n    return y"}
    found = tiny.values(own=own)
    assert found["A"] == {"y": 10.0, "seen": "k np math pi total", "z": 11.0}
    changed = by_twin(tiny.replay(own, closed="k = helper()"), "closed")
    assert {one.problem for one in changed.values()} == {"NameError: name 'helper' is not defined"}
    assert tiny.values(closed="seen = k\ny = z = 0")["A"] == {"y": 10.0, "seen": -2.0, "z": 11.0}


def test_a_twin_may_put_values_in_before_a_gap(sandbox):
    tiny = Tiny(sandbox, CHAIN, twin("P", x=1.0), twin("A", x=2.0, before={"total": {"y": 100.0}}))
    assert tiny.right("t") == {"P": 8.0, "A": 112.0}
    assert tiny.values(double="y = 0")["A"] == {"y": 0, "z": 12.0, "t": 112.0}
    assert tiny.values(total="t = z")["A"]["t"] == 12.0


@pytest.mark.parametrize("cell", ["y = 0", None, "import os\nos._exit(0)"], ids=str)
def test_what_a_twin_puts_in_before_a_gap_without_answer_still_holds_for_later_ones(sandbox, cell):
    tiny = Tiny(sandbox, CHAIN, twin("P", x=1.0), twin("A", x=2.0, before={"triple": {"y": 100.0}}))
    assert tiny.right("t") == {"P": 8.0, "A": 400.0}
    found = tiny.values(triple=cell)
    assert {name: rest["t"] for name, rest in found.items()} == tiny.right("t")


@pytest.mark.parametrize("cell", ["y = 0", "y = 1 / 0", None, "import os\nos._exit(0)"], ids=str)
def test_own_cells_behind_a_gap_without_answer_find_its_right_values(sandbox, cell):
    tiny = Tiny(sandbox, CHAIN, *SCALARS)
    found = tiny.values(own={"triple": "mine = 3 * y"}, double=cell, triple="z = mine")
    assert {name: rest["z"] for name, rest in found.items()} == tiny.right("z")


def test_later_gaps_call_the_references_function_and_helpers_the_students_see_it_too(sandbox):
    tiny = Tiny(
        sandbox,
        [
            "x = 1.0",
            gap(
                "shift",
                "def shift(v):\n    return v + x",
                driver="got = shift(3.0)\n",
                results="got",
                supplies=("shift",),
            ),
            gap("used", "y = shift(10.0)", outputs="y"),
        ],
        twin("P", x=1.0),
        twin("A", x=-4.0),
    )
    wrong = "def shift(v):\n    return -v"
    assert tiny.values(shift=wrong) == {"P": {"got": -3.0, "y": 11.0}, "A": {"got": -3.0, "y": 6.0}}
    assert tiny.values(shift=None) == {"P": {"y": 11.0}, "A": {"y": 6.0}}
    helper = {"used": "def helper():\n    return shift(10.0)"}
    assert tiny.values(own=helper, shift=wrong, used="y = helper()")["A"]["y"] == 6.0


def test_a_supplied_function_finds_the_references_of_earlier_gaps(sandbox):
    shift = gap(
        "shift", "def shift(v):\n    return v + 1", driver="got = shift(3.0)\n", results="got", supplies=("shift",)
    )
    twice = gap(
        "twice",
        "def twice(v):\n    return shift(shift(v))",
        driver="two = twice(x)\n",
        results="two",
        supplies=("twice",),
    )
    tiny = Tiny(sandbox, ["x = 1.0", shift, twice, gap("used", "y = twice(x)", outputs="y")], twin("P", x=1.0))
    wrong = {"shift": "def shift(v):\n    return -v", "twice": "def twice(v):\n    return 0"}
    assert tiny.values(**wrong)["P"]["y"] == 3.0


FUNCTION = gap(
    "power",
    "def power(base, n):\n    return base**n",
    inputs="base n",
    driver="got = power(base, n)\nagain = power(2.0, n)\n",
    results="got again",
    points=6.0,
    conduct_points=1.0,
)


@pytest.fixture(scope="module")
def function(sandbox: Sandbox) -> Tiny:
    probes = {"power": {"base": 5.0, "extra": 1}}
    return Tiny(
        sandbox,
        ["base = 1.0\nn = 3", FUNCTION, gap("after", "z = base + n", outputs="z")],
        twin("P", base=1.0, n=3),
        twin("A", base=2.0, n=2),
        twin("H", base=3.0, n=2, probes=probes),
    )


def test_a_driver_calls_the_function_on_the_twins_and_the_probes_values(function):
    assert values(function.reference) == {
        "P": {"got": 1.0, "again": 8.0, "z": 4.0},
        "A": {"got": 4.0, "again": 4.0, "z": 4.0},
        "H": {"got": 25.0, "again": 4.0, "z": 5.0},
    }


@pytest.mark.parametrize(
    ("source", "problem", "line"),
    [
        ("def power(base, n):\n    return 1 / 0", "ZeroDivisionError: division by zero", 2),
        ("def power(base):\n    return base", "TypeError: power() takes 1 positional argument but 2 were given", 0),
        ("pass", "NameError: name 'power' is not defined", 0),
        ("def power(base, n):\n\n\n    raise SystemExit", "SystemExit", 4),
        ("power = 3", "TypeError: 'int' object is not callable", 0),
    ],
)
def test_a_function_that_raises_is_the_gaps_own_error(function, source, problem, line):
    transcript = function.replay(power=source)
    answer = transcript.answer("A", "power")
    assert (answer.outcome, answer.problem, answer.line) == (Outcome.RAISED, problem, line)
    assert {answers["z"] for answers in values(transcript).values()} == {4.0, 5.0}


def test_what_a_function_prints_or_leaves_behind_does_not_matter(function):
    source = "calls = []\ndef power(base, n):\n    calls.append(n)\n    print(base)\n    return base**n"
    assert function.values(power=source) == values(function.reference)


@pytest.mark.parametrize(
    ("source", "touched", "repeats", "needs_globals"),
    [
        ("def power(base, n):\n    return base**n", set(), True, False),
        ("def power(b, n):\n    return base**n", set(), True, True),
        ("calls = []\ndef power(base, n):\n    calls.append(1)\n    return base**n + len(calls)", set(), False, False),
        ("def power(b, n):\n    global base\n    base = 7\n    return b**n", {"base"}, True, False),
    ],
    ids=["right", "a global for an argument", "a memory", "a global changed"],
)
def test_conduct_is_seen_on_every_twin_that_is_called_again(function, source, touched, repeats, needs_globals):
    for answer in by_twin(function.replay(power=source), "power").values():
        assert (answer.repeats, answer.needs_globals) == (repeats, needs_globals)
        assert set(answer.touched) <= touched


def test_a_function_changes_the_list_that_it_was_given_and_is_seen(sandbox):
    tiny = Tiny(
        sandbox,
        [
            "v = [3.0, 1.0, 2.0]",
            gap(
                "least",
                "def least(v):\n    return min(v)",
                inputs="v",
                driver="got = least(v)\n",
                results="got",
                conduct_points=1.0,
            ),
            gap("after", "f = v[0]", inputs="v", outputs="f"),
        ],
        twin("P", v=[3.0, 1.0, 2.0]),
        twin("A", v=[5.0, 4.0]),
    )
    transcript = tiny.replay(least="def least(v):\n    v.sort()\n    return v[0]")
    assert {one.touched for one in by_twin(transcript, "least").values()} == {("v",)}
    assert values(transcript) == values(tiny.reference)


def test_a_twin_that_does_not_judge_a_gap_does_not_call_its_function(sandbox):
    calls = gap("f", "def f():\n    return 1", driver="got = f()\n", results="got")
    tiny = Tiny(sandbox, ["x = 1.0", calls], twin("P", x=1.0), twin("A", x=2.0), twin("E", x=3.0, only=frozenset()))
    assert tiny.right("got", "P", "A") == {"P": 1, "A": 1}
    assert not tiny.reference.answer("E", "f").values


def test_gaps_without_any_cell_are_absent_and_the_rest_is_graded(chain):
    transcript = chain.replay(double=None, total=None)
    assert {
        twin: {gap for gap, answer in answers.items() if answer.outcome is not Outcome.ABSENT}
        for twin, answers in transcript.answers.items()
    } == {twin: {"triple"} for twin in ("P", "A", "H")}
    assert {name: found["z"] for name, found in values(transcript).items()} == chain.right("z")


def test_how_a_cell_ends_on_hidden_numbers_is_not_said(chain):
    ends = ("import os\n    os._exit(0)", "import ctypes\n    ctypes.string_at(0)")
    hidden, seen = (
        [by_twin(chain.replay(double=f"y = 2 * x\nif x == {number}:\n    {end}"), "double") for end in ends]
        for number in (0.5, -2.0)
    )
    assert hidden[0] == hidden[1]
    assert {answer.problem for answer in hidden[0].values()} == {"on hidden numbers it ended the process"}
    assert "SIGSEGV" in seen[1]["A"].problem


def test_which_cells_end_on_hidden_numbers_is_not_said(chain):
    leave = "import os\nif x == {}: os._exit(0)"
    on_hidden = {"double": leave.format(0.5), "triple": leave.format(0.5)}
    transcript = chain.replay(own=on_hidden)
    assert transcript.remarks == {
        "": (
            "A cell of your own was left out of the grading. On hidden numbers, it took too long or ended the process.",
        )
    }
    transcript = chain.replay(own={**on_hidden, "total": leave.format(-2.0)})
    assert transcript.remarks[""][0].startswith("Your own cell at position ")
    assert len(transcript.remarks[""]) == 2


@pytest.mark.parametrize("kind", ["[{0}, {0}]", "{0}", "np.array([{0}, {0}])"])
def test_a_name_that_a_gap_sets_anew_is_right_by_its_new_value(sandbox, kind):
    first, second = ("w = " + kind.format(f"x + {more}.0") for more in (1, 2))
    parts = [
        "import numpy as np\nx = 1.0",
        gap("first", first, inputs="x", outputs="w"),
        gap("look", "u = np.sum(w)", inputs="w", outputs="u"),
        gap("second", second, inputs="x", outputs="w"),
        gap("total", "t = np.sum(w)", inputs="w", outputs="t"),
    ]
    tiny = Tiny(sandbox, parts, twin("P", x=1.0), twin("A", x=-2.5), twin("H", x=0.5))
    found = tiny.values(second="pass")
    assert {name: one["t"] for name, one in found.items()} == tiny.right("t")
