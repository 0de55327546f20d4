"""The mirror: what a student's array holds, what is wanted on numbers that may be seen, and the difference.

The check draws with it wherever arrays differ, so it compares as tolerantly as the check does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from lab.drawing.draw import Panel, Rows, below, beside, box, text
from lab.drawing.looks import BIG, NARROW, SMALL, WIDE
from lab.drawing.picture import Picture
from lab.drawing.tables import Table, panel, titled
from lab.drawing.view import View
from lab.drawing.words import listed, number

MOST = 5
"""Rows and columns that are drawn; the rest is left out and said to be."""
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """An array as far as it can be drawn.

    Attributes:
        rows: Its numbers; a single axis is one row, other numbers of axes have none.
        shape: Its true shape.
        problem: Why it is no table of numbers; empty if it is one.
    """

    rows: Rows
    shape: tuple[int, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """What is compared.

    Attributes:
        name: What the value is called.
        got: The student's.
        want: The right one.
        tolerance: Largest |got - want| / max(1, |want|) that counts as equal.
    """

    name: str
    got: Array
    want: Array
    tolerance: float = TOLERANCE


def array(value: object) -> Array:
    """Anything as an array to be drawn; never raises."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    try:
        shape = _shape(plain)
        if len(shape) > 2:
            return Array(rows=(), shape=shape, problem=f"has {len(shape)} axes")
        rows = _rows(plain, len(shape))
    except (TypeError, ValueError, OverflowError):
        return Array(rows=(), shape=(), problem="is no table of numbers")
    return Array(rows=rows, shape=shape, problem="" if rows and rows[0] else "is empty")


def _rows(plain: Any, axes: int) -> Rows:
    if axes == 2:
        return tuple(_row(row) for row in plain)
    return (_row(plain),) if axes else ((_one(plain),),)


def _shape(value: object) -> tuple[int, ...]:
    """Sizes along the axes.

    Raises:
        ValueError: Rows differ in length.
    """
    if not isinstance(value, list | tuple):
        return ()
    inner = {_shape(item) for item in value}
    if len(inner) > 1:
        raise ValueError("rows of unequal length")
    return (len(value), *(inner.pop() if inner else ()))


def _row(values: Any) -> tuple[float, ...]:
    return tuple(_one(value) for value in values)


def _one(value: Any) -> float:
    if isinstance(value, str | bytes) or value is None:
        raise ValueError("not a number")
    return float(value)


def difference(state: Mirror) -> Rows:
    """Yours minus wanted; empty where the shapes differ."""
    if state.got.shape != state.want.shape or state.got.problem:
        return ()
    pairs = zip(state.got.rows, state.want.rows, strict=True)
    return tuple(
        tuple(float(f"{mine - its:.12g}") for mine, its in zip(row, right, strict=True)) for row, right in pairs
    )


def wrong(state: Mirror) -> tuple[tuple[int, int], ...]:
    """Entries that do not fit; NaN fits nothing."""
    places = [(r, c) for r, row in enumerate(difference(state)) for c in range(len(row))]
    return tuple(
        (r, c) for r, c in places
        if not abs(state.got.rows[r][c] - state.want.rows[r][c])
        <= state.tolerance * max(1.0, abs(state.want.rows[r][c]))
    )  # fmt: skip


def caption(state: Mirror) -> tuple[str, ...]:
    """What differs, in one or two sentences; never why."""
    name = state.name or "your value"
    if state.got.problem:
        return (f"{name} {state.got.problem}; an array of shape {_told(state.want)} is wanted.",)
    if state.got.shape != state.want.shape:
        return (f"{name} has shape {_told(state.got)}; shape {_told(state.want)} is wanted.",)
    misfits, count = wrong(state), sum(len(row) for row in state.want.rows)
    if not misfits:
        return (f"{name} is as wanted, in all {count} entries.",)
    flat = len(state.want.shape) < 2
    places = [f"index {c}" if flat else f"row {r} column {c}" for r, c in misfits[:3]] + [
        f"{len(misfits) - 3} more"
    ] * (len(misfits) > 3)
    return (f"{name}: {len(misfits)} of {count} entries differ, at {listed(places)}.",)


def _told(one: Array) -> str:
    return f"({one.shape[0]},)" if len(one.shape) == 1 else f"({', '.join(str(size) for size in one.shape)})"


def details(state: Mirror) -> tuple[str, ...]:
    """Both arrays in sentences."""
    shown = (("Yours", state.got), ("Wanted", state.want))
    return tuple(
        f"{who}: {'; '.join(listed([number(value) for value in row[:MOST]]) for row in one.rows[:MOST])}."
        for who, one in shown if one.rows
    )  # fmt: skip


def picture(state: Mirror) -> Picture:
    """The state, drawn."""
    panels, title = _panels(state), f"{state.name or 'Your value'} in the mirror"
    across = beside(*panels, gap=22)
    across = Panel(WIDE, across.height, across.body)
    return Picture(
        name=f"{title}: yours, wanted, and the difference",
        narrow=below(_head(title, state, NARROW), *panels, gap=16), wide=below(_head(title, state, WIDE), across),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def _head(title: str, state: Mirror, width: float) -> Panel:
    """The title, and what hatching means if there is any."""
    hatched = any(value < 0 for row in (*state.got.rows, *state.want.rows, *difference(state)) for value in row)
    fits = 10 * len(title) + 140 < width
    sign = text(width, 12, "hatched is negative", "soft", size=SMALL, anchor="end") if hatched and fits else ""
    return Panel(width, 18, text(0, 12, title, "b", size=BIG, anchor="start") + sign)


def _panels(state: Mirror) -> list[Panel]:
    most, misfits = _most(state.want.rows, state.got.rows), wrong(state)
    marked = dict.fromkeys(misfits, "am")
    mine = _map(state.got, "yours", most, marked) if not state.got.problem else _empty("yours", state.got.problem)
    wanted, rest = _map(state.want, "wanted", most, {}), difference(state)
    if not rest:
        why = "has nothing to subtract" if state.got.problem else "has no entries: shapes differ"
        return [mine, wanted, _empty("difference", why)]
    ringed = {(r, c): "ring" if (r, c) in misfits else "off" for r, row in enumerate(rest) for c in range(len(row))}
    return [mine, wanted, _map(Array(rows=rest, shape=state.want.shape), "difference", _most(rest), ringed)]


def _most(*tables: Rows) -> float:
    """The largest finite size among some numbers, 1 if all are 0."""
    return max((abs(n) for rows in tables for row in rows for n in row if math.isfinite(n)), default=0.0) or 1.0


def _map(one: Array, name: str, most: float, marks: dict[tuple[int, int], str]) -> Panel:
    rows = tuple(row[:MOST] for row in one.rows[:MOST])
    cut = len(one.rows) > MOST or len(one.rows[0]) > MOST
    note = (_told(one) if one.shape else "") + (f", first {MOST}" if cut else "")
    cell = (max(min(82.0, 246.0 / len(rows[0])), 100.0 / len(rows[0])), 32.0)
    drawn = {(r, c): mark for (r, c), mark in marks.items() if max(r, c) < MOST}
    return panel(Table(rows=rows, name=name, heat=most, marks=drawn, note=note, cell=cell))


def _empty(name: str, words: str) -> Panel:
    body = text(122, 45, words, "b", size=SMALL)
    return Panel(244, 66, titled(0, name, "", "start") + box(122, 45, 240, 38, "am-zone") + body)


def mirror(got: object, want: object, name: str = "", tolerance: float = TOLERANCE) -> Mirror:
    """What is compared, from values of any type.

    Args:
        got: The student's value, of any type.
        want: The right one, of any type.
        name: Of the value, as students know it.
        tolerance: Largest |got - want| / max(1, |want|) that counts as equal.
    """
    return Mirror(name=name, got=array(got), want=array(want), tolerance=tolerance)


def view(got: object, want: object, name: str = "") -> View[Mirror]:
    """The mirror; it has no controls.

    Args:
        got: The student's value, of any type.
        want: The right one, of any type.
        name: Of the value, as students know it.
    """
    return View(mirror(got, want, name), picture)
