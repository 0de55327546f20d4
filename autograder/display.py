"""What a student is shown of a gap besides words: which lines set its results, and numbers beside wanted numbers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

import numpy as np

from autograder.model import Answer, Case, Comparison, Gap, Numbers, Outcome, Twin, TwinKind
from lab.judge import as_array, difference, wrong_entries

MOST_OUTPUTS = 8
MOST_ENTRIES = 72


def setting_lines(source: str, gap: Gap, wrong: Iterable[str] = ()) -> tuple[int, ...]:
    """Lines of a gap's cell, from 1, that set its results: assignments, and what its functions return.

    Args:
        source: The cell; one that is no Python has no such lines.
        gap: Whose results are looked for.
        wrong: Results that are not right; if any of them is set by name, only their lines are given.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found = [(name, line) for node in ast.walk(tree) for name, line in _sets(node, returns=bool(gap.driver))]
    lines = {line for name, line in found if name in set(wrong)}
    lines = lines or {line for name, line in found if not name or name in gap.answers}
    return tuple(sorted(lines))


def _sets(node: ast.AST, *, returns: bool) -> Iterator[tuple[str, int]]:
    """Names that a node sets, with the line; the empty name for what a function returns."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id, node.lineno
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr, node.lineno
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
        yield node.value.id, node.lineno
    elif returns and isinstance(node, ast.Return):
        yield "", node.lineno


def wrong_outputs(case: Case) -> tuple[str, ...]:
    """Outputs that are not right on one twin or another; their names say nothing of hidden numbers."""
    wrong = {name for twin in case.twins for name in _wrong_on(case, twin)}
    return tuple(name for name in case.gap.answers if name in wrong)


def comparisons(case: Case) -> tuple[Comparison, ...]:
    """Wrong outputs beside wanted ones, on the first twin that shows any: the page, else the open twin."""
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
    return bool(difference(answer.values[name], case.right(twin, name), tolerance=tolerance, accept_row=row))


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
        output=name,
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
