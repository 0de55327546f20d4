"""02, the circuit: a neuron as a graph, values above and gradients below, walked back one operation at a time.

A student may type a gradient where none is shown yet. A right one stays; a wrong one turns amber, and the wire says
by which factor the operation would have had to multiply to make it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from lab.drawing import given
from lab.pictures.network import Step, Wire, backward, forward, gradients, neuron


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """What the circuit shows.

    Attributes:
        x: Inputs, one to four.
        w: Weights, as many.
        b: Bias.
        dvalue: Upstream gradient, the derivative of the loss with respect to y.
        done: How many stages of the backward pass are shown: 1 is dvalue alone, then one operation each.
        place: Where the student is about to type.
        typed: Gradients that the student typed, by the name of the value, newest last.
    """

    x: tuple[float, ...]
    w: tuple[float, ...]
    b: float
    dvalue: float = 1.0
    done: int = 0
    place: str = "z"
    typed: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """All numbers of one circuit.

    Attributes:
        steps: The operations, forward.
        values: By name.
        grads: By name.
        wires: What runs back along each wire, by the name of its source.
    """

    steps: tuple[Step, ...]
    values: dict[str, float]
    grads: dict[str, float]
    wires: dict[str, Wire]


@lru_cache(maxsize=64)
def _computed(x: tuple[float, ...], w: tuple[float, ...], b: float, dvalue: float) -> Computed:
    steps = neuron(len(x))
    leaves = {f"x{i}": value for i, value in enumerate(x)} | {f"w{i}": value for i, value in enumerate(w)} | {"b": b}
    values = forward(steps, leaves)
    wires = {wire.source: wire for wire in backward(steps, values, {"y": dvalue})}
    return Computed(steps=steps, values=values, grads=gradients(steps, values, {"y": dvalue}), wires=wires)


def computed(state: Circuit) -> Computed:
    """The numbers of a state."""
    return _computed(state.x, state.w, state.b, state.dvalue)


def stages(state: Circuit) -> tuple[tuple[str, ...], ...]:
    """Whose gradients each stage of the backward pass makes known, first stage first."""
    order = [step.arguments for step in reversed(neuron(len(state.x)))]
    relu, total, *products = order
    return (("y",), relu, total, *reversed(products))


def known(state: Circuit) -> frozenset[str]:
    """Values whose gradient is shown because the walk has reached them."""
    return frozenset(name for stage in stages(state)[: state.done] for name in stage)


def is_right(state: Circuit, name: str, typed: float) -> bool:
    """Whether a typed gradient is right, to the three decimals that are shown.

    Args:
        state: Has the right one.
        name: Of the value whose gradient it is.
        typed: The number.
    """
    want = computed(state).grads[name]
    return abs(typed - want) <= 1e-3 * max(1.0, abs(want))


def is_silent(state: Circuit) -> bool:
    """Whether ReLU holds everything back."""
    return computed(state).values["z"] <= 0


def wrong(state: Circuit) -> dict[str, float]:
    """What was typed and does not fit, by place."""
    shown = known(state)
    return {name: value for name, value in state.typed if name not in shown and not is_right(state, name, value)}


def factor_for(wire: Wire, typed: float) -> float | None:
    """By what the operation would have had to multiply to make this number; None if nothing could."""
    return typed / wire.received if wire.received else None


def walk_to(state: Circuit, done: int) -> Circuit:
    """The walk at another stage; what it shows by itself need not be typed any more."""
    kept = max(0, min(done, len(stages(state))))
    moved = replace(state, done=kept)
    shown = known(moved)
    return replace(moved, typed=tuple(one for one in state.typed if one[0] not in shown))


def put(state: Circuit, text: str) -> Circuit:
    """Type a gradient at the chosen place; an empty or unreadable text takes it away."""
    others = tuple(one for one in state.typed if one[0] != state.place)
    try:
        value = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return replace(state, typed=others)
    return replace(state, typed=(*others, (state.place, value)))


def text_at_place(state: Circuit) -> str:
    """What was typed at the chosen place, as text."""
    return next((f"{value:g}" for name, value in state.typed if name == state.place), "")


def start(x: object, w: object, b: object, dvalue: object) -> Circuit:
    """The state for a student's values.

    Args:
        x: Its inputs, one to four numbers.
        w: Its weights, as many.
        b: Its bias, a number.
        dvalue: Gradient from above, a number.

    Raises:
        CannotDraw: They are not a neuron of one to four inputs.
    """
    inputs, weights = given.several(x, "x", most=4), given.several(w, "w", most=4)
    given.same(len(inputs), len(weights), "the lengths of x and w")
    return Circuit(x=inputs, w=weights, b=given.one(b, "b"), dvalue=given.one(dvalue, "dvalue"))
