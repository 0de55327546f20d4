"""One verdict under every secret: the numbers are drawn, what an answer earns is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograder.author.mutation import mutants
from autograder.course.cells import with_answers
from autograder.course.course import Course
from autograder.judging import checking
from autograder.judging.grading import Grader
from autograder.judging.mistakes import known_mistakes
from autograder.model import CheckKind, Plan

Answers = Sequence[tuple[str, str, str]]
"""Gap, name and source of each."""
Verdicts = Mapping[str, tuple[str, ...]]
"""By the name of an answer, the kinds of check that it fails."""


def known(course: Course, notebook: str) -> Answers:
    """The known mistakes of a notebook."""
    return [(one.gap, one.slug, one.source) for one in known_mistakes(course, notebook)]


def changed(plan: Plan) -> Answers:
    """Every small change to every solution of a notebook."""
    return [(gap.name, f"{gap.name}: {one.change}", one.source) for gap in plan.gaps for one in mutants(gap.solution)]


def verdicts(grader: Grader, name: str, answers: Answers) -> Verdicts:
    """What each of these answers to a notebook loses under the grader's secret.

    Args:
        grader: Of a course under some secret.
        name: Of the notebook.
        answers: One gap's cell each.
    """
    plan, reference = grader.course.plan(name), grader.reference(name)
    packed = list(_packed(answers))
    submissions = [with_answers(plan, {gap: source for gap, (_, source) in one.items()}) for one in packed]
    found: dict[str, tuple[str, ...]] = {}
    for carried, transcript in zip(packed, grader.replay_ours(name, submissions), strict=True):
        for gap, (slug, _) in carried.items():
            case = checking.case_of(plan, plan.gap(gap), transcript, reference)
            failed = {kind for kind, result in checking.results(grader.checks, case) if not result.passed}
            failed = {CheckKind.VALUE} & failed or failed  # a wrong value takes the other shares with it
            found[slug] = tuple(sorted(kind.value for kind in failed))
    return found


def _packed(answers: Answers) -> Iterator[dict[str, tuple[str, str]]]:
    """One answer in every gap at a time, by gap: its name and its source."""
    left: dict[str, list[tuple[str, str]]] = {}
    for gap, slug, source in answers:
        left.setdefault(gap, []).append((slug, source))
    while any(left.values()):
        yield {gap: waiting.pop(0) for gap, waiting in left.items() if waiting}


def depending(course: Course, secrets: Sequence[str], *, small_changes: bool = False) -> dict[str, list[str]]:
    """Answers whose verdict depends on the secret.

    Args:
        course: Whose notebooks are graded.
        secrets: Under which they are, the first of them being what the others are compared with.
        small_changes: Try every small change to every solution, too; a minute for each secret.

    Returns:
        By the name of an answer, the secrets under which it loses something else than under the first.
    """
    first: dict[str, Verdicts] = {}
    found: dict[str, list[str]] = {}
    for secret in secrets:
        with Grader(Course(course.root, secret)) as grader:
            for name in grader.course.sources:
                answers = [*known(grader.course, name), *(changed(grader.course.plan(name)) if small_changes else [])]
                its = verdicts(grader, name, answers)
                usual = first.setdefault(name, its)
                for slug in (slug for slug, lost in its.items() if lost != usual[slug]):
                    found.setdefault(slug, []).append(secret)
    return found
