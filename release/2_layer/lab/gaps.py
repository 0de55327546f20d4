"""A gap as the check knows it: its open numbers, what is wanted, and what known mistakes give. Frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one cell gave on one set of numbers: a student's, or that of a known mistake.

    Attributes:
        raised: Type of the exception; empty if there was none.
        problem: Its text.
        line: Line of the cell in which it came up, from 1; 0 if it came up elsewhere.
        touched: Names of values that changed though the gap does not ask for it.
        shared: Names of values that are one array or list with an output.
        repeats: A second call gave the same.
        needs_globals: The function gave something else once the notebook's variables were overwritten.
    """

    values: Mapping[str, object]
    raised: str = ""
    problem: str = ""
    line: int = 0
    touched: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    repeats: bool = True
    needs_globals: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong answer that students are known to give, with what it gives on each set of numbers.

    Attributes:
        family_name: What all mistakes of its family have in common, in a few words.
    """

    slug: str
    family: str
    family_name: str
    name: str
    seen: str
    meaning: str
    question: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """One set of numbers for a gap. The values are stored as JSON; `fresh` makes new ones of them.

    Attributes:
        page: These are the notebook's own numbers, or a second set from the documents.
        corner: They are a corner case, which has a share of the points of its own.
        state: Right values of all that stands before the gap.
        probe: Values that a function is called with in their place.
        want: Right results.
    """

    name: str
    page: bool
    corner: bool
    state: Mapping[str, Any]
    probe: Mapping[str, Any]
    want: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A gap as the check needs to know it.

    Attributes:
        results: Names that `driver` leaves, where the gap asks for a function or class and `driver` calls it, and what
            students know them as.
        neighbours: Names of all gaps of the notebook.
        earlier: Outputs of the gaps before it.
        supplied: Functions that earlier gaps have defined, and in which gap.
        closed: Only `inputs` and imports exist while the cell runs.
        conduct: Some points are for leaving inputs alone and giving the same twice.
        stub: The cell as it was handed out.
        imports: Import lines of the locked cells.
    """

    name: str
    notebook: str
    points: float
    minutes: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    results: Mapping[str, str]
    driver: str
    supplies: tuple[str, ...]
    neighbours: frozenset[str]
    earlier: frozenset[str]
    supplied: Mapping[str, str]
    closed: bool
    conduct: bool
    tolerance: float
    accepts_row: tuple[str, ...]
    stub: str
    imports: str
    numbers: tuple[Numbers, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def modules(self) -> dict[str, str]:
        """Modules that the locked cells import, by the names they have in the notebook."""
        found = [re.fullmatch(r"import ([\w.]+)(?: as (\w+))?", line) for line in self.imports.split("\n")]
        return {one[2] or one[1]: one[1] for one in found if one}

    @property
    def sets(self) -> tuple[str, ...]:
        """Names that the gap's cell is to set or define."""
        defined = tuple(dict.fromkeys((self.name, *self.supplies))) if self.driver else ()
        return defined + self.outputs

    def called(self, answer: str) -> str:
        """What students know an output or a result as."""
        return self.results.get(answer, answer)

    @property
    def first_line(self) -> str:
        """The line by which the gap's cell is known."""
        return self.stub.split("\n", 1)[0]


def fresh(stored: Any) -> Any:
    """A new value from its JSON form; arrays and tuples are marked there."""
    if isinstance(stored, dict):
        return np.array(stored["array"]) if "array" in stored else tuple(map(fresh, stored["tuple"]))
    return [fresh(item) for item in stored] if isinstance(stored, list) else stored


def fresh_all(stored: Mapping[str, Any]) -> dict[str, Any]:
    """New values by name."""
    return {name: fresh(value) for name, value in stored.items()}
