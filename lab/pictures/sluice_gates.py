"""06, sluice gates: z decides which gates stand open, dvalues is the water above them.

Beside the gates the same numbers are written into an array of whole numbers, as document 002 does it: fractions are
cut off without a word, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import trunc

from lab.drawing import given
from lab.drawing.controls import Controls
from lab.drawing.draw import Rows
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number
from lab.pictures import gates_drawing
from lab.pictures.network import Step, forward, gradients

_ONE = (Step("a", "relu", ("z",)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the gates show.

    Attributes:
        z: Pre-activations, one row for each sample.
        dvalues: Upstream gradient, of the same shape.
        shift: Added to every entry of z.
        whole: The array that takes the result holds whole numbers, as z does in document 002.
        halved: dvalues is divided by 2, which makes fractions of it.
    """

    z: Rows
    dvalues: Rows
    shift: float = 0.0
    whole: bool = True
    halved: bool = False


def shifted(state: Gates) -> Rows:
    """Z with its shift."""
    return tuple(tuple(value + state.shift for value in row) for row in state.z)


def upstream(state: Gates) -> Rows:
    """The water that arrives."""
    return tuple(tuple(value / 2 if state.halved else value for value in row) for row in state.dvalues)


def passed(state: Gates) -> Rows:
    """The water that gets through, gate by gate."""
    return tuple(
        tuple(_through(z, water) for z, water in zip(levels, waters, strict=True))
        for levels, waters in zip(shifted(state), upstream(state), strict=True)
    )


def _through(z: float, water: float) -> float:
    return gradients(_ONE, forward(_ONE, {"z": z}), {"a": water})["z"] + 0.0


def kept(state: Gates) -> Rows:
    """What an array of whole numbers keeps of it."""
    return tuple(tuple(float(trunc(value)) for value in row) for row in passed(state))


def silent(state: Gates) -> tuple[int, ...]:
    """For each neuron, how many of its gates are shut."""
    return tuple(sum(value <= 0 for value in column) for column in zip(*shifted(state), strict=True))


def dead(state: Gates) -> tuple[int, ...]:
    """Neurons whose gates are all shut."""
    return tuple(neuron for neuron, count in enumerate(silent(state)) if count == len(state.z))


def at_zero(state: Gates) -> tuple[tuple[int, int], ...]:
    """Gates that stand at exactly 0."""
    return tuple((n, m) for n, row in enumerate(shifted(state)) for m, value in enumerate(row) if value == 0)


def lost(state: Gates) -> bool:
    """Whether whole numbers cannot hold the result."""
    return state.whole and kept(state) != passed(state)


def caption(state: Gates) -> tuple[str, ...]:
    """Gates, dead neurons, the kink, and the number type."""
    count = sum(silent(state))
    gates = len(state.z) * len(state.z[0])
    sentences = [f"{gates - count} of {gates} gates are open: what arrives passes there unchanged, whatever its sign."]
    if at_zero(state):
        where = listed([f"neuron {m} for sample {n}" for n, m in at_zero(state)])
        sentences.append(f"z is exactly 0 at {where}: the gate stays shut, as this course agrees.")
    if dead(state):
        which = listed([str(neuron) for neuron in dead(state)])
        sentences.append(
            f"Dead for this batch: neuron{'s' * (len(dead(state)) > 1)} {which}. No sample opens a gate there."
        )
    if lost(state):
        sentences.append("An array of whole numbers cuts the fractions off, or refuses to be multiplied by them.")
    return tuple(sentences)


def details(state: Gates) -> tuple[str, ...]:
    """Every sample in a sentence of its own, gate by gate."""
    rows = zip(shifted(state), upstream(state), passed(state), strict=True)
    gates = (
        "; ".join(_told(m, *gate) for m, gate in enumerate(zip(levels, waters, through, strict=True)))
        for levels, waters, through in rows
    )
    return tuple(f"Sample {n}: {words}." for n, words in enumerate(gates))


def _told(neuron: int, z: float, water: float, through: float) -> str:
    gate = "open" if z > 0 else "shut"
    return f"gate {neuron} with z = {number(z)} is {gate}, {number(water)} arrives and {number(through)} passes"


def picture(state: Gates) -> Picture:
    """The state, drawn."""
    scene = gates_drawing.Scene(
        z=shifted(state), water=upstream(state), through=passed(state), kept=kept(state), silent=silent(state),
        dead=frozenset(dead(state)), whole=state.whole, lost=lost(state),
    )  # fmt: skip
    return Picture(
        name=f"Sluice gates: ReLU's mask for {len(state.z)} samples and {len(state.z[0])} neurons",
        narrow=gates_drawing.narrow(scene), wide=gates_drawing.wide(scene),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def controls(helper: Controls[Gates]) -> list[list[object]]:
    """One row: the shift, the upstream gradient, the number type."""
    first = helper.state
    return [
        [
            helper.number("shift z", "added to every z", (-8.0, 8.0, 0.5), lambda s: s.shift,
                          lambda s, v: replace(s, shift=v)),
            helper.choice("dvalues", "the upstream gradient", [("as given", False), ("halved", True)],
                          lambda s: s.halved, lambda s, v: replace(s, halved=v)),
            helper.choice("result kept as", "number type of the array", [("whole numbers", True), ("fractions", False)],
                          lambda s: s.whole, lambda s, v: replace(s, whole=v)),
            helper.button("Start over", "back to the values of the notebook", lambda _: first),
        ]
    ]  # fmt: skip


def start(z: object, dvalues: object) -> Gates:
    """The state for a student's arrays.

    Raises:
        CannotDraw: They are not two tables of one shape, or too large.
    """
    levels, water = given.rows(z, "z", most=(4, 5)), given.rows(dvalues, "dvalues", most=(4, 5))
    given.same(len(levels), len(water), "the rows of z and dvalues")
    given.same(len(levels[0]), len(water[0]), "the columns of z and dvalues")
    return Gates(z=levels, dvalues=water, whole=all(value == int(value) for row in levels for value in row))


def view(z: object, dvalues: object) -> View[Gates]:
    """The gates, under the hand."""
    return View(start(z, dvalues), picture, controls)
