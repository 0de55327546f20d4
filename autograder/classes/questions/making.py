"""The sheets of a class: for each student three questions on gaps that are right, all sheets different."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from autograder.classes.questions.bank import Bank, given_to, with_source
from autograder.judging.grading import Grader
from autograder.model import Answer, Gap, Outcome, Record, Status, Submission, Transcript, Value
from lab import questions
from lab.deciding import Ran, Run, deciding_line, parting
from lab.judge import equal
from lab.questions import KINDS, Question

QUESTIONS = 3
"""On a sheet."""
MOST_DRAWS = 60
"""How often a sheet is drawn until it is like no other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question with the code that it is about."""

    notebook: str
    question: Question
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What one student is asked; `remark` says why it is less than three questions."""

    student: str
    asked: tuple[Asked, ...]
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right gap of a student, and all that can be asked about it without running anything again."""

    bank: Bank
    gap: Gap
    submission: Submission
    transcript: Transcript

    @property
    def source(self) -> str:
        """The student's cell."""
        return next(cell.source for cell in self.submission.cells if cell.grade_id == self.gap.name)

    @property
    def turns(self) -> Iterable[str]:
        """Twins on which a change makes one of the gap's results 0, or makes something else of a 0."""
        return self.bank.turns[self.gap.name]

    def results(self, twin: str) -> dict[str, Value]:
        """What it gives on a twin, by the names that students know."""
        return named(self.gap, self.transcript.answer(twin, self.gap.name))

    def is_right_on(self, twin: str) -> bool:
        """Whether it gives there what the reference gives: else its answer is nobody's key."""
        got, want = (one.answer(twin, self.gap.name) for one in (self.transcript, self.bank.reference))
        return got.outcome is Outcome.ANSWERED and all(
            name in got.values
            and equal(got.values[name], want.values[name], tolerance=self.gap.tolerance, accept_row=True)
            for name in want.values
        )

    def about_changes(self) -> Iterator[Question]:
        """What two changes change."""
        page = self.bank.plan.page
        given = given_to(self.bank.plan, self.gap, page, self.bank.reference)
        for twin, changes in self.bank.changes[self.gap.name].items():
            if self.is_right_on(twin) and self.is_right_on(page.name):
                question = questions.about_change(
                    self.gap.name, changes, given, self.results(page.name), self.results(twin), self.gap.tolerance
                )
                yield from [question] if question else []

    def about_numbers(self) -> Iterator[Question]:
        """What comes out on other numbers."""
        for twin in self.bank.plan.twins:
            if twin.name in self.bank.others[self.gap.name] and self.is_right_on(twin.name):
                given = given_to(self.bank.plan, self.gap, twin, self.bank.reference)
                question = questions.about_numbers(self.gap.name, given, self.results(twin.name))
                yield from [question] if question else []

    def about_deciding(self, grader: Grader, twin: str) -> Question | None:
        """Which line decides whether a result is 0; None if none does."""
        page = self.bank.plan.page
        if not (self.is_right_on(page.name) and self.is_right_on(twin)):
            return None
        before = self.results(page.name)
        zero = parting(before, self.results(twin))
        number = deciding_line(self.source, zero, self._runs_on(grader, page.name, twin)) if zero else None
        if zero is None or number is None:
            return None
        given = given_to(self.bank.plan, self.gap, page, self.bank.reference)
        line = number, self.source.split("\n")[number - 1]
        return questions.about_deciding(self.gap.name, self.bank.turns[self.gap.name][twin], given, before, zero, line)

    def _runs_on(self, grader: Grader, *twins: str) -> Run:
        """Runs other texts in the gap's place."""
        plan = self.bank.on(*twins)

        def run(source: str) -> list[Ran]:
            changed = with_source(self.submission, self.gap.name, source)
            transcript = grader.replay_on(plan, self.bank.reference, changed)
            return [_ran(self.gap, transcript.answer(twin, self.gap.name)) for twin in twins]

        return run

    def about_line(self, grader: Grader, number: int) -> Question | None:
        """What becomes of the results without a line; None if the cell then never ends."""
        changed = with_source(self.submission, self.gap.name, questions.without_line(self.source, number))
        answer = grader.replay_on(self.bank.page, self.bank.reference, changed).answer("P", self.gap.name)
        if answer.outcome not in (Outcome.ANSWERED, Outcome.RAISED):
            return None
        error = answer.error if answer.outcome is Outcome.RAISED else ""
        line = self.source.split("\n")[number - 1]
        before, after = self.results("P"), named(self.gap, answer)
        return questions.about_line(self.gap.name, number, line, before, after, error, self.gap.tolerance)


def _ran(gap: Gap, answer: Answer) -> Ran:
    answered = answer.outcome is Outcome.ANSWERED
    return Ran(
        values=named(gap, answer) if answered else {}, error="" if answered else answer.problem.partition(":")[0]
    )


Pool = Sequence[tuple[Right, Callable[[], Question | None]]]
"""Gaps with what makes a question about them, which may be none."""


def named(gap: Gap, answer: Answer) -> dict[str, Value]:
    """Results by the names that students know them by."""
    return {gap.called(name): value for name, value in answer.values.items()}


def right_gaps(grader: Grader, bank: Bank, record: Record, folder: Path) -> list[Right]:
    """The gaps of a graded notebook that may be asked about: right ones, of the file that was graded.

    Args:
        grader: Reads and runs the notebook.
        bank: Of the notebook.
        record: What the kit found.
        folder: Where the student's files lie.
    """
    data = grader.handed_in(folder, bank.plan.notebook).data
    if data is None or hashlib.sha256(data).hexdigest() != record.submission:
        return []
    submission = grader.read(data, bank.plan.notebook)[1]
    transcript = grader.replay_on(bank.plan, bank.reference, submission)
    right = {result.gap for result in record.gaps if result.status is Status.RIGHT}
    return [
        Right(bank=bank, gap=gap, submission=submission, transcript=transcript)
        for gap in bank.plan.gaps
        if gap.name in right
    ]


def sheet_of(grader: Grader, student: str, right: Sequence[Right], seed: str, seen: set[str]) -> Sheet:
    """One student's sheet: a question of each kind, each on another gap where there are enough.

    Args:
        grader: Runs the code without a line.
        student: Whose it is.
        right: The gaps that may be asked about.
        seed: The same seed draws the same sheet.
        seen: What other sheets ask, without names and numbers; this one's is added.
    """
    rng = random.Random(f"{seed}/{student}")
    slots = _slots(grader, right)
    asked: tuple[Asked, ...] = ()
    for _ in range(MOST_DRAWS):
        asked = tuple(sorted(_drawn(slots, rng), key=lambda one: KINDS.index(one.question.kind)))
        if without_numbers(asked) not in seen:
            break
    seen.add(without_numbers(asked))
    return Sheet(student=student, asked=asked, remark=_remark(asked))


def _slots(grader: Grader, right: Sequence[Right]) -> list[list[Pool]]:
    """For each question of a sheet the pools to draw it from, best first; the one with the fewest gaps comes first."""
    turns = [(one, cache(partial(one.about_deciding, grader, twin))) for one in right for twin in one.turns]
    lines = [(one, cache(partial(one.about_line, grader, number))) for one, number in _lines(right)]
    changes = [(one, _ready(question)) for one in right for question in one.about_changes()]
    numbers = [(one, _ready(question)) for one in right for question in one.about_numbers()]
    return [[turns, lines], [changes], [numbers]]


def _ready(question: Question) -> Callable[[], Question]:
    return lambda: question


def _lines(right: Sequence[Right]) -> list[tuple[Right, int]]:
    """Lines that may be taken out, where there are others: without its only line a cell just sets nothing."""
    lines = [(one, questions.lines_to_take_out(one.source)) for one in right]
    several = [(one, numbers) for one, numbers in lines if len(numbers) > 1]
    return [(one, number) for one, numbers in several or lines for number in numbers]


def _drawn(slots: Sequence[Sequence[Pool]], rng: random.Random) -> Iterator[Asked]:
    used: set[str] = set()
    for slot in slots:
        asked = next((found for pool in slot if (found := _one_of(pool, used, rng))), None)
        if asked:
            used.add(asked.question.gap)
            yield asked


def _one_of(pool: Pool, used: Collection[str], rng: random.Random) -> Asked | None:
    """A question on a gap that is not used yet, if there is one."""
    fresh = [entry for entry in pool if entry[0].gap.name not in used] or list(pool)
    for one, make in rng.sample(fresh, len(fresh)):
        question = make()
        if question:
            return Asked(notebook=one.bank.plan.notebook, question=question, source=one.source)
    return None


def without_numbers(asked: Sequence[Asked]) -> str:
    """What is asked and about which code, with every number as 0: two sheets that differ in numbers alone are alike."""
    return re.sub(
        r"\d+(\.\d+)?", "0", "\n".join(f"{one.question.kind} {one.question.text}\n{one.source}" for one in asked)
    )


def _remark(asked: Sequence[Asked]) -> str:
    if not asked:
        return "No gap is right, so there is nothing to ask about."
    missing = QUESTIONS - len(asked)
    return f"Too few gaps are right for {'another question' if missing == 1 else 'more questions'}." if missing else ""


def sheets(grader: Grader, records: Sequence[Record], banks: Mapping[str, Bank], root: Path) -> Iterator[Sheet]:
    """The sheets of a class, by student.

    Args:
        grader: Of the course.
        records: Of the students and notebooks that are asked about.
        banks: By notebook.
        root: Of the course.
    """
    by_student: dict[str, list[Right]] = {}
    for record in sorted(records, key=lambda one: (one.student, one.notebook)):
        folder = root / "submitted" / record.student / record.assignment
        found = right_gaps(grader, banks[record.notebook], record, folder)
        by_student.setdefault(record.student, []).extend(found)
    seen: set[str] = set()
    for student, right in by_student.items():
        yield sheet_of(grader, student, right, grader.course.secret, seen)
