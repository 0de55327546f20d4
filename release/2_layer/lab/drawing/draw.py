"""The shapes that all pictures are made of; every function returns SVG text and knows nothing of state.

No ids, so that two pictures in one page cannot disturb each other: arrow heads and hatching are drawn, not referenced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from math import atan2, cos, sin

from lab.drawing.looks import PLAIN
from lab.drawing.words import plain

Rows = tuple[tuple[float, ...], ...]
"""A table of numbers, row by row."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A finished part of a drawing, in a box of its own.

    Attributes:
        width: In units.
        height: In units.
        body: SVG text, drawn from (0, 0).
    """

    width: float
    height: float
    body: str


def attributes(**values: object) -> str:
    """Attributes from keywords (`data_value` is `data-value`, None leaves one out), with a blank before each."""
    kept = ((name, value) for name, value in values.items() if value is not None)
    return "".join(f' {name.replace("_", "-")}="{escape(_short(value))}"' for name, value in kept)


def _short(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def text(
    x: float, y: float, words: str, look: str = "", *, size: int = PLAIN, anchor: str = "middle",
    data: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """One line of text whose middle is at height `y`.

    Args:
        x: Where it is anchored, in pixels.
        y: Height of its middle, in pixels.
        words: The line; special characters are escaped here.
        look: Classes of the style sheet, with blanks between them.
        size: Of the letters, in pixels.
        anchor: "start", "middle" or "end".
        data: Attributes by which tests and scripts find it; `data_kind` becomes `data-kind`.
    """
    place = attributes(x=float(x), y=float(y + 0.35 * size), font_size=size, text_anchor=anchor)
    return f'<text class="{look}"{place}{attributes(**(data or {}))}>{escape(words)}</text>'


def shape(kind: str, look: str, **values: object) -> str:
    """An empty element such as a rect, with a class.

    Args:
        kind: SVG's name of the element.
        look: Classes of the style sheet, with blanks between them.
        values: Attributes; `_` becomes `-`.
    """
    return f'<{kind} class="{look}"{attributes(**values)}/>'


def box(x: float, y: float, width: float, height: float, look: str, *, round_by: float = 7, **data: object) -> str:
    """A rectangle around the point (x, y).

    Args:
        x: Of its middle, in pixels.
        y: Of its middle, in pixels.
        width: In pixels.
        height: In pixels.
        look: Classes of the style sheet, with blanks between them.
        round_by: Radius of its corners, in pixels.
        data: Attributes by which tests and scripts find it; `data_kind` becomes `data-kind`.
    """
    return shape(
        "rect", look, x=float(x - width / 2), y=float(y - height / 2), width=float(width), height=float(height),
        rx=float(round_by), **data,
    )  # fmt: skip


def circle(x: float, y: float, radius: float, look: str, **data: object) -> str:
    """A circle.

    Args:
        x: Of its middle, in pixels.
        y: Of its middle, in pixels.
        radius: In pixels.
        look: Classes of the style sheet, with blanks between them.
        data: Attributes by which tests and scripts find it; `data_kind` becomes `data-kind`.
    """
    return shape("circle", look, cx=float(x), cy=float(y), r=float(radius), **data)


def path(look: str, *points: object, **data: object) -> str:
    """A path; `points` are letters and numbers in SVG's order.

    Args:
        look: Classes of the style sheet, with blanks between them.
        points: Letters and numbers in SVG's order, in pixels.
        data: Attributes by which tests and scripts find it; `data_kind` becomes `data-kind`.
    """
    return shape(
        "path", look, d=" ".join(_short(float(p)) if isinstance(p, int | float) else str(p) for p in points), **data
    )


def tip(x: float, y: float, towards: tuple[float, float], look: str, *, size: float = 10) -> str:
    """An arrow head with its point at (x, y), looking along the vector `towards`.

    Args:
        x: Of its point, in pixels.
        y: Of its point, in pixels.
        towards: A vector of any length.
        look: Classes of the style sheet, with blanks between them.
        size: From its point to its base, in pixels.
    """
    turn = atan2(towards[1], towards[0])
    back = [(x - size * cos(turn + side), y - size * sin(turn + side)) for side in (0.45, -0.45)]
    return path(f"tip {look}".strip(), "M", x, y, "L", *back[0], "L", *back[1], "Z")


def wire(x: float, y: float, to_x: float, to_y: float, look: str, *, back: bool = False, **data: object) -> str:
    """An edge from left to right with an arrow head at its end, or at its start if the gradient runs `back`.

    Args:
        x: Of its left end, in pixels.
        y: Of its left end, in pixels.
        to_x: Of its right end, in pixels.
        to_y: Of its right end, in pixels.
        look: Classes of the style sheet, with blanks between them.
        back: The head is at the left end.
        data: Attributes by which tests and scripts find it; `data_kind` becomes `data-kind`.
    """
    middle = (x + to_x) / 2
    line = path(f"e {look}".strip(), "M", x, y, "C", middle, y, middle, to_y, to_x, to_y, **data)
    head = tip(x, y, (-1, 0), look, size=12) if back else tip(to_x, to_y, (1, 0), look)
    return line + head


def data_number(name: str, value: float, *, grad: bool = False) -> dict[str, str]:
    """Attributes by which tests and scripts find a number: its name, and the number exact to twelve digits.

    Args:
        name: Of the number, as in the notebook.
        value: The number.
        grad: It is the gradient of what the name stands for.
    """
    return {"data_grad" if grad else "data_value": name, "data_number": plain(value)}


def at(panel: Panel, x: float, y: float) -> str:
    """The panel's body, moved.

    Args:
        panel: What is moved.
        x: Where its left side comes, in pixels.
        y: Where its top comes, in pixels.
    """
    return f'<g transform="translate({_short(float(x))} {_short(float(y))})">{panel.body}</g>'


def beside(*panels: Panel, gap: float = 24) -> Panel:
    """Panels from left to right, their tops aligned."""
    x, parts = 0.0, []
    for panel in panels:
        parts.append(at(panel, x, 0))
        x += panel.width + gap
    return Panel(x - gap, max(panel.height for panel in panels), "".join(parts))


def below(*panels: Panel, gap: float = 16, width: float = 0) -> Panel:
    """Panels from top to bottom, each in the middle of `width` (or of the widest one).

    Args:
        panels: From top to bottom.
        gap: Between two of them, in pixels.
        width: Of the whole, in pixels; 0 for that of the widest one.
    """
    room = max(width, *(panel.width for panel in panels))
    y, parts = 0.0, []
    for panel in panels:
        parts.append(at(panel, (room - panel.width) / 2, y))
        y += panel.height + gap
    return Panel(room, y - gap, "".join(parts))


def drawing(panel: Panel, *, name: str, words: Iterable[str], look: str = "", width: float = 0, extra: str = "") -> str:
    """A whole SVG element: an image with a name and a description for those who cannot see it.

    Args:
        panel: What is drawn.
        name: The accessible name.
        words: Sentences that say what the picture shows.
        look: Class of the element, which chooses the layout.
        width: Width of the view box; 0 for the panel's own.
        extra: Attributes and content that a file needs besides.
    """
    room = width or panel.width
    described = escape(" ".join(words))
    view = attributes(viewBox=f"0 0 {room:g} {panel.height:.0f}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{look}" role="img" aria-label="{escape(name)}"{view}>'
        f"<desc>{described}</desc>{extra}{at(panel, (room - panel.width) / 2, 0)}</svg>"
    )
