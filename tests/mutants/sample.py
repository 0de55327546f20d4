"""Mutants of the engine, made by Cosmic Ray: one small change each, the same sample for the same seed."""

from __future__ import annotations

import ast
import difflib
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).parents[2]
WINGS = ("judging", "handed_in", "course", "classes", "gradebook")

SAME_FOR_US = ("Is_Eq", "Eq_Is", "IsNot_NotEq", "NotEq_IsNot")
"""Identity for equality and back: what is compared by `is` here is None, an enum's member or a class."""

RULES_OF_WRITING = "@dataclass("
"""`frozen`, `slots` and `kw_only` forbid code that would be wrong, and change nothing of what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A module with one small change.

    Attributes:
        module: Its path below the root.
        line: Where the change is, from 1.
        before: The changed line as it is, without indentation.
        after: The same after the change; of several lines the first that differs.
        source: The whole changed module.
    """

    module: str
    line: int
    before: str
    after: str
    source: str


def modules() -> list[Path]:
    """The modules that are mutated, below the root."""
    return [path.relative_to(ROOT) for wing in WINGS for path in sorted((ROOT / "autograder" / wing).rglob("*.py"))]


def sample(count: int, seed: int, only: str = "") -> list[Mutant]:
    """So many mutants, drawn by place: a line with eleven possible changes is as likely as one with two.

    Args:
        count: How many, or all there are.
        seed: The same seed draws the same sample.
        only: Of modules whose path has this in it.
    """
    rng = random.Random(seed)
    places: dict[tuple[str, tuple[int, int], str], list[MutationSpec]] = {}
    for spec in _specs([path for path in modules() if only in str(path)]):
        places.setdefault((str(spec.module_path), spec.start_pos, _family(spec)), []).append(spec)
    order = rng.sample(sorted(places), len(places))
    drawn = (_mutant(rng.choice(places[place])) for place in order)
    return [mutant for mutant, _ in zip((one for one in drawn if one is not None), range(count), strict=False)]


def _family(spec: MutationSpec) -> str:
    return str(spec.operator_name).split("_")[0]


def _specs(paths: Sequence[Path]) -> Iterator[MutationSpec]:
    """All that Cosmic Ray would change, in a fixed order."""
    with tempfile.TemporaryDirectory() as folder, use_db(f"{folder}/all.sqlite", mode=WorkDB.Mode.create) as found:
        init([ROOT / path for path in paths], found, {})
        specs = [spec for item in found.work_items for spec in item.mutations]
    specs.sort(key=lambda spec: (str(spec.module_path), spec.start_pos, spec.operator_name, spec.occurrence))
    yield from (spec for spec in specs if not spec.operator_name.endswith(SAME_FOR_US))


def _mutant(spec: MutationSpec) -> Mutant | None:
    """The changed module; None if it is none, or the change says nothing, as one of an annotation does."""
    source = spec.module_path.read_text(encoding="utf-8")
    changed = _changed(source, spec)
    if _meaning(changed) in ("", _meaning(source)):
        return None
    old, new = source.splitlines(), changed.splitlines()
    at = next(at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    if old[at].lstrip().startswith(RULES_OF_WRITING):
        return None
    return Mutant(
        module=str(spec.module_path.relative_to(ROOT)),
        line=at + 1,
        before=old[at].strip(),
        after=new[at].strip() if len(old) == len(new) else _first_added(old, new),
        source=changed,
    )


def _changed(source: str, spec: MutationSpec) -> str:
    """A module after a change; empty where Cosmic Ray fails, as it does on `except` with a name in a module."""
    try:
        return mutate_code(source, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence) or ""
    except AttributeError:
        return ""


def _first_added(old: Sequence[str], new: Sequence[str]) -> str:
    """The first line that only the changed module has; empty if lines have gone."""
    return next((line[2:].strip() for line in difflib.ndiff(old, new) if line.startswith("+ ")), "")


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # the name that ast looks for
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _meaning(source: str) -> str:
    """A module as Python runs it, without annotations, which nothing here evaluates; empty if it is no Python.

    To Cosmic Ray, the `*` between parameters is an operator.
    """
    try:
        return ast.dump(_WithoutAnnotations().visit(ast.parse(source))) if source else ""
    except SyntaxError:
        return ""
