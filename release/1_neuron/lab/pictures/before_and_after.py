"""07, before and after: the activations of a layer, one step of gradient descent, and what it made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lab.drawing import given
from lab.drawing.controls import Controls
from lab.drawing.draw import Rows
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number
from lab.pictures import after_drawing
from lab.pictures.network import forward, gradients, layer, named, table, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is trained, and how.

    Attributes:
        inputs: One row for each sample.
        weights: One row for each input.
        biases: One for each neuron.
        lr: Learning rate.
        second: Another upstream gradient, to be sent in place of the activations.
        use_second: It is sent.
    """

    inputs: Rows
    weights: Rows
    biases: tuple[float, ...]
    lr: float
    second: Rows
    use_second: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One step, computed.

    Attributes:
        z: Sums before the step.
        before: Activations before it.
        after: Activations after it.
        after_z: Sums after it.
        upstream: What was sent back.
        reached: What of it got to the sums.
        loss: The loss before and after.
        forecast: The fall that the gradients promise.
    """

    z: Rows
    before: Rows
    after: Rows
    after_z: Rows
    upstream: Rows
    reached: Rows
    loss: tuple[float, float]
    forecast: float


@lru_cache(maxsize=64)
def outcome(state: Training) -> Outcome:
    """Forward, loss, backward, step, and forward again."""
    samples, inputs, neurons = len(state.inputs), len(state.weights), len(state.biases)
    steps = layer(samples, inputs, neurons)
    leaves = named("x", state.inputs) | named("w", state.weights) | _biases(state)
    values = forward(steps, leaves)
    before = table("a", values, samples, neurons)
    sent = state.second if state.use_second else before
    slopes = gradients(steps, values, named("a", sent))
    own = {name: slopes[name] for name in leaves if name[0] in "wb"}
    moved = walk(leaves, own, -state.lr)
    later = forward(steps, moved)
    after = table("a", later, samples, neurons)
    promised = sum(slope * (leaves[name] - moved[name]) for name, slope in own.items())
    losses = (_loss(state, before, sent), _loss(state, after, sent))
    return Outcome(
        z=table("z", values, samples, neurons), before=before, after=after, after_z=table("z", later, samples, neurons),
        upstream=sent, reached=table("z", slopes, samples, neurons), loss=losses, forecast=promised,
    )  # fmt: skip


def _biases(state: Training) -> dict[str, float]:
    return {f"b[{m}]": value for m, value in enumerate(state.biases)}


def _loss(state: Training, activations: Rows, sent: Rows) -> float:
    """The loss whose gradient was sent: half of all squares, or the sum of what was sent times the activations."""
    pairs = [pair for ours, theirs in zip(activations, sent, strict=True) for pair in zip(ours, theirs, strict=True)]
    return sum(a * (g if state.use_second else a / 2) for a, g in pairs)


def difference(one: Rows, other: Rows) -> Rows:
    """The second minus the first, entry by entry."""
    return tuple(
        tuple(float(f"{b - a:.12g}") for a, b in zip(x, y, strict=True)) for x, y in zip(one, other, strict=True)
    )


def fallen_silent(state: Training) -> tuple[tuple[int, int], ...]:
    """Entries that were active before the step and are silent after it."""
    done = outcome(state)
    return tuple(
        (n, m) for n, row in enumerate(done.z) for m, value in enumerate(row) if value > 0 and done.after_z[n][m] <= 0
    )


def stopped(state: Training) -> tuple[tuple[int, int], ...]:
    """Entries at which something was sent back and nothing got through."""
    done = outcome(state)
    return tuple(
        (n, m) for n, row in enumerate(done.upstream) for m, sent in enumerate(row) if sent and not done.reached[n][m]
    )


def caption(state: Training) -> tuple[str, ...]:
    """Loss, forecast and truth; who fell silent; what the mask stopped."""
    done = outcome(state)
    fall = done.loss[0] - done.loss[1]
    name = "Σ dvalues·a" if state.use_second else "½Σa²"
    told = f"The loss {name} goes from {number(done.loss[0])} to {number(done.loss[1])}"
    sentences = [f"{told}: a fall of {number(fall)}, where the gradients promised {number(done.forecast)}."]
    silent = [f"neuron {m} for sample {n}, where z goes from {number(done.z[n][m])} to {number(done.after_z[n][m])}"
              for n, m in fallen_silent(state)]  # fmt: skip
    if silent:
        few = listed(silent[:2]) + (f", and {len(silent) - 2} more" if len(silent) > 2 else "")
        sentences.append(f"Fallen silent: {few}.")
    held = [f"{number(done.upstream[n][m])} for sample {n} and neuron {m}" for n, m in stopped(state)]
    if held:
        sentences.append(f"The mask stops {listed(held)}.")
    elif not state.use_second:
        sentences.append("The mask stops nothing here: a silent neuron has no activation, and sends none back.")
    return tuple(sentences)


def details(state: Training) -> tuple[str, ...]:
    """The arrays in sentences."""
    done = outcome(state)
    return (
        f"Activations before: {_told(done.before)}.",
        f"After: {_told(done.after)}.",
        f"Sent back: {_told(done.upstream)}.",
        f"Reached the sums: {_told(done.reached)}.",
    )


def _told(rows: Rows) -> str:
    return "; ".join(f"{listed([number(value) for value in row])} for sample {n}" for n, row in enumerate(rows))


def picture(state: Training) -> Picture:
    """The state, drawn."""
    done = outcome(state)
    scene = after_drawing.Scene(
        before=done.before, after=done.after, change=difference(done.before, done.after), upstream=done.upstream,
        reached=done.reached, silent=fallen_silent(state), stopped=stopped(state), loss=done.loss,
        forecast=done.forecast, second=state.use_second,
    )  # fmt: skip
    return Picture(
        name=f"A layer before and after one step with learning rate {number(state.lr)}",
        narrow=after_drawing.narrow(scene), wide=after_drawing.wide(scene),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def controls(helper: Controls[Training]) -> list[list[object]]:
    """One row: the learning rate, and what is sent back."""
    first = helper.state
    return [
        [
            helper.number("lr", "learning rate", (0.0, max(0.05, 10 * first.lr), 0.0005), lambda s: s.lr,
                          lambda s, v: replace(s, lr=v)),
            helper.choice("sent back", "the upstream gradient",
                          [("a, for the loss ½Σa²", False), ("dvalues_rows", True)], lambda s: s.use_second,
                          lambda s, v: replace(s, use_second=v)),
            helper.button("Start over", "back to the values of the notebook", lambda _: first),
        ]
    ]  # fmt: skip


def start(inputs: object, weights: object, biases: object, lr: object, dvalues: object) -> Training:
    """The state for a student's arrays.

    Args:
        inputs: (samples, inputs).
        weights: (inputs, neurons).
        biases: (neurons,) or (1, neurons).
        lr: Learning rate, above 0.
        dvalues: Gradient from above, (samples, neurons).

    Raises:
        CannotDraw: They do not fit each other, or are too large.
    """
    samples, by_input = given.rows(inputs, "inputs", most=(5, 6)), given.rows(weights, "weights", most=(6, 4))
    row, second = given.rows(biases, "biases", most=(1, 4))[0], given.rows(dvalues, "dvalues", most=(5, 4))
    given.same(len(samples[0]), len(by_input), "the columns of inputs and the rows of weights")
    given.same(len(by_input[0]), len(row), "the columns of weights and biases")
    given.same(len(second), len(samples), "the rows of dvalues and inputs")
    given.same(len(second[0]), len(row), "the columns of dvalues and biases")
    return Training(inputs=samples, weights=by_input, biases=row, lr=given.positive(lr, "lr"), second=second)


def view(inputs: object, weights: object, biases: object, lr: object, dvalues: object) -> View[Training]:
    """The step, under the hand.

    Args:
        inputs: (samples, inputs).
        weights: (inputs, neurons).
        biases: (neurons,) or (1, neurons).
        lr: Learning rate, above 0.
        dvalues: Gradient from above, (samples, neurons).
    """
    return View(start(inputs, weights, biases, lr, dvalues), picture, controls)
