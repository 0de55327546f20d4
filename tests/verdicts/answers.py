"""Every answer of the repository, as notebooks that students hand in: what the snapshot of verdicts is taken of."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..engine.notebooks import Own, solutions
from .kit import Course, Plan, known_mistakes, mutants, read_toml

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer: a solved notebook but for what it changes.

    Attributes:
        kind: Where it is from, such as "known mistake".
        name: Unique among those of its kind, notebook and gap.
        gap: The one that is looked at; empty if all gaps of the notebook are.
        sources: Of the gaps' cells that are not the solution.
        own: Cells of the student's own.
        in_kernel: Whether `check` is asked as well; what would never end there, or fill the memory, is graded only.
        not_run: Cells of the course that the student has not run in the kernel.
    """

    kind: str
    name: str
    notebook: str
    gap: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    own: Own = ()
    in_kernel: bool = True
    not_run: tuple[str, ...] = ()


def answers(plan: Plan) -> list[Answer]:
    """All answers to a notebook, in an order of their own."""
    return [*_mistakes(plan), *_wrong(plan), *_honest(plan), *_mutants(plan), *_notebooks(plan), *_cases(plan)]


def _of_gap(plan: Plan, gap: str, kind: str, name: str, source: str, before: str = "") -> Answer:
    """An answer to one gap, with a cell of the student's own before it if there is one."""
    order = [cell.grade_id for cell in plan.source.cells]
    behind = order[order.index(gap) - 1]
    own = [(behind, textwrap.dedent(before).strip("\n"))] if before else []
    sources = {gap: textwrap.dedent(source).strip("\n")}
    return Answer(kind=kind, name=name, notebook=plan.notebook, gap=gap, sources=sources, own=own)


def _mistakes(plan: Plan) -> Iterator[Answer]:
    for one in known_mistakes(Course(ROOT, ""), plan.notebook):
        yield _of_gap(plan, one.gap, "known mistake", one.slug, one.source)


def _wrong(plan: Plan) -> Iterator[Answer]:
    for row in _rows("wrong", plan.notebook):
        yield _of_gap(plan, row["gap"], row["kind"], row["name"], row["source"])


def _honest(plan: Plan) -> Iterator[Answer]:
    for row in _rows("honest", plan.notebook):
        yield _of_gap(plan, row["gap"], "honest style", row["name"], row["source"], row.get("before", ""))


def _mutants(plan: Plan) -> Iterator[Answer]:
    """Changes to every solution; one that is made in several places is counted."""
    for gap in plan.gaps:
        met: Counter[str] = Counter()
        for one in mutants(gap.solution):
            met[one.change] += 1
            number = f" ({met[one.change]})" if met[one.change] > 1 else ""
            yield _of_gap(plan, gap.name, "mutant", one.change + number, one.source)


def _rows(kind: str, notebook: str) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = read_toml(ROOT / "tests" / kind / f"{notebook}.toml")[kind]
    return rows


def _notebooks(plan: Plan) -> Iterator[Answer]:
    """Whole notebooks: solved, as handed out, and worked in in honest ways."""
    yield Answer(kind="notebook", name="solved", notebook=plan.notebook)
    yield Answer(
        kind="notebook", name="as handed out", notebook=plan.notebook, sources={gap.name: gap.stub for gap in plan.gaps}
    )
    for row in read_toml(ROOT / "tests/honest/notebooks.toml")["notebook"]:
        if row["notebook"] == plan.notebook:
            yield _whole("honest notebook", row)


def _cases(plan: Plan) -> Iterator[Answer]:
    for row in read_toml(Path(__file__).parent / "cases.toml")["case"]:
        if row["notebook"] == plan.notebook:
            yield _whole("case", row)


def _whole(kind: str, row: Mapping[str, Any]) -> Answer:
    own = [(cell["after"], cell["source"].strip("\n")) for cell in row.get("own", ())]
    return Answer(
        kind=kind,
        name=row["name"],
        notebook=row["notebook"],
        sources={gap: source.strip("\n") for gap, source in row.get("answers", {}).items()},
        own=own,
        in_kernel=row.get("in_kernel", True),
        not_run=tuple(row.get("not_run", ())),
    )


def filled(plan: Plan, answer: Answer) -> dict[str, str]:
    """The source of every gap's cell in the answer's notebook."""
    return {**solutions(plan), **answer.sources}
