"""Which line decides whether a result is 0: known answers for code of many kinds, and code that is not asked about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lab.deciding import Ran, Zero, deciding_line, parting

ON = {"z": 3.0, "g": 2.0, "zs": np.array([3.0, -1.0]), "gs": np.array([2.0, 5.0])}
OFF = ON | {"z": -3.0, "zs": np.array([-3.0, -1.0])}


def run(source: str) -> list[Ran]:
    """Plain Python on numbers that let a gradient pass, and on numbers that do not."""
    return [once(source, given) for given in (ON, OFF)]


def once(source: str, given: dict[str, Any]) -> Ran:
    space: dict[str, Any] = {"np": np} | {name: np.copy(v) if name[1:] else v for name, v in given.items()}
    try:
        exec(source, space)
    except Exception as error:
        return Ran(values={}, error=type(error).__name__)
    return Ran(values={"d": space["d"]} if "d" in space else {})


DECIDED = {
    "a conditional expression, read on": ("s = 1.0 if z > 0 else 0.0\nt = s * g\nd = [t, t]", 1),
    "a line that is 0 too, but of no use": ("y = max(z, 0)\ns = float(z > 0)\nd = s * g", 2),
    "the same line where it is of use": ("y = max(z, 0)\ns = float(y > 0)\nd = s * g", 1),
    "a branch": ("if z > 0:\n    d = g\nelse:\n    d = 0.0", 1),
    "an early return": ("def back():\n    if z <= 0:\n        return 0\n    return g\n\nd = back()", 2),
    "a helper that stands further up": ("def s(t):\n    u = t + 0\n    return (u > 0) * 1\n\nd = g * s(z)", 3),
    "a helper that stands further down": (
        "def back():\n    m = s(z)\n    return m * g\n\ndef s(t):\n    return 1 if t > 0 else 0\n\nd = back()", 6
    ),
    "a table that is the same on both": ("table = [0.0, g]\nd = table[z > 0]", 2),
    "zeros written in": ("d = gs.copy()\nd[zs <= 0] = 0", 2),
    "ones written in, multiplied in place": ("d = np.zeros(2)\nd[zs > 0] = 1\nd *= gs", 2),
    "a product where the mask is": ("d = np.zeros(2)\nnp.multiply(gs, 1, out=d, where=zs > 0)", 2),
    "loops": ("d = []\nfor a, b in zip(zs, gs):\n    if a > 0: d.append(b)\n    else: d.append(0)", 3),
    "sums that come before": ("t = 0.0\nfor a in (z, z):\n    t += a\nd = g if t > 0 else 0.0", 4),
    "a class": (
        "class R:\n    def f(self, t):\n        self.m = t > 0\n"
        "    def b(self, g):\n        return self.m * g\n\nr = R()\nr.f(z)\nd = r.b(g)", 3
    ),
}  # fmt: skip
NOT_ASKED = {
    "one line alone": "d = g if z > 0 else 0.0",
    "a loop with a condition of its own": "i = 0\nwhile i < 1:\n    d = g if z > 0 else 0.0\n    i += 1",
    "what runs later": "s = lambda t: 1 if t > 0 else 0\nd = s(z) * g",
    "what is worked out later": "s = map(float, zs > 0)\nd = [a * b for a, b in zip(s, gs)]",
    "a condition in a loop's head": "d = []\nfor m in zs > 0:\n    d.append(m * 2.0)",
    "no plain Python": "%time\nd = g",
    "a result that happens to be 0": "t = z - 3.0\nd = t * 1.0 if g else t\nd = z * 2.0 - 6.0",
    "nothing that differs": "s = 1.0\nd = g * z * s",
}


@pytest.mark.parametrize("how", DECIDED)
def test_the_line_that_decides_is_found(how: str) -> None:
    source, line = DECIDED[how]
    zero = parting(*(ran.values for ran in run(source)))
    assert zero is not None
    assert deciding_line(source, zero, run) == line


@pytest.mark.parametrize("how", NOT_ASKED)
def test_where_no_line_can_be_told_none_is(how: str) -> None:
    assert deciding_line(NOT_ASKED[how], Zero(name="d", place=()), run) is None


def test_all_of_a_result_comes_before_one_entry_and_an_entry_only_where_it_parts() -> None:
    mixed, whole = {"a": [0.0, 1.0], "b": 2.0}, {"a": [1.0, 1.0], "b": 0.0}
    assert parting(mixed, whole) == Zero(name="b", place=())
    assert parting({"a": [[0, 1]]}, {"a": [[0, 0]]}) == Zero(name="a", place=(0, 1))
    assert parting({"a": [1.0]}, {"a": [1.0, 0.0]}) is None
    assert parting({"a": "text", "c": 1.0}, {"a": "text", "c": 2.0}) is None
    assert Zero(name="a", place=(0, 1)).called == "a[0, 1]"
