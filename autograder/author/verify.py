"""The kit grades itself: solutions, untouched notebooks, honest styles, known mistakes, naming, mutants, leaks.

Every finding names a file, a cell and the next step.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from autograder.author.inventory import equivalents, honest_rows, inventory, wrong_rows
from autograder.author.leaks import leaks
from autograder.author.missing import missing
from autograder.author.mutation import Mutant, mutants
from autograder.course.cells import with_answers
from autograder.course.course import Course
from autograder.course.tables import HonestRow, WrongRow
from autograder.judging import checking, scoring
from autograder.judging.grading import Grader
from autograder.judging.mistakes import (
    Mistake,
    Named,
    in_the_open,
    known_mistakes,
    same_answers,
    same_values,
    without_corners,
)
from autograder.model import Cell, CellKind, CheckResult, Gap, Plan, Status, Submission, Transcript

Entry = TypeVar("Entry")


@dataclass(slots=True)
class Report:
    """What was found: faults as texts, and counts by name in the order they were first counted."""

    findings: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, other: Report) -> None:
        """Take over what another report found."""
        self.findings += other.findings
        self.counts.update(other.counts)  # unlike +=, which drops a count of 0


def verify(grader: Grader, *, workers: int, told: Callable[[str], object]) -> Report:
    """Have the kit grade itself, on all notebooks.

    Args:
        grader: The course, with twins of a secret that is always the same.
        workers: Notebooks graded at once.
        told: Gets one line for each part that is done.
    """
    report = Report()
    names = list(grader.course.sources)
    report.findings += inventory(grader.course, grader.checks)
    report.findings += [text for name in names for text in missing(grader.course, name)]
    told("Read all data: every gap has what it needs, and every row belongs to something.")
    with ThreadPoolExecutor(workers) as pool:
        for part, text in PARTS.items():
            for found in pool.map(partial(part, grader), names):
                report.add(found)
            told(text)
    report.counts["ticked_but_lost"] += 0
    report.findings += _unnamed(report.counts)
    report.findings += _idle_checks(grader, names)
    report.findings += _unchecked(grader.course)
    report.findings += leaks(grader.course, grader.course.root / "release")
    told("Looked for leaks in release/.")
    return report


def _unchecked(course: Course) -> list[str]:
    """Notebooks that nobody's work is graded on."""
    return [
        f"{path.relative_to(course.root)} has no checks, so nobody's work on it is graded. Write "
        f"{course.folders.checks.relative_to(course.root) / path.stem}.toml, or take the notebook out of source/."
        for path in course.unchecked
    ]


def _ends(grader: Grader, name: str) -> Report:
    """Solutions that are not right, and gaps as handed out that are not untouched."""
    plan, report = grader.course.plan(name), Report()
    path = plan.path
    report.counts["gaps"] += len(plan.gaps)
    for gap, status, _ in judge(grader, plan, plan.source):
        if status is not Status.RIGHT:
            report.findings.append(f"{path}: the solution of gap {gap.name} is graded {status}. Mend it, or its twins.")
    handed_out = f"release/{plan.assignment}/{plan.name}.ipynb"
    untouched = grader.course.root / handed_out
    if not untouched.exists():
        report.findings.append(f"{handed_out} is missing. Run `autograder generate`.")
        return report
    graded = grader.grade(untouched.read_bytes(), student="-", name=name)
    for result in graded.record.gaps:
        if result.status is not Status.UNTOUCHED or result.score:
            report.findings.append(
                f"{handed_out}: gap {result.gap} as handed out is graded {result.status}. "
                "Look at what stands outside its solution region."
            )
    return report


def judge(grader: Grader, plan: Plan, submission: Submission) -> Iterator[tuple[Gap, Status, list[CheckResult]]]:
    """Status and check results of every gap of a submission, replayed like anybody's.

    Args:
        grader: Replays it.
        plan: Of the notebook.
        submission: The cells to judge, all of them in place.
    """
    return _judged(grader, plan, submission, grader.replay(submission))


def _judged(
    grader: Grader, plan: Plan, submission: Submission, transcript: Transcript
) -> Iterator[tuple[Gap, Status, list[CheckResult]]]:
    for gap in plan.gaps:
        status, results = judge_gap(grader, plan, gap, submission, transcript)
        yield gap, status, results


def judge_gap(
    grader: Grader, plan: Plan, gap: Gap, submission: Submission, transcript: Transcript
) -> tuple[Status, list[CheckResult]]:
    """Status and check results of one gap.

    Args:
        grader: Knows the reference.
        plan: Of the notebook.
        gap: The gap to judge.
        submission: The cells that were replayed.
        transcript: What they gave.
    """
    status = scoring.status_without_checks(plan, gap, submission, transcript)
    if status is not None:
        return status, []
    case = checking.case_of(plan, gap, transcript, grader.reference(plan.notebook))
    found = checking.results(grader.checks, case)
    return scoring.status_of(plan, gap, transcript, found), [result for _, result in found]


def _is_ticked(grader: Grader, plan: Plan, gap: Gap, submission: Submission, transcript: Transcript) -> bool:
    """Whether the notebook's check, which knows the open numbers only, calls this answer right."""
    return judge_gap(grader, in_the_open(plan, gap), gap, submission, transcript)[0] is Status.RIGHT


def _carriers(plan: Plan, entries: Sequence[Entry], gap_of: Callable[[Entry], str]) -> list[dict[str, Entry]]:
    """The entries packed into as few notebooks as hold one a gap, in every other gap only.

    The gaps between stay right, so a mistake that costs its neighbour is seen.
    """
    left = {gap.name: [entry for entry in entries if gap_of(entry) == gap.name] for gap in plan.gaps}
    packed = []
    for parity in (0, 1):
        waiting = [left[gap.name] for at, gap in enumerate(plan.gaps) if at % 2 == parity]
        while any(waiting):
            packed.append({gap_of(entries[0]): entries.pop(0) for entries in waiting if entries})
    return packed


def _honest(grader: Grader, name: str) -> Report:
    """Honest styles that are not right."""
    plan, report = grader.course.plan(name), Report()
    for carried in _carriers(plan, honest_rows(grader.course, name), lambda row: row.gap):
        submission = _with_honest(plan, carried)
        for gap, status, results in judge(grader, plan, submission):
            row = carried.get(gap.name)
            if row is not None:
                report.counts["honest"] += 1
                report.counts["honest_full"] += status is Status.RIGHT
            if status is not Status.RIGHT:
                style = f'honest style "{row.name}"' if row else "the solution beside honest styles"
                report.findings.append(
                    f"tests/honest/{name}.toml: {style} of gap {gap.name} is graded {status} ({_first(results)}). "
                    "The check is too strict, or the style is not right after all."
                )
    return report


def _first(results: Sequence[CheckResult]) -> str:
    return next((result.message for result in results if not result.passed), "no check failed")


def _with_honest(plan: Plan, carried: Mapping[str, HonestRow]) -> Submission:
    """The source notebook with honest answers, and with their helper cells before the gaps."""
    cells: list[Cell] = []
    sources = {gap: textwrap.dedent(row.source) for gap, row in carried.items()}
    for cell in with_answers(plan, sources).cells:
        style = carried.get(cell.grade_id)
        if style and style.before:
            cells.append(Cell(kind=CellKind.OWN, source=textwrap.dedent(style.before)))
        cells.append(cell)
    return Submission(assignment=plan.assignment, notebook=plan.notebook, sha256="", cells=tuple(cells))


def _mistakes(grader: Grader, name: str) -> Report:
    """Known mistakes that do not lose their own gap, or lose another, or get another's name."""
    plan, report = grader.course.plan(name), Report()
    known = known_mistakes(grader.course, name)
    where = f"autograder/checks/mistakes/{name}.toml"
    for carried in _carriers(plan, known, lambda mistake: mistake.gap):
        submission = with_answers(plan, {gap: mistake.source for gap, mistake in carried.items()})
        transcript = grader.replay(submission)
        for gap in plan.gaps:
            status, _ = judge_gap(grader, plan, gap, submission, transcript)
            mistake = carried.get(gap.name)
            if mistake is None:
                if status is not Status.RIGHT:
                    slugs = ", ".join(one.slug for one in carried.values())
                    report.findings.append(f"{where}: beside {slugs}, the right gap {gap.name} is graded {status}.")
                continue
            report.counts["mistakes"] += 1
            if status is not Status.RIGHT and _is_ticked(grader, plan, gap, submission, transcript):
                report.counts["ticked_but_lost"] += 1
                report.findings.append(
                    f"{where}: {mistake.slug} is right on all open numbers of gap {gap.name} and graded {status}. "
                    f"Give the gap an open twin that shows it, in autograder/checks/{name}.toml."
                )
            report.counts["mistakes_caught"] += status not in (Status.RIGHT, Status.UNTOUCHED)
            if status in (Status.RIGHT, Status.UNTOUCHED):
                report.findings.append(f"{where}: {mistake.slug} is graded {status}. Give a twin that catches it.")
            report.findings += _wrong_name(grader, plan, gap, transcript, mistake)
    report.findings += [f"{where}: no twin tells {one} from {other}." for one, other in alike(grader, plan)]
    return report


def _wrong_name(grader: Grader, plan: Plan, gap: Gap, transcript: Transcript, mistake: Mistake) -> list[str]:
    found = grader.name_of(plan, gap, transcript).slug
    if found in ("", mistake.slug, mistake.family):
        return []
    return [
        f"autograder/checks/mistakes/{plan.notebook}.toml: {mistake.slug} is named {found}. Make one of both differ."
    ]


def alike(grader: Grader, plan: Plan) -> list[tuple[str, str]]:
    """Pairs of known mistakes of different families that give the same on every twin."""
    known = list(grader.known_mistakes(plan.notebook).items())
    return [
        (one.slug, other.slug)
        for at, (one, its) in enumerate(known)
        for other, others in known[at + 1 :]
        if one.gap == other.gap and one.family != other.family and same_answers(plan, plan.gap(one.gap), its, others)
    ]


def _naming(grader: Grader, name: str) -> Report:
    """Wrong answers of the test set that pass, or are named wrongly."""
    plan, report = grader.course.plan(name), Report()
    known = grader.known_mistakes(name)
    report.counts.update(dict.fromkeys(("wrong_answers", "rewritings", "rewritings_named", *NAMED), 0))
    for carried in _carriers(plan, wrong_rows(grader.course, name), lambda row: row.gap):
        submission = with_answers(plan, {gap: textwrap.dedent(row.source) for gap, row in carried.items()})
        transcript = grader.replay(submission)
        for gap, row in ((plan.gap(gap), row) for gap, row in carried.items()):
            status, _ = judge_gap(grader, plan, gap, submission, transcript)
            found = grader.name_of(plan, gap, transcript)
            named = _named(plan, gap, row, found, transcript, known)
            rewriting = row.kind == "rewriting"
            report.counts.update(["wrong_answers", named, *["rewritings"] * rewriting])
            report.counts["rewritings_named"] += rewriting and named == "named_right"
            where = f'tests/wrong/{name}.toml: gap {gap.name}, "{row.name}"'
            if status in (Status.RIGHT, Status.UNTOUCHED) or (row.kind == "nonsense" and status is Status.PARTLY):
                report.findings.append(f"{where}: graded {status}. Give a twin that catches it.")
            if named == "named_wrong":
                report.findings.append(
                    f"{where}: named {found.slug}. Give a twin that tells them apart, or label the entry as what it is."
                )
    return report


NAMED = ("named_right", "unnamed", "named_wrong")
"""How naming ended for one wrong answer."""

ENOUGH_NAMED = 0.95
"""Share of the rewritings that must get the name of their family."""


def _named(
    plan: Plan,
    gap: Gap,
    row: WrongRow,
    found: Named,
    transcript: Transcript,
    known: Mapping[Mistake, Transcript],
) -> str:
    """Which of NAMED a name is.

    A rewriting is to get its family, or a mistake of it. The name of a pair may be that of one of the two, if the pair
    gives that one's values on every twin that named it. Nonsense has no name.
    """
    if not found.slug:
        return "unnamed"
    if row.kind == "rewriting":
        right = row.family == (found.mistake.family if found.mistake else found.slug)
    else:
        by_slug = {mistake.slug: mistake for mistake in known}
        meant = [by_slug[slug] for slug in row.mistakes]
        twins = without_corners(in_the_open(plan, gap)) if found.in_the_open else plan
        right = any(
            found.slug in (one.slug, one.family) and same_values(twins, gap, transcript, known[one]) for one in meant
        )
    return "named_right" if right else "named_wrong"


def _unnamed(counts: Mapping[str, int]) -> list[str]:
    """A finding if too few rewritings were named."""
    named, all_of_them = counts["rewritings_named"], counts["rewritings"]
    if named >= ENOUGH_NAMED * all_of_them:
        return []
    return [
        f"tests/wrong: only {named} of {all_of_them} rewritings got the name of their family. "
        "Add the commonest unnamed ones to autograder/checks/mistakes, or mend autograder/judging/mistakes.py."
    ]


def _mutants(grader: Grader, name: str) -> Report:
    """Small changes to solutions that pass, and solutions with too few of them."""
    plan, report = grader.course.plan(name), Report()
    equivalent = equivalents(grader.course)
    path = plan.path
    made = [(gap.name, mutant) for gap in plan.gaps for mutant in mutants(gap.solution)]
    for gap_name, count in Counter(gap for gap, _ in made).items():
        if count < 10:
            report.findings.append(
                f"autograder/author/mutation.py makes only {count} changes to gap {gap_name}; 10 are wanted."
            )
    packed = list(_packed(plan, made))
    submissions = [with_answers(plan, {gap: one.source for gap, one in carried.items()}) for carried in packed]
    transcripts = grader.replay_ours(name, submissions)
    for carried, submission, transcript in zip(packed, submissions, transcripts, strict=True):
        for gap, status, _ in _judged(grader, plan, submission, transcript):
            mutant = carried.get(gap.name)
            if mutant is None or (gap.name, mutant.change) in equivalent:
                continue
            report.counts["mutants"] += 1
            if status is not Status.RIGHT and _is_ticked(grader, plan, gap, submission, transcript):
                report.counts["ticked_but_lost"] += 1
                report.findings.append(
                    f"{path}: gap {gap.name} changed by `{mutant.change}` is right on all open numbers and graded "
                    f"{status}. Give the gap an open twin that shows it, in autograder/checks/{name}.toml."
                )
            report.counts["mutants_caught"] += status is not Status.RIGHT
            if status is Status.RIGHT:
                report.findings.append(
                    f"{path}: gap {gap.name} changed by `{mutant.change}` is not caught. "
                    "Give a twin that catches it, or list it in autograder/checks/equivalents.toml with the reason."
                )
    return report


def _packed(plan: Plan, made: list[tuple[str, Mutant]]) -> Iterator[dict[str, Mutant]]:
    """One mutant in every gap at a time."""
    left = {gap.name: [mutant for name, mutant in made if name == gap.name] for gap in plan.gaps}
    while any(left.values()):
        yield {gap: waiting.pop(0) for gap, waiting in left.items() if waiting}


def _idle_checks(grader: Grader, names: Sequence[str]) -> list[str]:
    """Checks that no known mistake needs: nothing fails them alone."""
    alone: set[str] = set()
    for name in names:
        plan = grader.course.plan(name)
        for mistake, transcript in grader.known_mistakes(name).items():
            submission = with_answers(plan, {mistake.gap: mistake.source})
            _, results = judge_gap(grader, plan, plan.gap(mistake.gap), submission, transcript)
            failed = [result.check for result in results if not result.passed]
            alone |= set(failed) if len(failed) == 1 else set()
    return [
        f"autograder/checks: no known mistake fails {check.name} alone. Add one, or remove the check."
        for check in grader.checks
        if check.name.removeprefix("test_") not in alone
    ]


PARTS: Mapping[Callable[[Grader, str], Report], str] = {
    _ends: "Graded every solution, and every notebook as handed out.",
    _honest: "Graded every honest style.",
    _mistakes: "Graded every known mistake: it loses its own gap and no other, and gets its own name.",
    _naming: "Named the test set of wrong answers: rewritings by their family, pairs and nonsense never wrongly.",
    _mutants: "Graded small changes to every solution.",
}
"""What is done with one notebook after the other, and what is said once it is done with all."""


def as_text(report: Report) -> str:
    """Findings, then `name: value` lines."""
    return "\n".join([*report.findings, *(f"{name}: {count}" for name, count in report.counts.items())])
