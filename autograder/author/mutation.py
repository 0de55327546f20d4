"""Small generic changes to a right answer: operators, operands, axes, transposes, indices, constants, statements.

A check that lets one pass either has a hole, or the change makes no difference; those are listed with the reason in
`checks/equivalents.toml`. `OPERATORS` lists the kinds of change; a new one is one more function there.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

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
_FUNCTIONS = {
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
_OWNERS = ("np", "math", "self")
"""Names whose attributes are used, and which are no variables then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A changed answer, and the change as `old -> new`."""

    source: str
    change: str


Node = TypeVar("Node", bound=ast.AST)
Operator: TypeAlias = Callable[[ast.AST], Iterator[ast.AST]]
"""From a node of a syntax tree to the nodes that may stand in its place; none where the change is not for it."""


def mutants(source: str) -> list[Mutant]:
    """Every single change to `source` that leaves it valid Python, each once."""
    tree = ast.parse(source)
    operators: tuple[Operator, ...] = (*OPERATORS, partial(other_variable, variables=_variables(tree)))
    found = {ast.unparse(tree): Mutant(source=source, change="")}
    for node in ast.walk(tree):
        for operator in operators:
            for new in operator(node):
                text = ast.unparse(copy.deepcopy(tree, {id(node): new}))  # a copy that has `new` in the node's place
                found.setdefault(text, Mutant(source=text, change=f"{ast.unparse(node)} -> {ast.unparse(new)}"))
    return list(found.values())[1:]


def other_operator(node: ast.AST) -> Iterator[ast.AST]:
    """`x + y` to `x - y`."""
    if isinstance(node, ast.BinOp):
        for operator in _BINARY.get(type(node.op), ()):
            yield _with(node, op=operator())


def one_operand(node: ast.AST) -> Iterator[ast.AST]:
    """`x + y` to `x`, and to `y`."""
    if isinstance(node, ast.BinOp):
        yield node.left
        yield node.right


def transposed_factor(node: ast.AST) -> Iterator[ast.AST]:
    """`x @ w` to `x.T @ w`, and to `x @ w.T`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield _with(node, left=ast.Attribute(node.left, "T", ast.Load()))
        yield _with(node, right=ast.Attribute(node.right, "T", ast.Load()))


def exchanged_operands(node: ast.AST) -> Iterator[ast.AST]:
    """`x - y` to `y - x`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
        yield _with(node, left=node.right, right=node.left)


def other_comparison(node: ast.AST) -> Iterator[ast.AST]:
    """`z > 0` to `z >= 0`."""
    if isinstance(node, ast.Compare):
        for comparison in _COMPARE.get(type(node.ops[0]), ()):
            yield _with(node, ops=[comparison()])


def other_constant(node: ast.AST) -> Iterator[ast.AST]:
    """`2` to `3` and to `0`, `True` to `False`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        if node.value:
            yield ast.Constant(0)


def without_sign(node: ast.AST) -> Iterator[ast.AST]:
    """`-x` to `x`."""
    if isinstance(node, ast.UnaryOp):
        yield node.operand


def without_transpose(node: ast.AST) -> Iterator[ast.AST]:
    """`w.T` to `w`."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def other_function(node: ast.AST) -> Iterator[ast.AST]:
    """`np.maximum` to `np.minimum`, `max` to `min`."""
    if isinstance(node, ast.Attribute) and node.attr in _FUNCTIONS:
        yield _with(node, attr=_FUNCTIONS[node.attr])
    elif isinstance(node, ast.Name) and node.id in _FUNCTIONS:
        yield ast.Name(_FUNCTIONS[node.id], ast.Load())


def other_arguments(node: ast.AST) -> Iterator[ast.AST]:
    """`f(x, y)` to `f(y, x)`, `f(x)` to `x`, `x.copy()` to `x`, `f(x, axis=0)` to `f(x)`."""
    if not isinstance(node, ast.Call):
        return
    if len(node.args) == 2:
        yield _with(node, args=node.args[::-1])
    if len(node.args) == 1:
        yield node.args[0]
    if isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
        yield node.func.value
    for place in range(len(node.keywords)):
        yield _with(node, keywords=[*node.keywords[:place], *node.keywords[place + 1 :]])


def one_branch(node: ast.AST) -> Iterator[ast.AST]:
    """`x if z > 0 else y` to `x`, and to `y`."""
    if isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse


def other_result(node: ast.AST) -> Iterator[ast.AST]:
    """What a statement sets or returns, with another sign, twice, one more, none of it, half."""
    if isinstance(node, ast.Assign | ast.Return | ast.AugAssign) and node.value is not None:
        value = node.value
        yield _with(node, value=ast.UnaryOp(ast.USub(), value))
        yield _with(node, value=ast.BinOp(ast.Constant(2), ast.Mult(), value))
        yield _with(node, value=ast.BinOp(value, ast.Add(), ast.Constant(1)))
        yield _with(node, value=ast.BinOp(ast.Constant(0), ast.Mult(), value))
        yield _with(node, value=ast.BinOp(value, ast.Div(), ast.Constant(2)))


def other_update(node: ast.AST) -> Iterator[ast.AST]:
    """`x += y` to `x -= y`."""
    if isinstance(node, ast.AugAssign):
        for operator in _BINARY.get(type(node.op), ()):
            yield _with(node, op=operator())


def without_statement(node: ast.AST) -> Iterator[ast.AST]:
    """A statement left out."""
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr) and not is_docstring:
        yield ast.Pass()


def other_variable(node: ast.AST, variables: Sequence[str]) -> Iterator[ast.AST]:
    """`x * w` to `x * x`: a variable read in the place of another one."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in {*variables} - {*_FUNCTIONS}:
        for variable in variables:
            yield ast.Name(variable, ast.Load())


def _variables(tree: ast.Module) -> list[str]:
    """Names that are read and neither called, nor modules; sorted."""
    called = {id(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call)}
    owners = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    names = {node.id for node in read if id(node) not in called and not (id(node) in owners and node.id in _OWNERS)}
    return sorted(names)


OPERATORS: tuple[Operator, ...] = (
    other_operator,
    one_operand,
    transposed_factor,
    exchanged_operands,
    other_comparison,
    other_constant,
    without_sign,
    without_transpose,
    other_function,
    other_arguments,
    one_branch,
    other_result,
    other_update,
    without_statement,
)


def _with(node: Node, **fields: object) -> Node:
    """A copy of a node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new
