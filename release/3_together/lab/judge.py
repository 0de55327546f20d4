"""Compare a value with the one that is wanted, and say in words how they differ.

The students' check and the grader import this one file: one comparison, one wording, two places. A text made here
never holds the wanted value, since the grader uses it for hidden numbers too; `shown` is for numbers a student may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

TOLERANCE = 1e-9
"""Largest |got - want| / max(1, |want|) that counts as equal: far above rounding, far below any mistake."""

NARROW = {"f2": 2.0**-8, "f4": 2.0**-17, "c8": 2.0**-17}
"""The same for types of fewer digits, with the largest |want| of the array: 4 and 64 units in the last place of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a value differs from the wanted one.

    Attributes:
        kind: "type", "shape", "transposed", "nan", "number_type", "sign", "factor", "zero", "entry" or "value".
        text: What is known, as the end of a sentence that starts with the name: "has the wrong sign everywhere".
    """

    kind: str
    text: str


def as_array(value: object) -> np.ndarray | None:
    """The value as an array of numbers, or None if it is not made of numbers."""
    if value is None or isinstance(value, str | bytes | dict | set):
        return None
    try:
        array = np.asarray(float(value) if isinstance(value, Fraction) else value)
    except (ValueError, TypeError):  # nested lists of unequal lengths
        return None
    return array if array.dtype.kind in "biufc" else None


def narrowed(value: object, element: str) -> object:
    """A value in a type of fewer digits ("f2" or "f4", or as it is): what comes from such numbers is not more exact."""
    if not element:
        return value
    if isinstance(value, list | tuple):
        return type(value)(narrowed(item, element) for item in value)
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype == np.float64):
        with np.errstate(over="ignore"):
            return np.asarray(value).astype(element)
    return value


def difference(
    got: object, want: object, *, tolerance: float = TOLERANCE, accept_row: bool = False
) -> Difference | None:
    """How `got` differs from `want`; None if they are equal.

    Lists, tuples and arrays of the same shape are equal, as are True and 1, -0.0 and 0.0. NaN equals nothing. Numbers
    of a type with fewer digits are judged at that type's precision.

    Args:
        got: The student's value, of any type.
        want: The right value.
        tolerance: Largest |got - want| / max(1, |want|).
        accept_row: Take shape (1, D) for (D,).
    """
    if equal(got, want, tolerance=tolerance, accept_row=accept_row):
        return None
    right, mine = as_array(want), as_array(got)
    if right is None:
        return Difference(kind="value", text="is not what is wanted")
    if mine is None:
        return Difference(kind="type", text=_no_number(got, right))
    mine = _without_row(mine, right) if accept_row else mine
    return _shapes(mine, right, tolerance) if mine.shape != right.shape else _values(mine, right, tolerance)


def equal(got: object, want: object, *, tolerance: float = TOLERANCE, accept_row: bool = False) -> bool:
    """Whether `difference` finds none; without words, so it takes less time.

    Args:
        got: The student's value, of any type.
        want: The right one.
        tolerance: Largest |got - want| / max(1, |want|) that counts as equal.
        accept_row: A wanted shape (D,) may also come as (1, D).
    """
    if _is_the_same(got, want):
        return True
    right = as_array(want)
    if right is None:
        return type(got) is type(want) and _equal_things(got, want)
    mine = as_array(got)
    if mine is None:
        return False
    mine = _without_row(mine, right) if accept_row else mine
    return mine.shape == right.shape and _close(mine, right, tolerance)


def _equal_things(got: object, want: object) -> bool:
    """Whether two values that are no numbers are equal; lists that hold arrays cannot say so, and are not."""
    try:
        return bool(got == want)
    except ValueError:
        return False


def _without_row(mine: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Shape (1, D) as (D,), where that is wanted."""
    return np.asarray(mine[0]) if mine.ndim == right.ndim + 1 and mine.shape[0] == 1 else mine


def _is_the_same(got: object, want: object) -> bool:
    """Whether two values are equal and of one type: the usual case, told in a tenth of the time."""
    if got is want:
        return True
    if type(got) is not type(want):
        return False
    if isinstance(got, np.ndarray) and isinstance(want, np.ndarray):
        return got.shape == want.shape and got.dtype.kind in "biufc" and bool((got == want).all())
    return isinstance(got, int | float) and got == want


def _no_number(got: object, want: np.ndarray) -> str:
    wanted = f"an array of shape {_shape(want)} is wanted" if want.ndim else "a number is wanted"
    if got is None:
        return f"is None; {wanted}"
    name = getattr(got, "type_name", type(got).__name__)  # a value that did not travel is known by its type's name
    if callable(got) or name in ("function", "type", "method", "builtin_function_or_method"):
        return f"is a function or class; {wanted} (is a call missing?)"
    return f"is of type {name} and not made of numbers only"


def _close(got: np.ndarray, want: np.ndarray, tolerance: float) -> bool:
    return not np.any(wrong_entries(got, want, tolerance))


def _shapes(got: np.ndarray, want: np.ndarray, tolerance: float) -> Difference:
    if got.shape == want.T.shape and _close(got, want.T, tolerance):
        return Difference(
            kind="transposed", text="has rows and columns exchanged: the numbers are right, the shape is not"
        )
    if got.size == want.size and _close(got.ravel(), want.ravel(), tolerance):
        text = f"holds the right numbers in shape {_shape(got)}; shape {_shape(want)} is wanted"
        return Difference(kind="shape", text=text)
    return Difference(kind="shape", text=f"has shape {_shape(got)}; shape {_shape(want)} is wanted")


def _shape(array: np.ndarray) -> str:
    return str(array.shape) if array.ndim else "() (a single number)"


def _values(got: np.ndarray, want: np.ndarray, tolerance: float) -> Difference:
    got, want = _counted(got), _counted(want)
    if not np.all(np.isfinite(got)):
        return Difference(kind="nan", text="holds NaN or infinity")
    if not np.any(got):
        return Difference(kind="zero", text="is 0" + (" everywhere" if want.size > 1 else ""))
    if np.issubdtype(got.dtype, np.integer) and _close(got, np.trunc(want.real), tolerance):
        return Difference(kind="number_type", text="has lost everything behind the decimal point")
    if _close(-got, want, tolerance):
        return Difference(kind="sign", text="has the opposite sign" + (" everywhere" if want.size > 1 else ""))
    if want.ndim == 2 and want.shape[0] == want.shape[1] and _close(got.T, want, tolerance):
        return Difference(kind="transposed", text="has rows and columns exchanged")
    if want.size > 1:
        entries = _few_entries(got, want, tolerance)
        if entries:
            return entries
        factor = _constant_factor(got, want, tolerance)
        if factor:
            return Difference(kind="factor", text=f"is {factor} times what is wanted, everywhere")
    text = "has the right shape, but not the right values" if want.size > 1 else "is not the right number"
    return Difference(kind="value", text=text)


def _counted(array: np.ndarray) -> np.ndarray:
    """True and False as 1.0 and 0.0, which can be subtracted and have a sign."""
    return array.astype(float) if array.dtype.kind == "b" else array


def _few_entries(got: np.ndarray, want: np.ndarray, tolerance: float) -> Difference | None:
    wrong = np.argwhere(wrong_entries(got, want, tolerance))
    if len(wrong) == 1:
        return Difference(kind="entry", text=f"is right except for one entry, at {_place(wrong[0])}")
    if want.size > 3 and len(wrong) * 2 <= want.size:
        return Difference(
            kind="entry", text=f"is wrong in {len(wrong)} of {want.size} entries, first at {_place(wrong[0])}"
        )
    return None


def wrong_entries(got: np.ndarray, want: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Where two arrays of one shape differ: an array of bools of that shape; NaN differs from everything.

    Numbers of a type with fewer digits than float64 are judged at that type's precision.

    Args:
        got: The student's array.
        want: The right one, of the same shape.
        tolerance: Largest |got - want| / max(1, |want|) that counts as equal.
    """
    with np.errstate(all="ignore"):
        sizes = np.maximum(1, np.abs(want))
        allowed = tolerance * sizes
        narrow = NARROW.get(got.dtype.str[1:])
        if narrow is not None and want.size:
            allowed = np.maximum(allowed, narrow * sizes.max())
        close = np.abs(np.subtract(got, want, dtype=complex)) <= allowed
    return np.asarray(~close)


def _place(index: np.ndarray) -> str:
    if len(index) == 1:
        return f"index {index[0]}"
    return f"row {index[0]}, column {index[1]}" if len(index) == 2 else f"index {tuple(int(i) for i in index)}"


def _constant_factor(got: np.ndarray, want: np.ndarray, tolerance: float) -> str:
    """The ratio got / want as text, if it is the same wherever neither is 0; empty otherwise."""
    nonzero = want != 0
    if np.iscomplexobj(got) or np.count_nonzero(nonzero) < 2 or np.any(got[~nonzero]):
        return ""
    ratios = got[nonzero] / want[nonzero]
    if not np.allclose(ratios, ratios[0], rtol=max(tolerance, 1e-9), atol=0):
        return ""
    return f"{ratios[0]:.6g}"


def shown(value: object, most: int = 400) -> str:
    """A value as a student would print it, short; for numbers they may see."""
    array = as_array(value)
    if array is None:
        text = repr(value)
    elif array.ndim == 0 or (array.ndim == 1 and isinstance(value, list | tuple)):
        text = repr(_of_python(value))
    else:
        with np.printoptions(threshold=60, precision=8, suppress=True):
            text = np.array2string(array, separator=", ")
    return text if len(text) <= most else text[: most - 2] + " …"


def _of_python(value: object) -> object:
    """Without numpy's own number types, which print with their name."""
    if isinstance(value, list | tuple):
        return type(value)(_of_python(item) for item in value)
    return value.item() if isinstance(value, np.generic | np.ndarray) and value.size == 1 else value
