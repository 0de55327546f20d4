"""How before and after are drawn: five heat maps and two bars."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drawing.draw import Panel, Rows, below, beside, data_number, path, shape, text, tip
from lab.drawing.looks import BIG, NARROW, SMALL
from lab.drawing.signs import hatch, stop
from lab.drawing.tables import Place, Table, panel
from lab.drawing.words import number


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        before: Activations before the step.
        after: Activations after it.
        change: The difference.
        upstream: What was sent back.
        reached: What of it got to the sums.
        silent: Entries that fell silent in this step.
        stopped: Entries at which the mask stopped something.
        loss: Before and after.
        forecast: The fall that was promised.
        second: The loss is the one that belongs to dvalues_rows.
    """

    before: Rows
    after: Rows
    change: Rows
    upstream: Rows
    reached: Rows
    silent: tuple[Place, ...]
    stopped: tuple[Place, ...]
    loss: tuple[float, float]
    forecast: float
    second: bool


def wide(scene: Scene) -> Panel:
    """Two rows of heat maps, the loss beside them."""
    before, after, change, sent, reached = _maps(scene)
    upper, lower = beside(before, after, change, gap=14), beside(sent, reached, _legend(190), gap=14)
    return beside(below(upper, lower, gap=22), _loss(scene, 216), gap=18)


def narrow(scene: Scene) -> Panel:
    """Heat maps two by two, the loss under them."""
    before, after, change, sent, reached = _maps(scene)
    left = below(change, _legend(186), gap=10)
    rows = (beside(before, after, gap=12), beside(sent, reached, gap=12), beside(left, _loss(scene, 196), gap=12))
    return below(*rows, gap=18, width=NARROW)


def _maps(scene: Scene) -> tuple[Panel, ...]:
    across = range(len(scene.before[0]))

    def one(rows: Rows, name: str, kind: str = "v", *, like: Rows = (), marked: tuple[Place, ...] = ()) -> Panel:
        most = max((abs(value) for row in like or rows for value in row), default=0.0) or 1.0
        return panel(
            Table(
                rows=rows, name=name, kind=kind, heat=most, marks={place: "stop" for place in marked},
                cell=(172.0 / len(across), 36.0), row_names=[str(n) for n in range(len(rows))],
                column_names=[str(m) for m in across],
            )
        )  # fmt: skip

    return (
        one(scene.before, "a before"),
        one(scene.after, "a after", like=scene.before, marked=scene.silent),
        one(scene.change, "difference"),
        one(scene.upstream, "dvalues_rows" if scene.second else "dvalues", "g"),
        one(scene.reached, "behind ReLU", "g", like=scene.upstream, marked=scene.stopped),
    )


def _legend(width: float) -> Panel:
    lines = ("rows are samples,", "columns are neurons;", "hatched is negative")
    words = "".join(text(8, 26 + 18 * i, line, "soft", size=SMALL, anchor="start") for i, line in enumerate(lines))
    words += stop(16, 88, size=9) + text(31, 88, "stopped by ReLU", "soft", size=SMALL, anchor="start")
    return Panel(width, 104, words)


def _loss(scene: Scene, width: float) -> Panel:
    """Two bars for the loss with the forecast as a line, and the two falls one above the other."""
    title = text(0, 10, "loss " + ("Σ dvalues·a" if scene.second else "½Σa²"), "b", size=BIG - 1, anchor="start")
    return Panel(width, 262, title + _bars(scene, width) + _falls(scene, width))


def _bars(scene: Scene, width: float) -> str:
    before, after = scene.loss
    promised = before - scene.forecast
    low, high = min(0.0, before, after), max(0.0, before, after) or 1.0
    top, tall, thick = 46.0, 88.0, (width - 98) / 2

    def height(value: float) -> float:
        return top + tall * (high - max(low - 0.07 * (high - low), value)) / (high - low)

    parts = []
    for x, value, name in ((4.0, before, "before"), (16.0 + thick, after, "after")):
        y, zero = min(height(value), height(0)), max(height(value), height(0))
        parts.append(shape("rect", "tv bar", x=x, y=y, width=thick, height=max(1.0, zero - y), rx=2.0))
        parts.append(hatch(x, y, thick, zero - y) if value < 0 else "")
        short = number(value) if len(number(value)) < 7 else number(round(value, 2))
        parts.append(text(x + thick / 2, y - 11, short, "v", size=SMALL, data=data_number(f"loss {name}", value)))
        parts.append(text(x + thick / 2, height(low) + 20, name, "soft", size=SMALL))
    line, end = height(promised), 16 + 2 * thick
    parts.append(path("e thin", "M", 0, height(0), "L", end + 4, height(0)))
    parts.append(path("e now dash", "M", 4 + thick, height(before), "L", 16 + thick, line, "L", end + 6, line))
    parts.append(
        tip(end + 12, line, (1, 0), "now") + text(end + 14, line, "forecast", "g halo", size=SMALL, anchor="start")
    )
    return "".join(parts)


def _falls(scene: Scene, width: float) -> str:
    got = scene.loss[0] - scene.loss[1]
    unit = (width - 12) / (max(abs(scene.forecast), abs(got)) or 1.0)
    rows = (("foreseen", scene.forecast, "g"), ("got", got, "v"))
    parts = []
    for row, (name, value, kind) in enumerate(rows):
        y = 182.0 + 42 * row
        words = f"fall {name}: {number(value)}"
        parts.append(
            text(
                0, y, words, kind, size=SMALL, anchor="start", data=data_number(f"fall {name}", value, grad=kind == "g")
            )
        )
        parts.append(
            shape("rect", f"t{kind} bar", x=0.0, y=y + 11, width=max(1.0, abs(value) * unit), height=13.0, rx=2.0)
        )
    return "".join(parts)
