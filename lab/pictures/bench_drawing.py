"""How the nudge bench is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from lab.drawing.draw import Panel, below, beside, box, circle, data_number, path, shape, text, tip
from lab.drawing.looks import BIG, NARROW, PLAIN, SMALL, WIDE
from lab.drawing.signs import hatch
from lab.drawing.words import number

PLOT_WIDTH, PLOT_TOP = 392.0, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        z: Full sum, bias included.
        y: Output.
        b: Bias.
        outside: It stands behind ReLU.
        h: The nudge.
        chosen: What is nudged; empty if nothing.
        step: How far the nudge moves z and y.
        bars: Names and slopes; None where the bar is not shown yet.
    """

    z: float
    y: float
    b: float
    outside: bool
    h: float
    chosen: str
    step: tuple[float, float] | None
    bars: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """The z-y plane, both axes to the same scale."""

    reach: float
    floor: float

    def x(self, z: float) -> float:
        """Where z lies on paper."""
        return PLOT_WIDTH * (0.5 + max(-self.reach, min(self.reach, z)) / (2 * self.reach))

    def y(self, y: float) -> float:
        """Where y lies on paper."""
        return PLOT_TOP + (self.reach - y) * PLOT_WIDTH / (2 * self.reach)

    @property
    def height(self) -> float:
        """Of the plot, labels included."""
        return self.y(self.floor) + 22


def wide(scene: Scene) -> Panel:
    """Plot and bars side by side."""
    return beside(_plot(scene), _bars(scene), gap=WIDE - 2 * 392)


def narrow(scene: Scene) -> Panel:
    """Bars under the plot."""
    return below(_plot(scene), _bars(scene), gap=18, width=NARROW)


def _plane(scene: Scene) -> Plane:
    dz = scene.step[0] if scene.step else 0.0
    reach = max(8.0, float(ceil(1.2 * max(abs(scene.z), abs(scene.z + dz), abs(scene.b)))))
    return Plane(reach, min(-0.16 * reach, scene.b - 0.1 * reach if scene.outside else 0.0))


def _plot(scene: Scene) -> Panel:
    plane = _plane(scene)
    title = text(0, 12, "The output y over the sum z", "b", size=BIG, anchor="start")
    zone = _difference(scene, plane) if scene.outside else _silent(plane)
    curves = zone + _axes(plane) + _hinge(scene, plane)
    return Panel(PLOT_WIDTH, plane.height, title + curves + _triangle(scene, plane) + _point(scene, plane))


def _axes(plane: Plane) -> str:
    left, right, zero = plane.x(-plane.reach), plane.x(plane.reach), plane.y(0)
    lines = path("e thin", "M", left, zero, "L", right, zero) + tip(right, zero, (1, 0), "")
    lines += path("e thin", "M", plane.x(0), plane.y(plane.floor), "L", plane.x(0), PLOT_TOP) + tip(
        plane.x(0), PLOT_TOP, (0, -1), ""
    )
    step = 2 if plane.reach <= 12 else 5 if plane.reach <= 30 else 10 if plane.reach <= 60 else 50
    marks = range(-int(plane.reach // step) * step, int(plane.reach) + 1, step)
    ticks = "".join(path("e thin", "M", plane.x(m), zero - 3, "v", 6) for m in marks)
    shown = [m for m in marks if m % (2 * step) == 0 and m and abs(m) < plane.reach]
    labels = "".join(text(plane.x(m), zero + 14, number(m), "soft", size=SMALL) for m in shown)
    return lines + ticks + labels + text(right - 4, zero - 13, "z", "b") + text(plane.x(0) + 13, PLOT_TOP + 6, "y", "b")


def _hinge(scene: Scene, plane: Plane) -> str:
    """The curve of the neuron; with the bias outside, the other one stays as a thin dashed line."""
    inside = [(-plane.reach, 0.0), (0.0, 0.0), (plane.reach, plane.reach)]
    outside = [(-plane.reach, scene.b), (scene.b, scene.b), (plane.reach, plane.reach)]
    line = _line(outside if scene.outside else inside, plane)
    if not scene.outside:
        return path("e v wide", *line) + text(plane.x(0) - 6, plane.y(0) + 14, "kink", "soft", size=SMALL, anchor="end")
    names = text(6, plane.y(0) + (13 if scene.b > 0 else -11), "inside", "soft", size=SMALL, anchor="start")
    names += text(6, plane.y(scene.b) + (-11 if scene.b > 0 else 13), "outside", "v", size=SMALL, anchor="start")
    return (
        path("e dash", *_line(inside, plane))
        + path("e v wide", *line)
        + (names if abs(scene.b) > plane.reach / 9 else "")
    )


def _line(points: list[tuple[float, float]], plane: Plane) -> list[object]:
    (z, y), *others = points
    return ["M", plane.x(z), plane.y(y), *(part for z, y in others for part in ("L", plane.x(z), plane.y(y)))]


def _silent(plane: Plane) -> str:
    """The side on which the neuron does not answer."""
    width, height = plane.x(0), plane.y(0) - PLOT_TOP
    ground = box(width / 2, PLOT_TOP + height / 2, width, height, "wash")
    return ground + text(10, PLOT_TOP + 16, "silent where z ≤ 0", "soft", size=SMALL, anchor="start")


def _difference(scene: Scene, plane: Plane) -> str:
    """The zone in which it matters where the bias stands."""
    if not scene.b:
        return ""
    left, b = plane.x(-plane.reach), scene.b
    corners = [(left, plane.y(0)), (plane.x(0), plane.y(0)), (plane.x(b), plane.y(b)), (left, plane.y(b))]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    top, high = min(plane.y(0), plane.y(b)), abs(plane.y(0) - plane.y(b))
    stripes = hatch(left, top, plane.x(min(0.0, b)) - left, high, gap=9)
    return shape("polygon", "am-zone", points=points, data_zone="differ") + stripes


def _point(scene: Scene, plane: Plane) -> str:
    x, y = plane.x(scene.z), plane.y(scene.y)
    drop = path("e thin dash", "M", x, y, "L", x, plane.y(0))
    words, left = f"y = {number(scene.y)}", x < 110
    beyond = 4 < x - plane.x(0) < 9 * len(words)  # beside the y axis rather than across it
    end = plane.x(0) - 6 if beyond else x + (4 if left else -4)
    label = text(end, y - 19, words, "v halo", anchor="start" if left else "end", data=data_number("y", scene.y))
    return drop + circle(x, y, 7, "tv") + label + text(x, plane.y(plane.floor) + 12, f"z = {number(scene.z)}", "v")


def _triangle(scene: Scene, plane: Plane) -> str:
    """The nudge: along z by what h makes of it, then up or down by Δy."""
    if not scene.step:
        return ""
    (dz, dy), x, y = scene.step, plane.x(scene.z), plane.y(scene.y)
    to_x, to_y = plane.x(scene.z + dz), plane.y(scene.y + dy)
    legs = path("e bold", "M", x, y, "L", to_x, y) + path("e now", "M", to_x, y, "L", to_x, to_y)
    ghost = circle(to_x, to_y, 6, "paper-dot")
    side = 1 if dz >= 0 else -1
    anchor = "start" if side > 0 else "end"
    room = to_x + side * 10
    if room + side * 92 > PLOT_WIDTH or room + side * 92 < 0:
        side, anchor, room = -side, "end" if side > 0 else "start", min(x, to_x) - 10 if side > 0 else max(x, to_x) + 10
    middle = (y + to_y) / 2
    rise = text(
        room,
        middle + 22 * (abs(to_y - y) < 12),
        f"Δy = {number(dy)}",
        "g halo",
        anchor=anchor,
        data=data_number("dy", dy, grad=True),
    )
    foot = text(
        room,
        middle + 19 + 22 * (abs(to_y - y) < 12),
        f"h = {number(scene.h)} on {scene.chosen}",
        "b halo",
        size=SMALL,
        anchor=anchor,
    )
    return legs + ghost + rise + foot


def _bars(scene: Scene) -> Panel:
    top, pitch, middle = 44.0, 33.0, 216.0
    most = max([3.0, *(abs(slope) for _, slope in scene.bars if slope is not None)])
    height = top + pitch * len(scene.bars)
    head = text(0, 12, "Δy / h, one bar for each value", "b", size=BIG, anchor="start")
    axis = path("e thin", "M", middle, top - 12, "L", middle, height - 8)
    rows = "".join(
        _bar(name, slope, top + pitch * row + 5, middle, 118 / most, name == scene.chosen)
        for row, (name, slope) in enumerate(scene.bars)
    )
    return Panel(392, height, head + axis + rows)


def _bar(name: str, slope: float | None, y: float, middle: float, unit: float, chosen: bool) -> str:
    ground = box(196, y, 392, 31, "gw" if chosen else "hollow", round_by=8)
    leaf = box(26, y, 40, 26, "input" if name.startswith("x") else "param") + text(26, y, name, "b")
    if slope is None:
        return ground + leaf + text(middle + 14, y, "?", "soft")
    length = abs(slope) * unit
    left = middle if slope > 0 else middle - length
    bar = shape("rect", "tg", x=left, y=y - 9, width=length, height=18.0, rx=2.0)
    stripes = hatch(left, y - 9, length, 18) if slope < 0 else ""
    end = middle + (length + 8 if slope >= 0 else -length - 8)
    label = text(
        end,
        y,
        number(slope),
        "g",
        anchor="start" if slope >= 0 else "end",
        size=PLAIN,
        data=data_number(name, slope, grad=True),
    )
    return ground + leaf + bar + stripes + label
