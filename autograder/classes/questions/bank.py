"""For one notebook: other numbers for questions, and what the reference gives on them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.model import Answer, Gap, Outcome, Plan, Submission, Transcript, Twin, TwinKind, Value
from lab import questions
from lab.deciding import parting
from lab.judge import equal
from lab.questions import Change

VARIANTS, TURNS, OTHERS = 6, 2, 2
"""Pairs of changes for each gap, changes that make a result 0, and other sets of numbers for a notebook."""

Changes = tuple[Change, Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Other numbers for the questions of one notebook. None of them is a number that decides a mark.

    Attributes:
        plan: The notebook on the page, on other numbers, and on the page with one or two changes before one gap.
        reference: What the source notebook gives on all of them.
        changes: By gap and twin, two changes that change a result.
        turns: By gap and twin, one change that makes a result 0, or makes something else of a 0.
        others: By gap, the twins with other numbers.
    """

    plan: Plan
    reference: Transcript
    changes: Mapping[str, Mapping[str, Changes]]
    turns: Mapping[str, Mapping[str, Change]]
    others: Mapping[str, tuple[str, ...]]

    @property
    def page(self) -> Plan:
        """The notebook on the page alone."""
        return self.on(self.plan.page.name)

    def on(self, *twins: str) -> Plan:
        """The notebook on some of the numbers alone, which may be shown: no mark depends on them."""
        gaps = tuple(replace(gap, open_twins=twins) for gap in self.plan.gaps)
        return replace(self.plan, gaps=gaps, twins=tuple(twin for twin in self.plan.twins if twin.name in twins))


def bank_of(grader: Grader, name: str) -> Bank:
    """The bank of one notebook. Its numbers are drawn from what is no secret of the marks.

    Args:
        grader: Whose course and sandbox are used.
        name: Key of the notebook.

    Raises:
        KitError: The notebook and its checks do not fit.
    """
    plan = Course(grader.course.root, f"questions {grader.course.secret}").plan(name)
    others = [twin for twin in plan.twins if twin.kind is TwinKind.GENERAL and "_" in twin.name][:OTHERS]
    plan = replace(plan, twins=(plan.page, *others))
    plain = grader.replay_on(plan, None, plan.source)
    variants = [(gap, *variant) for gap in plan.gaps for variant in _variants(plan, gap, plain)]
    wide = replace(plan, twins=(*plan.twins, *(twin for _, twin, _ in variants)))
    reference = grader.replay_on(wide, None, plan.source)
    told: dict[str, dict[str, Changes]] = {gap.name: {} for gap in plan.gaps}
    turns: dict[str, dict[str, Change]] = {gap.name: {} for gap in plan.gaps}
    for gap, twin, changes in variants:
        before, after = (reference.answer(name, gap.name) for name in (plan.page.name, twin.name))
        if len(changes) > 1 and _tells(gap, before, after):
            told[gap.name][twin.name] = changes[0], changes[1]
        if len(changes) == 1 and len(turns[gap.name]) < TURNS and parting(before.values, after.values):
            turns[gap.name][twin.name] = changes[0]
    used = {name for by_gap in (told, turns) for of_gap in by_gap.values() for name in of_gap}
    plan = replace(plan, twins=(*plan.twins, *(twin for _, twin, _ in variants if twin.name in used)))
    by_gap = {gap.name: tuple(twin.name for twin in others if twin.judges(gap.name)) for gap in plan.gaps}
    return Bank(plan=plan, reference=reference, changes=told, turns=turns, others=by_gap)


def given_to(plan: Plan, gap: Gap, twin: Twin, reference: Transcript) -> dict[str, Value]:
    """What a gap is told to use, as it stands before the gap on a twin; functions of the notebook are left out.

    Args:
        plan: Of the notebook.
        gap: Of the plan.
        twin: Of the plan.
        reference: What the source notebook gives on it.
    """
    values = dict(twin.givens)
    for earlier in plan.gaps[: plan.gaps.index(gap)]:
        values |= reference.answer(twin.name, earlier.name).values
    values |= {**twin.before.get(gap.name, {}), **twin.probes.get(gap.name, {})}
    return {name: values[name] for name in gap.inputs if name in values}


def _variants(plan: Plan, gap: Gap, plain: Transcript) -> list[tuple[Twin, Sequence[Change]]]:
    rng = random.Random(f"{plan.notebook}/{gap.name}")
    given = given_to(plan, gap, plan.page, plain)
    drawn = dict.fromkeys(questions.draw_changes(given, rng) for _ in range(4 * VARIANTS))
    pairs = [changes for changes in drawn if changes][:VARIANTS]
    signs = questions.negations(given)
    chosen = [*pairs, *([change] for change in rng.sample(signs, min(VARIANTS, len(signs))))]
    return [
        (_variant(plan, gap, f"{gap.name}-{number}", questions.changed(given, changes)), changes)
        for number, changes in enumerate(chosen)
    ]


def _variant(plan: Plan, gap: Gap, name: str, changed: Mapping[str, object]) -> Twin:
    """The page with other values before one gap; of a closed gap, which knows its givens alone, other givens."""
    values: dict[str, Value] = dict(changed)  # type: ignore[arg-type]  # multiples of numbers are numbers
    return Twin(
        name=name,
        kind=TwinKind.GENERAL,
        givens={**plan.page.givens, **values} if gap.closed else plan.page.givens,
        before={} if gap.closed else {gap.name: values},
        probes={gap.name: values} if gap.driver else {},
        only=frozenset([gap.name]),
    )


def _tells(gap: Gap, before: Answer, after: Answer) -> bool:
    """Whether the changes change a result, and leave all of them there."""
    if after.outcome is not Outcome.ANSWERED or set(after.values) != set(before.values):
        return False
    return not all(equal(after.values[name], value, tolerance=gap.tolerance) for name, value in before.values.items())


def with_source(submission: Submission, gap: str, source: str) -> Submission:
    """A submission with another text in one gap.

    Args:
        submission: Of a notebook.
        gap: Name of the gap.
        source: What stands in its cell instead.
    """
    cells = tuple(replace(cell, source=source) if cell.grade_id == gap else cell for cell in submission.cells)
    return replace(submission, cells=cells)
