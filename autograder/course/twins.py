"""Twins: the notebook's givens on other numbers, written down or drawn from the course's secret."""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import io
import re
import textwrap
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from autograder.course.celltext import assigned
from autograder.course.notebook import SourceNotebook
from autograder.course.tables import Array, Checks, DrawRow, Given, TwinRow
from autograder.course.typed import place
from autograder.model import KitError, Twin, TwinKind, Value

PAGE = "P"
"""Name of the twin that has the documents' own numbers."""
MOST_DRAWS = 10_000


def twins_of(source: SourceNotebook, checks: Checks, secret: str, path: Path) -> tuple[Twin, ...]:
    """All twins of a notebook, the page first.

    Args:
        source: The notebook, whose locked cells set the page's givens.
        checks: Its data file.
        secret: What `draw` draws from.
        path: Of the data file, for texts.

    Raises:
        KitError: A row names what the notebook does not have, its Python fails, or no drawn numbers meet its condition.
    """
    page = page_of(source)
    derive = _Python(checks.derive, f"{path}: `derive`")
    twins = [Twin(name=PAGE, kind=TwinKind.PAGE, givens=page)]
    for at, row in enumerate(checks.twin, 1):
        where = f"{path}, {place('twin', at, row)}"
        _hold_names(row, source, checks, page, where)
        twins.append(_twin(row, page, derive, where))
    for at, drawn in enumerate(checks.draw, 1):
        where = f"{path}, {place('draw', at, drawn)}"
        _hold_names(drawn, source, checks, page, where)
        twins += _draw(drawn, page, derive, f"{secret}/{source.key}", where)
    names = [twin.name for twin in twins]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise KitError(f"{path}: two twins are called {twice[0]}. Give one of them another name.")
    return tuple(twins)


def _hold_names(
    row: TwinRow | DrawRow, source: SourceNotebook, checks: Checks, page: Mapping[str, Value], where: str
) -> None:
    """Refuse a row that speaks of gaps or givens that the notebook does not have: it would be passed over."""
    drivers = [gap.name for gap in checks.gap if gap.driver]
    named: list[tuple[str, Iterable[str], Iterable[str], str]] = [
        ("only", row.only or (), source.gaps, "gaps"),
        ("before", row.before, source.gaps, "gaps"),
        ("probe", row.probe, drivers, "gaps with a driver"),
    ]
    if isinstance(row, TwinRow):
        words = _words(source, checks)
        named.append(("givens", row.givens, page, "givens"))
        named += [(f"probe.{gap}", values, words, "names") for gap, values in row.probe.items()]
        named += [(f"before.{gap}", values, words, "names") for gap, values in row.before.items()]
    for field, names, allowed, what in named:
        unknown = [name for name in names if name not in allowed]
        if unknown:
            known = "" if what == "names" else f" ({', '.join(allowed) or 'there are none'})"
            raise KitError(
                f"{where}: `{field}` names {unknown[0]}, which is none of the {what} of {source.path}{known}. "
                "Correct the name."
            )


def _words(source: SourceNotebook, checks: Checks) -> set[str]:
    """Every name in the notebook's code and in its gaps' drivers."""
    code = [cell.source for cell in source.cells if cell.role in ("locked", "gap")]
    return {word for text in [*code, *(gap.driver for gap in checks.gap)] for word in re.findall(r"\w+", text)}


def page_of(source: SourceNotebook) -> dict[str, Value]:
    """The documents' numbers: what the locked cells set. They are ours, so they run here, without `lab`.

    Raises:
        KitError: A locked cell is no Python, or raises.
    """
    space: dict[str, Any] = {}
    for cell in source.cells:
        if cell.role == "locked":
            where = f"{source.path}, locked cell {cell.grade_id}"
            try:
                tree = ast.parse(cell.source)
            except SyntaxError as error:
                raise KitError(f"{where}: {_said(error)}. Mend the cell.") from None
            tree.body = [statement for statement in tree.body if isinstance(statement, _SETTING)]
            tree.body = [statement for statement in tree.body if not _imports_lab(statement)]
            with contextlib.redirect_stdout(io.StringIO()):
                _run(compile(tree, AUTHORS, "exec"), space, where)
    data = (int, float, list, tuple, np.ndarray)
    return {name: value for name, value in space.items() if isinstance(value, data) and not name.startswith("_")}


_SETTING = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
"""Statements of a locked cell that can set a name; the others show something."""


def _imports_lab(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "lab"


def _twin(row: TwinRow, page: Mapping[str, Value], derive: _Python, where: str) -> Twin:
    def values(part: Mapping[str, Given]) -> dict[str, Value]:
        return {name: _like(value, page.get(name), f"{where}: `{name}`") for name, value in part.items()}

    def arrays(part: Mapping[str, Given]) -> dict[str, Value]:
        return {name: _like(value, page.get(name, np.array(0)), f"{where}: `{name}`") for name, value in part.items()}

    return Twin(
        name=row.name,
        kind=row.kind,
        givens=_completed(values(row.givens), page, derive),
        probes={gap: values(part) for gap, part in row.probe.items()},
        before={gap: arrays(part) for gap, part in row.before.items()},
        only=None if row.only is None else frozenset(row.only),
    )


def _draw(row: DrawRow, page: Mapping[str, Value], derive: _Python, seed: str, where: str) -> list[Twin]:
    keep = compiled(row.keep, f"{where}: `keep`", "eval")
    return [_drawn(row, f"{row.name}_{number}", keep, page, derive, seed, where) for number in range(1, row.count + 1)]


def _drawn(
    row: DrawRow, name: str, keep: CodeType, page: Mapping[str, Value], derive: _Python, seed: str, where: str
) -> Twin:
    """One twin from the course's secret, drawn again until `keep` holds."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    setting = _Python(row.givens, f"{where}: `givens`")
    probe = {gap: _Python(code, f"{where}: `probe.{gap}`") for gap, code in row.probe.items()}
    before_gap = {gap: _Python(code, f"{where}: `before.{gap}`") for gap, code in row.before.items()}
    for _ in range(MOST_DRAWS):
        givens = _completed(setting.drawn(rng, page), page, derive)
        probes = {gap: python.drawn(rng, givens) for gap, python in probe.items()}
        before = {gap: python.drawn(rng, givens) for gap, python in before_gap.items()}
        overlaid = {key: value for part in before.values() for key, value in part.items()}
        if _holds(keep, {"np": np, **givens, **overlaid}, f"{where}: `keep`"):
            only = None if row.only is None else frozenset(row.only)
            return Twin(name=name, kind=row.kind, givens=givens, probes=probes, before=before, only=only)
    raise KitError(f"{where}: {MOST_DRAWS} draws of {name} did not meet `keep`: {row.keep}. Ask for less.")


@dataclass(frozen=True)
class _Python:
    """Python in a data file; `where` says in which row and field it stands."""

    code: str
    where: str

    def drawn(self, rng: np.random.Generator, known: Mapping[str, Value]) -> dict[str, Value]:
        """What it sets, given numpy's generator and values that are known."""
        return self.sets({"np": np, "rng": rng, **copy.deepcopy(dict(known))})

    def sets(self, space: dict[str, Any]) -> dict[str, Value]:
        """What it sets in `space`, names that begin with _ aside."""
        code = textwrap.dedent(self.code)
        _run(compiled(code, self.where), space, self.where)
        return {name: space[name] for name in assigned(code) if name in space and not name.startswith("_")}


def _holds(keep: CodeType, space: dict[str, Any], where: str) -> bool:
    try:
        return bool(eval(keep, space))
    except Exception as error:  # the course's own expression
        raise KitError(f"{where}: {_said(error)}. Mend the expression; it must be true or false.") from None


def _completed(roots: Mapping[str, Value], page: Mapping[str, Value], derive: _Python) -> dict[str, Value]:
    """All givens of a twin: its roots, the page for the rest, and what follows from them."""
    givens = {**copy.deepcopy(dict(page)), **roots}
    derived = derive.sets({"np": np, **givens}) if derive.code else {}
    return givens | {name: value for name, value in derived.items() if name in page}


AUTHORS = "<the course's Python>"
"""Stands for the file in tracebacks."""


def _run(code: CodeType, space: dict[str, Any], where: str) -> None:
    try:
        exec(code, space)
    except Exception as error:  # the course's own statements
        raise KitError(f"{where}: {_said(error)}. Mend that line.") from None


@cache
def compiled(code: str, where: str, mode: str = "exec") -> CodeType:
    """Python of a course's data, ready to run.

    Args:
        code: Its text.
        where: File, row and field, for the text.
        mode: "exec" for statements, "eval" for an expression.

    Raises:
        KitError: It is no Python.
    """
    try:
        return compile(code, AUTHORS, mode)
    except (SyntaxError, ValueError) as error:
        what = "an expression" if mode == "eval" else "statements"
        raise KitError(f"{where}: {_said(error)}. Write {what} of Python.") from None


def _said(error: Exception) -> str:
    """An exception with its line in the course's Python."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == AUTHORS]
    return f"{type(error).__name__}: {error}" + (f", line {lines[-1]}" if lines else "")


def _like(value: Given, page: Any, where: str) -> Value:
    """A value from TOML in the kind that the page has: an array stays an array."""
    as_array = isinstance(page, np.ndarray)
    if isinstance(value, Array):
        value, as_array = value.array, True
    try:
        return np.array(value) if as_array else copy.deepcopy(value)
    except ValueError as error:
        raise KitError(f"{where}: no array can be made of it ({error}). Give all rows the same length.") from None
