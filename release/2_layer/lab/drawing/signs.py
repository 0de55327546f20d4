"""Signs that say the same in every picture: right or not, negative, held back."""

from __future__ import annotations

from lab.drawing.draw import circle, path, shape, text
from lab.drawing.looks import SMALL


def badge(x: float, y: float, mark: str) -> str:
    """A small round mark beside a number: ✓ or ≠.

    Args:
        x: Of its middle, in pixels.
        y: Of its middle, in pixels.
        mark: ✓ or ≠.
    """
    if mark == "✓":
        return circle(x, y, 9, "result") + text(x, y, mark, "ok", size=SMALL)
    return circle(x, y, 9, "am-box") + text(x, y, mark, "on-amber", size=SMALL)


def hatch(x: float, y: float, width: float, height: float, *, gap: float = 7) -> str:
    """Slanting lines over a rectangle with its corner at (x, y): the sign of a negative number.

    Args:
        x: Of the rectangle's corner, in pixels.
        y: Of the rectangle's corner, in pixels.
        width: In pixels.
        height: In pixels.
        gap: From line to line, in pixels.
    """
    lines: list[object] = []
    start = gap
    while start < width + height:
        lines += ["M", x + min(start, width), y + max(0.0, start - width), "L"]
        lines += [x + max(0.0, start - height), y + min(start, height)]
        start += gap
    return path("hatch", *lines)


def stop(x: float, y: float, *, size: float = 15) -> str:
    """A stop mark: an octagon with a bar, the same wherever a gradient is held back.

    Args:
        x: Of its middle, in pixels.
        y: Of its middle, in pixels.
        size: From its middle to its corners, in pixels.
    """
    reach, cut = size, size * 0.414
    corners = [(cut, -reach), (reach, -cut), (reach, cut), (cut, reach)]
    corners += [(-a, -b) for a, b in corners]
    points = " ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners)
    return shape("polygon", "ink", points=points, data_mark="stop") + shape(
        "rect", "paper", x=float(x - size * 0.6), y=float(y - 2.2), width=float(size * 1.2), height=4.4
    )
