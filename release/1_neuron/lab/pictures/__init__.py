"""The pictures of the course: one for each notebook, alive under the hand.

Each is called with the notebook's own values, as the last line of a cell. A picture is imported when it is first asked
for, and ipywidgets when the first one is shown; numpy is needed by `learning` alone, which runs the student's layers.

A picture that shows gradients has to compute them, and this package lies in the students' folder. So none of its code
states a gradient: `lab.pictures.network` knows operations, nudges each of them, and follows the wires back. Tests hold
this folder against the solutions of all gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.drawing.view import View

__all__ = ["bench", "circuit", "fan_out", "gates", "learning", "loom", "stairs", "step"]


def bench(x: object, w: object, b: object, h: object = 0.5) -> View[Any]:
    """01: nudge one of a neuron's values by h and see how far the output moves.

    Args:
        x: Inputs, one to four numbers.
        w: Weights, as many.
        b: Bias, one number.
        h: The nudge, above 0.
    """
    from lab.pictures import nudge_bench

    return nudge_bench.view(x, w, b, h)


def circuit(x: object, w: object, b: object, dvalue: object = 1.0) -> View[Any]:
    """02: the neuron as a graph; walk back through it, or type gradients into it.

    Args:
        x: Inputs, one to four numbers.
        w: Weights, as many.
        b: Bias, one number.
        dvalue: Upstream gradient, one number.
    """
    from lab.pictures import circuit_view

    return circuit_view.view(x, w, b, dvalue)


def stairs(x: object, w: object, b: object, lr: object = 0.001, steps: object = 3) -> View[Any]:
    """03: what step after step makes of the output, beside the straight line that the first gradient promises.

    Args:
        x: Inputs, one to four numbers.
        w: Weights, as many.
        b: Bias, one number.
        lr: Learning rate, above 0.
        steps: How many steps, 0 to 12.
    """
    from lab.pictures import falling_stairs

    return falling_stairs.view(x, w, b, lr, steps)


def fan_out(weights: object, dvalues: object) -> View[Any]:
    """04: one input and its wires to all neurons; what flows back along them pours into one sum.

    Args:
        weights: Shape (D, M), one row for each input, at most (6, 5).
        dvalues: Shape (N, M), one row for each sample, at most (6, 5).
    """
    from lab.pictures import fan_of_wires

    return fan_of_wires.view(weights, dvalues)


def loom(
    inputs: object, dvalues: object, biases: object, which_input: object = 0, which_neuron: object = 0
) -> View[Any]:
    """05: a column of inputs meets a column of dvalues, and one weight's gradient is woven from both.

    Args:
        inputs: Shape (N, D), one row for each sample, at most (5, 5).
        dvalues: Shape (N, M), at most (5, 4).
        biases: Shape (1, M).
        which_input: Row of the weight to begin with.
        which_neuron: Its column.
    """
    from lab.pictures import weight_loom

    return weight_loom.view(inputs, dvalues, biases, which_input, which_neuron)


def gates(z: object, dvalues: object) -> View[Any]:
    """06: every entry of z is a gate, and dvalues is the water above it.

    Args:
        z: Shape (N, M), at most (4, 5).
        dvalues: Shape (N, M).
    """
    from lab.pictures import sluice_gates

    return sluice_gates.view(z, dvalues)


def step(inputs: object, weights: object, biases: object, lr: object, dvalues: object) -> View[Any]:
    """07: activations before and after one step, and how far the loss fell beside the forecast.

    Args:
        inputs: Shape (N, D), at most (5, 6).
        weights: Shape (D, M), at most (6, 4).
        biases: Shape (1, M).
        lr: Learning rate, above 0.
        dvalues: Shape (N, M), a second upstream gradient to choose.
    """
    from lab.pictures import before_and_after

    return before_and_after.view(inputs, weights, biases, lr, dvalues)


def learning(dense: object, relu: object, chain: object) -> View[Any]:
    """07, at the end: a small network of the student's own classes learns to part two moons.

    Args:
        dense: The class Layer_Dense.
        relu: The class Activation_ReLU; None for a network without one.
        chain: The function backward_chain.
    """
    from lab.pictures import learning_film

    return learning_film.view(dense, relu, chain)
