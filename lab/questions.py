"""Questions about a student's own right code, answered by running that code again: no author, so no wrong key.

Four kinds: what two changed numbers change, which line decides whether a result is 0, what a line is for, and what
comes out on other numbers. What is run, and where, is the caller's business; here stand the changes to make, the lines
to take out, and the words.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lab.deciding import MOST_SOURCE, Zero
from lab.judge import as_array, equal, shown

CHANGE, DECIDES, LINE, NUMBERS = "change", "decides", "line", "numbers"
KINDS = (CHANGE, DECIDES, LINE, NUMBERS)
FACTORS = {"doubled": 2, "negated": -1, "tripled": 3}
MOST_PLACES = 6
"""Entries of one value that may be changed by themselves."""

Values = Mapping[str, object]
Place = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One number, or all numbers of a name, times a factor. `place` is () for all."""

    name: str
    place: Place
    word: str

    @property
    def words(self) -> str:
        """Such as "`w[1]` is negated"."""
        at = f"[{', '.join(map(str, self.place))}]" if self.place else ""
        return f"`{self.name}{at}` is {self.word}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about one gap, and its answer.

    Attributes:
        given: Names and numbers that are needed besides the code.
        key: For each result, what is right.
    """

    kind: str
    gap: str
    text: str
    given: tuple[tuple[str, str], ...]
    key: tuple[tuple[str, str], ...]


def draw_changes(values: Values, rng: random.Random) -> tuple[Change, Change] | None:
    """Two changes of different numbers, where there are two; None if nothing here can be changed.

    Args:
        values: What the cell is given.
        rng: Decides.
    """
    targets = [(name, place) for name, value in values.items() for place in _places(value)]
    if not targets:
        return None
    first = rng.choice(targets)
    others = [target for target in targets if target != first] or [first]
    words = rng.sample(list(FACTORS), 2)
    chosen = zip((first, rng.choice(others)), words, strict=True)
    one, other = (Change(name=name, place=place, word=word) for (name, place), word in chosen)
    return one, other


def negations(values: Values) -> list[Change]:
    """Every number, and all numbers of every name, with its sign turned."""
    places = [(name, place) for name, value in values.items() for place in _places(value)]
    return [Change(name=name, place=place, word="negated") for name, place in places]


def _places(value: object) -> list[Place]:
    """Where a value can be changed: all of it, and its first entries; nowhere, if it is no float or holds none."""
    array = None if isinstance(value, int | bool) else as_array(value)
    if array is None or not array.size or array.dtype == bool or (isinstance(value, list) and array.dtype.kind == "i"):
        return []
    entries = list(np.ndindex(array.shape))[:MOST_PLACES] if array.ndim and array.size > 1 else []
    return [(), *entries]


def changed(values: Values, changes: Sequence[Change]) -> dict[str, object]:
    """The names that the changes concern, with their new values; nothing of `values` is changed itself."""
    found = {one.name: copy.deepcopy(values[one.name]) for one in changes}
    for one in changes:
        found[one.name] = _times(found[one.name], one.place, FACTORS[one.word])
    return found


def _times(value: object, place: Place, factor: int) -> object:
    if isinstance(value, list):
        rest = place[1:]
        return [_times(item, rest, factor) if not place or at == place[0] else item for at, item in enumerate(value)]
    if isinstance(value, np.ndarray) and place:
        value[place] *= factor
        return value
    return value * factor  # type: ignore[operator]  # a number, or an array of them


def lines_to_take_out(source: str) -> list[int]:
    """Lines, from 1, that hold one whole statement and could be left out; none if the cell is no plain Python."""
    try:
        tree = ast.parse(source) if len(source) <= MOST_SOURCE else ast.Module([], [])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    lines = [node.lineno for node in statements]
    return sorted(
        node.lineno
        for node in statements
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return | ast.AnnAssign)
        and node.lineno == node.end_lineno
        and lines.count(node.lineno) == 1
        and ";" not in source.split("\n")[node.lineno - 1]
    )


def without_line(source: str, number: int) -> str:
    """A cell with `pass` in place of one line."""
    lines = source.split("\n")
    line = lines[number - 1]
    lines[number - 1] = line[: len(line) - len(line.lstrip())] + "pass"
    return "\n".join(lines)


def about_change(
    gap: str, changes: tuple[Change, Change], given: Values, before: Values, after: Values, tolerance: float
) -> Question | None:
    """What changes, and to what; None if nothing does.

    Args:
        gap: Whose cell it is about.
        changes: What is done to what the cell is given.
        given: What it is given before the changes.
        before: Its results on that, by the names that students know them by.
        after: Its results once the changes are made.
        tolerance: Up to which two results are equal.
    """
    same = {name: name in after and equal(after[name], value, tolerance=tolerance) for name, value in before.items()}
    if all(same.values()) or set(after) != set(before):
        return None
    first, second = changes
    text = (
        f"This cell runs once more on the notebook’s numbers, but {first.words}, and {second.words}. "
        "Which of the results change, and to what?"
    )
    key = tuple(
        (name, f"stays {_told(before[name])}" if same[name] else f"changes to {_told(after[name])}") for name in before
    )
    return Question(kind=CHANGE, gap=gap, text=text, given=_rows({**given, **_prefixed(before)}), key=key)


def _prefixed(results: Values) -> dict[str, object]:
    return {f"{name} so far": value for name, value in results.items()}


def about_deciding(
    gap: str, change: Change, given: Values, before: Values, zero: Zero, line: tuple[int, str]
) -> Question:
    """Which line decides whether a result is 0.

    Args:
        gap: Whose cell it is about.
        change: What makes the result 0, or makes it something else.
        given: What the cell is given before that.
        before: Its results on that, by the names that students know them by.
        zero: The result, or its entry.
        line: Number of the line that decides, from 1, and what stands there.
    """
    what = f"`{zero.called}`"
    array = as_array(before[zero.name])
    several = array is not None and array.size > 1 and not zero.place
    words = ("0 nowhere", "0 everywhere") if several else ("not 0", "0")
    now = bool(zero.holds(before))
    text = (
        f"On the notebook’s numbers {what} is {words[now]}; if {change.words}, it is {words[not now]}. "
        f"Which line of yours decides whether {what} is 0? It is the first one of which this holds: with its outcome "
        f"turned round (a condition, or 0 for a number and a number for 0), {what} would be turned, too."
    )
    key = ((zero.called, f"is decided by line {line[0]}: `{line[1].strip()}`"),)
    return Question(kind=DECIDES, gap=gap, text=text, given=_rows(given), key=key)


def about_line(
    gap: str, number: int, line: str, before: Values, after: Values, error: str, tolerance: float
) -> Question:
    """What becomes of the results without a line.

    Args:
        gap: Whose cell it is about.
        number: Of the line, from 1.
        line: What stands there.
        before: Results with it, by the names that students know them by.
        after: Results without it; what is not set is not there.
        error: Type of the exception that came up without it; empty if none did.
        tolerance: Up to which two results are equal.
    """
    text = (
        f"Line {number} is taken out: `{line.strip()}`. The cell runs on the notebook’s numbers. "
        "What becomes of each result?"
    )
    key = tuple((name, _without(name, value, after, error, tolerance)) for name, value in before.items())
    return Question(kind=LINE, gap=gap, text=text, given=(), key=key)


def _without(name: str, value: object, after: Values, error: str, tolerance: float) -> str:
    if error:
        return f"is never reached: {error} comes up"
    if name not in after:
        return "is never set"
    return "stays right" if equal(after[name], value, tolerance=tolerance) else f"becomes {_told(after[name])}"


def about_numbers(gap: str, given: Values, results: Values) -> Question | None:
    """What comes out on other numbers: shapes where there are arrays, else signs; None if neither can be told.

    Args:
        gap: Whose cell it is about.
        given: What the cell is given there.
        results: What it gives, by the names that students know them by.
    """
    arrays = {name: as_array(value) for name, value in results.items()}
    if any(array is None for array in arrays.values()):
        return None
    found = {name: array for name, array in arrays.items() if array is not None}
    shapes = {name: np.shape(value) for name, value in given.items() if isinstance(value, np.ndarray)}
    if shapes and any(isinstance(value, np.ndarray) and value.ndim for value in results.values()):
        sizes = ", ".join(f"`{name}` of shape {shape}" for name, shape in shapes.items())
        key = tuple(
            (name, f"shape {array.shape}" if array.ndim else "a single number") for name, array in found.items()
        )
        return Question(
            kind=NUMBERS, gap=gap, text=f"For {sizes}: what is the shape of each result?", given=(), key=key
        )
    if any(array.size > 2 * MOST_PLACES or array.dtype.kind not in "fi" for array in found.values()):
        return None
    text = (
        "This cell runs on these numbers. Which results, or entries of them, are negative, which are 0, which positive?"
    )
    key = tuple((name, ", ".join(_sign(float(entry)) for entry in array.flat)) for name, array in found.items())
    return Question(kind=NUMBERS, gap=gap, text=text, given=_rows(given), key=key)


def _sign(number: float) -> str:
    return "0" if number == 0 else "positive" if number > 0 else "negative"


def _told(value: object) -> str:
    """A value as a student would print it, without the last digits of floats, and with 0 for −0."""
    return shown(_tidy(value))


def _tidy(value: object) -> object:
    if isinstance(value, list | tuple):
        return type(value)(map(_tidy, value))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.array(_tidy(value.tolist())).reshape(value.shape)
    return float(f"{value:.10g}") + 0 if isinstance(value, float) else value


def _rows(values: Values) -> tuple[tuple[str, str], ...]:
    """Names and numbers; what is no number, such as a function of the notebook, needs none."""
    return tuple((name, _told(value)) for name, value in values.items() if as_array(value) is not None)
