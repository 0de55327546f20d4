"""From records to what the class report says, as frozen values: nothing is drawn, named or written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.classes.report import statistics
from autograder.classes.report.statistics import Array, Interval
from autograder.model import GapResult, Record, Status, Story

MOST_COSTLY, MOST_COMPANIONS = 5, 3
BY_CHANCE = 0.05
"""How likely chance may be, over all pairs that were looked at, where two mistakes are said to go together."""
NO_ANSWER = frozenset([Status.NOT_HANDED_IN, Status.UNREADABLE, Status.REVIEW])
"""Statuses of gaps that say nothing about a student, like every gap of a notebook that was not handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Another mistake that the same students made.

    Attributes:
        both: Students who made both.
        other: Students who made the other one.
        chance: How likely chance brings so many together (Fisher's exact test, one-sided).
        beyond_chance: Less likely than `BY_CHANCE`, over all pairs that were looked at (Bonferroni).
    """

    slug: str
    gap: str
    name: str
    both: int
    other: int
    chance: float
    beyond_chance: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakeSummary:
    """A named mistake: who made it, and what it cost the class, in points."""

    slug: str
    notebook: str
    gap: str
    story: Story
    students: tuple[str, ...]
    cost: float
    answered: int
    results: tuple[GapResult, ...]

    @property
    def times(self) -> int:
        """How many made it."""
        return len(self.students)


@dataclass(frozen=True, slots=True, kw_only=True)
class GapSummary:
    """How a class did at one gap.

    Attributes:
        answered: Students whose notebook could be judged; the others count nowhere here.
        interval: Of the share that is right.
        mean_share: Mean points as a share of the gap's points.
        discrimination: Corrected item-total correlation over the complete students; None if it cannot be told.
        mistakes: Name, how many, what it cost; those without a name are under their status.
        checks: Check, how many passed it, of how many.
    """

    notebook: str
    gap: str
    points: float
    answered: int
    right: int
    interval: Interval | None
    mean_share: float | None
    discrimination: float | None
    statuses: Mapping[Status, int]
    cost: float
    mistakes: tuple[tuple[str, int, float], ...]
    checks: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How far a total can be trusted: of the whole, or of one notebook.

    Attributes:
        name: Of the notebook; empty for the whole.
        students: Who handed in all of it, readable and judged.
        error: Standard error of measurement, in points.
    """

    name: str
    students: int
    gaps: int
    points: float
    mean: float | None
    deviation: float | None
    alpha: float | None
    interval: Interval | None
    error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """One row of the class: a student, the points, and what became of each gap (None: no record)."""

    name: str
    score: float
    waiting: bool
    results: tuple[GapResult | None, ...]


@dataclass(frozen=True)
class ClassSummary:
    """All that the report says, each part worked out when it is first asked for.

    Students stand in the order of their points and of their results, never of their names.
    """

    records: tuple[Record, ...]

    @cached_property
    def notebooks(self) -> dict[str, Record]:
        """Every notebook with one record of it, in the order of the course."""
        by_name: dict[str, Record] = {}
        for record in self.records:
            by_name.setdefault(record.notebook, record)
        return dict(sorted(by_name.items()))

    @cached_property
    def gaps(self) -> dict[tuple[str, str], float]:
        """Points by notebook and gap, in the order of the course."""
        found: dict[str, dict[str, float]] = {name: {} for name in self.notebooks}
        for record in self.records:
            for result in record.gaps:
                found[record.notebook].setdefault(result.gap, result.points)
        return {(name, gap): points for name, gaps in found.items() for gap, points in gaps.items()}

    @cached_property
    def points(self) -> float:
        """What could be reached in all."""
        return sum(self.gaps.values())

    @cached_property
    def pupils(self) -> tuple[Pupil, ...]:
        """The students, those with the most points first."""
        place = {key: at for at, key in enumerate(self.gaps)}
        rows: dict[str, list[GapResult | None]] = {}
        scores: Counter[str] = Counter()
        waiting: set[str] = set()
        for record in self.records:
            row = rows.setdefault(record.student, [None] * len(place))
            for result in record.gaps:
                row[place[record.notebook, result.gap]] = result
                scores[record.student] += result.score  # type: ignore[assignment]  # points may be halves
            if record.score is None:
                waiting.add(record.student)
        found = [
            Pupil(name=name, score=float(scores[name]), waiting=name in waiting, results=tuple(row))
            for name, row in rows.items()
        ]
        return tuple(sorted(found, key=lambda pupil: (-pupil.score, _pattern(pupil))))

    @cached_property
    def absent(self) -> set[tuple[str, str]]:
        """Student and notebook where there was nothing to judge: not handed in, not readable, or up for review."""
        return {
            (record.student, record.notebook)
            for record in self.records
            if {one.status for one in record.gaps} <= NO_ANSWER
        }

    def _answers(self, at: int, notebook: str) -> list[tuple[Pupil, GapResult]]:
        """What the students answered at the gap in this place; nobody whose notebook could not be judged."""
        return [
            (pupil, result)
            for pupil in self.pupils
            if (result := pupil.results[at])
            and result.status not in NO_ANSWER
            and (pupil.name, notebook) not in self.absent
        ]

    @cached_property
    def per_gap(self) -> tuple[GapSummary, ...]:
        """Every gap, in the order of the course."""
        discriminations = self._discriminations()
        return tuple(
            self._gap(at, notebook, gap, points, discriminations[at])
            for at, ((notebook, gap), points) in enumerate(self.gaps.items())
        )

    def _gap(self, at: int, notebook: str, gap: str, points: float, discrimination: float | None) -> GapSummary:
        results = [result for _, result in self._answers(at, notebook)]
        right = sum(result.status is Status.RIGHT for result in results)
        return GapSummary(
            notebook=notebook,
            gap=gap,
            points=points,
            answered=len(results),
            right=right,
            interval=statistics.wilson(right, len(results)),
            mean_share=sum(result.score for result in results) / (points * len(results)) if results else None,
            discrimination=discrimination,
            statuses=Counter(result.status for result in results),
            cost=sum(_lost(result) for result in results),
            mistakes=_mistakes_of(results),
            checks=_checks_of(results),
        )

    def _scores(self, places: Sequence[int], notebooks: Iterable[str]) -> Array:
        """Points by student and gap, of those who handed all of it in; shape (n, k)."""
        wanted = list(notebooks)
        rows = [
            [result.score for at in places if (result := pupil.results[at])]
            for pupil in self.pupils
            if not pupil.waiting and all((pupil.name, name) not in self.absent for name in wanted)
        ]
        full = [row for row in rows if len(row) == len(places)]
        return np.array(full, float).reshape(len(full), len(places))

    @cached_property
    def complete(self) -> Array:
        """Points by student and gap, of those who handed in every notebook; shape (n, k)."""
        return self._scores(range(len(self.gaps)), self.notebooks)

    def _discriminations(self) -> list[float | None]:
        return statistics.discrimination(self.complete)

    @cached_property
    def reliability(self) -> tuple[Reliability, ...]:
        """Of the whole, and of every notebook if there are more than one."""
        names = list(self.notebooks) if len(self.notebooks) > 1 else []
        return (self._reliability("", list(self.notebooks)), *(self._reliability(name, [name]) for name in names))

    def _reliability(self, name: str, notebooks: list[str]) -> Reliability:
        places = [at for at, (notebook, _) in enumerate(self.gaps) if notebook in notebooks]
        scores = self._scores(places, notebooks)
        alpha, (students, gaps) = statistics.cronbach_alpha(scores), scores.shape
        total = scores.sum(axis=1)
        return Reliability(
            name=name,
            students=students,
            gaps=gaps,
            points=sum(points for (notebook, _), points in self.gaps.items() if notebook in notebooks),
            mean=float(total.mean()) if students else None,
            deviation=float(total.std(ddof=1)) if students > 1 else None,
            alpha=alpha,
            interval=None if alpha is None else statistics.alpha_interval(alpha, students=students, gaps=gaps),
            error=statistics.standard_error_of_measurement(scores),
        )

    @cached_property
    def lost(self) -> dict[str, float]:
        """Where the points of the class went, by kind of loss, in points; what waits for review is no loss."""
        found: Counter[str] = Counter()
        for record in self.records:
            absent = (record.student, record.notebook) in self.absent
            for result in record.gaps:
                found[_kind_of_loss(result, absent=absent)] += _lost(result)  # type: ignore[assignment]
        return {kind: float(found[kind]) for kind in LOSSES if found[kind]}

    @cached_property
    def mistakes(self) -> tuple[MistakeSummary, ...]:
        """Every named mistake, the one that cost most first."""
        found = [
            summary for at, (notebook, gap) in enumerate(self.gaps) for summary in self._mistakes(at, notebook, gap)
        ]
        return tuple(sorted(found, key=lambda one: (-one.cost, -one.times, one.slug)))

    def _mistakes(self, at: int, notebook: str, gap: str) -> list[MistakeSummary]:
        answers = self._answers(at, notebook)
        by_slug: dict[str, list[tuple[str, GapResult]]] = {}
        for pupil, result in answers:
            if result.mistake:
                by_slug.setdefault(result.mistake, []).append((pupil.name, result))
        return [
            MistakeSummary(
                slug=slug,
                notebook=notebook,
                gap=gap,
                story=made[0][1].story,
                students=tuple(student for student, _ in made),
                cost=sum(_lost(result) for _, result in made),
                answered=len(answers),
                results=tuple(result for _, result in made),
            )
            for slug, made in by_slug.items()
        ]

    @cached_property
    def costliest(self) -> tuple[tuple[MistakeSummary, tuple[Companion, ...]], ...]:
        """The mistakes that cost most, each with those that the same students made."""
        first = self.mistakes[:MOST_COSTLY]
        pairs = [(one, other) for one in first for other in self.mistakes if _key(one) != _key(other)]
        found: dict[tuple[str, str], list[Companion]] = {_key(one): [] for one in first}
        for one, other in pairs:
            both = len(self._who[_key(one)] & self._who[_key(other)])
            if both > 1:
                chance = statistics.fisher_exact(both, one.times, other.times, len(self.pupils))
                found[_key(one)].append(
                    Companion(
                        slug=other.slug,
                        gap=other.gap,
                        name=other.story.name or other.slug,
                        both=both,
                        other=other.times,
                        chance=chance,
                        beyond_chance=chance < BY_CHANCE / len(pairs),
                    )
                )
        return tuple((one, _first_companions(found[_key(one)])) for one in first)

    @cached_property
    def _who(self) -> dict[tuple[str, str], set[str]]:
        """Who made a mistake, by its slug and gap (a family's name may stand at several gaps)."""
        found: dict[tuple[str, str], set[str]] = {}
        for record in self.records:
            if (record.student, record.notebook) not in self.absent:
                for result in record.gaps:
                    if result.mistake:
                        found.setdefault((result.mistake, result.gap), set()).add(record.student)
        return found

    @cached_property
    def not_handed_in(self) -> tuple[Record, ...]:
        """Records of notebooks that did not come in."""
        return tuple(record for record in self.records if not record.handed_in)

    @cached_property
    def unreadable(self) -> tuple[Record, ...]:
        """Records of files that are no notebook."""
        return tuple(record for record in self.records if record.gaps and record.gaps[0].status is Status.UNREADABLE)

    @cached_property
    def for_review(self) -> tuple[Record, ...]:
        """Records with gaps that somebody has to grade by hand."""
        return tuple(record for record in self.records if record.score is None)


LOSSES = ("named", "unnamed", "error", "stopped", "partly", "untouched", "missing")
"""Kinds of loss, in the order in which they are told."""
_LOSS_BY_STATUS = {
    Status.RAISED: "error",
    Status.DIED: "error",
    Status.STOPPED: "stopped",
    Status.PARTLY: "partly",
    Status.UNTOUCHED: "untouched",
    Status.MISSING: "untouched",
    Status.NOT_HANDED_IN: "missing",
    Status.UNREADABLE: "missing",
}


def _kind_of_loss(result: GapResult, *, absent: bool) -> str:
    if absent:
        return "missing"
    return "named" if result.mistake else _LOSS_BY_STATUS.get(result.status, "unnamed")


def _pattern(pupil: Pupil) -> tuple[str, ...]:
    """What orders students of equal points: their results, and nothing that belongs to their names."""
    return tuple(result.status if result else "" for result in pupil.results)


def _lost(result: GapResult) -> float:
    return 0.0 if result.status is Status.REVIEW else max(result.points - result.score, 0.0)


def _key(mistake: MistakeSummary) -> tuple[str, str]:
    return mistake.slug, mistake.gap


def _first_companions(found: list[Companion]) -> tuple[Companion, ...]:
    return tuple(sorted(found, key=lambda one: (one.chance, -one.both, one.slug))[:MOST_COMPANIONS])


def _mistakes_of(results: Sequence[GapResult]) -> tuple[tuple[str, int, float], ...]:
    """How often each mistake was made and what it cost, the commonest first; without a name, the status stands."""
    times: Counter[str] = Counter()
    cost: Counter[str] = Counter()
    for result in results:
        if result.status in (Status.RIGHT, Status.REVIEW):
            continue
        name = (result.story.name or result.mistake) if result.mistake else f"({result.status})"
        times[name] += 1
        cost[name] += _lost(result)  # type: ignore[assignment]
    return tuple((name, count, float(cost[name])) for name, count in times.most_common())


def _checks_of(results: Sequence[GapResult]) -> tuple[tuple[str, int, int], ...]:
    """How many passed each check, of those whom it could judge."""
    judged: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for result in results:
        for check in result.checks:
            judged[check.check] += 1
            passed[check.check] += check.passed
    return tuple((name, passed[name], count) for name, count in judged.items())
