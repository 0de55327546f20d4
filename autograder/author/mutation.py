"""Small generic changes to a right answer: operators, operands, axes, transposes, indices, constants, statements.

A check that lets one pass either has a hole, or the change makes no difference; those are listed with the reason in
`checks/equivalents.toml`.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_BINARY: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
}
_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
}
_NAMES = {
    "maximum": "minimum",
    "max": "min",
    "zeros_like": "ones_like",
    "zeros": "ones",
    "ones": "zeros",
    "ones_like": "zeros_like",
    "all": "any",
    "any": "all",
    "log": "exp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A changed answer, and the change as `old -> new`."""

    source: str
    change: str


def mutants(source: str) -> list[Mutant]:
    """Every single change to `source` that leaves it valid Python, each once."""
    tree = ast.parse(source)
    names = sorted({node.id for node in ast.walk(tree) if _is_variable(node, tree)})  # type: ignore[attr-defined]
    found: dict[str, Mutant] = {}
    for place, node in enumerate(ast.walk(tree)):
        for change in [*_expressions(node, names), *_statements(node)]:
            changed = copy.deepcopy(tree)
            target = _at(changed, place)
            old = ast.unparse(target)
            new = change(target)
            _replace(changed, target, new)
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text != ast.unparse(tree):
                found.setdefault(text, Mutant(source=text, change=f"{old} -> {ast.unparse(new) if new else 'nothing'}"))
    return list(found.values())


def _is_variable(node: ast.AST, tree: ast.Module) -> bool:
    """Whether a node reads a name that is neither called nor a module."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return False
    called = {id(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call)}
    owners = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    return id(node) not in called and not (id(node) in owners and node.id in ("np", "math", "self"))


def _at(tree: ast.AST, place: int) -> ast.AST:
    return next(node for at, node in enumerate(ast.walk(tree)) if at == place)


def _replace(tree: ast.AST, target: ast.AST, new: ast.AST | None) -> None:
    """Put `new` in the place of `target`; None takes a statement out."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(item is target for item in value):
                setattr(parent, name, [new if item is target else item for item in value if new or item is not target])


Change = Callable[[ast.AST], ast.AST | None]


def _expressions(node: ast.AST, names: list[str]) -> Iterator[Change]:
    """Changes to one expression."""
    if isinstance(node, ast.BinOp):
        for operator in _BINARY.get(type(node.op), ()):
            yield lambda old, operator=operator: _with(old, op=operator())  # type: ignore[misc]
        yield lambda old: old.left  # type: ignore[attr-defined]
        yield lambda old: old.right  # type: ignore[attr-defined]
        if isinstance(node.op, ast.MatMult):
            yield lambda old: _with(old, left=_transposed(old.left))  # type: ignore[attr-defined]
            yield lambda old: _with(old, right=_transposed(old.right))  # type: ignore[attr-defined]
        if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
            yield lambda old: _with(old, left=old.right, right=old.left)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Compare):
        for comparison in _COMPARE.get(type(node.ops[0]), ()):
            yield lambda old, comparison=comparison: _with(old, ops=[comparison()])  # type: ignore[misc]
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda old: ast.Constant(not old.value)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield lambda old: ast.Constant(old.value + 1)  # type: ignore[attr-defined]
        if node.value:
            yield lambda old: ast.Constant(0)
    elif isinstance(node, ast.UnaryOp):
        yield lambda old: old.operand  # type: ignore[attr-defined]
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield lambda old: old.value  # type: ignore[attr-defined]
        elif node.attr in _NAMES:
            yield lambda old: _with(old, attr=_NAMES[old.attr])  # type: ignore[attr-defined]
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield lambda old: ast.Name(_NAMES[old.id], ast.Load())  # type: ignore[attr-defined]
    elif isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
        for other in names:
            yield lambda old, other=other: ast.Name(other, ast.Load())  # type: ignore[misc]
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.IfExp):
        yield lambda old: old.body  # type: ignore[attr-defined]
        yield lambda old: old.orelse  # type: ignore[attr-defined]


def _calls(node: ast.Call) -> Iterator[Change]:
    if len(node.args) == 2:
        yield lambda old: _with(old, args=old.args[::-1])  # type: ignore[attr-defined]
    if len(node.args) == 1:
        yield lambda old: old.args[0]  # type: ignore[attr-defined]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
        yield lambda old: old.func.value  # type: ignore[attr-defined]
    for place in range(len(node.keywords)):
        yield lambda old, place=place: _with(  # type: ignore[misc]
            old,
            keywords=[word for at, word in enumerate(old.keywords) if at != place],
        )


def _statements(node: ast.AST) -> Iterator[Change]:
    """Changes to one statement: another sign, twice, left out."""
    if isinstance(node, ast.Assign | ast.Return | ast.AugAssign) and node.value is not None:
        yield lambda old: _with(old, value=ast.UnaryOp(ast.USub(), old.value))  # type: ignore[attr-defined]
        yield lambda old: _with(old, value=ast.BinOp(ast.Constant(2), ast.Mult(), old.value))  # type: ignore[attr-defined]
        yield lambda old: _with(old, value=ast.BinOp(old.value, ast.Add(), ast.Constant(1)))  # type: ignore[attr-defined]
        yield lambda old: _with(old, value=ast.BinOp(ast.Constant(0), ast.Mult(), old.value))  # type: ignore[attr-defined]
        yield lambda old: _with(old, value=ast.BinOp(old.value, ast.Div(), ast.Constant(2)))  # type: ignore[attr-defined]
    if isinstance(node, ast.AugAssign):
        for operator in _BINARY.get(type(node.op), ()):
            yield lambda old, operator=operator: _with(old, op=operator())  # type: ignore[misc]
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and not _is_docstring(node):
        yield lambda old: ast.Pass()


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _transposed(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of a node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new
