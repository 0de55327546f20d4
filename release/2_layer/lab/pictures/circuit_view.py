"""The circuit under the hand: its drawing, its words and its controls put together."""

from __future__ import annotations

from dataclasses import replace

from lab.drawing.controls import Controls
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.pictures import circuit_drawing, circuit_words
from lab.pictures.neuron_circuit import (
    Circuit,
    computed,
    is_silent,
    known,
    put,
    stages,
    start,
    text_at_place,
    walk_to,
    wrong,
)  # fmt: skip


def picture(state: Circuit) -> Picture:
    """The state, drawn."""
    stage = f"backward pass {state.done} of {len(stages(state))}"
    name = f"Computational graph of a neuron with {len(state.x)} inputs, {stage}"
    scene = circuit_drawing.Scene(
        wires=computed(state).wires, values=computed(state).values, grads=computed(state).grads, known=known(state),
        now=stages(state)[state.done - 1] if state.done else (), wrong=wrong(state),
        right={name: value for name, value in state.typed if name not in known(state) and name not in wrong(state)},
        silent=is_silent(state), title=circuit_words.title(state), inputs=len(state.x), dvalue=state.dvalue,
    )  # fmt: skip
    return Picture(
        name=name, narrow=circuit_drawing.narrow(scene), wide=circuit_drawing.wide(scene),
        caption=circuit_words.caption(state), details=circuit_words.details(state),
    )  # fmt: skip


def controls(helper: Controls[Circuit]) -> list[list[object]]:
    """Rows of controls: the values, the walk, and a place to type."""
    state = helper.state
    last = len(stages(state))
    return [
        [*_values(helper, state), helper.number(
            "dvalue", "upstream gradient", (-5.0, 5.0, 0.1), lambda s: s.dvalue, lambda s, v: replace(s, dvalue=v))],
        [
            helper.button("One operation back", "show what the next operation passes back",
                          lambda s: walk_to(s, s.done + 1), main=True, possible=lambda s: s.done < last),
            helper.button("Forward again", "undo one stage", lambda s: walk_to(s, s.done - 1),
                          possible=lambda s: s.done > 0),
            helper.button("All the way", "show all gradients", lambda s: walk_to(s, last),
                          possible=lambda s: s.done < last),
            helper.button("Start over", "hide all gradients", lambda s: replace(s, done=0, typed=()),
                          possible=lambda s: bool(s.done or s.typed)),
        ],
        [
            helper.choice("Your gradient at", "where to type a gradient", [(n, n) for g in stages(state) for n in g],
                          lambda s: s.place, lambda s, v: replace(s, place=v), drop=True),
            helper.entry("is", "type a gradient and press Enter", "a number, then Enter", text_at_place, put),
        ],
    ]  # fmt: skip


def _values(helper: Controls[Circuit], state: Circuit) -> list[object]:
    reach = max(5.0, *(2 * abs(value) for value in (*state.x, *state.w, state.b)))
    limits = (-reach, reach, 0.1)

    def one(kind: str, index: int) -> object:
        def read(now: Circuit) -> float:
            return float(getattr(now, kind)[index])

        def write(now: Circuit, value: float) -> Circuit:
            old: tuple[float, ...] = getattr(now, kind)
            return replace(now, **{kind: (*old[:index], value, *old[index + 1 :])})  # type: ignore[arg-type]

        return helper.number(f"{kind}{index}", f"{'input' if kind == 'x' else 'weight'} {index}", limits, read, write)

    pairs = [one(kind, index) for index in range(len(state.x)) for kind in "xw"]
    return [*pairs, helper.number("b", "bias", limits, lambda s: s.b, lambda s, v: replace(s, b=v))]


def view(x: object, w: object, b: object, dvalue: object) -> View[Circuit]:
    """The circuit, under the hand.

    Args:
        x: Its inputs, one to four numbers.
        w: Its weights, as many.
        b: Its bias, a number.
        dvalue: Gradient from above, a number.
    """
    return View(start(x, w, b, dvalue), picture, controls)
