"""A public function of three or more parameters says what each one means, and what it raises."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT

MANY = 3
"""Parameters from which on their names alone do not tell enough."""


def modules() -> list[str]:
    """Every module of the kit and of the students' package; checks and the course to begin with are data."""
    paths = sorted(path.relative_to(ROOT) for folder in ("autograder", "lab") for path in (ROOT / folder).rglob("*.py"))
    return [_dotted(path) for path in paths if not {"checks", "starter"} & set(path.parts)]


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def public_functions(module: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Functions and methods that others may call, with their names; none that another package's class asks for."""
    found = importlib.import_module(module)
    for name, value in vars(found).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module:
            continue
        if inspect.isclass(value):
            inherited = {one for base in value.__mro__[1:] for one in vars(base)}
            own = {one: getattr(value, one) for one in vars(value) if not one.startswith("_") and one not in inherited}
            yield from ((f"{name}.{one}", method) for one, method in own.items() if inspect.isfunction(method))
        elif inspect.isfunction(value) or hasattr(value, "__wrapped__"):
            yield name, inspect.unwrap(value)


def parameters(function: Callable[..., Any]) -> list[str]:
    """Names of what a caller gives."""
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def sections(function: Callable[..., Any]) -> dict[str, list[str]]:
    """What the docstring explains under "Args", "Raises" and the like."""
    text = inspect.getdoc(function) or ""
    parts = re.split(r"^(Args|Returns|Raises|Yields):\n", text, flags=re.MULTILINE)[1:]
    return {
        head: re.findall(r"^    (\w+):", body, re.MULTILINE) for head, body in zip(parts[::2], parts[1::2], strict=True)
    }


def raised(function: Callable[..., Any]) -> set[str]:
    """Types of the exceptions that a function makes itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    made = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    names = {one.func.id for one in made if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)}
    return {name for name in names if name[0].isupper()}  # others are functions that make one


@pytest.mark.parametrize("module", modules())
def test_what_a_caller_needs_is_in_the_docstring(module: str) -> None:
    untold = []
    for name, function in public_functions(module):
        given, told = parameters(function), sections(function)
        if len(given) < MANY:
            continue
        if told.get("Args") != given:
            untold.append(f"{name}: Args must explain {', '.join(given)}, in this order")
        untold += [f"{name}: Raises must name {one}" for one in raised(function) - {*told.get("Raises", [])}]
    assert not untold, "\n".join(untold)
