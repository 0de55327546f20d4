"""Small pictures of a difference: as text, and as SVG that reads well aloud, in print and in both themes."""

from __future__ import annotations

from html import escape

import numpy as np

from lab import texts

MOST_SPOKEN = 6
CELL_WIDTH, CELL_HEIGHT, EDGE = 58, 24, 2
TOO_LARGE, TOO_SMALL = "#b34700", "#0064a4"


def as_text(difference: np.ndarray, wrong: np.ndarray) -> str:
    """Rows of marks: `+` too large, `-` too small, `?` no number, `.` right."""
    rows = np.atleast_2d(difference), np.atleast_2d(wrong)
    marks = [
        " ".join(_mark(value, off) for value, off in zip(values, offs, strict=True))
        for values, offs in zip(*rows, strict=True)
    ]
    return "\n".join(marks)


def _mark(value: float, wrong: bool) -> str:
    if not wrong:
        return "."
    return ("+" if value > 0 else "-") if np.isfinite(value) else "?"


def spoken(name: str, difference: np.ndarray, wrong: np.ndarray) -> str:
    """The picture in words, for screen readers and for where pictures are left out."""
    places = [f"{_place(index)}: {_short(difference[tuple(index)])}" for index in np.argwhere(wrong)]
    most = places[:MOST_SPOKEN] + (["and so on"] if len(places) > MOST_SPOKEN else [])
    return texts.SPOKEN.format(name=name, wrong=len(places), all=wrong.size, places="; ".join(most))


def _place(index: np.ndarray) -> str:
    return f"index {index[0]}" if len(index) == 1 else f"row {index[0]}, column {index[1]}"


def _short(value: float) -> str:
    return f"{value:+.3g}" if np.isfinite(value) else texts.NO_NUMBER


def as_svg(name: str, difference: np.ndarray, wrong: np.ndarray) -> str:
    """A heat map: a number and a frame in each wrong entry, the deeper the colour the further off."""
    values, offs = np.atleast_2d(difference), np.atleast_2d(wrong)
    finite = np.abs(values[offs & np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 1.0
    rows, columns = values.shape
    width, height = columns * CELL_WIDTH + 2 * EDGE, rows * CELL_HEIGHT + 2 * EDGE
    cells = "".join(
        _cell(row, column, float(values[row, column]), bool(offs[row, column]), largest)
        for row in range(rows)
        for column in range(columns)
    )
    words = escape(spoken(name, difference, wrong))
    return (
        f'<svg role="img" aria-label="{words}" xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="max-width:100%;height:auto"><title>{words}</title>'
        f'<g font-family="monospace" font-size="12" text-anchor="middle" fill="currentColor">{cells}</g></svg>'
    )


def _cell(row: int, column: int, value: float, wrong: bool, largest: float) -> str:
    x, y = EDGE + column * CELL_WIDTH, EDGE + row * CELL_HEIGHT
    text = ("·" if not wrong else f"{value:+.3g}") if np.isfinite(value) else "NaN"
    colour = TOO_LARGE if value > 0 else TOO_SMALL
    depth = 0.15 + 0.35 * min(1.0, abs(value) / largest) if np.isfinite(value) else 0.5
    frame = f'stroke="{colour}" stroke-width="2"' if wrong else 'stroke="currentColor" stroke-opacity="0.25"'
    fill = f'fill="{colour}" fill-opacity="{depth:.2f}"' if wrong else 'fill="none"'
    return (
        f'<rect x="{x + 1}" y="{y + 1}" width="{CELL_WIDTH - 2}" height="{CELL_HEIGHT - 2}" {fill} {frame}/>'
        f'<text x="{x + CELL_WIDTH / 2:g}" y="{y + 16}">{text}</text>'
    )
