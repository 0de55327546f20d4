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
        before: The changed line as it is, without indentation; empty if lines have come only.
        after: The same after the change; empty if lines have gone only.
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
    at, before, after = _difference(source.splitlines(), changed.splitlines())
    if before.startswith(RULES_OF_WRITING):
        return None
    module = str(spec.module_path.relative_to(ROOT))
    return Mutant(module=module, line=at + 1, before=before, after=after, source=changed)


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[int, str, str]:
    """Where the first lines with anything in them differ, the old one, and the new one; empty if there is none."""
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [(start, old[start:end], new[low:high]) for kind, start, end, low, high in blocks if kind != "equal"]
    at, gone, come = next(change for change in changes if any(map(str.strip, (*change[1], *change[2]))))
    first = next((place for place, line in enumerate(gone) if line.strip()), 0)
    return at + first, *(next((line.strip() for line in lines if line.strip()), "") for lines in (gone, come))


def _changed(source: str, spec: MutationSpec) -> str:
    """A module after a change; empty where Cosmic Ray fails, as it does on `except` with a name in a module."""
    try:
        return mutate_code(source, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence) or ""
    except AttributeError:
        return ""


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
