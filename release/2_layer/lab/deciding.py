"""Which line of a cell decides whether a result is 0, found by running the cell with one line at a time turned round.

The cell runs on two sets of numbers, of which one gives 0 and the other does not. A line is turned round by its
outcome (0 for what is not 0, and 1 for 0) or by its conditions. It decides if its outcome differs between the two sets,
and turning it round turns the result on both. Of several such lines the first one counts: what comes after it only
passes on what it has decided. A line without a condition whose outcome nothing passes on is a result like any other,
and decides nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from lab.judge import as_array

MOST_SOURCE = 4000
"""Characters of a cell that is read as Python."""
MOST_ROUNDS = 12
"""How often a line in a loop is looked at, until its outcomes differ."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a text gave on one set of numbers: results by name, or the type of the exception that came up."""

    values: Values
    error: str = ""


Run = Callable[[str], Sequence[Ran]]
"""Runs a text on each of the two sets of numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zero:
    """A result that may be 0, or one entry of it. `place` is () for all of it."""

    name: str
    place: tuple[int, ...]

    @property
    def called(self) -> str:
        """Such as `dx`, or `dx[1]`."""
        return self.name + (f"[{', '.join(map(str, self.place))}]" if self.place else "")

    def holds(self, values: Values) -> bool | None:
        """Whether it is 0, in every entry; None if it is not there."""
        array = as_array(values.get(self.name))
        try:
            return None if array is None else bool(np.all(array[self.place] == 0))
        except IndexError:
            return None


def parting(one: Values, other: Values) -> Zero | None:
    """The first result that is 0 in one of two runs and has no 0 in the other, or else the first such entry.

    Args:
        one: Results by name.
        other: The same on other numbers.
    """
    entries: list[Zero] = []
    for name in one:
        first, second = as_array(one[name]), as_array(other.get(name))
        if first is None or second is None or first.shape != second.shape or not first.size:
            continue
        if {*(first == 0).flat, *(second != 0).flat} in ({True}, {False}):
            return Zero(name=name, place=())
        differs = np.argwhere((first == 0) != (second == 0))
        entries += [Zero(name=name, place=tuple(map(int, place))) for place in differs[:1]]
    return entries[0] if entries else None


def deciding_line(source: str, zero: Zero, run: Run) -> int | None:
    """The line, from 1, that decides whether a result is 0; None if there is none, or no other line beside it.

    Args:
        source: The cell.
        zero: 0 on one of the two sets of numbers, and not on the other.
        run: Runs a text on both.
    """
    found = _spots(source)
    if len({spot.line for spot in found}) < 2:
        return None
    before = [zero.holds(ran.values) for ran in run(source)]
    turning = [
        spot for spot in found if _opposite(before, [zero.holds(ran.values) for ran in run(_turned(source, spot))])
    ]
    deciding = [spot for spot in turning if _differs(source, spot, run)]
    if len({spot.line for spot in deciding}) < 2 and not any(spot.conditions for spot in deciding):
        return None
    first = {_done_in(ran.error) for ran in run(_stopped(source, deciding))}
    return first.pop() if len(first) == 1 else None


def _opposite(before: Sequence[bool | None], after: Sequence[bool | None]) -> bool:
    return all(old is not None and new is not None and old != new for old, new in zip(before, after, strict=True))


def _differs(source: str, spot: _Spot, run: Run) -> bool:
    """Whether what a line gives is 0, or true, on one of the two sets of numbers and not on the other."""
    for number in range(1, MOST_ROUNDS + 1):
        errors = {ran.error for ran in run(_stopped(source, [spot], number))}
        if len(errors) > 1 or _done_in(*errors) is None:
            return len(errors) > 1
    return False


def _done_in(error: str) -> int | None:
    """The line that an exception of `_stopped` names; None for any other exception, or none."""
    line, found, _ = error.removeprefix("Done").partition("x")
    return int(line) if error.startswith("Done") and found and line.isdecimal() else None


# ---- lines, and what is done to them ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spot:
    """What one statement may decide: by its outcome, or by its conditions.

    Attributes:
        line: Where the statement begins, from 1.
        statement: Its place among all statements.
    """

    line: int
    statement: int
    conditions: bool


_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)
_BLOCKS = (ast.FunctionDef, ast.ClassDef, ast.If, ast.For)
_IDLE = (ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom)
_NEVER = (ast.Lambda, ast.Yield, ast.YieldFrom, ast.Await)
"""What runs only after its line is done."""
_PASSED_ON = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.Call, ast.expr_context)
_COUNTS, _LAZY = {"range", "len", "zip", "enumerate"}, {"map", "filter"}

_TURNED = """
def _turned_round(value):
    if isinstance(value, (list, tuple)):
        return type(value)(map(_turned_round, value))
    if isinstance(value, bool):
        return not value
    if hasattr(value, "dtype"):
        return (value == 0).astype(value.dtype)
    return (0.0 if value else 1.0) if isinstance(value, (int, float)) else value
"""
_DONE = """
def _pattern(value):
    value = value.tolist() if hasattr(value, "dtype") else value
    return "".join(map(_pattern, value)) if isinstance(value, (list, tuple)) else "1" if value else "0"

_rounds = []

def _done(line, value):
    _rounds.append(line)
    if len(_rounds) == {number}:
        raise type(f"Done{{line}}x{{_pattern(value)}}"[:120], (Exception,), {{}})
    return value
"""


def _spots(source: str) -> list[_Spot]:
    """All that may decide something in a cell; none if it holds something whose turning round says nothing."""
    try:
        tree = ast.parse(source) if len(source) <= MOST_SOURCE else ast.Module([], [])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    statements = _statements(tree)
    if not all(isinstance(one, _SIMPLE + _BLOCKS + _IDLE) and _plainly(one) for one in statements):
        return []
    return [
        _Spot(line=statement.lineno, statement=at, conditions=conditions)
        for at, statement in enumerate(statements)
        for conditions in (True, False)
        if _may_decide(statement, conditions=conditions)
    ]


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def _plainly(statement: ast.stmt) -> bool:
    """Whether all that a statement works out is done in its own line: nothing later, nothing in a loop's head."""
    if isinstance(statement, ast.For):
        return all(isinstance(node, _PASSED_ON) and _only_counts(node) for node in ast.walk(statement.iter))
    if not isinstance(statement, _SIMPLE):
        return True
    value = statement.value
    lazy = isinstance(value, ast.GeneratorExp) or (isinstance(value, ast.Call) and _name(value.func) in _LAZY)
    return not lazy and not any(isinstance(node, _NEVER) for node in ast.walk(statement))


def _only_counts(node: ast.AST) -> bool:
    return not isinstance(node, ast.Call) or _name(node.func) in _COUNTS


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _may_decide(statement: ast.stmt, *, conditions: bool) -> bool:
    if isinstance(statement, ast.If):
        return conditions
    if not isinstance(statement, _SIMPLE):
        return False
    if conditions:
        return any(isinstance(node, ast.Compare) for node in ast.walk(statement))
    return isinstance(statement.value, ast.Call) or (
        statement.value is not None and not isinstance(statement, ast.Expr)
    )


def _turned(source: str, spot: _Spot) -> str:
    """The cell with one statement turned round."""
    return _TURNED + _wrapped(source, [spot], lambda _, value: _call("_turned_round", value))


def _stopped(source: str, spots: Sequence[_Spot], number: int = 1) -> str:
    """The cell, which raises an exception as soon as it has been so many times through one of some statements.

    Its type is named after the line, and after what is 0 in the line's outcome.
    """
    told = _wrapped(source, spots, lambda line, value: _call("_done", ast.Constant(line), value))
    return _DONE.format(number=number) + told


def _call(name: str, *values: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(values), [])


def _wrapped(source: str, spots: Sequence[_Spot], call: Callable[[int, ast.expr], ast.expr]) -> str:
    """The cell with a call around the outcome or the conditions of some statements.

    Args:
        source: The cell.
        spots: Which; of two of one statement, the first.
        call: Makes the call from the line and what stands there.
    """
    tree = ast.parse(source)
    statements = _statements(tree)
    for spot in {one.statement: one for one in reversed(spots)}.values():
        _wrap(statements[spot.statement], spot, partial(call, spot.line))
    return ast.unparse(ast.fix_missing_locations(tree))


def _wrap(statement: ast.stmt, spot: _Spot, call: Callable[[ast.expr], ast.expr]) -> None:
    if isinstance(statement, ast.If):
        statement.test = call(statement.test)
    elif spot.conditions:
        _Conditions(call).generic_visit(statement)
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        given = statement.value.args
        statement.value.args = [one if isinstance(one, ast.Starred) else call(one) for one in given]
    elif isinstance(statement, _SIMPLE) and statement.value is not None:
        statement.value = call(statement.value)


class _Conditions(ast.NodeTransformer):
    """Puts a call around every comparison."""

    def __init__(self, call: Callable[[ast.expr], ast.expr]) -> None:
        self._call = call

    def visit_Compare(self, node: ast.Compare) -> ast.expr:  # the name is ast's
        """A comparison, called."""
        return self._call(node)
