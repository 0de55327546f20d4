"""How the circuit is drawn: one scene, two layouts, nothing computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lab.drawing.draw import Panel, at, box, circle, data_number, path, text, tip, wire
from lab.drawing.looks import BIG, NARROW, PLAIN, SMALL, WIDE
from lab.drawing.signs import badge, stop  # fmt: skip
from lab.drawing.words import number, term
from lab.pictures.circuit_places import RISE, Places, Point, narrow_places, wide_places
from lab.pictures.network import Wire

PILL = (62.0, 42.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        wires: What runs back, by the name of its source.
        values: By name.
        grads: By name.
        known: Names whose gradient is shown.
        now: Names whose gradient the walk has just reached.
        wrong: What was typed and does not fit, by name.
        right: What was typed and fits, by name.
        silent: ReLU holds everything back.
        title: What stage this is.
        inputs: How many inputs.
        dvalue: Upstream gradient.
    """

    wires: Mapping[str, Wire]
    values: Mapping[str, float]
    grads: Mapping[str, float]
    known: frozenset[str]
    now: tuple[str, ...]
    wrong: Mapping[str, float]
    right: Mapping[str, float]
    silent: bool
    title: str
    inputs: int
    dvalue: float


def wide(scene: Scene) -> Panel:
    """For 720 px and more: left to right, the reckoning in the corner below."""
    places, ledger = wide_places(scene.inputs), _ledger(scene)
    height = max(98 + 118 * scene.inputs, places.out[1] + 60 + ledger.height)
    graph = (
        _graph(scene, places) + _legend(WIDE - 312, 14) + at(ledger, WIDE - ledger.width - 4, height - ledger.height)
    )
    return Panel(WIDE, height, text(0, 14, scene.title, "b", size=BIG, anchor="start") + graph)


def narrow(scene: Scene) -> Panel:
    """For 360 px and more: products left, the sum and ReLU rising on the right, the reckoning below."""
    places, ledger = narrow_places(scene.inputs), _ledger(scene)
    bottom = max(90 + 108.0 * scene.inputs, places.ops["z"][1] + 40) + 6
    graph = _graph(scene, places) + at(ledger, (NARROW - ledger.width) / 2, bottom + 36) + _legend(44, bottom + 14)
    return Panel(NARROW, bottom + 36 + ledger.height, text(0, 14, scene.title, "b", size=BIG, anchor="start") + graph)


def _graph(scene: Scene, places: Places) -> str:
    edges = "".join(_edge(scene, places, name) for name in scene.values)
    ops = "".join(_operation(scene, name, point) for name, point in places.ops.items())
    leaves = "".join(_leaf(scene, name, point) for name, point in places.leaves.items())
    pills = "".join(_pill(scene, name, point) for name, point in places.pills.items())
    return edges + ops + leaves + pills + _out(scene, places) + (_stop(places) if scene.silent else "")


def _look(scene: Scene, name: str) -> str:
    """How the wire of a value looks."""
    if scene.silent and name != "y":
        return "off"
    if name in scene.now:
        return "now"
    return "past" if name in scene.known or name in scene.right else ""


def _edge(scene: Scene, places: Places, name: str) -> str:
    """From where a value is made to its pill, and on to the operation that takes it."""
    look, (x, y) = _look(scene, name), places.pills[name]
    start = places.leaves.get(name) or places.ops[name]
    end = places.out if name == "y" else places.ops[scene.wires[name].target]
    if places.rising and name in ("z", "y"):
        return path(f"e {look}", "M", *start, "L", x, end[1] + 20) + tip(x, end[1] + 19, (0, -1), look)
    lead = path(f"e {look}", "M", start[0], start[1], "L", x, y)
    back = look == "now"
    reach = {"z": 21.0, "y": 38.0}.get(
        "z" if name in ("b",) or name.startswith("xw") else "y" if name == "z" else "", 20.0
    )
    if name == "b" and not places.rising:
        end_y = end[1] + 22
        way = path(f"e {look}", "M", x + 31, y, "L", end[0] - 40, y, "Q", end[0], y, end[0], y - 40, "L", end[0], end_y)
        return lead + way + tip(end[0], end_y, (0, -1), look if look != "now" else "") + _chip(scene, name, places)
    if name.startswith("xw") or name == "b":
        return lead + _into_sum(x + 31, y, end, look, back) + _chip(scene, name, places)
    return lead + wire(x + 31, y, end[0] - reach, end[1], look, back=back) + _chip(scene, name, places)


def _into_sum(x: float, y: float, end: Point, look: str, back: bool) -> str:
    if abs(y - end[1]) < 2:
        return wire(x, y, end[0] - 21, y, look, back=back)
    side = -1 if y < end[1] else 1
    to_x, to_y = end[0] - 16, end[1] + side * 14
    middle = (x + to_x) / 2
    line = path(f"e {look}", "M", x, y, "C", middle - 4, y, middle, to_y + side * 30, to_x, to_y)
    return line + (tip(x, y, (-1, 0), look, size=12) if back else tip(to_x, to_y, (to_x - middle, -side * 30), look))


def _chip(scene: Scene, name: str, places: Places) -> str:
    """The factor of the operation on a wire: what the walk has found, or what a typed number implies."""
    if name == "y" or (name not in scene.now and name not in scene.wrong):
        return ""
    (x, y), target = places.pills[name], places.ops[scene.wires[name].target]
    under = target[1] < y - 2
    left, middle = x + 37, y + (17 if under else -16)
    if places.rising and name == "z":
        left, middle = x + 9, y - 34
    if name in scene.wrong:
        received = scene.wires[name].received
        said = f"× {term(scene.wrong[name] / received)} ?" if received else "× ?"
        width = 12 + 8.2 * len(said)
        spot = (x, y + 34) if name.startswith("xw") else (left - 2 + width / 2, middle)
        return box(*spot, width, 21, "am-box", data_mark="wrong factor") + text(*spot, said, "on-amber", size=SMALL)
    look = "soft" if scene.silent else "g"
    return text(left, middle, f"×{number(scene.wires[name].local)}", look, size=SMALL, anchor="start")


def _operation(scene: Scene, name: str, place: Point) -> str:
    behind = scene.silent and name != "y"
    active = any(scene.wires[source].target == name for source in scene.now if source in scene.wires)
    look = "op" + (" off" if behind else " now" if active else "")
    sign = {"z": "+", "y": "ReLU"}.get(name, "×")
    body = box(*place, 74, 40, look, round_by=20) if name == "y" else circle(*place, 20, look)
    return body + text(*place, sign, "soft" if behind else "b", size=BIG if name == "y" else 20)


def _leaf(scene: Scene, name: str, place: Point) -> str:
    kind = "input" if name.startswith("x") else "param"
    return box(*place, 40, 32, kind + (" dim" if scene.silent else ""), data_box=kind) + text(
        *place, name, "soft b" if scene.silent else "b", size=BIG
    )


def _pill(scene: Scene, name: str, place: Point) -> str:
    x, y = place
    behind = scene.silent and name != "y"
    look = "pill" + (" am" if name in scene.wrong else " off" if behind else " now" if name in scene.now else "")
    value = text(
        x, y - 10, number(scene.values[name]),
        "on-amber" if name in scene.wrong else "soft" if behind and name != "z" else "v",
        size=PLAIN, data=data_number(name, scene.values[name]),
    )  # fmt: skip
    return box(x, y, *PILL, look, round_by=9) + value + _gradient(scene, name, place) + _tag(scene, name, place)


def _tag(scene: Scene, name: str, place: Point) -> str:
    """Names of what stands on no box of its own."""
    x, y = place
    if name in ("z", "y") and x == RISE:
        return text(x + 38, y, name, "soft", size=SMALL, anchor="start")
    named = name in ("z", "y") or name.startswith("xw")
    return text(x, y - PILL[1] / 2 - 9, name, "soft", size=SMALL) if named else ""


def _gradient(scene: Scene, name: str, place: Point) -> str:
    x, y = place[0], place[1] + 11
    if name in scene.wrong:
        typed = scene.wrong[name]
        return text(x, y, number(typed), "on-amber", data={"data_typed": name}) + badge(x - 31, place[1] - 19, "≠")
    if name in scene.right:
        typed = scene.right[name]
        return text(x, y, number(typed), "g", data=data_number(name, typed, grad=True)) + badge(
            x - 31, place[1] - 19, "✓"
        )
    if name in scene.known:
        look = "soft" if scene.silent and name != "y" else "g"
        return text(x, y, number(scene.grads[name]), look, data=data_number(name, scene.grads[name], grad=True))
    return text(x, y, "?", "soft")


def _out(scene: Scene, places: Places) -> str:
    """Where y leaves and dvalue arrives."""
    x, y = places.out
    sent = f"dvalue = {number(scene.dvalue)}"
    if places.rising:
        return text(x, y + 3, "to the loss L", "soft", size=SMALL) + text(x, y - 15, sent, "g", size=SMALL)
    words = text(x + 44, y - 26, "to the loss L", "soft", size=SMALL, anchor="end")
    return words + text(x + 44, y + 27, sent, "g", size=SMALL, anchor="end")


def _stop(places: Places) -> str:
    """The stop mark between the sum and ReLU."""
    (x, y), (to_x, to_y) = places.pills["z"], places.ops["y"]
    if places.rising:
        return stop(x, to_y + 35, size=13) + text(x + 18, to_y + 35, "z ≤ 0", "b", size=SMALL, anchor="start")
    return stop(to_x - 59, y, size=14) + text(to_x - 59, y + 33, "stop: z ≤ 0", "b", size=SMALL)


def _legend(x: float, y: float) -> str:
    value = text(x, y, "value", "v", size=SMALL, anchor="start")
    grad = text(x + 50, y, "gradient", "g", size=SMALL, anchor="start")
    boxes = box(x + 138, y, 22, 16, "input", round_by=4) + text(x + 154, y, "input", "soft", size=SMALL, anchor="start")
    return (
        value
        + grad
        + boxes
        + box(x + 214, y, 22, 16, "param", round_by=4)
        + text(x + 230, y, "parameter", "soft", size=SMALL, anchor="start")
    )


def _ledger(scene: Scene) -> Panel:
    """Arrives × local derivative = passed back, for each wire that the walk has just passed."""
    wires = [scene.wires[name] for name in scene.now if name in scene.wires]
    if not wires:
        return Panel(330, 0, "")
    height = 32 + 25 * len(wires)
    head = "".join(
        text(x, 14, words, "soft", size=SMALL, anchor="end") for x, words in zip(COLUMNS, HEADS, strict=True)
    )
    rows = "".join(_ledger_row(wire, 39 + 25 * row, scene.silent) for row, wire in enumerate(wires))
    return Panel(330, height, box(165, height / 2, 330, height, "wash", round_by=9) + head + rows)


COLUMNS, HEADS = (118, 206, 316), ("arrives", "× local", "= passed back")


def _ledger_row(wire: Wire, y: float, silent: bool) -> str:
    words = (number(wire.received), f"× {term(wire.local)}", f"= {number(wire.passed)}")
    looks = ("soft", "soft", "soft") if silent and wire.source != "z" else ("g", "v", "g")
    return text(14, y, wire.source, "b", anchor="start") + "".join(
        text(x, y, said, look, anchor="end") for x, said, look in zip(COLUMNS, words, looks, strict=True)
    )
