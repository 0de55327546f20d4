"""What a student is shown of a gap besides words: which lines set its results, and numbers beside wanted numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from autograder.model import Answer, Case, Comparison, Gap, Numbers, Outcome, Twin, TwinKind
from lab.judge import as_array, equal, wrong_entries

MOST_OUTPUTS = 8
MOST_ENTRIES = 72
MOST_SOURCE = 2000
"""Characters of a gap's cell that a record keeps."""
MOST_LINES, MOST_COLUMNS = 40, 300


def setting_lines(source: str, gap: Gap, wrong: Iterable[str] = ()) -> tuple[int, ...]:
    """Lines of a gap's cell, from 1, that set its results: assignments, and what its functions return.

    Read line by line, so that a cell which is no Python has them too and none can keep Python's parser busy.

    Args:
        source: The cell.
        gap: Whose results are looked for.
        wrong: Results that are not right; if any of them is set by name, only their lines are given.
    """
    sets = {number: _names_set(line) for number, line in enumerate(source.split("\n"), start=1)}
    lines = [number for number, names in sets.items() if names & set(wrong)]
    if not lines:
        returns = {"return"} if gap.driver else set()
        lines = [number for number, names in sets.items() if names & {*gap.answers, *returns}]
    return tuple(lines[:MOST_LINES])


def _names_set(line: str) -> set[str]:
    """Names and attributes that a line assigns; {"return"} for a line that returns."""
    if re.match(r"\s*return\b", line):
        return {"return"}
    sides = [_IN_BRACKETS.sub("", side) for side in _ASSIGNS.split(line[:MOST_COLUMNS])[:-1]]
    return {name for side in sides if _IS_TARGET.fullmatch(side) for name in re.findall(r"\w+", side)}


_ASSIGNS = re.compile(r"(?<![=!<>])=(?!=)")
_IN_BRACKETS = re.compile(r"\[[^\]]*\]")
_IS_TARGET = re.compile(r"[\w.,:*\s]+[-+/@%&|^]*")


def wrong_outputs(case: Case) -> tuple[str, ...]:
    """Outputs that are not right on one twin or another; their names say nothing of hidden numbers."""
    wrong = {name for twin in case.twins for name in _wrong_on(case, twin)}
    return tuple(name for name in case.gap.answers if name in wrong)


def comparisons(case: Case) -> tuple[Comparison, ...]:
    """Wrong outputs beside wanted ones, on the first twin that shows any: the page, else an open twin."""
    for twin in case.twins:
        wrong = _wrong_on(case, twin) if case.gap.shows(twin) else []
        own = [name for name in wrong if name in case.gap.outputs]  # a driver's results repeat them
        found = [one for name in own or wrong if (one := _compared(case, twin, name))]
        if found:
            return tuple(found[:MOST_OUTPUTS])
    return ()


def _wrong_on(case: Case, twin: Twin) -> list[str]:
    answer = case.got[twin.name]
    if answer.outcome is not Outcome.ANSWERED:
        return []
    return [name for name in case.gap.answers if _is_wrong(case, twin, answer, name)]


def _is_wrong(case: Case, twin: Twin, answer: Answer, name: str) -> bool:
    if name not in answer.values:
        return True
    row, tolerance = name in case.gap.accepts_row, case.gap.tolerance
    return not equal(answer.values[name], case.right(twin, name), tolerance=tolerance, accept_row=row)


def _compared(case: Case, twin: Twin, name: str) -> Comparison | None:
    """Both as numbers; None if the student's is not made of numbers."""
    yours, wanted = as_array(case.got[twin.name].values.get(name)), as_array(case.right(twin, name))
    if yours is None or wanted is None:
        return None
    if name in case.gap.accepts_row and yours.shape == (1, *wanted.shape):
        yours = yours[0]
    differs: tuple[int, ...] = ()
    if yours.shape == wanted.shape:
        wrong = np.flatnonzero(wrong_entries(yours, wanted, case.gap.tolerance))
        differs = tuple(int(place) for place in wrong if place < _most(yours))
    digits = next((most for most in (6, 10) if _tells_apart(yours, wanted, differs, most)), 17)
    return Comparison(
        output=case.gap.called(name),
        twin=TwinKind.PAGE if twin.kind is TwinKind.PAGE else TwinKind.GENERAL,
        yours=numbers(yours, digits),
        wanted=numbers(wanted, digits),
        differs=differs,
    )


def _tells_apart(yours: np.ndarray, wanted: np.ndarray, differs: tuple[int, ...], digits: int) -> bool:
    return all(_entry(yours.flat[at], digits) != _entry(wanted.flat[at], digits) for at in differs)


def numbers(array: np.ndarray, digits: int = 6) -> Numbers:
    """An array as a student reads it: whole rows, as many as there is room for."""
    return Numbers(shape=array.shape, entries=tuple(_entry(entry, digits) for entry in array.flat[: _most(array)]))


def _most(array: np.ndarray) -> int:
    """How many entries of an array are shown."""
    width = array.shape[-1] if array.ndim else 1
    return min(MOST_ENTRIES, max(MOST_ENTRIES // max(width, 1), 1) * width)


def _entry(number: np.generic, digits: int) -> str:
    text = f"{float(number):.{digits}g}" if isinstance(number, np.floating) else str(number)
    return "0" if text == "-0" else text.replace("-", "−")
