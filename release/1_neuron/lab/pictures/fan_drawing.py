"""How the fan is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drawing.draw import Panel, Rows, below, beside, box, circle, data_number, path, shape, text, tip
from lab.drawing.looks import BIG, NARROW, SMALL, WIDE
from lab.drawing.signs import hatch
from lab.drawing.tables import Place, Table, panel
from lab.drawing.words import number, term, total

PITCH = 62.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        weights: Of the chosen input, one for each neuron.
        sent: What each neuron receives from the layer after.
        parts: What flows back along each wire.
        total: Their sum.
        chosen: The input.
        sample: The sample.
        rows: The gradient for all inputs, one row for each sample.
        columns: 000's product, one row for each input; None if it refuses.
        wrong: Entries of it that are not right.
        compare: It is shown.
        sizes: Samples, inputs, neurons.
    """

    weights: tuple[float, ...]
    sent: tuple[float, ...]
    parts: tuple[float, ...]
    total: float
    chosen: int
    sample: int
    rows: Rows
    columns: Rows | None
    wrong: frozenset[Place]
    compare: bool
    sizes: tuple[int, int, int]


def wide(scene: Scene) -> Panel:
    """The fan on the left, the tables on the right."""
    room = WIDE - NARROW - 20
    tables = below(*_tables(scene, 72, room), gap=22, width=room)
    return beside(below(_fan(scene), _sum(scene), gap=6), tables, gap=20)


def narrow(scene: Scene) -> Panel:
    """The tables under the fan."""
    return below(_fan(scene), _sum(scene), *_tables(scene, 58, NARROW), gap=14, width=NARROW)


def _fan(scene: Scene) -> Panel:
    count = len(scene.weights)
    height = 62 + PITCH * max(count, 2)
    middle = 52 + PITCH * max(count, 2) / 2
    title = text(0, 12, f"What input {scene.chosen} of sample {scene.sample} receives", "b", size=BIG, anchor="start")
    heads = text(222, 42, "weight", "soft", size=SMALL) + text(372, 42, "dvalues", "soft", size=SMALL)
    top = middle - PITCH * (count - 1) / 2
    wires = "".join(_wire(scene, m, top + PITCH * m, middle) for m in range(count))
    wires += "".join(_part_label(scene, m, top + PITCH * m, middle) for m in range(count))
    source = box(42, middle, 76, 44, "input") + text(42, middle - 9, f"input {scene.chosen}", "b")
    source += text(
        42, middle + 10, number(scene.total), "g", data=data_number(f"dx{scene.chosen}", scene.total, grad=True)
    )
    return Panel(NARROW, height, title + heads + wires + source)


def _wire(scene: Scene, m: int, y: float, middle: float) -> str:
    """From the right: what arrives at a neuron, its weight, and what pours back; thicker where it is more."""
    part, most = scene.parts[m], max(abs(one) for one in scene.parts) or 1.0
    thick = f"stroke-width:{1.5 + 5 * abs(part) / most:.1f}"
    look = "e now" + (" neg" if part < 0 else "") if part else "e off"
    end = _landing(y, middle)
    line = path(look, "M", 300, y, "L", 186, y, "C", 140, y, 136, end, 90, end, style=thick)
    head = tip(82, end, (-1, 0), "now", size=13) if part else ""
    neuron = circle(300, y, 22, "op") + text(300, y - 1, f"n{m}", "b")
    arrives = path("e now", "M", 350, y, "L", 334, y) + tip(324, y, (-1, 0), "now")
    arrives += text(372, y, number(scene.sent[m]), "g", data=data_number(f"dvalues[{m}]", scene.sent[m], grad=True))
    factor, data = f"× {term(scene.weights[m])}", data_number(f"w[{m}]", scene.weights[m])
    return line + head + arrives + neuron + box(222, y, 86, 28, "param") + text(222, y, factor, "v", data=data)


def _landing(y: float, middle: float) -> float:
    """The height at which a wire reaches the input."""
    return middle + (y - middle) * 0.22


def _part_label(scene: Scene, m: int, y: float, middle: float) -> str:
    """What flows along a wire, half way."""
    part, spot = scene.parts[m], (y + _landing(y, middle)) / 2
    words = number(part)
    data = data_number(f"part[{m}]", part, grad=True)
    return box(138, spot, 12 + 9 * len(words), 22, "pill", round_by=8) + text(138, spot, words, "g", data=data)


def _sum(scene: Scene) -> Panel:
    """The parts laid end to end: where the last one ends is the sum."""
    ends = [0.0]
    for part in scene.parts:
        ends.append(ends[-1] + part)
    low, high = min(ends), max(ends)
    unit = 330 / ((high - low) or 1.0)
    zero, height = 30 - low * unit, 15.0
    bars = "".join(_part(part, ends[m], zero, unit, 34 + 18 * m) for m, part in enumerate(scene.parts))
    bottom = 34 + 18 * len(scene.parts)
    axis = path("e thin", "M", zero, 24, "L", zero, bottom + 20)
    whole = shape(
        "rect",
        "tg bar",
        x=zero + min(0.0, scene.total) * unit,
        y=float(bottom),
        width=max(1.0, abs(scene.total) * unit),
        height=height,
        rx=2.0,
    )
    words = f"{total(scene.parts)} = {number(scene.total)}"
    return Panel(NARROW, bottom + 24, text(0, 10, words, "g", size=BIG - 1, anchor="start") + bars + whole + axis)


def _part(part: float, start: float, zero: float, unit: float, y: float) -> str:
    left, length = zero + min(start, start + part) * unit, abs(part) * unit
    bar = shape("rect", "tg pool", x=left, y=y, width=max(1.0, length), height=13.0, rx=2.0)
    return bar + (hatch(left, y, length, 13, gap=6) if part < 0 else "")


def _tables(scene: Scene, widest: float, room: float) -> list[Panel]:
    samples, inputs, _ = scene.sizes
    names = [str(n) for n in range(samples)], [str(d) for d in range(inputs)]
    here = {(scene.sample, scene.chosen): "now"}
    cell = (min(widest, (room - 60) / inputs), 30.0)
    rows = panel(Table(
        rows=scene.rows, name="dinputs", kind="g", marks=here, note="a row for each sample", cell=cell,
        row_names=names[0], column_names=names[1],
    ))  # fmt: skip
    if not scene.compare:
        return [rows]
    if scene.columns is None:
        words = text(170, 16, "000's product refuses:", "b") + text(170, 36, "samples would meet neurons", "b")
        return [rows, Panel(340, 52, box(170, 26, 340, 52, "am-zone") + words)]
    marks = {(scene.chosen, scene.sample): "now"} | dict.fromkeys(scene.wrong, "am")
    other = panel(Table(
        rows=scene.columns, name="000's product", kind="g", marks=marks, note="a column for each sample",
        cell=(min(78.0, (room - 60) / samples), 30.0), row_names=names[1], column_names=names[0],
    ))  # fmt: skip
    verdict = f"≠ {len(scene.wrong)} entries mix samples" if scene.wrong else "✓ the same numbers, turned"
    look, ground = ("on-amber", "am-box") if scene.wrong else ("ok", "wash")
    return [rows, below(other, Panel(280, 28, box(140, 14, 260, 26, ground) + text(140, 14, verdict, look)), gap=8)]
