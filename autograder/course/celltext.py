"""What the text of a cell tells: its first line, whether it is Python, which names it sets."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache

MOST_PARSED = 10_000
"""Characters of a cell that is looked into, far above what anybody writes; Python's parser takes its time."""
_OWN_NAMES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def first_line(source: str) -> str:
    """The first line that is not blank."""
    return source.lstrip().partition("\n")[0].rstrip()


def squeezed(source: str) -> str:
    """A text whose blanks and line ends do not count."""
    return " ".join(source.split())


def without(source: str, texts: Sequence[str]) -> str:
    """A cell without these texts, wherever they stand as whole lines; other lines keep their numbers."""
    for text in texts:
        if text and text in source:
            lines = text.count("\n")
            source = re.sub(rf"(?m)^{re.escape(text)}[ \t]*$", "\n" * lines, source)
    return source.rstrip()


def tree(source: str) -> ast.Module | None:
    """The syntax tree of a cell, magics aside; None if it is no Python, or too long to be looked into."""
    if len(source) > MOST_PARSED:
        return None
    for text in (source, re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return None


@lru_cache(maxsize=128)
def names_set(source: str) -> frozenset[str] | None:
    """Names that a cell sets or changes outside of functions; None if it is no Python."""
    top = tree(source)
    if top is None:
        return None
    found: set[str] = set()
    waiting: list[ast.AST] = [top]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            found.add(_base(node))
        if not isinstance(node, _OWN_NAMES):
            waiting += ast.iter_child_nodes(node)
    return frozenset(found - {""})


def _base(node: ast.expr) -> str:
    """The name that `name`, `name[0]` and `name.part` begin with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=1024)  # the same locked cells in every submission
def assigned(source: str) -> frozenset[str]:
    """Names that a cell's statements set at the top level; none if it is no plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return frozenset()
    nodes = [node for statement in tree.body for node in _outside_functions(statement)]
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def _outside_functions(node: ast.AST) -> list[ast.AST]:
    if isinstance(
        node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ):
        return []
    return [node, *(found for child in ast.iter_child_nodes(node) for found in _outside_functions(child))]
