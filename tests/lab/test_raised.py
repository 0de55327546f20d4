"""Errors of Python's and numpy's, as they are told for the line at hand."""

from __future__ import annotations

import numpy as np
import pytest

from lab.errors import line_of, text_of
from lab.raised import Around, told

VALUES = {
    "inputs": np.ones((3, 4)),
    "dvalues": np.ones((3, 3)),
    "z": np.zeros((2, 2), dtype=int),
    "w": [1.0, 2.0],
    "b": 2.0,
    "dvalue": 1.0,
}
CLASS = """class Layer:
    def forward(self):
        self.inputs = 1
        self.outputs = 2


layer = Layer()
layer.forward()
layer.output"""

CASES = [
    ("np.dot(inputs, dvalues)", "`inputs` has shape (3, 4) and `dvalues` (3, 3)"),
    ("inputs @ dvalues", "In `inputs @ dvalues`, rows of the first have 4"),
    ("inputs * dvalues", "`inputs` has shape (3, 4) and `dvalues` (3, 3), and entry by entry"),
    ("d = np.zeros_like(z)\nd *= 0.5", "`d` is an array of whole numbers"),
    ("a = max(z, 0)", "numpy compares with `np.maximum`"),
    ("if z > 0:\n    pass", "`if` asks for one yes or no"),
    ("z > 0 and z < 1", "`and` asks for one yes or no"),
    ("dvlaue * 2", "the nearest name that exists is `dvalue`"),
    ("c = k + 1\nk = 2", "`k` gets its first value in line 2, and line 1 needs it"),
    ("pritn(z)", "the nearest that Python has is `print`"),
    ("maximum(z, 0)", "one of numpy's functions"),
    ("np.maximun(z, 0)", "the nearest is `np.maximum`"),
    ("w.T", "`w` is a list there, and only arrays have `.T`"),
    ("b.shape", "`b` is a single number there"),
    ("inputs.t", "the nearest that they have is `.T`"),
    (CLASS, "no line of the class sets `self.output`. What it sets: `self.outputs`, `self.inputs`"),
    ("def f(x):\n    return x\n\n\nf(1, 2)", "`f` takes 1 values, and this call gives it 2"),
    ("def f(x):\n    pass\n\n\nf()", "leaves out 'x'"),
    ("w * 2.5", "does not multiply its entries"),
    ("w + 1.0", "`+` joins a list to another one, and what stands on its right is a single number"),
    ("-w", "`-` stands before a list"),
    ("w - w", "`w` is a list and `w` is a list; `-` does not work"),
    ("w > 0", "`>` cannot compare the two"),
    ("w[0, 1]", "A list takes one index"),
    ("w[5]", "`w` has 2 entries"),
    ("inputs[0, 9]", "index 9 along axis 1, where there are 4 entries"),
    ("b(2)", "`b` is a single number, and round brackets"),
    ("b[0]", "`b` is a single number there, and has no entries"),
    ("np.array[1, 2]", "`np.array` is a function"),
    ("sum(1.0, 2.0, 3.0)", "given to it one by one"),
    ("sum(b)", "`sum` goes through the entries of `b`"),
    ("sum = 3\nsum(w)", "line 1 of this cell has given this name"),
    ("p, q = b", "one value only, a single number"),
    ("p, q, r = w", "3 names are to get a value each, and 2 come"),
    ("def g():\n    pass\n\n\np, q = g()", "ends without `return`"),
    ("def g():\n    pass\n\n\np = g() * 2", "One side of the operator is None"),
    ("inputs.reshape(5, 2)", "The array has 12 entries, and shape (5, 2)"),
    ("inputs.sum(axis=2)", "there is no axis 2"),
    ("np.sum(z, keepdim=True)", "the nearest that numpy's functions have is `keepdims`"),
    ("np.zeros(3, 4)", "a shape is one value"),
    ("float(inputs)", "a whole array comes"),
    ("def f():\n    t += 1\n\n\nf()", "reads `t` before"),
    ("x = (1 + 2\ny = 3", "The `(` that opens in line 1 is never closed: `x = (1 + 2`"),
    ("x = [1, 2)", "a `)` closes what a `[` has opened"),
    ("if b > 0\n    x = 1", "ends in a colon"),
    ("x = 2b", "letters follow a number"),
    ("x = b \u2212 1", "no sign of Python's"),
    ("lambda = 3", "`lambda` is a word of Python's own"),
]


@pytest.mark.parametrize(("source", "meaning"), CASES, ids=[source for source, _ in CASES])
def test_an_error_is_told_for_the_line_at_hand(source: str, meaning: str) -> None:
    space = {**VALUES, "np": np}
    with pytest.raises(Exception) as raised:  # noqa: PT011 (each has a type of its own)
        exec(compile(source, "<cell>", "exec"), space)
    around = Around(source=source, line=line_of(raised.value, "<cell>"), values=VALUES)
    told_meaning, question = told(type(raised.value).__name__, text_of(raised.value), around)
    assert meaning in told_meaning
    assert question.endswith("?")


def test_what_is_not_known_is_not_told() -> None:
    assert told("RuntimeError", "no", Around()) == ("", "")


def test_a_name_of_pythons_that_is_hardly_alike_is_not_told() -> None:
    assert told("NameError", "name 'slope' is not defined", Around()) == ("", "")


def test_check_tells_the_shapes_and_names_of_the_line(student):
    student.run_notebook("04_layer_inputs", "dinputs_batch", {"dinputs_batch": "dinputs = np.dot(dvalues, weights)"})
    said = " ".join(student.check("dinputs_batch").split())
    assert "`dvalues` has shape (3, 3) and `weights` (4, 3)" in said


def test_check_tells_pythons_max_of_an_array_from_numpys(student):
    student.run_notebook("06_relu_arrays", "relu_mask", {"relu_mask": "relu_dz = max(z, 0)"})
    assert "numpy compares with `np.maximum`" in " ".join(student.check("relu_mask").split())


def test_check_tells_which_attribute_is_read_and_which_are_set(student):
    source = (
        "class Activation_ReLU:\n"
        "    def forward(self, inputs):\n"
        "        self.output = np.maximum(0, inputs)\n\n"
        "    def backward(self, dvalues):\n"
        "        self.dinputs = dvalues * (self.inputs > 0)"
    )
    student.run_notebook("06_relu_arrays", "Activation_ReLU", {"Activation_ReLU": source})
    said = " ".join(student.check("Activation_ReLU").split())
    assert "no line of the class sets `self.inputs`. What it sets: `self.dinputs`, `self.output`" in said
