"""What student code changes outside of its results, and how that is undone: one file for the check and for grading.

A gap that calls a number `sum`, patches numpy or seeds its generator shall cost its own points at most. What a cell of
the student's own sets on purpose (a seed, print options) stays: what happens between keeping and undoing is undone.
"""

from __future__ import annotations

import builtins
import math
import operator
import random
import sys
import warnings
from collections.abc import Collection, Iterable
from types import ModuleType
from typing import Any

import numpy as np

Names = dict[str, Any]
_TABLES: tuple[dict[Any, Any], ...] = (
    *(vars(module) for module in (builtins, math, random, np, np.random, np.linalg)),
    np.typecodes,  # type: ignore[arg-type]  # typed by its keys
    np.sctypeDict,
)
"""Names that any cell may count on, and the tables in which numpy looks types up."""
_NAMES_OF_PYTHON = frozenset(vars(builtins))


class Kept:
    """Python and numpy as they are now; `undo` makes them so again.

    It needs nothing by name that a student could have changed: the tables come first, and are dicts.
    """

    __slots__ = ("_chance", "_errors", "_filters", "_numpys_chance", "_printing", "_recursion", "_streams", "_tables")

    def __init__(self) -> None:
        self._tables = tuple([(table, table.copy()) for table in _TABLES])
        self._chance, self._numpys_chance = random.getstate(), np.random.get_state()
        self._errors, self._printing = np.geterr(), np.get_printoptions()
        self._filters, self._recursion = list(warnings.filters), sys.getrecursionlimit()
        self._streams = sys.stdout, sys.stderr

    def undo(self) -> None:
        """Put back whatever differs."""
        for table, kept in self._tables:
            if table.keys() != kept.keys() or not _all(_map(_is, table.values(), kept.values())):
                _put_back(table, kept)
        sys.stdout, sys.stderr = self._streams
        random.setstate(self._chance)
        np.random.set_state(self._numpys_chance)
        np.seterr(**self._errors)
        if np.get_printoptions() != self._printing:
            np.set_printoptions(**self._printing)
        if warnings.filters != self._filters:
            warnings.filters[:] = self._filters  # type: ignore[index]  # typed as if nobody could change it
            warnings._filters_mutated()  # type: ignore[attr-defined]  # as `catch_warnings` does
        if sys.getrecursionlimit() != self._recursion:
            sys.setrecursionlimit(self._recursion)


_all, _map, _is, _list, _Module = all, map, operator.is_, list, ModuleType


def _put_back(table: Names, kept: Names) -> None:
    """Make a table what it was; modules that have come in stay, since nothing would load them again."""
    for name in _list(table):
        if name not in kept and type(table[name]) is not _Module:
            del table[name]
    table.update(kept)


def is_taken(name: str, value: object, before: object) -> bool:
    """Whether a cell has taken a name of Python's, or of a module, for a value that cannot do its work.

    Args:
        name: That the cell has set.
        value: What it holds now.
        before: What it held before; None if it was not set.
    """
    if isinstance(before, ModuleType):
        return not isinstance(value, ModuleType)
    return name in _NAMES_OF_PYTHON and not callable(value) and value is not before


class Taken:
    """Names of Python's and of modules as one namespace has them now; `give_back` makes them so again."""

    __slots__ = ("_modules", "_namespace", "_own")

    def __init__(self, namespace: Names) -> None:
        self._namespace = namespace
        self._modules = {name: value for name, value in namespace.items() if type(value) is ModuleType}
        self._own = {name: namespace[name] for name in namespace.keys() & _NAMES_OF_PYTHON}

    def give_back(self, outputs: Collection[str]) -> None:
        """Give back what a gap has taken, but for the names that it was asked to set."""
        for name in self._changed(outputs):
            before = self._modules.get(name, self._own.get(name, _NOTHING))
            if before is _NOTHING:
                del self._namespace[name]
            else:
                self._namespace[name] = before

    def _changed(self, outputs: Collection[str]) -> Iterable[str]:
        space = self._namespace
        modules = [name for name, module in self._modules.items() if space.get(name) is not module]
        pythons = [name for name in space.keys() & _NAMES_OF_PYTHON if name not in self._modules]
        return [
            name
            for name in (*modules, *pythons)
            if name not in outputs
            and (name not in space or is_taken(name, space[name], self._modules.get(name, self._own.get(name))))
        ]


_NOTHING = object()
