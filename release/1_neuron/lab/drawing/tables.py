"""Arrays as tables and as heat maps: the same cells, frames and marks in every picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from lab.drawing.draw import Panel, Rows, attributes, box, circle, data_number, path, shape, text
from lab.drawing.looks import BIG, HEAT, PLAIN, SMALL
from lab.drawing.signs import hatch, stop
from lab.drawing.words import number

Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table to be drawn.

    Attributes:
        rows: Its numbers.
        name: Stands above it, and names its cells for tests: a[0,1].
        kind: "v" for values, "g" for gradients: blue, or orange and in italics.
        frame: "param", "input" or "result".
        cell: Width and height of a cell.
        heat: The number that gets the strongest tint; 0 for a table without tints.
        marks: What stands out: "now", "am" (does not fit, with ≠), "ring" (how far off it is), "off" (soft) or
            "stop" (dark).
        row_names: To the left of the rows; empty for none.
        column_names: Above the columns; empty for none.
        note: Small text beside the name, such as the shape.
    """

    rows: Rows
    name: str
    kind: str = "v"
    frame: str = "result"
    cell: tuple[float, float] = (58.0, 30.0)
    heat: float = 0.0
    marks: Mapping[Place, str] = field(default_factory=dict)
    row_names: Sequence[str] = ()
    column_names: Sequence[str] = ()
    note: str = ""

    @property
    def left(self) -> float:
        """Room for the names of the rows."""
        return 8.0 + 8.0 * max(len(name) for name in self.row_names) if self.row_names else 0.0

    @property
    def top(self) -> float:
        """Room for the name and the names of the columns."""
        return (26.0 if self.name or self.note else 0.0) + (20.0 if self.column_names else 0.0)

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Where the middle of a cell lies in the panel."""
        width, height = self.cell
        return self.left + width * (column + 0.5) + 2, self.top + height * (row + 0.5) + 2


def panel(table: Table) -> Panel:
    """The table, drawn."""
    across, down = len(table.rows[0]), len(table.rows)
    wide, high = table.cell[0] * across, table.cell[1] * down
    frame = box(table.left + 2 + wide / 2, table.top + 2 + high / 2, wide, high, f"{table.frame} hollow", round_by=5)
    tints = "".join(_tint(table, r, c) for r in range(down) for c in range(across))
    cells = "".join(_cell(table, r, c) for r in range(down) for c in range(across))
    return Panel(table.left + wide + 4, table.top + high + 4, _heads(table) + tints + frame + cells)


def _heads(table: Table) -> str:
    across = len(table.rows[0])
    wanted = 9.6 * len(table.name) + 8.2 * len(table.note) + 8
    room = table.cell[0] * across
    fits = wanted <= room
    title = titled(table.left + 2 + room / 2 if fits else 0, table.name, table.note, "middle" if fits else "start")
    rows = "".join(
        text(table.left - 6, table.middle(r, 0)[1], name, "soft", size=SMALL, anchor="end")
        for r, name in enumerate(table.row_names)
    )
    columns = "".join(
        text(table.middle(0, c)[0], table.top - 9, name, "soft", size=SMALL)
        for c, name in enumerate(table.column_names)
    )
    return title + rows + columns


def titled(x: float, name: str, note: str, anchor: str) -> str:
    """A name with a small remark behind it, at the top of a panel.

    Args:
        x: Where it is anchored, in pixels.
        name: In the letters of the notebook.
        note: The remark; may be empty.
        anchor: "start", "middle" or "end".
    """
    place = attributes(x=float(x), y=15, text_anchor=anchor)
    words = f'<tspan class="b" font-size="{BIG - 1}">{escape(name)}</tspan>'
    remark = f'<tspan class="soft" font-size="{SMALL}" dx="7">{escape(note)}</tspan>' if note else ""
    return f"<text{place}>{words}{remark}</text>"


_GROUNDS = {"am": "am-fill", "now": "gw", "stop": "ink"}
"""Marks that have a ground of their own."""


def _tint(table: Table, row: int, column: int) -> str:
    """The ground of a cell: as strong as the number is large, hatched if it is negative, or that of its mark."""
    (x, y), (width, height), mark = table.middle(row, column), table.cell, table.marks.get((row, column), "")
    spot = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
    if mark in _GROUNDS:
        return shape("rect", _GROUNDS[mark], **spot)
    value = table.rows[row][column]
    if not table.heat or not value or value != value:
        return ""
    share = min(1.0, abs(value) / table.heat) * HEAT
    tint = shape("rect", f"t{table.kind}", **spot, fill_opacity=f"{share:.3f}")
    return tint + (hatch(*spot.values(), gap=10) if value < 0 else "")


def _cell(table: Table, row: int, column: int) -> str:
    (x, y), (width, height), mark = table.middle(row, column), table.cell, table.marks.get((row, column), "")
    value, shown = table.rows[row][column], _shown(table, row, column)
    plain = f"halo{' i' * (table.kind == 'g')}" if table.heat else table.kind
    dark = f"inv{' i' * (table.kind == 'g')}"
    look = {"am": "on-amber", "off": "soft", "stop": dark}.get(mark, plain)
    data = data_number(f"{table.name}[{row},{column}]", value, grad=table.kind == "g")
    roomy = mark == "am" and _roomy(table)
    size = SMALL if len(shown) * 9.8 > width - 4 else PLAIN
    said = text(x - 4 if roomy else x, y, shown, look, size=size, data=data)
    if mark == "stop":
        corner = x + width / 2 - 6, y - height / 2 + 6
        said += circle(*corner, 10.5, "paper") + stop(*corner, size=8)
    if mark in ("now", "ring"):
        said += box(x, y, width - 1, height - 1, "ring g" if mark == "now" else "ring am", round_by=4)
    if mark == "am":
        said += _differs(x + width / 2, y - height / 2, roomy)
    return said


def _shown(table: Table, row: int, column: int) -> str:
    return _fitting(table.rows[row][column], table.cell[0] - 4, 8.4 if table.heat else 9.1)


def _roomy(table: Table) -> bool:
    """Whether ≠ has room beside every number that does not fit, so that all of a table are marked alike."""
    longest = max(len(_shown(table, *place)) for place, mark in table.marks.items() if mark == "am")
    return table.cell[0] >= 28 + 9.8 * longest


def _differs(right: float, top: float, roomy: bool) -> str:
    """The mark of a cell that does not fit: ≠, or a corner where there is no room for it."""
    if roomy:
        return text(right - 8, top + 9, "≠", "on-amber", size=SMALL, data={"data_mark": "differs"})
    return path(
        "corner", "M", right - 9, top + 1, "L", right - 1, top + 1, "L", right - 1, top + 9, "Z", data_mark="differs"
    )


def _fitting(value: float, width: float, each: float) -> str:
    """The number with as many digits as the cell has room for."""
    texts = [number(value), *(number(round(value, digits)) for digits in (3, 2, 1, 0))]
    texts = ["≈0" if text == "0" and value else text for text in texts]
    return next((text for text in texts if len(text) * each <= width), texts[-1])
