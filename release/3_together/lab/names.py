"""What a cell reads from the notebook: which names, and where their values come from."""

from __future__ import annotations

import ast
import builtins
import dis
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from lab.cells import Entry, is_imported, last_to_set, value_of, was_set_by_gap
from lab.gaps import Gap
from lab.outside import is_taken

LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
"""How Python's bytecode looks up a name outside of a function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a cell reads besides the gap's own numbers.

    Attributes:
        own: Names that the cell sets itself before it reads them.
        missing: Names that exist nowhere.
        constants: The student's own values that depend on no number of the page, as expressions.
        computed: The student's own values made by another cell, with its number; 0 if that cell is not known.
        made_of: Names before the gap from which those were made.
        entangled: Names that another cell begins and this cell changes: what it gives depends on how often it ran.
        functions: Functions that earlier gaps have defined.
        taken: Names of Python's or of modules that cells of gaps have taken; grading gives them back.
    """

    own: frozenset[str]
    missing: frozenset[str]
    constants: Mapping[str, CodeType]
    computed: Mapping[str, int]
    made_of: frozenset[str]
    entangled: frozenset[str]
    functions: frozenset[str]
    taken: frozenset[str]


NOTHING = Needs(
    own=frozenset(),
    missing=frozenset(),
    constants={},
    computed={},
    made_of=frozenset(),
    entangled=frozenset(),
    functions=frozenset(),
    taken=frozenset(),
)


def needs_of(code: CodeType, gap: Gap, space: Mapping[str, Any], ran: Sequence[Entry], answer: Entry) -> Needs:
    """What `code`, the answer to `gap`, reads.

    Args:
        code: The cell, compiled.
        gap: Whose numbers are known.
        space: The notebook's namespace; only read.
        ran: All cells that were run, oldest first.
        answer: The cell itself.
    """
    taken = taken_by_gaps(space, ran, gap)
    at_once, later, sets = _reads(code)
    free = at_once | (later - sets)
    known = {name for numbers in gap.numbers for name in numbers.state}
    missing, values, reached = _resolve(free, sets - free, space, known | taken)
    constants: dict[str, CodeType] = {}
    computed: dict[str, int] = {}
    for name in values:
        cell = last_to_set(name, ran, gap, answer)
        if cell and is_imported(name, cell.source):
            continue
        expression = value_of(name, cell.source) if cell else None
        if expression is not None and _is_constant(expression, space):
            constants[name] = compile(ast.Expression(expression), "<constant>", "eval", dont_inherit=True)
        elif cell is None and name in sets:
            missing.add(name)  # left over from an earlier run of the cell itself
        else:
            computed[name] = cell.number if cell else 0
    return Needs(
        own=frozenset(sets - free),
        missing=frozenset(missing),
        constants=constants,
        computed=computed,
        made_of=_made_of(computed, known, ran, gap, answer),
        entangled=frozenset(name for name in computed if name in sets),
        functions=frozenset(reached & gap.supplied.keys()),
        taken=taken,
    )


def taken_by_gaps(space: Mapping[str, Any], ran: Sequence[Entry], gap: Gap) -> frozenset[str]:
    """Names of Python's or of modules which the notebook holds for other values because the cell of a gap set them.

    Args:
        space: The notebook's namespace.
        ran: All cells that were run, oldest first.
        gap: Any gap of the notebook.
    """
    modules = {name: sys.modules[found] for name, found in gap.modules.items() if found in sys.modules}
    names = [name for name, value in space.items() if is_taken(name, value, modules.get(name))]
    return frozenset(name for name in names if was_set_by_gap(name, ran, gap))


def _made_of(names: Iterable[str], known: set[str], ran: Sequence[Entry], gap: Gap, answer: Entry) -> frozenset[str]:
    """The names before the gap that stand in the cells which made these values, and in the cells behind those."""
    found: set[str] = set()
    done: set[str] = set()
    todo = set(names)
    while todo:
        name = todo.pop()
        done.add(name)
        cell = last_to_set(name, ran, gap, answer)
        words = set(re.findall(r"\w+", cell.source)) if cell else set()
        found |= words & known
        todo |= {word for word in words - known - done if last_to_set(word, ran, gap, answer)}
    return frozenset(found)


def read_by(code: CodeType) -> list[str]:
    """Names that a piece of code reads before it sets them, in their order."""
    return [one.argval for one in dis.get_instructions(code) if one.opname == "LOAD_NAME"]


def _reads(code: CodeType) -> tuple[set[str], set[str], set[str]]:
    """Names that a cell reads at once before setting them, that its functions read later, and that it sets."""
    at_once: set[str] = set()
    sets: set[str] = set()
    for one in dis.get_instructions(code):
        if one.opname == "LOAD_NAME" and one.argval not in sets:
            at_once.add(one.argval)
        elif one.opname == "STORE_NAME":
            sets.add(one.argval)
    return at_once, _globals_of(code), sets


def _globals_of(code: CodeType) -> set[str]:
    """Names that the functions and classes in a piece of code look up outside themselves."""
    found: set[str] = set()
    for inner in _inner(code):
        used = [(one.opname, one.argval) for one in dis.get_instructions(inner)]
        own = {name for operation, name in used if operation == "STORE_NAME"}
        found |= {name for operation, name in used if operation in LOADS and name not in own}
        found |= _globals_of(inner)
    return found


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _resolve(
    free: set[str], own: set[str], space: Mapping[str, Any], known: set[str]
) -> tuple[set[str], set[str], set[str]]:
    """Follow names through the student's functions and classes.

    Returns:
        Names found nowhere, names of values that are no functions, classes or modules, and all names met.
    """
    missing: set[str] = set()
    values: set[str] = set()
    met: set[str] = set()
    todo = free - own - known
    while todo:
        name = todo.pop()
        met.add(name)
        if name.startswith("__"):  # a class asks for __name__
            continue
        if name not in space:
            missing |= set() if hasattr(builtins, name) else {name}
            continue
        for code in _codes(space[name], space):
            todo |= ({*_global_names(code), *_globals_of(code)} - own - known) - met
        if not isinstance(space[name], ModuleType) and not callable(space[name]):
            values.add(name)
    return missing, values, met


def _global_names(code: CodeType) -> set[str]:
    return {one.argval for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL"}


def _codes(value: object, space: Mapping[str, Any]) -> Iterator[CodeType]:
    """The code of a function or class of this notebook."""
    if isinstance(value, FunctionType):
        if value.__globals__ is space:
            yield value.__code__
    elif isinstance(value, type) and value.__module__ == space.get("__name__"):
        for member in vars(value).values():
            inner = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(inner, FunctionType):
                yield inner.__code__


def _is_constant(expression: ast.expr, space: Mapping[str, Any]) -> bool:
    """Whether an expression has the same value on all numbers: literals, built-in functions, functions of modules."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Attribute) and node.attr == "random":
            return False
        if isinstance(node, ast.Name) and not _is_of_python(node.id, space):
            return False
    return True


def _is_of_python(name: str, space: Mapping[str, Any]) -> bool:
    """Whether a name is a module, or built in and not overwritten."""
    return isinstance(space[name], ModuleType) if name in space else hasattr(builtins, name)
