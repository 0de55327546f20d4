"""05, the loom: a column of inputs crosses a column of dvalues, and their products add up to one weight's gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lab.drawing import given
from lab.drawing.controls import Controls
from lab.drawing.draw import Rows
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number, term, total
from lab.pictures import loom_drawing
from lab.pictures.network import Wire, backward, dense, forward, gradients, named, table

SHAPES = (
    ("right: one row (1, M)", "row"),
    ("one axis (M,)", "flat"),
    ("a single number", "number"),
    ("a sum for each sample (N, 1)", "column"),
    ("nothing summed (N, M)", "all"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loom:
    """What the loom shows.

    Attributes:
        inputs: One row for each sample.
        dvalues: Upstream gradient, one row for each sample.
        biases: One for each neuron.
        row: The input whose weight is woven; the number of inputs for the row of ones.
        column: The neuron.
        ones: Every sample has one more input, which is 1.
        shape: What is subtracted from the biases, by its shape: "row", "flat", "number", "column" or "all".
    """

    inputs: Rows
    dvalues: Rows
    biases: tuple[float, ...]
    row: int = 0
    column: int = 0
    ones: bool = False
    shape: str = "row"


@lru_cache(maxsize=64)
def _woven(inputs: Rows, dvalues: Rows) -> tuple[Rows, tuple[float, ...], tuple[Wire, ...]]:
    """Gradients for weights and biases, and all wires; the values of the parameters play no part."""
    samples, count, neurons = len(inputs), len(inputs[0]), len(dvalues[0])
    steps = dense(samples, count, neurons)
    leaves = {f"w[{d},{m}]": 1.0 for d in range(count) for m in range(neurons)} | {
        f"b[{m}]": 0.0 for m in range(neurons)
    }
    values = forward(steps, named("x", inputs) | leaves)
    sent = named("z", dvalues)
    slopes = gradients(steps, values, sent)
    return (
        table("w", slopes, count, neurons),
        tuple(slopes[f"b[{m}]"] for m in range(neurons)),
        tuple(backward(steps, values, sent)),
    )


def dweights(state: Loom) -> Rows:
    """The gradient for the weights, and below it that for the biases if the ones are there."""
    weights, biases, _ = _woven(state.inputs, state.dvalues)
    return (*weights, biases) if state.ones else weights


def threads(state: Loom) -> Rows:
    """The inputs turned: one row for each input, and the row of ones."""
    turned = tuple(zip(*state.inputs, strict=True))
    return (*turned, (1.0,) * len(state.inputs)) if state.ones else turned


def parts(state: Loom) -> tuple[Wire, ...]:
    """What the chosen weight (or bias) receives from each sample."""
    bias = state.row == len(state.inputs[0])
    source = f"b[{state.column}]" if bias else f"w[{state.row},{state.column}]"
    wires = _woven(state.inputs, state.dvalues)[2]
    return tuple(wire for wire in reversed(wires) if wire.source == source)


def subtrahend(state: Loom) -> Rows:
    """The bias gradient in its right shape or in a wrong one; a single number as a 1 x 1 table."""
    biases = _woven(state.inputs, state.dvalues)[1]
    if state.shape == "all":
        return state.dvalues
    if state.shape == "number":
        return ((sum(biases),),)
    return tuple((sum(row),) for row in state.dvalues) if state.shape == "column" else (biases,)


def broadcast(state: Loom) -> Rows:
    """The biases minus that, stretched as numpy stretches it."""
    taken = subtrahend(state)
    across = range(len(state.biases))
    return tuple(tuple(state.biases[m] - row[m if len(row) > 1 else 0] for m in across) for row in taken)


def choose(state: Loom, row: int, column: int) -> Loom:
    """Weave this cell; the row of ones exists only if it is there.

    Args:
        state: The loom.
        row: Of the cell, from 0.
        column: Of the cell, from 0.
    """
    return replace(state, row=min(row, len(threads(state)) - 1), column=column)


def set_ones(state: Loom, on: bool) -> Loom:
    """Give every sample one more input, or take it away; the new row is chosen at once."""
    changed = replace(state, ones=on)
    last = len(threads(changed)) - 1
    return replace(changed, row=last if on else min(state.row, last))


def caption(state: Loom) -> tuple[str, ...]:
    """The products and their sum; then what broadcasting did."""
    wires = parts(state)
    each = listed([f"{number(wire.local)} · {term(wire.received)} from sample {n}" for n, wire in enumerate(wires)])
    value = number(dweights(state)[state.row][state.column])
    bias = state.row == len(state.inputs[0])
    name = f"the bias of neuron {state.column}" if bias else f"the weight of input {state.row} in neuron {state.column}"
    first = f"Gradient for {name}: {each}. In all {total([wire.passed for wire in wires])} = {value}."
    return (first, _about_shape(state))


def _about_shape(state: Loom) -> str:
    count, of = len(broadcast(state)), len(state.biases)
    return {
        "row": f"Biases minus one row of gradients: still one row of {of} biases.",
        "flat": "One axis (M,) happens to be read as a row: right numbers here, but it is no row.",
        "number": "A single number moves every bias alike, though each neuron has a gradient of its own.",
        "column": f"One sum for each sample turns one row of biases into {count}, and no error says so.",
        "all": f"Nothing summed makes {count} rows of biases, one for each sample, and no error says so.",
    }[state.shape]


def details(state: Loom) -> tuple[str, ...]:
    """The gradients in sentences."""
    rows = [f"{listed([number(value) for value in row])} in row {i}" for i, row in enumerate(dweights(state))]
    result = [listed([number(value) for value in row]) for row in broadcast(state)]
    return (f"Gradients for weights: {'; '.join(rows)}.", f"Biases after the subtraction: {'; '.join(result)}.")


def picture(state: Loom) -> Picture:
    """The state, drawn."""
    scene = loom_drawing.Scene(
        threads=threads(state), dvalues=state.dvalues, woven=dweights(state), row=state.row, column=state.column,
        parts=tuple((wire.local, wire.received, wire.passed) for wire in parts(state)), ones=state.ones,
        biases=state.biases, taken=subtrahend(state), shape=state.shape, result=broadcast(state),
    )  # fmt: skip
    return Picture(
        name=f"Loom: inputs turned times dvalues, cell {state.row}, {state.column} of the gradient for the weights",
        narrow=loom_drawing.narrow(scene), wide=loom_drawing.wide(scene),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def controls(helper: Controls[Loom]) -> list[list[object]]:
    """Two rows: the cell, and the shape of the bias gradient."""
    first = helper.state
    count = len(first.inputs[0])
    rows = [*((str(i), i) for i in range(count)), ("ones", count)]

    def point(state: Loom, row: int) -> Loom:
        return choose(set_ones(state, True) if row == count else state, row, state.column)

    return [
        [
            helper.choice("input", "row of dweights", rows, lambda s: s.row, point),
            helper.choice("neuron", "column of dweights", [(str(m), m) for m in range(len(first.biases))],
                          lambda s: s.column, lambda s, v: choose(s, s.row, v)),
            helper.switch("row of ones", "one more input that is 1 for every sample", lambda s: s.ones, set_ones),
        ],
        [
            helper.choice("subtract from the biases", "the gradient's shape", SHAPES, lambda s: s.shape,
                          lambda s, v: replace(s, shape=v), drop=True),
        ],
    ]  # fmt: skip


def start(inputs: object, dvalues: object, biases: object, which_input: object = 0, which_neuron: object = 0) -> Loom:
    """The state for a student's arrays.

    Args:
        inputs: (samples, inputs).
        dvalues: Gradient from above, (samples, neurons).
        biases: (neurons,) or (1, neurons).
        which_input: Row of the cell that is woven, from 0.
        which_neuron: Column of the cell that is woven, from 0.

    Raises:
        CannotDraw: They do not fit each other, or are too large.
    """
    samples, sent = given.rows(inputs, "inputs", most=(5, 5)), given.rows(dvalues, "dvalues", most=(5, 4))
    row = given.rows(biases, "biases", most=(1, 4))[0]
    given.same(len(samples), len(sent), "the rows of inputs and dvalues")
    given.same(len(sent[0]), len(row), "the columns of dvalues and biases")
    place = (
        given.index(which_input, "which_input", len(samples[0])),
        given.index(which_neuron, "which_neuron", len(row)),
    )
    return Loom(inputs=samples, dvalues=sent, biases=row, row=place[0], column=place[1])


def view(inputs: object, dvalues: object, biases: object, which_input: object, which_neuron: object) -> View[Loom]:
    """The loom, under the hand.

    Args:
        inputs: (samples, inputs).
        dvalues: Gradient from above, (samples, neurons).
        biases: (neurons,) or (1, neurons).
        which_input: Row of the cell that is woven, from 0.
        which_neuron: Column of the cell that is woven, from 0.
    """
    return View(start(inputs, dvalues, biases, which_input, which_neuron), picture, controls)
