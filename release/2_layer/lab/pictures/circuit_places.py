"""Where the parts of the circuit stand, in both layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Point = tuple[float, float]
RISE = 340.0
"""Where the sum, ReLU and the output stand above each other in the narrow layout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things stand.

    Attributes:
        leaves: Boxes of inputs and parameters, by name.
        ops: Operations, by the name of their result.
        pills: Value above gradient, by name.
        out: Where y leaves.
        rising: The way from the sum to the output goes up; else to the right.
    """

    leaves: Mapping[str, Point]
    ops: Mapping[str, Point]
    pills: Mapping[str, Point]
    out: Point
    rising: bool


def wide_places(inputs: int) -> Places:
    """From left to right."""
    leaves: dict[str, Point] = {}
    ops: dict[str, Point] = {}
    pills: dict[str, Point] = {}
    for i in range(inputs):
        middle = 98 + 118 * i
        leaves |= {f"x{i}": (32, middle - 27), f"w{i}": (32, middle + 27)}
        pills |= {f"x{i}": (112, middle - 27), f"w{i}": (112, middle + 27), f"xw{i}": (318, middle)}
        ops[f"xw{i}"] = (226, middle)
    bottom, heart = 98 + 118 * inputs - 36.0, 98 + 59.0 * (inputs - 1)
    leaves["b"], pills["b"] = (32, bottom), (112, bottom)
    ops |= {"z": (424, heart), "y": (614, heart)}
    pills |= {"z": (502, heart), "y": (706, heart)}
    return Places(leaves=leaves, ops=ops, pills=pills, out=(796, heart), rising=False)


def narrow_places(inputs: int) -> Places:
    """Products on the left; the sum, ReLU and the output rise on the right."""
    leaves: dict[str, Point] = {}
    ops: dict[str, Point] = {}
    pills: dict[str, Point] = {}
    for i in range(inputs):
        middle = 90 + 108 * i
        leaves |= {f"x{i}": (20, middle - 25), f"w{i}": (20, middle + 25)}
        pills |= {f"x{i}": (80, middle - 25), f"w{i}": (80, middle + 25), f"xw{i}": (222, middle)}
        ops[f"xw{i}"] = (154, middle)
    bottom = 90 + 108.0 * inputs - 28
    leaves["b"], pills["b"] = (20, bottom), (80, bottom)
    heart = max(90 + 108.0 * (inputs - 1), 306.0)
    ops |= {"z": (RISE, heart), "y": (RISE, heart - 132)}
    pills |= {"z": (RISE, heart - 62), "y": (RISE, heart - 194)}
    return Places(leaves=leaves, ops=ops, pills=pills, out=(RISE, heart - 246), rising=True)
