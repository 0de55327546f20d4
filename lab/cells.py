"""Which cell answers a gap: found in IPython's history by its first line, its id, or what it sets."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lab.gaps import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One cell that was run: its number in `In [...]`, and its text."""

    number: int
    source: str


def entries(history: Sequence[str]) -> list[Entry]:
    """The history as entries, oldest first."""
    return [Entry(number=number, source=source) for number, source in enumerate(history) if source.strip()]


def answer_to(gap: Gap, ran: Sequence[Entry], ids: Mapping[int, str]) -> Entry | None:
    """The cell that the student ran last for this gap; None if there is none.

    It is the newest that begins with the gap's first line or has its cell id. A newer one that sets the gap's outputs
    is taken in its place only if that one sets nothing yet, since grading goes by the gap's own cell.

    Args:
        gap: What is asked for.
        ran: All cells that were run, oldest first.
        ids: Ids of notebook cells by number, as far as the front end sends them.
    """
    own = next((one for one in reversed(ran) if _is_for(gap, one, ids)), None)
    if own is not None and not is_untouched(gap, own.source) and (assigned(own.source) & {*gap.sets}):
        return _joined(own, gap, ran)
    newer = [one for one in ran if own is None or one.number > own.number]
    return next((one for one in reversed(newer) if _sets(one, gap.sets) and _marked(one) not in gap.neighbours), own)


def _joined(part: Entry, gap: Gap, ran: Sequence[Entry]) -> Entry:
    """The cell of a gap with its other part, if it was split in two and both have run; grading joins them as well."""
    missing = {*gap.sets} - assigned(part.source)
    later = (one for one in reversed(ran) if one.number > part.number and not _marked(one))
    rest = next((one for one in later if assigned(one.source) & missing), None) if missing else None
    return Entry(number=rest.number, source=f"{part.source}\n{rest.source}") if rest else part


def _is_for(gap: Gap, entry: Entry, ids: Mapping[int, str]) -> bool:
    return ids.get(entry.number) == gap.name or _marked(entry) == gap.name


def _marked(entry: Entry) -> str:
    """The gap that the first line names, as in `# mean: from x`."""
    found = re.match(r"(?:\s*%.*\n)*\s*#\s*(\w+):", entry.source)
    return found[1] if found else ""


def _without_magics(source: str) -> str:
    """A cell as plain Python, line by line."""
    return re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source)


def assigned_since(names: Iterable[str], entry: Entry, ran: Sequence[Entry]) -> tuple[str, Entry] | None:
    """The newest cell after `entry` that sets one of these names again, and which; None if there is none.

    Args:
        names: To look for.
        entry: The cell behind which the search begins.
        ran: All cells that have run, in their order.
    """
    for one in reversed(ran):
        if one.number <= entry.number:
            return None
        again = [name for name in names if name in one.source and name in assigned(one.source)]
        if again:
            return again[0], one
    return None


def last_to_set(name: str, ran: Sequence[Entry], gap: Gap, answer: Entry) -> Entry | None:
    """The newest cell that sets `name` and is no run of the gap's own cell.

    Args:
        name: To look for.
        ran: All cells that have run, in their order.
        gap: The gap that is checked.
        answer: The cell that ran as its answer.
    """
    others = (one for one in reversed(ran) if one.source != answer.source and _marked(one) != gap.name)
    return next((one for one in others if _sets(one, [name])), None)


def was_set_by_gap(name: str, ran: Sequence[Entry], gap: Gap) -> bool:
    """Whether the newest cell that sets `name` is one of a gap.

    Args:
        name: That is looked for.
        ran: All cells that were run, oldest first.
        gap: Any gap of the notebook.
    """
    cell = next((one for one in reversed(ran) if _sets(one, [name])), None)
    return cell is not None and _marked(cell) in gap.neighbours


def _sets(entry: Entry, names: Iterable[str]) -> bool:
    wanted = [name for name in names if name in entry.source]
    return bool(wanted) and not assigned(entry.source).isdisjoint(wanted)


def is_untouched(gap: Gap, source: str) -> bool:
    """Whether a cell is still as handed out, or holds nothing but comments."""
    lines, handed_out = _code_lines(source), _code_lines(gap.stub)
    return not lines or lines == handed_out


def _code_lines(source: str) -> list[list[str]]:
    return [line.split() for line in source.split("\n") if line.strip() and not line.strip().startswith("#")]


@lru_cache(maxsize=4096)  # a long session is searched again at every check
def assigned(source: str) -> frozenset[str]:
    """Names that a cell sets, defines or imports at the top level; none if it is no plain Python."""
    try:
        tree = ast.parse(_without_magics(source))
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(name for statement in tree.body for name in _bound(statement))


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return []
    own = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
    return own + [name for child in ast.iter_child_nodes(node) for name in _bound(child)]


def is_imported(name: str, source: str) -> bool:
    """Whether a cell imports `name`."""
    body = ast.parse(_without_magics(source)).body
    return any(isinstance(one, ast.Import | ast.ImportFrom) and name in _bound(one) for one in body)


def value_of(name: str, source: str) -> ast.expr | None:
    """The expression of a plain assignment `name = ...` at the top level; None if it is set in another way."""
    statements = [one for one in ast.parse(_without_magics(source)).body if name in _bound(one)]
    if not statements or not all(isinstance(one, ast.Assign) for one in statements):
        return None
    last = statements[-1]
    assert isinstance(last, ast.Assign)
    for target in last.targets:
        if isinstance(target, ast.Name) and target.id == name:
            return last.value
        if isinstance(target, ast.Tuple) and isinstance(last.value, ast.Tuple):
            pairs = zip(target.elts, last.value.elts, strict=False)
            return next((value for one, value in pairs if isinstance(one, ast.Name) and one.id == name), None)
    return None
