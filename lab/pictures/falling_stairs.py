"""03, the stairs: y after each step of gradient descent, and the straight line that the first gradient promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lab.drawing import given
from lab.drawing.controls import Controls
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number
from lab.pictures import stairs_drawing
from lab.pictures.network import forward, gradients, neuron, walk

MOST_STEPS = 12
MOST_RUNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stairs:
    """What is stepped, and how often.

    Attributes:
        x: Inputs, one to four.
        w: Weights, as many.
        b: Bias.
        lr: Learning rate.
        steps: How many steps are shown, 0 to 12.
        runs: How often the cell that changes w and b in place has run; 1 is what was asked for.
    """

    x: tuple[float, ...]
    w: tuple[float, ...]
    b: float
    lr: float
    steps: int = 3
    runs: int = 1


@lru_cache(maxsize=64)
def _levels(x: tuple[float, ...], w: tuple[float, ...], b: float, lr: float) -> tuple[tuple[float, ...], float]:
    """Z after 0, 1, 2 ... steps, and by how much the first step promises to lower y."""
    steps = neuron(len(x))
    here = {f"x{i}": value for i, value in enumerate(x)} | {f"w{i}": value for i, value in enumerate(w)} | {"b": b}
    levels, promise = [], 0.0
    for round_ in range(MOST_STEPS + 1):
        values = forward(steps, here)
        levels.append(values["z"])
        slopes = gradients(steps, values, {"y": 1.0})
        own = {name: slope for name, slope in slopes.items() if name[0] == "w" or name == "b"}
        there = walk(here, own, -lr)
        if round_ == 0:
            promise = sum(slope * (here[name] - there[name]) for name, slope in own.items())
        here = there
    return tuple(float(f"{level:.12g}") for level in levels), promise


def levels(state: Stairs) -> tuple[float, ...]:
    """Z after 0 steps and after each step that is shown."""
    return _levels(state.x, state.w, state.b, state.lr)[0][: shown_steps(state) + 1]


def treads(state: Stairs) -> tuple[float, ...]:
    """Y on every tread."""
    relu = neuron(1)[-1:]
    return tuple(forward(relu, {"z": level})["y"] for level in levels(state))


def promised(state: Stairs) -> tuple[float, ...]:
    """What the first gradient promises for every tread."""
    fall = _levels(state.x, state.w, state.b, state.lr)[1]
    return tuple(treads(state)[0] - fall * step for step in range(shown_steps(state) + 1))


def shown_steps(state: Stairs) -> int:
    """Steps that are drawn: those asked for, and those that the in-place cell took besides."""
    return max(state.steps, state.runs if state.runs > 1 else 0)


def silent_from(state: Stairs) -> int | None:
    """The first tread on which the neuron is silent; None if it stays active."""
    return next((step for step, level in enumerate(levels(state)) if level <= 0), None)


def caption(state: Stairs) -> tuple[str, ...]:
    """Truth and promise, the silence, and the step that nobody asked for."""
    last = min(state.steps, shown_steps(state))
    truth, line, quiet = treads(state), promised(state), silent_from(state)
    count = f"{last} step{'s' * (last != 1)}"
    lead = f"After {count} with lr = {number(state.lr)}, y is {number(truth[last])}"
    sentences = [f"{lead}; the first gradient promised {number(line[last])}." if last else f"{lead}."]
    if quiet == 0:
        sentences.append("The neuron is silent from the start: all its slopes are 0, and no step moves it.")
    elif quiet is not None:
        rest = number(levels(state)[quiet])
        sentences.append(
            f"After step {quiet} z is {rest}: the neuron is silent, its slopes are 0, and the stairs stop."
        )
    if state.runs > 1:
        told = f"The cell that changes w and b in place has run {state.runs} times: y is {number(truth[state.runs])}"
        sentences.append(f"{told}, and {number(truth[1])} is what one step was to give.")
    return tuple(sentences)


def details(state: Stairs) -> tuple[str, ...]:
    """Every tread in sentences."""
    rows = [f"{number(y)} after {step}" for step, y in enumerate(treads(state))]
    return (f"y: {listed(rows)}.", f"z: {listed([number(level) for level in levels(state)])}.")


def scene(state: Stairs) -> stairs_drawing.Scene:
    """All that is to be seen of a state."""
    return stairs_drawing.Scene(
        z=levels(state), y=treads(state), line=promised(state), silent=silent_from(state), steps=state.steps,
        runs=state.runs, lr=state.lr,
    )  # fmt: skip


def picture(state: Stairs) -> Picture:
    """The state, drawn."""
    seen = scene(state)
    return Picture(
        name=f"Stairs: y after each of {shown_steps(state)} steps of gradient descent, and its forecast",
        narrow=stairs_drawing.narrow(seen), wide=stairs_drawing.wide(seen),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def run_again(state: Stairs) -> Stairs:
    """Run the in-place cell once more."""
    return replace(state, runs=min(state.runs + 1, MOST_RUNS))


def controls(helper: Controls[Stairs]) -> list[list[object]]:
    """One row: learning rate, steps, and the cell that should not be run twice."""
    first = helper.state
    return [
        [
            helper.number("lr", "learning rate", (0.001, max(0.3, 2 * first.lr), 0.001), lambda s: s.lr,
                          lambda s, v: replace(s, lr=v)),
            helper.number("steps", "how many steps", (0, MOST_STEPS, 1), lambda s: s.steps,
                          lambda s, v: replace(s, steps=int(v))),
            helper.button("Run the in-place cell again", "one more step, taken by accident", run_again,
                          possible=lambda s: s.runs < MOST_RUNS),
            helper.button("Start over", "back to the values of the notebook", lambda _: first),
        ]
    ]  # fmt: skip


def start(x: object, w: object, b: object, lr: object, steps: object) -> Stairs:
    """The state for a student's values.

    Args:
        x: Its inputs, one to four numbers.
        w: Its weights, as many.
        b: Its bias, a number.
        lr: Learning rate, above 0.
        steps: How many are shown, 0 to 12.

    Raises:
        CannotDraw: They are not a neuron of one to four inputs, or lr is not above 0.
    """
    inputs, weights = given.several(x, "x", most=4), given.several(w, "w", most=4)
    given.same(len(inputs), len(weights), "the lengths of x and w")
    count = max(0, min(MOST_STEPS, int(given.one(steps, "steps"))))
    return Stairs(x=inputs, w=weights, b=given.one(b, "b"), lr=given.positive(lr, "lr"), steps=count)


def view(x: object, w: object, b: object, lr: object, steps: object) -> View[Stairs]:
    """The stairs, under the hand.

    Args:
        x: Its inputs, one to four numbers.
        w: Its weights, as many.
        b: Its bias, a number.
        lr: Learning rate, above 0.
        steps: How many are shown, 0 to 12.
    """
    return View(start(x, w, b, lr, steps), picture, controls)
