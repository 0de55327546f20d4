"""What an error of Python's or numpy's means at the line where it came up.

Nothing is run for it: the cell is read, and the values that stand before the gap are known by their names.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from lab.error_texts import OPERATORS, RULES, kind_of_thing

Places = dict[str, str]
"""What stands in the places of a text, by their names."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """Where an error came up.

    Attributes:
        source: The cell.
        line: Of the cell, from 1; 0 if it came up where the cell's function or class was used.
        values: What stands before the gap, by name; a driver's arguments among it.
        wanted: Names that the gap is to define.
        driver: Python that uses them; empty for a gap that defines none.
    """

    source: str = ""
    line: int = 0
    values: Mapping[str, object] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    driver: str = ""

    @cached_property
    def tree(self) -> ast.AST:
        """The cell as Python reads it; empty where it cannot."""
        try:
            return ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def here(self) -> tuple[ast.AST, ...]:
        """Everything of the cell that stands on the line, or on several among which it is."""
        return tuple(
            node for node in ast.walk(self.tree) if getattr(node, "lineno", 0) <= self.line <= _last_line(node)
        )

    @cached_property
    def sets(self) -> Mapping[str, int]:
        """Names that the cell sets or defines, each with the first line that does."""
        found: dict[str, int] = {}
        for node in ast.walk(self.tree):
            for name in _names_set(node):
                found[name] = min(getattr(node, "lineno", 0), found.get(name, 10**6))
        return found

    @cached_property
    def attributes(self) -> Mapping[str, int]:
        """Attributes that the cell's classes set on `self`, each with the first line that does."""
        found: dict[str, int] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found[node.attr] = min(node.lineno, found.get(node.attr, 10**6))
        return found

    def text(self, node: ast.AST) -> str:
        """A piece of the cell as the student wrote it, in one line."""
        return " ".join((ast.get_source_segment(self.source, node) or ast.unparse(node)).split())[:60]

    def shape(self, node: ast.AST) -> tuple[int, ...] | None:
        """The shape of a name that stands before the gap, or of its transpose; None if that is not known."""
        if isinstance(node, ast.Attribute) and node.attr == "T":
            inner = self.shape(node.value)
            return inner and inner[::-1]
        if not isinstance(node, ast.Name) or node.id not in self.values or node.id in self.sets:
            return None
        try:
            return np.asarray(self.values[node.id]).shape
        except ValueError:  # nested lists of unequal lengths
            return None


def _last_line(node: ast.AST) -> int:
    """The last line of an expression or a simple statement; of `if`, `for` and `def` that of their head."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return max(getattr(node, "lineno", 0), getattr(body[0], "lineno", 1) - 1)
    return getattr(node, "end_lineno", 0) or 0


def _names_set(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name


def told(kind: str, text: str, around: Around) -> tuple[str, str]:
    """What an error means here and one question about it; both empty if nothing more is known than Python says.

    Args:
        kind: The exception's type.
        text: Its text.
        around: Where it came up.
    """
    try:
        return _told(kind, text, around)
    except RecursionError:  # an expression of hundreds of levels
        return "", ""


def _told(kind: str, text: str, around: Around) -> tuple[str, str]:
    for rule in RULES:
        found = re.search(rule.pattern, text) if kind in rule.kinds else None
        if found is None:
            continue
        places = {"line": str(around.line), **_in_words(found), **_line_before(around)}
        more = FINDERS[rule.finder](found, around) if rule.finder else {}
        if more is not None:
            return rule.meaning.format_map({**places, **more}), rule.question.format_map({**places, **more})
    return "", ""


def _in_words(found: re.Match[str]) -> Places:
    """What the pattern has found, and types in words."""
    groups = {name: text or "" for name, text in found.groupdict().items()}
    return groups | {f"a_{name}": kind_of_thing(groups[name]) for name in ("type", "other") if name in groups}


def _line_before(around: Around) -> Places:
    lines = around.source.split("\n")
    return {"code": lines[around.line - 1].strip()[:80] if 0 < around.line <= len(lines) else ""}


def nearest(name: str, among: Iterable[str], alike: float = 0.6) -> str:
    """The name that is spelled most like another one; empty if none is like it.

    Args:
        name: As it was typed.
        among: Names that exist.
        alike: The least likeness, from 0 to 1, that counts.
    """
    by_spelling = {one.casefold(): one for one in among if one != name and not one.startswith("_")}
    found = difflib.get_close_matches(name.casefold(), by_spelling, n=1, cutoff=alike)
    return by_spelling[found[0]] if found else ""


# ---- finders: what stands in the places of a text, None where the text does not fit ------------------------


def _near_name(found: re.Match[str], around: Around) -> Places | None:
    near = nearest(found["name"], [*around.values, *around.sets, *around.wanted, "np"])
    return {"near": near} if near else None


def _set_below(found: re.Match[str], around: Around) -> Places | None:
    at = around.sets.get(found["name"], 0)
    return {"at": str(at)} if at > around.line > 0 else None


def _set_here(found: re.Match[str], around: Around) -> Places | None:
    """A name whose first line is the very line that reads it."""
    return {} if around.sets.get(found["name"]) == around.line > 0 else None


def _of_numpy(found: re.Match[str], _around: Around) -> Places | None:
    return {} if hasattr(np, found["name"]) else None


def _of_python(found: re.Match[str], _around: Around) -> Places | None:
    near = nearest(found["name"], dir(builtins), alike=0.8)  # Python has a short name like nearly every other
    return {"near": near} if near else None


def _another_definition(found: re.Match[str], around: Around) -> Places | None:
    """What the cell defines instead of the function or class that the gap asks for."""
    defined = [node.name for node in ast.walk(around.tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    top = [name for name in defined if name not in around.wanted]
    near = nearest(found["name"], top) or (top[0] if top else "")
    return {"near": near} if found["name"] in around.wanted and near else None


def _near_in_numpy(found: re.Match[str], _around: Around) -> Places | None:
    near = nearest(found["name"], dir(np))
    return {"near": near} if near else None


def _near_in_array(found: re.Match[str], _around: Around) -> Places | None:
    near = nearest(found["name"], dir(np.ndarray))
    return {"near": near} if near else None


def _of_arrays(found: re.Match[str], around: Around) -> Places | None:
    return _before_dot(found, around) if hasattr(np.ndarray, found["name"]) else None


def _before_dot(found: re.Match[str], around: Around) -> Places | None:
    things = [node.value for node in around.here if isinstance(node, ast.Attribute) and node.attr == found["name"]]
    return {"thing": around.text(things[0])} if things else None


def _set_too_late(found: re.Match[str], around: Around) -> Places | None:
    at = around.attributes.get(found["name"], 0)
    return {"at": str(at)} if at and at != around.line else None


def _other_attributes(found: re.Match[str], around: Around) -> Places | None:
    if not around.attributes or found["name"] in around.attributes:
        return None
    near = nearest(found["name"], around.attributes)
    first = [near] if near else []
    names = [*first, *(name for name in around.attributes if name != near)]
    return {"sets": ", ".join(f"`self.{name}`" for name in names[:6])}


def _without_self(found: re.Match[str], around: Around) -> Places | None:
    name = found["called"].rpartition(".")[2]
    for node in ast.walk(around.tree):
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef) and method.name == name:
                first = method.args.args[0].arg if method.args.args else ""
                return None if first == "self" else {"name": name, "at": str(method.lineno)}
    return None


def _as_used(found: re.Match[str], around: Around) -> Places | None:
    """How the gap calls a function of the student's, and how the student defines it."""
    name = found["called"].rpartition(".")[2]
    defined = [node for node in ast.walk(around.tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    if not defined or around.line:
        return None
    calls = [node for node in ast.walk(ast.parse(around.driver)) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func).rpartition(".")[2] == name:
            own = ast.unparse(defined[0].args)
            return {"name": name, "call": ast.unparse(call), "own": f"{name}({own})"}
    return None


def _near_keyword(found: re.Match[str], _around: Around) -> Places | None:
    near = nearest(found["name"], ("axis", "keepdims", "dtype", "out", "where", "initial"))
    return {"near": near} if near else None


def _builtin_overwritten(_found: re.Match[str], around: Around) -> Places | None:
    for name in _called_names(around):
        if hasattr(builtins, name):
            at = around.sets.get(name)
            return {"name": name, "where": f"line {at} of this cell" if at else "a cell above"}
    return None


def _called_names(around: Around) -> list[str]:
    return [node.func.id for node in around.here if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]


def _called(_found: re.Match[str], around: Around) -> Places | None:
    """What stands before round brackets and is no function: no name of Python's, numpy's or a function's."""
    defined = {node.name for node in ast.walk(around.tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    things = [node.func for node in around.here if isinstance(node, ast.Call)]
    odd = [thing for thing in things if not _is_function(thing, defined)]
    return {"thing": around.text(odd[0])} if len(odd) == 1 else None


def _is_function(thing: ast.expr, defined: set[str]) -> bool:
    if isinstance(thing, ast.Name):
        return thing.id in defined or hasattr(builtins, thing.id)
    return isinstance(thing, ast.Attribute) and (
        getattr(thing.value, "id", "") == "np" or callable(getattr(np.ndarray, thing.attr, None))
    )


def _indexed(_found: re.Match[str], around: Around) -> Places | None:
    things = {around.text(node.value) for node in around.here if isinstance(node, ast.Subscript)}
    return {"thing": things.pop()} if len(things) == 1 else None


def _function_indexed(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
            return {"thing": around.text(node.value)}
    return None


def _entry_asked(_found: re.Match[str], around: Around) -> Places | None:
    """The one entry that is asked for on the line, and how many there are where that is known."""
    subscripts = [node for node in around.here if isinstance(node, ast.Subscript)]
    if len({around.text(node) for node in subscripts}) != 1:
        return None
    node = subscripts[0]
    shape = around.shape(node.value)
    entries = f"has {shape[0]} entries" if shape else "has fewer entries than that"
    return {"entry": around.text(node), "thing": around.text(node.value), "entries": entries}


def _builtin_of_one(_found: re.Match[str], around: Around) -> Places | None:
    """`max(z)` and its kin: a function that goes through the entries of what it is given."""
    for node in around.here:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("max", "min", "sum") and node.args:
            return {"function": around.text(node.func), "thing": around.text(node.args[0])}
    return None


def _looped_over(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        over = node.iter if isinstance(node, ast.For | ast.comprehension) else None
        if over is not None:
            return {"thing": around.text(over)}
    return None


def _compared_arrays(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("max", "min"):
            numpys = {"max": "np.maximum", "min": "np.minimum"}[around.text(node.func)]
            return {"call": around.text(node), "function": around.text(node.func), "numpys": numpys}
    return None


def _tested_array(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            return {"test": around.text(node.test)}
    return None


def _joined_arrays(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        if isinstance(node, ast.BoolOp):
            return {"word": "and" if isinstance(node.op, ast.And) else "or", "test": around.text(node)}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return {"word": "not", "test": around.text(node)}
    return None


def _operands(found: re.Match[str], around: Around) -> Places | None:
    """The two sides of the one operator of this sign on the line."""
    sign = found["sign"].split(" ")[0].rstrip("=") if found["sign"] not in ("<=", ">=") else found["sign"]
    pairs = [pair for pair, its in _pairs(around) if its == sign]
    return _both(pairs[0], around) if len(pairs) == 1 else None


def _pairs(around: Around) -> Iterator[tuple[tuple[ast.AST, ast.AST], str]]:
    """Both sides of each operation between two values on the line, with its sign."""
    for node in around.here:
        if isinstance(node, ast.BinOp):
            yield (node.left, node.right), OPERATORS.get(type(node.op).__name__, "")
        elif isinstance(node, ast.AugAssign):
            yield (node.target, node.value), OPERATORS.get(type(node.op).__name__, "")
        elif isinstance(node, ast.Compare):
            yield (node.left, node.comparators[0]), OPERATORS.get(type(node.ops[0]).__name__, "")


def _both(pair: tuple[ast.AST, ast.AST], around: Around) -> Places:
    return {"left": around.text(pair[0]), "right": around.text(pair[1])}


def _dotted(found: re.Match[str], around: Around) -> Places | None:
    """The two sides of the product whose shapes numpy tells."""
    pairs = [_sides(node) for node in around.here if isinstance(node, ast.Call) and _function(node) == "dot"]
    return _fitting([pair for pair in pairs if pair], found, around)


def _function(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _sides(call: ast.Call) -> tuple[ast.AST, ast.AST] | None:
    """What a call works on: two arguments of a function of numpy's, or an array before the dot and one argument."""
    if len(call.args) == 2:
        return call.args[0], call.args[1]
    if len(call.args) == 1 and isinstance(call.func, ast.Attribute):
        return call.func.value, call.args[0]
    return None


def _broadcast(found: re.Match[str], around: Around) -> Places | None:
    """The two sides of the entry-by-entry operation whose shapes numpy tells."""
    pairs = [pair for pair, sign in _pairs(around) if sign not in ("@", "")]
    calls = [node for node in around.here if isinstance(node, ast.Call) and _function(node) in _ENTRY_BY_ENTRY]
    return _fitting([*pairs, *(pair for call in calls if (pair := _sides(call)))], found, around)


_ENTRY_BY_ENTRY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "greater")


def _fitting(pairs: list[tuple[ast.AST, ast.AST]], found: re.Match[str], around: Around) -> Places | None:
    """Both sides of the only pair that can have the shapes found."""
    shapes = tuple(map(_shape_read, (found["one"], found["two"])))
    fits = [
        pair
        for pair in pairs
        if all(around.shape(side) in (None, shape) for side, shape in zip(pair, shapes, strict=True))
    ]
    return {**_both(fits[0], around), **_shapes(found)} if len(fits) == 1 else None


def _shapes(found: re.Match[str], _around: Around | None = None) -> Places:
    """Shapes as Python prints them."""
    return {name: str(_shape_read(found[name])) for name in ("one", "two") if name in found.re.groupindex}


def _shape_read(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in re.findall(r"\d+", text))


def _multiplied(found: re.Match[str], around: Around) -> Places | None:
    """The two sides of the one `@` on the line."""
    pairs = [pair for pair, sign in _pairs(around) if sign == "@"]
    calls = [node for node in around.here if isinstance(node, ast.Call) and _function(node) == "matmul"]
    pairs += [pair for call in calls if (pair := _sides(call))]
    return _both(pairs[0], around) if len(pairs) == 1 else None


def _unpacked(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            return {"names": str(len(node.targets[0].elts)), "thing": around.text(node.value)}
    return None


def _stored(_found: re.Match[str], around: Around) -> Places | None:
    for node in around.here:
        if isinstance(node, ast.AugAssign):
            return {"thing": around.text(node.target)}
    return None


def _keyword_as_name(_found: re.Match[str], around: Around) -> Places | None:
    found = re.match(r"\s*(lambda|class|def|is|in|from|import|as|pass|del|not)\s*=[^=]", _line(around))
    return {"name": found[1]} if found else None


def _else_if(_found: re.Match[str], around: Around) -> Places | None:
    return {} if re.match(r"\s*else\s+if\b", _line(around)) else None


def _line(around: Around) -> str:
    lines = around.source.split("\n")
    return lines[around.line - 1] if 0 < around.line <= len(lines) else ""


FINDERS: Mapping[str, Callable[[re.Match[str], Around], Places | None]] = {
    "near_name": _near_name,
    "set_below": _set_below,
    "set_here": _set_here,
    "of_numpy": _of_numpy,
    "of_python": _of_python,
    "another_definition": _another_definition,
    "near_in_numpy": _near_in_numpy,
    "near_in_array": _near_in_array,
    "of_arrays": _of_arrays,
    "before_dot": _before_dot,
    "set_too_late": _set_too_late,
    "other_attributes": _other_attributes,
    "without_self": _without_self,
    "as_used": _as_used,
    "near_keyword": _near_keyword,
    "builtin_overwritten": _builtin_overwritten,
    "called": _called,
    "indexed": _indexed,
    "function_indexed": _function_indexed,
    "entry_asked": _entry_asked,
    "builtin_of_one": _builtin_of_one,
    "looped_over": _looped_over,
    "compared_arrays": _compared_arrays,
    "tested_array": _tested_array,
    "joined_arrays": _joined_arrays,
    "operands": _operands,
    "dotted": _dotted,
    "broadcast": _broadcast,
    "shapes": _shapes,
    "multiplied": _multiplied,
    "unpacked": _unpacked,
    "stored": _stored,
    "keyword_as_name": _keyword_as_name,
    "else_if": _else_if,
}
"""By the name under which a rule asks for it."""
