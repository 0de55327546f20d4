"""Numbers and lists as a reader expects them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def number(value: float, *, sign: bool = False) -> str:
    """A number in at most about seven characters, with a real minus sign: 20.485, −0.0064, 3.

    Args:
        value: Any float.
        sign: Write a plus sign as well.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("−∞" if value < 0 else "∞")
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e6):
        text = (
            f"{size:.1e}".replace(".0e", "e")
            .replace("e-0", "e-")
            .replace("e+0", "e")
            .replace("e+", "e")
            .replace("e-", "e−")
        )
    elif size < 0.0995 or size >= 1000:
        text = f"{float(f'{size:.5g}' if size >= 1000 else f'{size:.3g}'):.6f}".rstrip("0").rstrip(".")
    else:
        text = f"{size:.3f}".rstrip("0").rstrip(".")
    if value < 0 and text != "0":
        return "−" + text
    return ("+" if sign and text != "0" else "") + text


def term(value: float) -> str:
    """A number as a factor: in brackets if it is negative."""
    return f"({number(value)})" if number(value).startswith("−") else number(value)


def total(values: Sequence[float]) -> str:
    """A sum written out: 0.2 + 0.5 − 0.26."""
    first, *others = values
    rest = (f" {'−' if value < 0 else '+'} {number(abs(value))}" for value in others)
    return number(first) + "".join(rest)


def listed(items: Sequence[str]) -> str:
    """Items as English lists them: a, b and c."""
    return ", ".join(items[:-1]) + (" and " if len(items) > 1 else "") + items[-1] if items else "none"


def plain(value: float) -> str:
    """A number for an attribute: exact to twelve digits, the same on every machine."""
    return repr(float(f"{value:.12g}") + 0.0)
