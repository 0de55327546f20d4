"""01, the nudge bench: y over z as a hinge, and for every value a bar with Δy / h."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab.drawing import given
from lab.drawing.controls import Controls
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number
from lab.pictures import bench_drawing
from lab.pictures.network import Step, forward, neuron


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the bench shows.

    Attributes:
        x: Inputs, one to four.
        w: Weights, as many.
        b: Bias.
        h: The nudge, above 0.
        chosen: Name of the value that is nudged; empty if none is.
        open: Names whose bar is shown.
        outside: The bias stands behind ReLU.
    """

    x: tuple[float, ...]
    w: tuple[float, ...]
    b: float
    h: float = 0.5
    chosen: str = ""
    open: frozenset[str] = frozenset()
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """What one nudge did.

    Attributes:
        dz: How far the full sum moved.
        dy: How far the output moved.
        slope: dy for each unit of the nudge.
        crosses: The sum passed the kink on the way.
    """

    dz: float
    dy: float
    slope: float
    crosses: bool


def names(state: Bench) -> tuple[str, ...]:
    """The values that can be nudged, in the order of notebook 01."""
    return (*(f"x{i}" for i in range(len(state.x))), *(f"w{i}" for i in range(len(state.w))), "b")


def values(state: Bench) -> dict[str, float]:
    """Them with their values."""
    return dict(zip(names(state), (*state.x, *state.w, state.b), strict=True))


def run(state: Bench, moved: dict[str, float]) -> dict[str, float]:
    """A forward pass with these values, bias inside or outside."""
    inside = neuron(len(state.x))
    if not state.outside:
        return forward(inside, moved)
    *products, total, _ = inside
    behind = (Step("s", "sum", total.arguments[:-1]), Step("r", "relu", ("s",)), Step("y", "sum", ("r", "b")))
    return forward((*products, total, *behind), moved)


def nudge(state: Bench, name: str) -> Nudge:
    """Raise one value by h and look."""
    here = values(state)
    old, new = run(state, here), run(state, here | {name: here[name] + state.h})
    dy = float(f"{new['y'] - old['y']:.12g}")
    bend = "s" if state.outside else "z"
    crosses = (old[bend] > 0) != (new[bend] > 0) and 0 not in (old[bend], new[bend])
    return Nudge(dz=new["z"] - old["z"], dy=dy, slope=float(f"{dy / state.h:.10g}"), crosses=crosses)


def other(state: Bench) -> float:
    """The output with the bias on the other side of ReLU."""
    swapped = replace(state, outside=not state.outside)
    return run(swapped, values(swapped))["y"]


def choose(state: Bench, name: str) -> Bench:
    """Nudge this value; its bar stays from now on."""
    return replace(state, chosen=name, open=state.open | {name} if name else state.open)


def set_value(state: Bench, name: str, value: float) -> Bench:
    """Another value, which is then the one that is nudged.

    Args:
        state: The bench.
        name: Of the value.
        value: The new one.
    """
    if name == "b":
        return choose(replace(state, b=value), name)
    kind, index = name[0], int(name[1:])
    old = state.x if kind == "x" else state.w
    new = (*old[:index], value, *old[index + 1 :])
    return choose(replace(state, x=new) if kind == "x" else replace(state, w=new), name)


def open_all(state: Bench) -> Bench:
    """Nudge every value once."""
    return replace(state, open=frozenset(names(state)))


def caption(state: Bench) -> tuple[str, ...]:
    """What the nudge showed."""
    here = run(state, values(state))
    sentences = [f"z = {number(here['z'])} and y = {number(here['y'])}."]
    if state.chosen:
        one, old = nudge(state, state.chosen), values(state)[state.chosen]
        moved = f"{state.chosen} goes from {number(old)} to {number(old + state.h)}, so h = {number(state.h)}"
        sentences.append(f"{moved}; y moves by Δy = {number(one.dy)}, and Δy / h = {number(one.slope)}.")
        if one.crosses:
            sentences.append("On the way z crosses the kink: the bar mixes the slopes of both sides.")
    else:
        sentences.append("Move a slider, or choose a value to nudge.")
    if state.outside:
        sentences.append(_compared(here["y"], other(state)))
    return tuple(sentences)


def _compared(outside: float, inside: float) -> str:
    if abs(outside - inside) < 1e-9:
        return f"The bias stands outside ReLU, and here that makes no difference: y = {number(inside)} either way."
    gap = number(abs(outside - inside))
    return f"The bias stands outside ReLU: y = {number(outside)}; inside it would be {number(inside)}, {gap} apart."


def details(state: Bench) -> tuple[str, ...]:
    """Values and bars in sentences."""
    shown = listed([f"{name} = {number(value)}" for name, value in values(state).items()])
    bars = [f"{number(nudge(state, name).slope)} for {name}" for name in names(state) if name in state.open]
    return (f"Values: {shown}.", f"Slopes by nudging, h = {number(state.h)}: {listed(bars)}.")


def picture(state: Bench) -> Picture:
    """The state, drawn."""
    here = run(state, values(state))
    scene = bench_drawing.Scene(
        z=here["z"], y=here["y"], b=state.b, outside=state.outside, h=state.h, chosen=state.chosen,
        step=(nudge(state, state.chosen).dz, nudge(state, state.chosen).dy) if state.chosen else None,
        bars=tuple((name, nudge(state, name).slope if name in state.open else None) for name in names(state)),
    )  # fmt: skip
    return Picture(
        name=f"Nudge bench: output y over z, and {len(scene.bars)} slopes found by nudging",
        narrow=bench_drawing.narrow(scene), wide=bench_drawing.wide(scene),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def controls(helper: Controls[Bench]) -> list[list[object]]:
    """Rows of controls: a slider for each value, inputs above weights and bias; the nudge; what to nudge."""
    first = helper.state
    reach = max(5.0, *(2 * abs(value) for value in values(first).values()))
    sliders = [_slider(helper, name, (-reach, reach, 0.1)) for name in names(first)]
    inputs = len(sliders) // 2
    return [
        sliders[:inputs],
        sliders[inputs:],
        [
            helper.choice("Nudge", "which value to raise by h",
                          [("none", ""), *((name, name) for name in names(first))], lambda s: s.chosen, choose),
            helper.number("h", "how far to nudge", (0.01, 10.0, 0.01), lambda s: s.h, lambda s, v: replace(s, h=v)),
        ],
        [
            helper.button("Nudge every value once", "show all bars", open_all, main=True,
                          possible=lambda s: len(s.open) < len(names(s))),
            helper.button("Start over", "back to the values of the notebook, without bars", lambda _: first),
            helper.switch("bias outside ReLU", "put b behind ReLU", lambda s: s.outside,
                          lambda s, v: replace(s, outside=v)),
        ],
    ]  # fmt: skip


def _slider(helper: Controls[Bench], name: str, limits: tuple[float, float, float]) -> object:
    about = {"x": "input", "w": "weight", "b": "bias"}[name[0]]
    return helper.number(name, about, limits, lambda s: values(s)[name], lambda s, v: set_value(s, name, v))


def start(x: object, w: object, b: object, h: object) -> Bench:
    """The state for a student's values.

    Args:
        x: Its inputs, one to four numbers.
        w: Its weights, as many.
        b: Its bias, a number.
        h: How far a value is nudged, above 0.

    Raises:
        CannotDraw: They are not a neuron of one to four inputs, or h is not above 0.
    """
    inputs, weights = given.several(x, "x", most=4), given.several(w, "w", most=4)
    given.same(len(inputs), len(weights), "the lengths of x and w")
    return Bench(x=inputs, w=weights, b=given.one(b, "b"), h=given.positive(h, "h"))


def view(x: object, w: object, b: object, h: object) -> View[Bench]:
    """The bench, under the hand.

    Args:
        x: Its inputs, one to four numbers.
        w: Its weights, as many.
        b: Its bias, a number.
        h: How far a value is nudged, above 0.
    """
    return View(start(x, w, b, h), picture, controls)
