"""For one notebook: other numbers for questions, and what the reference gives on them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.model import Answer, Gap, Outcome, Plan, Submission, Transcript, Twin, TwinKind, Value
from lab import questions
from lab.judge import equal
from lab.questions import Change

VARIANTS, OTHERS = 6, 2
"""Pairs of changes for each gap, and other sets of numbers for a notebook."""

Changes = tuple[Change, Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Other numbers for the questions of one notebook. None of them is a number that decides a mark.

    Attributes:
        plan: The notebook on the page, on other numbers, and on the page with two changes before one gap.
        reference: What the source notebook gives on all of them.
        changes: By gap and twin, the changes.
        others: By gap, the twins with other numbers.
    """

    plan: Plan
    reference: Transcript
    changes: Mapping[str, Mapping[str, Changes]]
    others: Mapping[str, tuple[str, ...]]

    @property
    def page(self) -> Plan:
        """The notebook on the page alone."""
        return replace(self.plan, twins=self.plan.twins[:1])


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
    kept: list[Twin] = []
    for gap, twin, changes in variants:
        if _tells(gap, reference.answer(plan.page.name, gap.name), reference.answer(twin.name, gap.name)):
            told[gap.name][twin.name] = changes
            kept.append(twin)
    plan = replace(plan, twins=(*plan.twins, *kept))
    by_gap = {gap.name: tuple(twin.name for twin in others if twin.judges(gap.name)) for gap in plan.gaps}
    return Bank(plan=plan, reference=reference, changes=told, others=by_gap)


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


def _variants(plan: Plan, gap: Gap, plain: Transcript) -> list[tuple[Twin, Changes]]:
    rng = random.Random(f"{plan.notebook}/{gap.name}")
    given = given_to(plan, gap, plan.page, plain)
    found: dict[Changes, Twin] = {}
    for _ in range(4 * VARIANTS):
        changes = questions.draw_changes(given, rng)
        if changes and changes not in found and len(found) < VARIANTS:
            found[changes] = _variant(plan, gap, f"{gap.name}-{len(found)}", questions.changed(given, changes))
    return [(twin, changes) for changes, twin in found.items()]


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
