"""04, the fan: one input, its wires to all neurons, and what flows back along them into one sum.

A second switch puts the arrays into the product of document 000 as they are, with samples in rows where that product
expects columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lab.drawing import given
from lab.drawing.controls import Controls
from lab.drawing.draw import Rows
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number, term, total
from lab.pictures import fan_drawing
from lab.pictures.network import backward, dense, forward, gradients, named


@dataclass(frozen=True, slots=True, kw_only=True)
class Fan:
    """What the fan shows.

    Attributes:
        weights: One row for each input, one column for each neuron.
        dvalues: Upstream gradient, one row for each sample.
        chosen: The input whose wires are drawn.
        sample: The sample whose gradient flows.
        columns: Show the product of document 000 beside the rows.
        ones: The upstream gradient is 1 everywhere.
    """

    weights: Rows
    dvalues: Rows
    chosen: int = 0
    sample: int = 0
    columns: bool = False
    ones: bool = False


def upstream(state: Fan) -> Rows:
    """What the layer after sends."""
    return tuple(tuple(1.0 if state.ones else value for value in row) for row in state.dvalues)


def flows(state: Fan) -> tuple[float, ...]:
    """What flows back to the chosen input, neuron by neuron."""
    return _parts(state.weights, upstream(state)[state.sample])[state.chosen]


@lru_cache(maxsize=256)
def _parts(weights: Rows, received: tuple[float, ...]) -> Rows:
    """For every input, what each of its wires brings back; the values of the inputs play no part."""
    inputs, neurons = len(weights), len(received)
    steps = dense(1, inputs, neurons)
    leaves = {f"x[0,{d}]": 1.0 for d in range(inputs)} | {f"b[{m}]": 0.0 for m in range(neurons)}
    values = forward(steps, leaves | named("w", weights))
    wires = {wire.target: wire for wire in backward(steps, values, named("z", (received,))) if wire.source[0] == "x"}
    return tuple(tuple(wires[f"xw[0,{d},{m}]"].passed for m in range(neurons)) for d in range(inputs))


@lru_cache(maxsize=256)
def _sums(weights: Rows, received: tuple[float, ...]) -> tuple[float, ...]:
    """What every input receives in all."""
    inputs, neurons = len(weights), len(received)
    steps = dense(1, inputs, neurons)
    leaves = {f"x[0,{d}]": 1.0 for d in range(inputs)} | {f"b[{m}]": 0.0 for m in range(neurons)}
    slopes = gradients(steps, forward(steps, leaves | named("w", weights)), named("z", (received,)))
    return tuple(slopes[f"x[0,{d}]"] for d in range(inputs))


def by_rows(state: Fan) -> Rows:
    """The gradient for the inputs, one row for each sample."""
    return tuple(_sums(state.weights, row) for row in upstream(state))


def by_columns(state: Fan) -> Rows | None:
    """What 000's product makes of the same arrays, one row for each input; None if it refuses them."""
    sent = upstream(state)
    if len(sent) != len(sent[0]):
        return None
    columns = [_sums(state.weights, column) for column in zip(*sent, strict=True)]
    return tuple(zip(*columns, strict=True))


def wrong(state: Fan) -> tuple[tuple[int, int], ...]:
    """Entries of 000's product that are not the gradient of that input for that sample."""
    right, shown = by_rows(state), by_columns(state)
    if shown is None:
        return ()
    places = ((d, n) for d in range(len(shown)) for n in range(len(right)))
    return tuple((d, n) for d, n in places if abs(shown[d][n] - right[n][d]) > 1e-9 * max(1.0, abs(right[n][d])))


def caption(state: Fan) -> tuple[str, ...]:
    """The sum over the paths; then what the other layout did."""
    sent, parts = upstream(state)[state.sample], flows(state)
    paths = listed([f"{number(g)} · {term(w)} through neuron {m}"
                    for m, (g, w) in enumerate(zip(sent, state.weights[state.chosen], strict=True))])  # fmt: skip
    lead = f"Back to input {state.chosen} of sample {state.sample} flow {paths}."
    sentences = [
        lead,
        f"They pour into one sum: {total(parts)} = {number(by_rows(state)[state.sample][state.chosen])}.",
    ]
    return (*sentences, _about_columns(state)) if state.columns else tuple(sentences)


def _about_columns(state: Fan) -> str:
    if by_columns(state) is None:
        sent = upstream(state)
        return (
            f"000's product refuses: {len(sent[0])} neurons of the weights would meet {len(sent)} samples of dvalues."
        )
    count, of = len(wrong(state)), len(state.weights) * len(state.dvalues)
    if count:
        return f"000's product with the same dvalues: {count} of {of} entries mix samples, and no error says so."
    return "000's product gives the same numbers, columns for rows: this dvalues equals its own transpose."


def details(state: Fan) -> tuple[str, ...]:
    """The gradients in sentences."""
    rows = [f"{listed([number(value) for value in row])} for sample {n}" for n, row in enumerate(by_rows(state))]
    return (f"Gradients for all inputs: {'; '.join(rows)}.",)


def picture(state: Fan) -> Picture:
    """The state, drawn."""
    scene = fan_drawing.Scene(
        weights=state.weights[state.chosen], sent=upstream(state)[state.sample], parts=flows(state),
        total=by_rows(state)[state.sample][state.chosen], chosen=state.chosen, sample=state.sample, rows=by_rows(state),
        columns=by_columns(state), wrong=frozenset(wrong(state)), compare=state.columns,
        sizes=(len(state.dvalues), len(state.weights), len(state.weights[0])),
    )  # fmt: skip
    return Picture(
        name=f"Fan-out: input {state.chosen} and its wires to {len(state.weights[0])} neurons",
        narrow=fan_drawing.narrow(scene), wide=fan_drawing.wide(scene), caption=caption(state), details=details(state),
    )  # fmt: skip


def controls(helper: Controls[Fan]) -> list[list[object]]:
    """Two rows: what is looked at, and what is put in."""
    first = helper.state
    inputs, samples = range(len(first.weights)), range(len(first.dvalues))
    return [
        [
            helper.choice("input", "whose wires to draw", [(str(d), d) for d in inputs], lambda s: s.chosen,
                          lambda s, v: replace(s, chosen=v)),
            helper.choice("sample", "whose gradient flows", [(str(n), n) for n in samples], lambda s: s.sample,
                          lambda s, v: replace(s, sample=v)),
        ],
        [
            helper.choice("dvalues", "the upstream gradient", [("as given", False), ("all ones", True)],
                          lambda s: s.ones, lambda s, v: replace(s, ones=v)),
            helper.switch("beside it, 000's product for samples in columns", "compare the two layouts",
                          lambda s: s.columns, lambda s, v: replace(s, columns=v)),
        ],
        [_number(helper, m) for m in range(len(first.dvalues[0]))],
    ]  # fmt: skip


def _number(helper: Controls[Fan], m: int) -> object:
    """A slider for what one neuron receives, for the sample that is shown."""

    def write(state: Fan, value: float) -> Fan:
        if state.ones:
            return state
        row = state.dvalues[state.sample]
        new = (*row[:m], value, *row[m + 1 :])
        return replace(state, dvalues=(*state.dvalues[: state.sample], new, *state.dvalues[state.sample + 1 :]))

    reach = max(5.0, *(2 * abs(value) for row in helper.state.dvalues for value in row))
    about = f"upstream gradient at neuron {m}"
    return helper.number(f"dvalue {m}", about, (-reach, reach, 0.1), lambda s: upstream(s)[s.sample][m], write)


def start(weights: object, dvalues: object) -> Fan:
    """The state for a student's arrays.

    Raises:
        CannotDraw: They do not fit each other, or are too large.
    """
    by_input, sent = given.rows(weights, "weights", most=(6, 5)), given.rows(dvalues, "dvalues", most=(6, 5))
    given.same(len(by_input[0]), len(sent[0]), "the columns of weights and dvalues")
    return Fan(weights=by_input, dvalues=sent)


def view(weights: object, dvalues: object) -> View[Fan]:
    """The fan, under the hand."""
    return View(start(weights, dvalues), picture, controls)
