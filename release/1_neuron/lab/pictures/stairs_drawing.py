"""How the stairs are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drawing.draw import Panel, below, box, circle, data_number, path, shape, text, tip
from lab.drawing.looks import BIG, NARROW, SMALL, WIDE
from lab.drawing.signs import stop
from lab.drawing.words import number

LEFT, TOP = 50.0, 58.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        z: After 0, 1, 2 ... steps.
        y: On every tread.
        line: What the first gradient promises there.
        silent: The first silent tread; None if there is none.
        steps: How many steps were asked for.
        runs: How often the in-place cell ran.
        lr: Learning rate.
    """

    z: tuple[float, ...]
    y: tuple[float, ...]
    line: tuple[float, ...]
    silent: int | None
    steps: int
    runs: int
    lr: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Where steps and heights lie on paper."""

    width: float
    height: float
    count: int
    low: float
    high: float

    @property
    def tread(self) -> float:
        """Width of one tread."""
        return (self.width - LEFT - 12) / self.count

    def x(self, step: float) -> float:
        """Left end of a tread."""
        return LEFT + self.tread * step

    def y(self, value: float) -> float:
        """Height of a value."""
        held = max(self.low, min(self.high, value))
        return TOP + (self.height - TOP - 40) * (self.high - held) / (self.high - self.low)


def wide(scene: Scene) -> Panel:
    """One long flight."""
    return _flight(scene, WIDE, 330)


def narrow(scene: Scene) -> Panel:
    """One short flight."""
    return _flight(scene, NARROW, 300)


def both(one: Scene, other: Scene) -> Panel:
    """Two flights above each other, for the page."""
    return below(_flight(one, NARROW, 260), _flight(other, NARROW, 280), gap=14)


def _limits(scene: Scene) -> tuple[float, float]:
    """Least and greatest height; not from 0 where all treads lie close together."""
    top = scene.y[0]
    bottom = min(*scene.line, *scene.z, *scene.y, top)
    span = top - bottom
    if span == 0:
        return min(-1.0, bottom - 1.0), top + 1.0
    if bottom > 0.5 * top:
        return bottom - 0.3 * span, top + 0.25 * span
    return min(0.0, bottom) - 0.08 * (top - min(0.0, bottom)), top + 0.14 * (top - min(0.0, bottom))


def _flight(scene: Scene, width: float, height: float) -> Panel:
    chart = Chart(width, height, len(scene.y), *_limits(scene))
    head = text(0, 12, f"y after each step, lr = {number(scene.lr)}", "b", size=BIG, anchor="start")
    parts = _accident(scene, chart) + _treads(scene, chart) + _axes(chart) + _line(scene, chart) + _rest(scene, chart)
    return Panel(width, height, head + _legend(width) + parts)


def _legend(width: float) -> str:
    x = width - 318 if width > 500 else 0.0
    y = 12.0 if width > 500 else 36.0
    stairs = path("e v wide", "M", x, y, "l", 22, 0) + text(
        x + 29, y, "y, step by step", "v", size=SMALL, anchor="start"
    )
    line = path("e now dash", "M", x + 152, y, "l", 24, 0)
    return stairs + line + text(x + 182, y, "promised at first", "g", size=SMALL, anchor="start")


def _axes(chart: Chart) -> str:
    ground = max(chart.low, 0.0)
    base = chart.y(ground)
    line = path("e thin", "M", LEFT, base, "L", chart.width, base) + tip(chart.width, base, (1, 0), "")
    zero = text(LEFT - 8, base, "0", "soft", size=SMALL, anchor="end")
    if chart.low > 0:  # a torn axis
        x = LEFT - 14
        zero = path("e thin", "M", x, base + 2, "l", 10, -6, "M", x, base - 5, "l", 10, -6)
        zero += text(LEFT + 8, base - 12, "the axis does not start at 0", "soft", size=SMALL, anchor="start")
    return line + path("e thin", "M", LEFT, TOP - 14, "L", LEFT, base) + zero


def _treads(scene: Scene, chart: Chart) -> str:
    base = chart.y(max(chart.low, 0.0))
    parts = []
    for step, value in enumerate(scene.y):
        left, top = chart.x(step), chart.y(value)
        if value > max(chart.low, 0):
            parts.append(shape("rect", "vw", x=left, y=top, width=chart.tread + 0.4, height=base - top))
        parts.append(path("e v wide", "M", left, top, "h", chart.tread))
        if step and top != chart.y(scene.y[step - 1]):
            parts.append(path("e v", "M", left, chart.y(scene.y[step - 1]), "V", top))
        parts.append(_names(scene, chart, step, value))
    return "".join(parts)


def _names(scene: Scene, chart: Chart, step: int, value: float) -> str:
    """The height of a tread above it, and its number below the axis."""
    middle = chart.x(step + 0.5)
    quiet = scene.silent is not None and step > scene.silent
    roomy = not quiet and (chart.tread > 9.4 * len(number(value)) or step in (0, len(scene.y) - 1))
    data = data_number(f"y{step}", value)
    high = (
        text(
            middle + (6 if chart.tread > 60 else 2), chart.y(value) - 13, number(value), "v halo", size=SMALL, data=data
        )
        if roomy
        else ""
    )
    under = chart.height - 20
    every = 1 if chart.tread > 24 else 2
    name = text(middle, under, str(step), "soft", size=SMALL) if step % every == 0 else ""
    unit = text(LEFT - 8, under, "step", "soft", size=SMALL, anchor="end") if step == 0 else ""
    return high + name + unit


def _line(scene: Scene, chart: Chart) -> str:
    """The promise: straight through the middle of the first tread, below 0 if need be."""
    if len(scene.line) < 2 or scene.line[0] == scene.line[1]:
        return ""
    points = [(chart.x(step + 0.5), chart.y(value)) for step, value in enumerate(scene.line)]
    line = path("e now dash", "M", *points[0], "L", *points[-1])
    dots = "".join(circle(x, y, 3.5, "tg") for x, y in points)
    last = scene.line[-1]
    apart = abs(chart.y(last) - chart.y(scene.y[-1])) > 26
    label = text(points[-1][0], points[-1][1] + 15, number(last), "g halo", size=SMALL) if apart else ""
    return line + dots + label


def _rest(scene: Scene, chart: Chart) -> str:
    """Where z came to rest, and the stop mark."""
    if scene.silent is None:
        return ""
    left, right, level = chart.x(scene.silent), chart.x(chart.count), chart.y(scene.z[scene.silent])
    rest = scene.z[scene.silent]
    name = text(
        right,
        level + 14,
        f"z = {number(rest)}",
        "v halo",
        size=SMALL,
        anchor="end",
        data=data_number("z at rest", rest),
    )
    high = chart.y(0) - 42
    mark = stop(right - 66, high, size=11) + text(right - 50, high, "silent", "b", size=SMALL, anchor="start")
    return path("e v off", "M", left, level, "L", right, level) + name + mark


def _accident(scene: Scene, chart: Chart) -> str:
    """The tread on which the in-place cell has landed, marked amber."""
    if scene.runs < 2:
        return ""
    left, tall = chart.x(scene.runs), chart.height - TOP - 8
    zone = box(left + chart.tread / 2, TOP - 16 + tall / 2, chart.tread, tall, "am-zone", round_by=6)
    words = f"≠ run {scene.runs}" if chart.tread > 62 else "≠"
    wide = 10 + 8.2 * len(words)
    spot = (min(left + chart.tread / 2, chart.width - wide / 2), TOP + 2)
    mark = box(*spot, wide, 20, "am-box") + text(*spot, words, "on-amber", size=SMALL, data={"data_mark": "accident"})
    return zone + mark
