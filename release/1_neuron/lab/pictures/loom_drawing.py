"""How the loom is drawn: the two factors at right angles, and the product where their threads cross."""

from __future__ import annotations

from dataclasses import dataclass

from lab.drawing.draw import Panel, Rows, at, below, beside, box, data_number, shape, text
from lab.drawing.looks import BIG, NARROW, SMALL, WIDE
from lab.drawing.tables import Table, panel
from lab.drawing.words import number, term

HIGH = 31.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        threads: Inputs, turned.
        dvalues: Upstream gradient.
        woven: The product.
        row: The chosen row of it.
        column: The chosen column.
        parts: For each sample: input, upstream gradient, product.
        ones: The last row of threads is all 1.
        biases: One for each neuron.
        taken: What is subtracted from them.
        shape: Its shape, by name.
        result: What is left.
    """

    threads: Rows
    dvalues: Rows
    woven: Rows
    row: int
    column: int
    parts: tuple[tuple[float, float, float], ...]
    ones: bool
    biases: tuple[float, ...]
    taken: Rows
    shape: str
    result: Rows


def wide(scene: Scene) -> Panel:
    """The loom on the left; the small products and the biases on the right."""
    right = below(_ledger(scene), _biases(scene), gap=22)
    return beside(_loom(scene, WIDE - 380, 68), right, gap=44)


def narrow(scene: Scene) -> Panel:
    """One below the other."""
    return below(_loom(scene, NARROW, 58), _ledger(scene), _biases(scene), gap=20, width=NARROW)


def _loom(scene: Scene, room: float, widest: float) -> Panel:
    samples, neurons = len(scene.dvalues), len(scene.dvalues[0])
    cell = (min(widest, (room - 62.0 - 24 * scene.ones) / (samples + neurons)), HIGH)
    names = [str(i) for i in range(len(scene.threads) - scene.ones)]
    row = {(scene.row, n): "now" for n in range(samples)}
    column = {(n, scene.column): "now" for n in range(samples)}
    left = panel(Table(
        rows=scene.threads, name="inputs.T", frame="input", cell=cell, marks=row,
        row_names=[*names, *["ones"] * scene.ones],
    ))  # fmt: skip
    top = panel(Table(
        rows=scene.dvalues, name="dvalues", kind="g", cell=cell, marks=column,
        row_names=[str(n) for n in range(samples)],
    ))  # fmt: skip
    both = scene.ones and neurons * cell[0] > 200
    product = panel(Table(
        rows=scene.woven, name="dweights" + " and dbiases" * both, kind="g", frame="param", cell=cell,
        marks={(scene.row, scene.column): "now"}, row_names=[*names, *["b"] * scene.ones],
    ))  # fmt: skip
    gap, x, y = 22.0, left.width + 22.0, top.height + 20.0
    body = _bands(scene, cell, x + 24, y + 28, top.height, x)
    body += at(top, x, 0) + at(left, 0, y) + at(product, x, y) + _corner(left.width, top.height)
    return Panel(left.width + gap + product.width, y + product.height, body)


def _bands(scene: Scene, cell: tuple[float, float], left: float, top: float, above: float, start: float) -> str:
    """The two threads that cross in the chosen cell."""
    middle_x = left - 6 + cell[0] * (scene.column + 0.5)
    middle_y = top + cell[1] * (scene.row + 0.5)
    weft = shape("rect", "gw", x=start - 20, y=middle_y - 7, width=middle_x - start + 20, height=14.0)
    return weft + shape("rect", "gw", x=middle_x - 7, y=above - 2, width=14.0, height=middle_y - above + 2)


def _corner(width: float, height: float) -> str:
    """What the picture does, in the empty corner."""
    lines = ("a row of inputs.T", "meets", "a column of dvalues")
    top = height / 2 - 8
    return "".join(text(width / 2, top + 19 * i, line, "soft", size=SMALL) for i, line in enumerate(lines))


def _ledger(scene: Scene) -> Panel:
    """One line for each sample, and the sum."""
    wide, high = 330.0, 44 + 25.0 * len(scene.parts) + 10
    bias = scene.ones and scene.row == len(scene.threads) - 1
    name = f"dbiases[0, {scene.column}]" if bias else f"dweights[{scene.row}, {scene.column}]"
    head = text(14, 16, name, "b", size=BIG - 1, anchor="start")
    rows = "".join(_part(n, part, 42 + 25.0 * n) for n, part in enumerate(scene.parts))
    value = scene.woven[scene.row][scene.column]
    line = shape("rect", "ink", x=230.0, y=30 + 25.0 * len(scene.parts), width=86.0, height=1.4)
    y = 42 + 25.0 * len(scene.parts)
    foot = text(206, y + 2, "sum", "soft", size=SMALL, anchor="end")
    foot += text(316, y + 2, number(value), "g", size=BIG, anchor="end", data=data_number("woven", value, grad=True))
    return Panel(
        wide, high + 6, box(wide / 2, high / 2 + 3, wide, high + 6, "wash", round_by=9) + head + rows + line + foot
    )


def _part(n: int, part: tuple[float, float, float], y: float) -> str:
    its, sent, product = part
    cells = ((150, number(its), "v"), (228, f"× {term(sent)}", "g"), (316, f"= {number(product)}", "g"))
    words = text(14, y, f"sample {n}", "soft", size=SMALL, anchor="start")
    data = data_number(f"part[{n}]", product, grad=True)
    return words + "".join(
        text(x, y, said, look, anchor="end", data=data if x == 316 else None) for x, said, look in cells
    )


def _biases(scene: Scene) -> Panel:
    """Biases minus their gradient, one below the other; what broadcasting has copied is pale."""
    down, across = len(scene.result), len(scene.biases)
    cell = (min(68.0, 232.0 / across), HIGH)
    cells = [(r, c) for r in range(down) for c in range(across)]
    copied = {(r, c): "off" for r, c in cells if r}
    stretched = {(r, c): "off" for r, c in cells if r >= len(scene.taken) or c >= len(scene.taken[0])}
    bad = dict.fromkeys(cells, "am") if scene.shape not in ("row", "flat") else {}
    taken = tuple(tuple(row[c if len(row) > 1 else 0] for c in range(across)) for row in scene.taken)
    size = {"number": "()", "flat": f"({across},)"}.get(scene.shape, f"({len(scene.taken)}, {len(scene.taken[0])})")
    rows = (
        (
            "biases",
            f"(1, {across})",
            Table(rows=(scene.biases,) * down, name="", frame="param", cell=cell, marks=copied),
        ),
        ("− gradient", size, Table(rows=taken, name="", kind="g", cell=cell, marks=stretched)),
        ("= result", f"({down}, {across})", Table(rows=scene.result, name="", frame="param", cell=cell, marks=bad)),
    )
    return below(*(_labelled(name, size, table) for name, size, table in rows), gap=6)


def _labelled(name: str, size: str, table: Table) -> Panel:
    right = panel(table)
    words = text(88, 2 + HIGH / 2 - 8, name, "b", size=SMALL, anchor="end")
    words += text(88, 2 + HIGH / 2 + 9, size, "soft", size=SMALL, anchor="end")
    return Panel(96 + right.width, right.height, words + at(right, 96, 0))
