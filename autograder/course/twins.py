"""Twins: the notebook's givens on other numbers, written down or drawn from the course's secret."""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import io
import textwrap
from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

from autograder.course.celltext import assigned
from autograder.course.notebook import SourceNotebook
from autograder.model import KitError, Twin, TwinKind, Value

PAGE = "P"
"""Name of the twin that has the documents' own numbers."""
MOST_DRAWS = 10_000


def twins_of(source: SourceNotebook, spec: Mapping[str, Any], secret: str) -> tuple[Twin, ...]:
    """All twins of a notebook, the page first.

    Args:
        source: The notebook, whose locked cells set the page's givens.
        spec: Its data file: tables `twin` and `draw`, and `derive`.
        secret: What `draw` draws from.

    Raises:
        KitError: A condition of a drawn twin is never met.
    """
    page = page_of(source)
    return (
        Twin(name=PAGE, kind=TwinKind.PAGE, givens=page),
        *(_twin(row, page, spec) for row in spec.get("twin", [])),
        *(twin for row in spec.get("draw", []) for twin in _draw(row, page, spec, source.key, secret)),
    )


def page_of(source: SourceNotebook) -> dict[str, Value]:
    """The documents' numbers: what the locked cells set. They are ours, so they run here, without `lab`."""
    space: dict[str, Any] = {}
    for cell in source.cells:
        if cell.role == "locked":
            tree = ast.parse(cell.source)
            tree.body = [statement for statement in tree.body if isinstance(statement, _SETTING)]
            tree.body = [statement for statement in tree.body if not _imports_lab(statement)]
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(tree, f"{source.name}, {cell.grade_id}", "exec"), space)
    data = (int, float, list, tuple, np.ndarray)
    return {name: value for name, value in space.items() if isinstance(value, data) and not name.startswith("_")}


_SETTING = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
"""Statements of a locked cell that can set a name; the others show something."""


def _imports_lab(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "lab"


def _twin(row: Mapping[str, Any], page: Mapping[str, Value], spec: Mapping[str, Any]) -> Twin:
    def values(part: Mapping[str, Any]) -> dict[str, Value]:
        return {name: _like(value, page.get(name)) for name, value in part.items()}

    def arrays(part: Mapping[str, Any]) -> dict[str, Value]:
        return {name: _like(value, page.get(name, np.array(0))) for name, value in part.items()}

    return Twin(
        name=row["name"],
        kind=TwinKind(row["kind"]),
        givens=_completed(values(row.get("givens", {})), page, spec),
        probes={gap: values(part) for gap, part in row.get("probe", {}).items()},
        before={gap: arrays(part) for gap, part in row.get("before", {}).items()},
        only=frozenset(row["only"]) if "only" in row else None,
    )


def _draw(
    row: Mapping[str, Any], page: Mapping[str, Value], spec: Mapping[str, Any], notebook: str, secret: str
) -> list[Twin]:
    return [_drawn(row, at, page, spec, notebook, secret) for at in range(1, row.get("count", 1) + 1)]


def _drawn(
    row: Mapping[str, Any], number: int, page: Mapping[str, Value], spec: Mapping[str, Any], notebook: str, secret: str
) -> Twin:
    """One twin from the course's secret, drawn again until `keep` holds."""
    name = f"{row['name']}_{number}"
    seed = hashlib.sha256(f"{secret}/{notebook}/{name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:16], "big"))
    keep = compile(row.get("keep", "True"), f"keep of {name}", "eval")
    for _ in range(MOST_DRAWS):
        givens = _completed(_snippet(row.get("givens", ""), rng, page), page, spec)
        probes = {gap: _snippet(code, rng, givens) for gap, code in row.get("probe", {}).items()}
        before = {gap: _snippet(code, rng, givens) for gap, code in row.get("before", {}).items()}
        overlaid = {key: value for part in before.values() for key, value in part.items()}
        if eval(keep, {"np": np, **givens, **overlaid}):
            return Twin(
                name=name,
                kind=TwinKind(row["kind"]),
                givens=givens,
                probes=probes,
                before=before,
                only=frozenset(row["only"]) if "only" in row else None,
            )
    raise KitError(f"checks/{notebook}.toml: {MOST_DRAWS} draws of twin {name} did not meet `{row['keep']}`.")


def _snippet(code: str, rng: np.random.Generator, known: Mapping[str, Value]) -> dict[str, Value]:
    code = textwrap.dedent(code)
    space: dict[str, Any] = {"np": np, "rng": rng, **copy.deepcopy(dict(known))}
    exec(_compiled(code), space)
    return {name: space[name] for name in assigned(code) if not name.startswith("_")}


def _completed(roots: Mapping[str, Value], page: Mapping[str, Value], spec: Mapping[str, Any]) -> dict[str, Value]:
    """All givens of a twin: its roots, the page for the rest, and what follows from them."""
    givens = {**copy.deepcopy(dict(page)), **roots}
    derive = spec.get("derive")
    if derive:
        space: dict[str, Any] = {"np": np, **givens}
        exec(_compiled(textwrap.dedent(derive)), space)
        givens |= {name: space[name] for name in assigned(derive) if name in page}
    return givens


@cache
def _compiled(code: str) -> CodeType:
    return compile(code, "<twin>", "exec")


def _like(value: Any, page: Any) -> Value:
    """A value from TOML in the kind that the page has: an array stays an array."""
    if isinstance(value, dict):
        return np.array(value["array"])
    if isinstance(page, np.ndarray):
        return np.array(value)
    return copy.deepcopy(value)  # type: ignore[no-any-return]
