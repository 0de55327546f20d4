"""A question about the cell that was run last for a gap, and its answer, found by running that cell again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell

from lab import cells, kernel, questions
from lab.checks import compiled
from lab.deciding import Ran, deciding_line, parting
from lab.gaps import Answer, Gap, Numbers, fresh_all
from lab.names import NOTHING, needs_of
from lab.questions import CHANGE, DECIDES, KINDS, LINE, NUMBERS, Change, Question
from lab.stage import answer_on

TRIES = 12
"""How often a question of one kind is drawn, until one can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A right cell, ready to be run again with other text or on other numbers."""

    gap: Gap
    source: str
    run: Callable[[str, Numbers], Answer]

    def results(self, source: str, numbers: Numbers) -> dict[str, object]:
        """What a text gives on some numbers, by the names that students know."""
        return self.named(self.run(source, numbers))

    def named(self, answer: Answer) -> dict[str, object]:
        """Results by the names that students know."""
        return {self.gap.called(name): value for name, value in answer.values.items()}


def question_about(gap: Gap, shell: InteractiveShell, number: int) -> Question | None:
    """The question of this number about a right gap, the kinds in turn; None if there is nothing to ask.

    Args:
        gap: Whose cell was run last and is right.
        shell: Where it was run; its namespace is as before when this returns.
        number: From 0; the same number draws the same question from the same cell.
    """
    ran = cells.entries(kernel.history(shell))
    entry = cells.answer_to(gap, ran, kernel.memory(shell).cells)
    if entry is None:
        return None
    name = f"<In [{entry.number}], asked>"
    code = compiled(entry.source, name, shell)
    needs = NOTHING if gap.closed else needs_of(code, gap, shell.user_ns, ran, entry)

    def run(source: str, numbers: Numbers) -> Answer:
        return answer_on(numbers, gap, compiled(source, name, shell), needs, shell, name)

    cell = _Cell(gap=gap, source=entry.source, run=run)
    rng = random.Random(f"{gap.name}/{number}")
    turn = number % len(KINDS)
    for kind in (*KINDS[turn:], *KINDS[:turn]):
        for _ in range(TRIES):
            question = _MAKERS[kind](cell, rng)
            if question:
                return question
    return None


def _given(gap: Gap, numbers: Numbers) -> dict[str, Any]:
    """What the gap is told to use, on a set of numbers; functions of the notebook are left out."""
    values = fresh_all({**numbers.state, **numbers.probe})
    return {name: values[name] for name in gap.inputs if name in values}


def _about_change(cell: _Cell, rng: random.Random) -> Question | None:
    gap, page = cell.gap, cell.gap.numbers[0]
    given = _given(gap, page)
    changes = questions.draw_changes(given, rng)
    if changes is None:
        return None
    before, after = cell.results(cell.source, page), cell.results(cell.source, _changed(gap, given, changes))
    return questions.about_change(gap.name, changes, given, before, after, gap.tolerance)


def _changed(gap: Gap, given: Mapping[str, Any], changes: Sequence[Change]) -> Numbers:
    """The page's numbers with changes before the gap."""
    page = gap.numbers[0]
    stored = {name: _stored(value) for name, value in questions.changed(given, changes).items()}
    probe = {**page.probe, **stored} if gap.driver else page.probe
    return replace(page, name="asked", page=False, state={**page.state, **stored}, probe=probe)


def _about_deciding(cell: _Cell, rng: random.Random) -> Question | None:
    gap, page = cell.gap, cell.gap.numbers[0]
    given = _given(gap, page)
    changes = questions.negations(given)
    if not changes:
        return None
    change = rng.choice(changes)
    other = _changed(gap, given, [change])

    def run(source: str) -> list[Ran]:
        answers = [cell.run(source, numbers) for numbers in (page, other)]
        return [Ran(values=cell.named(answer), error=answer.raised) for answer in answers]

    before, after = run(cell.source)
    zero = parting(before.values, after.values)
    number = deciding_line(cell.source, zero, run) if zero else None
    if zero is None or number is None:
        return None
    line = number, cell.source.split("\n")[number - 1]
    return questions.about_deciding(gap.name, change, given, before.values, zero, line)


def _about_line(cell: _Cell, rng: random.Random) -> Question | None:
    lines = questions.lines_to_take_out(cell.source)
    if not lines:
        return None
    number, page = rng.choice(lines), cell.gap.numbers[0]
    without = cell.run(questions.without_line(cell.source, number), page)
    line = cell.source.split("\n")[number - 1]
    before, after = cell.results(cell.source, page), cell.named(without)
    return questions.about_line(cell.gap.name, number, line, before, after, without.raised, cell.gap.tolerance)


def _about_numbers(cell: _Cell, rng: random.Random) -> Question | None:
    others = cell.gap.numbers[1:]
    if not others:
        return None
    numbers = rng.choice(others)
    return questions.about_numbers(cell.gap.name, _given(cell.gap, numbers), cell.results(cell.source, numbers))


_MAKERS: Mapping[str, Callable[[_Cell, random.Random], Question | None]] = {
    CHANGE: _about_change,
    DECIDES: _about_deciding,
    LINE: _about_line,
    NUMBERS: _about_numbers,
}


def _stored(value: object) -> object:
    """A value in the form in which open numbers are kept."""
    return {"array": value.tolist()} if isinstance(value, np.ndarray) else value
