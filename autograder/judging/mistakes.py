"""Known mistakes: which one gives exactly what the student's gap gave, on every twin.

A known mistake is the source of one cell, and is run as a submission like any other. Since a slip costs only its own
gap, one replay carries one mistake in every gap.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from autograder.course.cells import with_answers
from autograder.course.course import Course
from autograder.course.tables import MistakeRow
from autograder.course.typed import place
from autograder.model import Answer, Gap, KitError, Outcome, Plan, Submission, Transcript, TwinKind, Value
from lab.judge import equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong answer that students are known to give.

    Attributes:
        slug: Unique over the course.
        family: What it has in common with others, when several give the same values.
        family_name: The same in a few words, from the course's settings.
        source: The whole gap cell.
        name: In a few words.
        seen: One sentence of what was observed.
        meaning: One sentence of what it usually means.
        question: One question that leads on; never the fix.
    """

    gap: str
    slug: str
    family: str
    family_name: str
    source: str
    name: str
    seen: str
    meaning: str
    question: str


def known_mistakes(course: Course, notebook: str) -> tuple[Mistake, ...]:
    """The known mistakes of a notebook of the course, from its data file.

    Raises:
        KitError: A field is misspelt, missing or of another kind, or names a gap or family that does not exist.
    """
    path = course.folders.mistakes / f"{notebook}.toml"
    rows = course.mistake_rows(notebook)
    gaps, families = course.sources[notebook].gaps, course.families
    found = tuple(
        _mistake(row, gaps, families, f"{path}, {place('mistake', at, row)}") for at, row in enumerate(rows, 1)
    )
    slugs = [mistake.slug for mistake in found]
    twice = [slug for slug in slugs if slugs.count(slug) > 1]
    if twice:
        raise KitError(f"{path}: two mistakes have the slug {twice[0]}. Give one of them another one.")
    return found


def _mistake(row: MistakeRow, gaps: Sequence[str], families: Mapping[str, str], where: str) -> Mistake:
    if row.gap not in gaps:
        raise KitError(f"{where}: `gap` is {row.gap}; the notebook has {', '.join(gaps)}. Correct it.")
    if row.family not in families:
        raise KitError(
            f"{where}: `family` is {row.family}; families.toml has {', '.join(families)}. Correct or add it."
        )
    fields = msgspec.structs.asdict(row)
    source = textwrap.dedent(row.source).strip("\n")
    return Mistake(**{**fields, "source": source, "family_name": families[row.family]})


def slugs_of(course: Course) -> list[str]:
    """What a wrong answer to any gap of the course can be named: known mistakes, then families."""
    known = [mistake.slug for name in course.sources for mistake in known_mistakes(course, name)]
    return [*known, *course.families]


def as_submissions(plan: Plan, mistakes: tuple[Mistake, ...]) -> Iterator[tuple[Submission, Mapping[str, Mistake]]]:
    """As few submissions as can carry all mistakes, one a gap, with the mistakes each carries."""
    left = {gap.name: [mistake for mistake in mistakes if mistake.gap == gap.name] for gap in plan.gaps}
    while any(left.values()):
        carried = {gap: waiting.pop(0) for gap, waiting in left.items() if waiting}
        yield with_answers(plan, {gap: mistake.source for gap, mistake in carried.items()}), carried


def same_answers(plan: Plan, gap: Gap, one: Transcript, other: Transcript) -> bool:
    """Whether two transcripts agree on a gap on every twin that judges it: outcome, values, conduct.

    Args:
        plan: Has the twins; others do not count.
        gap: The gap that is compared.
        one: What one submission gave.
        other: What another one gave.
    """
    return same_values(plan, gap, one, other) and _conduct(plan, gap, one) == _conduct(plan, gap, other)


def same_values(plan: Plan, gap: Gap, one: Transcript, other: Transcript) -> bool:
    """Whether two transcripts agree on a gap on every twin that judges it: outcome and values.

    Args:
        plan: Has the twins; others do not count.
        gap: The gap that is compared.
        one: What one submission gave.
        other: What another one gave.
    """
    return all(_same(gap, one.answer(twin, gap.name), other.answer(twin, gap.name)) for twin in _judging(plan, gap))


def _judging(plan: Plan, gap: Gap) -> list[str]:
    return [twin.name for twin in plan.twins if twin.judges(gap.name)]


def _same(gap: Gap, one: Answer, other: Answer) -> bool:
    if one.outcome is not other.outcome:
        return False
    if one.outcome is Outcome.RAISED:
        return _kind_of_error(one) == _kind_of_error(other)
    if one.outcome is not Outcome.ANSWERED or set(one.values) != set(other.values):
        return False
    return all(_same_value(gap, name, one.values[name], value) for name, value in other.values.items())


def _kind_of_error(answer: Answer) -> str:
    """The exception's type; shapes that do not fit are a ValueError of numpy's and an IndexError in a loop."""
    kind = answer.problem.partition(":")[0]
    return "ValueError" if kind == "IndexError" else kind


def _same_value(gap: Gap, name: str, one: Value, other: Value) -> bool:
    row = name in gap.accepts_row
    return any(
        equal(got, want, tolerance=gap.tolerance, accept_row=row)
        for got, want in ([(one, other), (other, one)] if row else [(one, other)])
    )


def _conduct(plan: Plan, gap: Gap, transcript: Transcript) -> list[tuple[set[str], set[str], bool, bool]]:
    """What else an answer did on each twin: inputs changed, or else shared, a second call that differs, variables used.

    Empty for a gap without points for it.
    """
    answers = [transcript.answer(twin, gap.name) for twin in _judging(plan, gap)] if gap.conduct_points else []
    return [
        (set(answer.touched), set(answer.shared).difference(answer.touched), answer.repeats, answer.needs_globals)
        for answer in answers
    ]


def _is_clean(plan: Plan, gap: Gap, transcript: Transcript) -> bool:
    return all(conduct == (set(), set(), True, False) for conduct in _conduct(plan, gap, transcript))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """How a wrong answer is called.

    Attributes:
        slug: The mistake, or the family if several of one family fit; empty if unknown.
        mistake: The mistake itself if it is the only one that fits.
        family_name: What the mistakes that fit have in common, if they are of one family.
        in_the_open: It fits only on the numbers that the student may see; on others the answer does something else.
    """

    slug: str = ""
    mistake: Mistake | None = None
    family_name: str = ""
    in_the_open: bool = False


def name_of(
    plan: Plan, gap: Gap, transcript: Transcript, known: Mapping[Mistake, Transcript], reference: Transcript
) -> Named:
    """The name of a wrong answer.

    A mistake fits if it gives the same on every twin. Where none does, one whose values are the same and whose conduct
    is clean still fits: its values are wrong for the reason it names, whatever else the answer changed on the way.
    Where none does either, the numbers that a student may see decide, and after them those without corner cases, if the
    answer is wrong on them: the notebook has given that name already, and such an answer mostly holds a second mistake.

    At least one twin must have answered: a gap that raises everywhere says too little.

    Args:
        plan: Of the notebook.
        gap: The gap that is wrong.
        transcript: What the submission gave.
        known: What each known mistake gave, of all gaps.
        reference: What the solutions gave.
    """
    found = _name_of(plan, gap, transcript, known, reference)
    if found.slug:
        return found
    seen = in_the_open(plan, gap)
    for fewer in (seen, without_corners(seen)):
        if same_answers(fewer, gap, transcript, reference):
            break
        found = _name_of(fewer, gap, transcript, known, reference)
        if found.slug:
            return replace(found, in_the_open=True)
    return Named()


def in_the_open(plan: Plan, gap: Gap) -> Plan:
    """The plan with no other twins than those whose numbers a student may see at this gap."""
    return replace(plan, twins=tuple(twin for twin in plan.twins if gap.shows(twin)))


def without_corners(plan: Plan) -> Plan:
    """The plan with the page and general twins only."""
    return replace(plan, twins=tuple(twin for twin in plan.twins if twin.kind is not TwinKind.EDGE))


def _name_of(
    plan: Plan, gap: Gap, transcript: Transcript, known: Mapping[Mistake, Transcript], reference: Transcript
) -> Named:
    """The name of an answer that all twins of the plan agree on."""
    if not any(transcript.answer(twin, gap.name).outcome is Outcome.ANSWERED for twin in _judging(plan, gap)):
        return Named()
    alike = {
        mistake: its
        for mistake, its in known.items()
        if mistake.gap == gap.name and same_values(plan, gap, transcript, its)
    }
    conduct = _conduct(plan, gap, transcript)
    fits = [mistake for mistake, its in alike.items() if _conduct(plan, gap, its) == conduct]
    if not fits and not same_values(plan, gap, transcript, reference):
        fits = [mistake for mistake, its in alike.items() if _is_clean(plan, gap, its)]
    if len(fits) == 1:
        return Named(slug=fits[0].slug, mistake=fits[0])
    families = {mistake.family: mistake.family_name for mistake in fits}
    if len(families) != 1:
        return Named()
    ((family, name),) = families.items()
    return Named(slug=family, family_name=name)
