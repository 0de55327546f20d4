"""How the sluice gates are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drawing.draw import Panel, Rows, at, below, beside, box, data_number, path, shape, text
from lab.drawing.looks import BIG, NARROW, SMALL
from lab.drawing.signs import hatch, stop
from lab.drawing.tables import Table, panel
from lab.drawing.words import number

TALL, PITCH, HEAD = 112.0, 122.0, 54.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        z: Levels that open the gates.
        water: What arrives.
        through: What passes.
        kept: What an array of whole numbers keeps of it.
        silent: Shut gates of each neuron.
        dead: Neurons without an open gate.
        whole: The result is kept in whole numbers.
        lost: They cannot hold it.
    """

    z: Rows
    water: Rows
    through: Rows
    kept: Rows
    silent: tuple[int, ...]
    dead: frozenset[int]
    whole: bool
    lost: bool


def wide(scene: Scene) -> Panel:
    """Gates on the left, the array that takes the result on the right."""
    right = below(Panel(330, 20, ""), _store(scene), _legend(), gap=24)
    return beside(_gates(scene, 470, 104), right, gap=40)


def narrow(scene: Scene) -> Panel:
    """The array under the gates."""
    return below(_gates(scene, NARROW, 96), _legend(), _store(scene), gap=16, width=NARROW)


def _gates(scene: Scene, width: float, widest: float) -> Panel:
    across, down = len(scene.silent), len(scene.z)
    pitch = min(widest, (width - 50) / across)
    left = 50 + (width - 50 - pitch * across) / 2
    title = text(0, 12, "dvalues from above, z at the gates", "b", size=BIG, anchor="start")
    heads = "".join(text(left + pitch * (m + 0.5), 38, f"neuron {m}", "soft", size=SMALL) for m in range(across))
    rows = "".join(_row(n, width) for n in range(down))
    cells = "".join(
        at(_gate(scene, n, m), left + pitch * (m + 0.5) - 35, HEAD + PITCH * n)
        for n in range(down)
        for m in range(across)
    )
    foot = "".join(_foot(scene, m, left + pitch * (m + 0.5), HEAD + PITCH * down + 10) for m in range(across))
    return Panel(width, HEAD + PITCH * down + 22, title + heads + rows + cells + foot)


def _row(n: int, width: float) -> str:
    """A band for one sample, with its name."""
    y = HEAD + PITCH * n + TALL / 2 - 1
    band = box(width / 2, y, width, TALL + 2, "wash", round_by=8)
    return band + text(27, y - 8, "sample", "soft", size=SMALL) + text(27, y + 9, str(n), "soft", size=SMALL)


def _legend() -> Panel:
    """What is what."""
    parts = text(0, 10, "gradient", "g", size=SMALL, anchor="start")
    parts += text(80, 10, "z, gate open", "v", size=SMALL, anchor="start")
    parts += box(189, 10, 18, 12, "ink", round_by=3) + text(202, 10, "shut", "soft", size=SMALL, anchor="start")
    parts += box(253, 10, 16, 16, "tg pool", round_by=2) + hatch(245, 2, 16, 16, gap=6)
    return Panel(330, 20, parts + text(266, 10, "negative", "soft", size=SMALL, anchor="start"))


def _foot(scene: Scene, m: int, x: float, y: float) -> str:
    if m in scene.dead:
        return stop(x - 24, y, size=9) + text(
            x - 11, y, "dead", "b", size=SMALL, anchor="start", data={"data_dead": str(m)}
        )
    count = scene.silent[m]
    return text(x, y, f"{count} shut" if count else "all open", "soft", size=SMALL)


def _gate(scene: Scene, n: int, m: int) -> Panel:
    """One gate, 70 units wide: the water above it, the gate with z on it, and what runs out below."""
    z, water, through = scene.z[n][m], scene.water[n][m], scene.through[n][m]
    most = max(abs(value) for row in scene.water for value in row) or 1.0
    body = _basin(water, 22 * abs(water) / most) + (_open(water) if z > 0 else _shut(z == 0))
    name = f"[{n},{m}]"
    arrives = text(35, 11, number(water), "g", data=data_number(f"dvalues{name}", water, grad=True))
    level = text(35, 57, number(z), "v" if z > 0 else "inv", data=data_number(f"z{name}", z))
    leaves = text(
        35, 97, number(through), "g" if through else "soft", data=data_number(f"drelu{name}", through, grad=True)
    )
    note = text(35, 79, "z = 0", "soft", size=SMALL) if z == 0 else ""
    gate = {True: "open", False: "shut"}[z > 0]
    return Panel(70, TALL, f'<g data-gate="{gate}">{body}{arrives}{level}{leaves}{note}</g>')


def _basin(water: float, level: float) -> str:
    """The water that stands above the gate, hatched if it is negative."""
    walls = path("e", "M", 9, 18, "L", 9, 46, "M", 61, 18, "L", 61, 46)
    if not level:
        return walls
    top = 45 - max(level, 3)
    surface = path("e now thin", "M", 11, top, "q", 6, -3, 12, 0, "t", 12, 0, "t", 12, 0, "t", 12, 0)
    pool = shape("rect", "tg pool", x=10.5, y=float(top), width=49.0, height=float(45 - top))
    return walls + pool + surface + (hatch(10, top, 50, 45 - top, gap=8) if water < 0 else "")


def _open(water: float) -> str:
    """Two leaves swung down, and the stream between them."""
    stream = shape("rect", "tg pool", x=18.0, y=45.0, width=34.0, height=42.0) if water else ""
    plates = path("gate", "M", 9, 46, "L", 9, 70, "M", 61, 46, "L", 61, 70)
    return stream + plates + box(35, 57, 34, 19, "paper", round_by=6)


def _shut(noted: bool) -> str:
    """One plate across; below it a dry bed, or room for a note."""
    bed = "" if noted else path("e off", "M", 18, 70, "L", 18, 86, "M", 52, 70, "L", 52, 86)
    return bed + box(35, 57, 62, 22, "ink", round_by=4)


def _store(scene: Scene) -> Panel:
    """The array that takes the result: whole numbers lose what stands behind the decimal point."""
    shown = scene.kept if scene.whole else scene.through
    cells = [(r, c) for r, row in enumerate(shown) for c in range(len(row))]
    marks = {(r, c): "am" for r, c in cells if shown[r][c] != scene.through[r][c]}
    kind = "whole numbers" if scene.whole else "fractions"
    table = panel(Table(rows=shown, name="drelu", kind="g", note=f"kept as {kind}", marks=marks, cell=(64.0, 34.0)))
    if not scene.whole:
        words, look = ("An array of fractions holds", "every result."), ("soft", "soft")
    elif not scene.lost:
        words, look = ("Every result is whole,", "so nothing is lost here."), ("soft", "soft")
    else:
        words, look = ("Cut off where you see ≠. And", "drelu *= dvalues is refused."), ("b", "b")
    lines = "".join(text(150, 12 + 20 * i, line, look[i]) for i, line in enumerate(words))
    ground = box(150, 22, 300, 52, "am-zone" if scene.lost else "wash", round_by=8)
    return below(table, Panel(300, 50, ground + lines), gap=16)
