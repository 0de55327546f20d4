"""Notebooks changed at random: some gaps are solved, then cells, metadata, JSON and code are spoiled."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.model import Plan

from .cases import Book, Cell, code, id_of, text

GARBAGE = (
    "1 / 0",
    "x = None",
    "del x, w, z, inputs, weights, dvalues",
    "raise SystemExit(0)",
    "def check(*_):\n    return True",
    "import numpy as np\nnp.dot = np.sum = np.allclose = lambda *a, **k: 0",
    "globals().clear()",
    "print('a' * 10_000)",
    "(((",
    "\tx = 1\n  y = 2",
    "\x00",
    "%%bash\nls",
    "!ls",
    "?x",
    "async def f():\n    await g()",
    "return 5",
    "from lab import *",
    "import os\nos._exit(0)",
    "z = [z] * 3",
    "\N{SNOWMAN} = 1",
)
HARMLESS = ("1 / 0", "x = w = z = None", "raise SystemExit(0)", "(((", "%%bash\nls", "return 5", "print(z)", "# a note")
"""In a cell of one's own; what takes numpy away from everybody is not among them."""
HANGING = "while True:\n    pass"
NOTHINGS: tuple[Any, ...] = (None, True, 0, -1, 1e308, "", "x", [], {}, [None], {"a": 1}, [[[]]])


@dataclass(frozen=True, slots=True)
class Mutated:
    """A notebook changed at random: its bytes, and the gaps that were solved before."""

    data: bytes
    solved: frozenset[str]


def start(plan: Plan, rng: random.Random) -> tuple[Book, frozenset[str]]:
    """A notebook with about half of its gaps solved, the others as handed out."""
    book = Book(plan.notebook, plan.assignment)
    solved = frozenset(gap.name for gap in plan.gaps if rng.random() < 0.5)
    for gap in plan.gaps:
        book[gap.name]["source"] = gap.solution if gap.name in solved else gap.stub
    return book, solved


def mutated(plan: Plan, seed: int) -> Mutated:
    """A notebook after one to eight changes of any kind."""
    rng = random.Random(f"{plan.notebook} {seed}")
    book, solved = start(plan, rng)
    for change in rng.choices(CHANGES, k=rng.randint(1, 8)):
        if book.cells:
            change(book.cells, rng)
    data = book.bytes()
    if rng.random() < 0.15:
        data = _spoil_bytes(data, rng)
    return Mutated(data, solved)


def gently_changed(plan: Plan, seed: int) -> Mutated:
    """A notebook after changes that leave every solution whole: they may not cost a point."""
    rng = random.Random(f"{plan.notebook} {seed}")
    book, solved = start(plan, rng)
    for change in (*GENTLE, *rng.choice([(_shuffle,), (_copies_above, _empty_copies_below)])):
        if rng.random() < 0.4:
            change(book.cells, rng)
    if rng.random() < 0.3:
        book.without_metadata()
    return Mutated(book.bytes(), solved)


Change = Callable[[list[Cell], random.Random], object]


def _at(cells: Sequence[Cell], rng: random.Random) -> int:
    return rng.randrange(len(cells))


def _text_of(cell: Cell) -> str:
    found = cell.get("source")
    return found if isinstance(found, str) else ""


def _delete(cells: list[Cell], rng: random.Random) -> None:
    del cells[_at(cells, rng)]


def _duplicate(cells: list[Cell], rng: random.Random) -> None:
    cells.insert(_at(cells, rng), copy.deepcopy(rng.choice(cells)))


def _move(cells: list[Cell], rng: random.Random) -> None:
    cells.insert(_at(cells, rng), cells.pop(_at(cells, rng)))


def _shuffle(cells: list[Cell], rng: random.Random) -> None:
    rng.shuffle(cells)


def _merge(cells: list[Cell], rng: random.Random) -> None:
    start = _at(cells, rng)
    part = cells[start : start + rng.randint(2, 5)]
    cells[start : start + len(part)] = [rng.choice(part) | {"source": "\n\n".join(map(_text_of, part))}]


def _split(cells: list[Cell], rng: random.Random) -> None:
    at = _at(cells, rng)
    lines = _text_of(cells[at]).split("\n")
    cut = rng.randint(0, len(lines))
    halves = ["\n".join(lines[:cut]), "\n".join(lines[cut:])]
    cells[at : at + 1] = [copy.deepcopy(cells[at]) | {"source": half} for half in halves]


def _empty(cells: list[Cell], rng: random.Random) -> None:
    rng.choice(cells)["source"] = rng.choice(["", "#", "pass", " \n\n"])


def _retype(cells: list[Cell], rng: random.Random) -> None:
    rng.choice(cells)["cell_type"] = rng.choice(["code", "markdown", "raw", "heading", None, 7])


def _insert_own(cells: list[Cell], rng: random.Random) -> None:
    source = HANGING if rng.random() < 0.03 else rng.choice(GARBAGE)
    cells.insert(_at(cells, rng), code(source))


def _replace_by_garbage(cells: list[Cell], rng: random.Random) -> None:
    rng.choice(cells)["source"] = rng.choice(GARBAGE)


def _append_garbage(cells: list[Cell], rng: random.Random) -> None:
    cell = rng.choice(cells)
    cell["source"] = f"{_text_of(cell)}\n{rng.choice(GARBAGE)}"


def _spoil_metadata(cells: list[Cell], rng: random.Random) -> None:
    cell = rng.choice(cells)
    false_claim = {"nbgrader": {"grade_id": id_of(rng.choice(cells)), "solution": True, "grade": True, "points": 99}}
    cell["metadata"] = rng.choice([{}, false_claim, {"tags": ["skip-execution"]}, {"nbgrader": {}}])


def _strip_metadata(cells: list[Cell], rng: random.Random) -> None:
    for cell in cells:
        cell["metadata"] = {}
        cell.pop("id", None)


def _exchange_sources(cells: list[Cell], rng: random.Random) -> None:
    one, other = rng.choice(cells), rng.choice(cells)
    one["source"], other["source"] = _text_of(other), _text_of(one)


def _spoil_json(cells: list[Cell], rng: random.Random) -> None:
    cell = rng.choice(cells)
    key = rng.choice(["source", "cell_type", "outputs", "id", "execution_count", "input"])
    cell[key] = copy.deepcopy(rng.choice(NOTHINGS))
    if rng.random() < 0.3:
        cell["metadata"]["nbgrader"] = copy.deepcopy(rng.choice(NOTHINGS))


def _spoil_code(cells: list[Cell], rng: random.Random) -> None:
    cell = rng.choice([cell for cell in cells if id_of(cell)] or cells)
    tokens = re.findall(r"\w+|\s+|[^\w\s]", _text_of(cell)) or [""]
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(tokens))
        tokens[at] = rng.choice(["", tokens[at] * 2, rng.choice(tokens), "0", "(", "\n", "x", "None", "lambda"])
    cell["source"] = "".join(tokens)


def _shuffle_lines(cells: list[Cell], rng: random.Random) -> None:
    cell = rng.choice(cells)
    lines = _text_of(cell).split("\n")
    rng.shuffle(lines)
    cell["source"] = "\n".join(lines)


CHANGES: tuple[Change, ...] = (
    _delete,
    _duplicate,
    _move,
    _shuffle,
    _merge,
    _split,
    _empty,
    _retype,
    _insert_own,
    _replace_by_garbage,
    _append_garbage,
    _spoil_metadata,
    _strip_metadata,
    _exchange_sources,
    _spoil_json,
    _spoil_code,
    _spoil_code,
    _shuffle_lines,
)


def _spoil_bytes(data: bytes, rng: random.Random) -> bytes:
    kind = rng.randrange(4)
    if kind == 0:
        return data[: rng.randrange(len(data))]
    if kind == 1:
        return rng.randbytes(rng.randrange(20)) + data
    changed = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        changed[rng.randrange(len(changed))] = rng.randrange(256) if kind == 2 else ord("\\")
    return bytes(changed)


def _own_cells(cells: list[Cell], rng: random.Random) -> None:
    for _ in range(5):
        cells.insert(_at(cells, rng), rng.choice([code, text])(rng.choice(HARMLESS)))


def _without_others(cells: list[Cell], rng: random.Random) -> None:
    """Delete cells that are no gaps."""
    cells[:] = [cell for cell in cells if "check" not in id_of(cell) or rng.random() < 0.5]
    cells[:] = [cell for cell in cells if id_of(cell) or rng.random() < 0.5]


def _copies_above(cells: list[Cell], rng: random.Random) -> None:
    """Earlier tries above the gaps' cells, with or without metadata."""
    for at in range(len(cells) - 1, -1, -1):
        if id_of(cells[at]) and rng.random() < 0.2:
            made = copy.deepcopy(cells[at]) | {"source": f"# a try\n{rng.choice(HARMLESS[:2])}"}
            cells.insert(at, made)


def _empty_copies_below(cells: list[Cell], rng: random.Random) -> None:
    for at in range(len(cells) - 1, -1, -1):
        if id_of(cells[at]) and rng.random() < 0.2:
            cells.insert(at + 1, copy.deepcopy(cells[at]) | {"source": rng.choice(["", "# nothing"])})


def _to_text(cells: list[Cell], rng: random.Random) -> None:
    for cell in rng.sample(cells, k=3):
        cell["cell_type"] = "markdown"


def _foreign_metadata(cells: list[Cell], rng: random.Random) -> None:
    for cell in cells:
        cell["metadata"]["tags"] = rng.choice([["skip-execution"], ["raises-exception"], None])
        cell["outputs"] = rng.choice(NOTHINGS)


def _some_lose_metadata(cells: list[Cell], rng: random.Random) -> None:
    for cell in rng.sample(cells, k=len(cells) // 3):
        cell["metadata"] = {}
        cell.pop("id", None)


def _in_lines(cells: list[Cell], rng: random.Random) -> None:
    for cell in cells:
        cell["source"] = _text_of(cell).splitlines(keepends=True)


GENTLE: tuple[Change, ...] = (
    _without_others,  # first, while gaps have their metadata
    _own_cells,
    _to_text,
    _foreign_metadata,
    _some_lose_metadata,
)
