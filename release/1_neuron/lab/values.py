"""Values as the grader sees them, so that both judge the same thing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

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
    if is_of_numpy(value):
        array = of_numbers(value)
        return array.copy() if array.dtype.str[1:] in ELEMENT_TYPES else Odd(f"{kind.__name__} of {array.dtype}"[:100])
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


def is_of_numpy(value: object) -> bool:
    """Whether a value is an array or a number of numpy's own; not of a class that a student derived from one."""
    kind = type(value)
    if kind is np.ndarray or isinstance(value, np.generic | np.matrix):
        return True
    masked = sys.modules.get("numpy.ma")
    return masked is not None and kind is masked.MaskedArray


def of_numbers(value: Any) -> np.ndarray:
    """An array as a plain one: objects that are all numbers as float64, and more digits, too; an array without masks.

    What cannot be made plain comes back as an array of objects.
    """
    if not isinstance(value, np.ndarray | np.generic):
        return np.array(None, dtype=object)
    if type(value).__name__ == "MaskedArray":
        masked: Any = value
        return np.array(None, dtype=object) if np.any(masked.mask) else of_numbers(masked.data)
    array = np.asarray(value)
    if array.dtype == object and all(type(item) in _NUMBERS or isinstance(item, np.number) for item in array.flat):
        return array.astype(float)
    return array.astype(float) if array.dtype.kind == "f" and array.dtype.itemsize > 8 else array


_NUMBERS = frozenset([bool, int, float, Fraction])


def set_in_place(value: object, right: object) -> bool:
    """Give an array or a list its right entries, in its own type, so that other names for it have them too.

    Args:
        value: An array or a list; only changed if it can hold the right entries.
        right: A list or an array.

    Returns:
        Whether that was done.
    """
    if type(value) is list and isinstance(right, list | np.ndarray) and len(right) == len(value):
        value[:] = right.tolist() if isinstance(right, np.ndarray) else right
        return True
    if type(value) is not np.ndarray or not isinstance(right, list | tuple | np.ndarray):
        return False
    entries = in_own_type(right, value.dtype)
    if entries is None or entries.shape != value.shape or not value.flags.writeable:
        return False
    value[...] = entries
    return True


def in_own_type(right: object, dtype: np.dtype[Any]) -> np.ndarray | None:
    """Right entries as an array of another type; None if that type cannot hold numbers of their kind or size."""
    try:
        entries = np.asarray(right)
        if dtype.kind not in "biufc" or not np.can_cast(entries.dtype, dtype, "same_kind"):
            return None
    except (ValueError, TypeError):  # lists of unequal lengths
        return None
    with np.errstate(over="ignore"):
        cast = entries.astype(dtype)
    return cast if np.isfinite(cast).all() else None


def shared(outputs: Iterable[object], others: Mapping[str, object]) -> list[str]:
    """Which of the others are the very array or list, or a part of the array, that one of the outputs is."""
    mine = [value for value in outputs if type(value) in (np.ndarray, list)]
    return [name for name, other in others.items() if any(_is_one(value, other) for value in mine)]


def _is_one(value: object, other: object) -> bool:
    if value is other:
        return True
    return type(value) is type(other) is np.ndarray and np.may_share_memory(value, other)


def coarsest(values: Iterable[object]) -> str:
    """The type of fewest digits, "f2" or "f4", among arrays and numbers of numpy's; empty if all have 64 bits."""
    found = {value.dtype.str[1:] for value in values if isinstance(value, np.ndarray | np.floating)}
    return next((element for element in ("f2", "f4") if element in found), "")


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


def in_the_form_of(example: object, page: object, value: object) -> object:
    """`value` as a list, tuple or array, and of the number type, that the student made of the page's own.

    Args:
        example: What the student has on the page.
        page: What the course put there.
        value: What the course puts there on other numbers.
    """
    if not isinstance(value, list | tuple | np.ndarray):
        return value
    if type(example) is np.ndarray:
        array = np.array(value)
        is_changed = example.dtype.kind in "biufc" and example.dtype != np.asarray(page).dtype
        return array.astype(np.result_type(array.dtype, example.dtype)) if is_changed else array
    if type(example) is list and not isinstance(value, list):
        return value.tolist() if isinstance(value, np.ndarray) else list(value)
    if type(example) is tuple and not isinstance(value, tuple):
        return tuple(value)
    return value
