"""What students hand to a picture, as plain numbers: lists, tuples and arrays of any kind, or a sentence why not."""

from __future__ import annotations

import math

from lab.drawing.draw import Rows


class CannotDraw(ValueError):  # noqa: N818 (students read it)
    """What was handed over is not what the picture shows; a notebook prints it as one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"No picture: {self}."]


def one(value: object, name: str) -> float:
    """A single finite number.

    Raises:
        CannotDraw: It is none.
    """
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise CannotDraw(f"the picture needs {name} to be one number; it is {_told(value)}") from error
    if not math.isfinite(result):
        raise CannotDraw(f"the picture needs {name} to be a finite number; it is {value}")
    return result


def positive(value: object, name: str) -> float:
    """A single finite number above 0.

    Raises:
        CannotDraw: It is none.
    """
    result = one(value, name)
    if result <= 0:
        raise CannotDraw(f"the picture needs {name} to be above 0; it is {value}")
    return result


def index(value: object, name: str, size: int) -> int:
    """A place in a list of `size`, counted from 0.

    Args:
        value: What the student gave, of any type.
        name: What the text for the student calls it.
        size: Of the list.

    Raises:
        CannotDraw: It is none.
    """
    place = one(value, name)
    if place != int(place) or not 0 <= place < size:
        raise CannotDraw(f"the picture needs {name} to be one of 0 to {size - 1}; it is {value}")
    return int(place)


def several(values: object, name: str, *, most: int) -> tuple[float, ...]:
    """A list of 1 to `most` numbers.

    Args:
        values: What the student gave, of any type.
        name: What the text for the student calls it.
        most: Numbers that can be drawn.

    Raises:
        CannotDraw: It is none, or too long to be drawn.
    """
    items = _items(values, name)
    if not 1 <= len(items) <= most:
        raise CannotDraw(f"the picture has room for 1 to {most} numbers in {name}; it has {len(items)}")
    return tuple(one(item, f"each entry of {name}") for item in items)


def rows(values: object, name: str, *, most: tuple[int, int]) -> Rows:
    """A table of numbers with rows of equal length; a single row may come without its outer brackets.

    Args:
        values: What the student gave, of any type.
        name: What the text for the student calls it.
        most: Rows and columns that can be drawn.

    Raises:
        CannotDraw: It is none, or too large to be drawn.
    """
    items = _items(values, name)
    if items and not any(hasattr(item, "__len__") for item in items):
        items = [items]
    table = tuple(several(row, f"each row of {name}", most=most[1]) for row in items)
    if len({len(row) for row in table}) != 1:
        raise CannotDraw(f"the rows of {name} differ in length" if table else f"{name} is empty")
    if len(table) > most[0]:
        raise CannotDraw(f"the picture has room for {most[0]} rows in {name}; it has {len(table)}")
    return table


def same(count: int, other: int, what: str) -> None:
    """Refuse sizes that differ.

    Args:
        count: Of one thing.
        other: Of the other.
        what: Both of them, as the text for the student names them.

    Raises:
        CannotDraw: They do.
    """
    if count != other:
        raise CannotDraw(f"{what} do not fit: {count} and {other}")


def _items(values: object, name: str) -> list[object]:
    plain = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(plain, list | tuple):
        raise CannotDraw(f"the picture needs {name} to hold several numbers; it is {_told(values)}")
    return list(plain)


def _told(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
