"""Every picture in many states: what the tests draw, measure and read."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace

from lab.drawing import heat_mirror
from lab.drawing.picture import Picture, as_svg
from lab.pictures import (
    before_and_after,
    circuit_view,
    falling_stairs,
    fan_of_wires,
    learning_film,
    neuron_circuit,
    nudge_bench,
    sluice_gates,
    weight_loom,
)

SVG = "{http://www.w3.org/2000/svg}"
X, W, B = [1.0, -2.0, 3.0], [-3.0, -1.0, 2.0], 1.0
"""The neuron of the documents (P), and twins of GAPS.md 3.1."""
A = ([0.7, -1.3, 2.1], [-2.5, -0.4, 0.9], -0.05, -0.7)
D = ([-0.25, 4.0, 0.5], [2.0, 0.125, -3.0], 1.75, 1.5)
E = ([0.5, -1.0, 2.0], [3.0, 0.5, -0.25], -0.75, -1.25)
G4 = ([2.0, -0.5, 1.5, -3.0], [0.25, 3.0, -1.0, -0.5], 3.0, -2.0)
C0 = ([1.0, 2.0, -4.0], [0.5, 1.0, 0.75], 0.5, 3.0)

INPUTS = [[1.0, 2.0, 3.0, 2.5], [2.0, 5.0, -1.0, 2.0], [-1.5, 2.7, 3.3, -0.8]]
WEIGHTS = [[0.2, 0.5, -0.26], [0.8, -0.91, -0.27], [-0.5, 0.26, 0.17], [1.0, -0.5, 0.87]]
BIASES = [[2.0, 3.0, 0.5]]
DVALUES = [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]]
L1 = {
    "inputs": [[1, -2, 0.5], [3, 0, -1]],
    "weights": [[1, -1, 0.5, 2], [0.5, 2, -1, 0], [-2, 0.5, 1, -1]],
    "biases": [[1.25, 0.5, -2.5, 0.25]],
    "dvalues": [[2, -1, 0.5, 3], [-0.5, 4, 1.5, -2]],
}
Z = [[1, 2, -3, -4], [2, -7, -1, 3], [-1, 2, 5, -1]]
WATER = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
R1 = ([[2, -1, 5], [-4, -3, 1]], [[0.5, -2.5, -1.5], [4, 2.5, -0.5]])
LAYERS = """import numpy as np
class Layer_Dense:
    def __init__(self, inputs, neurons):
        self.weights, self.biases = 0.01 * np.random.randn(inputs, neurons), np.zeros((1, neurons))
    def forward(self, inputs):
        self.inputs, self.output = inputs, inputs @ self.weights + self.biases
    def backward(self, dvalues):
        self.dweights, self.dbiases = self.inputs.T @ dvalues, dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T
class Activation_ReLU:
    def forward(self, inputs):
        self.inputs, self.output = inputs, np.maximum(inputs, 0)
    def backward(self, dvalues):
        self.dinputs = np.where(self.inputs > 0, dvalues, 0)
def backward_chain(layers, dvalues):
    for layer in layers[::-1]:
        layer.backward(dvalues)
        dvalues = layer.dinputs
    return dvalues"""
"""Right layers, as a student's notebook may have them."""
DWEIGHTS_L1 = [[0.5, 11, 5, -3], [-4, 2, -1, -6], [1.5, -4.5, -1.25, 3.5]]


def circuit(x: object = X, w: object = W, b: object = B, dvalue: object = 1.0) -> neuron_circuit.Circuit:
    return neuron_circuit.start(x, w, b, dvalue)


def typed(state: neuron_circuit.Circuit, **gradients: float) -> neuron_circuit.Circuit:
    for place, value in gradients.items():
        state = neuron_circuit.put(replace(state, place=place), str(value))
    return state


def bench(x: object = X, w: object = W, b: object = B, h: object = 0.5) -> nudge_bench.Bench:
    return nudge_bench.start(x, w, b, h)


def stairs(lr: float = 0.001, steps: int = 3, b: float = B) -> falling_stairs.Stairs:
    return falling_stairs.start(X, W, b, lr, steps)


def fan() -> fan_of_wires.Fan:
    return fan_of_wires.start(WEIGHTS, DVALUES)


def fan_l1() -> fan_of_wires.Fan:
    return fan_of_wires.start(L1["weights"], L1["dvalues"])


def loom() -> weight_loom.Loom:
    return weight_loom.start(INPUTS, DVALUES, BIASES)


def loom_l1() -> weight_loom.Loom:
    return weight_loom.start(L1["inputs"], L1["dvalues"], L1["biases"])


def gates() -> sluice_gates.Gates:
    return sluice_gates.start(Z, WATER)


def step() -> before_and_after.Training:
    return before_and_after.start(INPUTS, WEIGHTS, BIASES, 0.001, DVALUES)


def step_l1() -> before_and_after.Training:
    return before_and_after.start(L1["inputs"], L1["weights"], L1["biases"], 1 / 128, L1["dvalues"])


def mirror(got: object, want: object = DWEIGHTS_L1, name: str = "dweights") -> heat_mirror.Mirror:
    return heat_mirror.mirror(got, want, name)


def _other_dweights() -> list[list[float]]:
    rows = [[float(value) for value in row] for row in DWEIGHTS_L1]
    rows[1][2], rows[2][0] = 1.0, math.nan
    return rows


def _circuits() -> dict[str, neuron_circuit.Circuit]:
    walk = neuron_circuit.walk_to
    return {
        **{f"circuit at stage {stage}": walk(circuit(), stage) for stage in range(7)},
        "circuit of four inputs": walk(circuit(*G4), 7),
        "circuit of one input": walk(circuit([2.0], [0.5], 3.0), 4),
        "circuit with other upstream": walk(circuit(*A), 6),
        "circuit that is dead": walk(replace(circuit(), b=-6.0), 3),
        "circuit that is dead, walked through": walk(circuit(*E), 6),
        "circuit at the kink": walk(circuit(*C0), 6),
        "circuit with typed gradients": typed(walk(circuit(), 2), x0=5, xw1=1, xw0=0.25, w2=12, x1=-2, b=-1),
        "circuit that is dead, with a typed gradient": typed(replace(circuit(), b=-6.0), x0=2, z=0),
    }


def _benches() -> dict[str, nudge_bench.Bench]:
    open_all, choose = nudge_bench.open_all, nudge_bench.choose
    one = choose(open_all(bench()), "x0")
    return {
        "bench closed": bench(),
        "bench with all bars": one,
        "bench with bias outside": replace(choose(open_all(bench(*D[:3])), "w1"), outside=True),
        "bench across the kink": choose(bench(*E[:3], h=2.0), "b"),
        "bench far out": replace(choose(open_all(bench()), "x2"), outside=True, b=-4.0, h=10.0),
        "bench with a tiny nudge": replace(one, h=0.01),
        "bench of four inputs": choose(open_all(bench(*G4[:3])), "w3"),
    }


def _stairs() -> dict[str, falling_stairs.Stairs]:
    return {
        "stairs of the documents": stairs(),
        "stairs into silence": stairs(0.15, 5),
        "stairs with an accident": replace(stairs(), runs=3),
        "stairs long, with an accident": replace(stairs(0.085, 10), runs=4),
        "stairs silent from the start": stairs(b=-7.0),
        "stairs of twelve": stairs(0.02, 12),
        "stairs of none": stairs(steps=0),
    }


def _layers() -> dict[str, Picture]:
    fans = {
        "fan": fan(),
        "fan, other input": replace(fan(), chosen=1, sample=2, columns=True),
        "fan with ones": replace(fan(), columns=True, ones=True),
        "fan refused": replace(fan_l1(), columns=True),
        "fan with a path of 0": replace(fan_l1(), chosen=1, sample=1),
    }
    looms = {
        "loom": weight_loom.choose(loom(), 1, 0),
        "loom with ones": replace(weight_loom.set_ones(loom(), True), shape="all"),
        "loom, one number": replace(loom(), shape="number"),
        "loom of L1": replace(weight_loom.set_ones(loom_l1(), True), shape="column", column=2),
        "loom, one axis": replace(loom_l1(), shape="flat", row=2, column=3),
    }
    sluices = {
        "gates": gates(),
        "gates with dead neurons": replace(gates(), halved=True, shift=-2.0),
        "gates of R1": sluice_gates.start(*R1),
        "gates in fractions": replace(sluice_gates.start(*R1), whole=False, shift=-1.0),
    }
    steps = {
        "step": step(),
        "step with other upstream": replace(step(), use_second=True),
        "step too long": replace(step(), lr=0.05, use_second=True),
        "step of L1": step_l1(),
        "step of L1 with other upstream": replace(step_l1(), use_second=True),
    }
    return {
        **{name: fan_of_wires.picture(state) for name, state in fans.items()},
        **{name: weight_loom.picture(state) for name, state in looms.items()},
        **{name: sluice_gates.picture(state) for name, state in sluices.items()},
        **{name: before_and_after.picture(state) for name, state in steps.items()},
    }


def _films() -> dict[str, learning_film.Learning]:
    """The film of right layers at three moments, of none at all, and of one that ends early."""
    layers = learning_layers()
    whole = learning_film.start(*layers)
    return {
        "film": whole,
        "film at its start": learning_film.go_to(whole, 0),
        "film in its middle": learning_film.go_to(whole, 300),
        "film without a ReLU": learning_film.start(layers[0], None, layers[2]),
        "film that ends early": learning_film.trained(replace(whole.recipe, rate=3.0)),
        "film that cannot begin": learning_film.start(_Blank, None, layers[2]),
    }


class _Blank:
    """A layer that does nothing yet."""

    def __init__(self, inputs: int, neurons: int) -> None:
        del inputs, neurons

    def forward(self, inputs: object) -> None:
        """Set nothing."""


def learning_layers() -> tuple[object, object, object]:
    """Right layers and a right way back, from the code that the browser's test runs."""
    space: dict[str, object] = {}
    exec(LAYERS, space)
    return space["Layer_Dense"], space["Activation_ReLU"], space["backward_chain"]


def _mirrors() -> dict[str, Picture]:
    seen = {
        "mirror": mirror(_other_dweights()),
        "mirror, right": mirror(DWEIGHTS_L1),
        "mirror, turned": mirror([list(row) for row in zip(*DWEIGHTS_L1, strict=True)]),
        "mirror, nothing": mirror(None),
        "mirror, one axis": mirror([1, 2, 3], [1.5, 2, 3], "parts"),
        "mirror, large": mirror([[i * j - 20.125 for j in range(10)] for i in range(10)], [[0.0] * 10] * 10),
        "mirror, one number": mirror(3.0, 4.5, "loss"),
    }
    return {name: heat_mirror.picture(state) for name, state in seen.items()}


def pictures() -> dict[str, Picture]:
    """All of them, by a name that says which."""
    return {
        **{name: circuit_view.picture(state) for name, state in _circuits().items()},
        **{name: nudge_bench.picture(state) for name, state in _benches().items()},
        **{name: falling_stairs.picture(state) for name, state in _stairs().items()},
        **_layers(),
        **{name: learning_film.picture(state) for name, state in _films().items()},
        **_mirrors(),
    }


def drawn(picture: Picture, *, narrow: bool = True) -> ElementTree.Element:
    """A picture as XML."""
    return ElementTree.fromstring(as_svg(picture, narrow=narrow))


def numbers(picture: Picture, kind: str) -> dict[str, float]:
    """All numbers of a drawing by name; `kind` is "value" or "grad". Both layouts show the same."""
    found = [
        {
            node.attrib[f"data-{kind}"]: float(node.attrib["data-number"])
            for node in drawn(picture, narrow=narrow).iter()
            if f"data-{kind}" in node.attrib
        }
        for narrow in (True, False)
    ]
    assert found[0] == found[1]
    return found[0]


def marked(picture: Picture, test: Callable[[dict[str, str]], bool]) -> int:
    """How many elements of a drawing pass a test on their attributes."""
    return sum(test(dict(node.attrib)) for node in drawn(picture).iter())
