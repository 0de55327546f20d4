"""Values as the grader sees them, so that both judge the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from lab.judge import difference

ELEMENT_TYPES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"])
MOST_DEEP = 4
MOST_TEXT = 10_000


class Odd:
    """Stands for a value that is no answer, such as a generator; equals nothing."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


def plain(value: object, depth: int = MOST_DEEP) -> object:
    """A copy of a value that is made of numbers, texts, lists, tuples and arrays; an `Odd` for anything else."""
    kind = type(value)
    if kind is np.ndarray or isinstance(value, np.generic | np.matrix):
        array = np.array(value, subok=False)
        return array if array.dtype.str[1:] in ELEMENT_TYPES else Odd(f"{kind.__name__} of {array.dtype}"[:100])
    if kind is int:
        assert isinstance(value, int)
        return value if -(2**63) <= value < 2**63 else Odd("int of more than 64 bits")
    if value is None or kind in (bool, float):
        return value
    if isinstance(value, str) and kind is str:
        return value[:MOST_TEXT]
    if isinstance(value, Fraction) and kind is Fraction:
        return float(value)
    if isinstance(value, list) and kind is list and depth:
        return [plain(item, depth - 1) for item in value]
    if isinstance(value, tuple) and kind is tuple and depth:
        return tuple(plain(item, depth - 1) for item in value)
    return Odd(kind.__name__[:100])


def identical(one: object, other: object) -> bool:
    """Whether two plain values are the same to the last bit; NaN in an array is the same as NaN there."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        same = type(one) is type(other) and len(one) == len(other)
        return same and all(identical(mine, its) for mine, its in zip(one, other, strict=True))
    if isinstance(one, Odd) and isinstance(other, Odd):
        return one.type_name == other.type_name
    if isinstance(one, np.ndarray | list | tuple | Odd) or isinstance(other, np.ndarray | list | tuple | Odd):
        return False
    return bool(one == other)


def all_identical(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether the same names hold the same values."""
    return one.keys() == other.keys() and all(identical(value, other[name]) for name, value in one.items())


def equal(value: object, right: object) -> bool:
    """Whether a name still holds the right value, be it as list or array, int or float."""
    if type(value) is float and type(right) is float and value == right:  # the usual cases, many times in every check
        return True
    if type(value) is np.ndarray and isinstance(right, np.ndarray) and identical(value, right):
        return value.dtype.kind in "biuf" and bool(np.isfinite(value).all())
    return difference(plain(value), right) is None


def in_the_form_of(example: object, value: object) -> object:
    """`value` as a list, tuple or array, whichever the student made of the page's own."""
    if not isinstance(value, list | tuple | np.ndarray):
        return value
    if type(example) is np.ndarray:
        array = np.array(value)
        return array.astype(np.result_type(array.dtype, example.dtype)) if example.dtype.kind in "biufc" else array
    if type(example) is list and not isinstance(value, list):
        return value.tolist() if isinstance(value, np.ndarray) else list(value)
    if type(example) is tuple and not isinstance(value, tuple):
        return tuple(value)
    return value
