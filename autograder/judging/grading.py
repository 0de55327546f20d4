"""From the bytes of a notebook to its record: the one engine behind both routes."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from autograder.course import notebook, worth
from autograder.course.cells import submission_of
from autograder.course.course import Course
from autograder.course.notebook import Repaired
from autograder.handed_in.folder import HandedIn, find_file
from autograder.handed_in.repair import repair
from autograder.judging import checking, display, mistakes, scoring, stories
from autograder.judging.before import state_before
from autograder.judging.checking import Check
from autograder.judging.feedback import clean
from autograder.judging.mistakes import Mistake, Named
from autograder.model import (
    Answer,
    Gap,
    GapResult,
    KitError,
    Outcome,
    Plan,
    Record,
    Status,
    Story,
    Submission,
    Transcript,
)
from autograder.sandbox import doctor
from autograder.sandbox.confine import Limits
from autograder.sandbox.pool import Outputs, Sandbox
from autograder.sandbox.speech import Speech
from autograder.sandbox.wire import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A record, the notebook it belongs to, and what that notebook's cells showed (by place in `repaired.cells`)."""

    record: Record
    repaired: Repaired
    shown: Mapping[int, list[Output]]


class Grader:
    """Grades notebooks of one course. Threads may share it: each gets warm processes of its own.

    References and known mistakes are replayed when first needed, and kept.
    """

    def __init__(self, course: Course, limits: Limits | None = None) -> None:
        self.course = course
        self.limits = limits or Limits()
        self._of_thread = threading.local()
        self._sandboxes: list[Sandbox] = []
        self._lock = threading.Lock()
        self._of_notebook = {name: threading.RLock() for name in course.sources}
        self._speeches: dict[str, Speech] = {}
        self._mistakes: dict[str, dict[Mistake, Transcript]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm processes."""
        for sandbox in self._sandboxes:
            sandbox.close()

    @property
    def _sandbox(self) -> Sandbox:
        """This thread's sandbox; the first one of a run must resist being broken before anything is graded in it."""
        if not hasattr(self._of_thread, "sandbox"):
            with self._lock:
                made = Sandbox(self.limits)
                self._sandboxes.append(made)
                if len(self._sandboxes) == 1:
                    doctor.must_hold(made)
            self._of_thread.sandbox = made
        sandbox: Sandbox = self._of_thread.sandbox
        return sandbox

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """The checks of the course."""
        return checking.checks_in(self.course.folders.checks)

    def hold_course(self, notebooks: Iterable[str]) -> None:
        """Read what decides the marks in these notebooks, so that a slip in it ends a run and not every student's gap.

        Raises:
            KitError: Something in the course's checks, gaps, twins or known mistakes is not in order.
        """
        assert self.checks
        for name in notebooks:
            self.course.plan(name)
            mistakes.known_mistakes(self.course, name)

    @property
    def isolation(self) -> str:
        """The layers that hold student code on this machine; KitError if it cannot be held."""
        return self._sandbox.isolation

    @cached_property
    def _worth(self) -> Mapping[str, float]:
        """Share of a gap's points by mistake. A name that fits on open numbers alone earns none: one can type those."""
        worth.must_be_known(self.course.root, self.course.worth, mistakes.slugs_of(self.course))
        return self.course.worth

    def _speech(self, name: str) -> Speech:
        with self._of_notebook[name]:
            if name not in self._speeches:
                plan = self.course.plan(name)
                reference = self._sandbox.replay(Speech(plan, None), plan.source)
                _hold_reference(plan, reference)
                self._speeches[name] = Speech(plan, reference)
            return self._speeches[name]

    def reference(self, name: str) -> Transcript:
        """What the source notebook gives on every twin."""
        reference = self._speech(name).reference
        assert reference is not None
        return reference

    def known_mistakes(self, name: str) -> Mapping[Mistake, Transcript]:
        """What each known mistake of a notebook gives on every twin."""
        with self._of_notebook[name]:
            if name not in self._mistakes:
                plan = self.course.plan(name)
                found: dict[Mistake, Transcript] = {}
                carriers = list(mistakes.as_submissions(plan, mistakes.known_mistakes(self.course, name)))
                transcripts = self.replay_ours(name, [submission for submission, _ in carriers])
                for (_, carried), transcript in zip(carriers, transcripts, strict=True):
                    found |= dict.fromkeys(carried.values(), transcript)
                self._mistakes[name] = found
            return self._mistakes[name]

    def name_of(self, plan: Plan, gap: Gap, transcript: Transcript) -> Named:
        """How a wrong answer is called.

        Args:
            plan: Of the notebook.
            gap: The gap that is wrong.
            transcript: What the submission gave.
        """
        known, reference = self.known_mistakes(plan.notebook), self.reference(plan.notebook)
        return mistakes.name_of(plan, gap, transcript, known, reference)

    def handed_in(self, folder: Path, name: str) -> HandedIn:
        """The file in a student's folder that answers a notebook, and what is to be said of it."""
        return find_file(folder, name, self.course.sources, most_bytes=self.limits.submission_bytes)

    def read(self, data: bytes, name: str) -> tuple[Repaired, Submission]:
        """A submitted file, repaired, and as cells to replay."""
        if len(data) > self.limits.submission_bytes:
            most = f"{self.limits.submission_bytes / 2**20:.0f} MB"
            text = f"The file is too large: at most {most} are taken. Clear all outputs, save, and hand it in again."
            repaired = Repaired(unreadable=text)
        else:
            repaired = repair(data, self.course.sources[name])
        return repaired, submission_of(repaired, self.course.plan(name), hashlib.sha256(data).hexdigest())

    def replay(self, submission: Submission) -> Transcript:
        """What a submission gives on every twin."""
        return self._sandbox.replay(self._speech(submission.notebook), submission)

    def replay_on(self, plan: Plan, reference: Transcript | None, submission: Submission) -> Transcript:
        """What a submission gives on the twins of another plan of its notebook.

        Args:
            plan: With the gaps of the course's own plan.
            reference: What the source notebook gives there; None to find that.
            submission: Whose cells run.
        """
        return self._sandbox.replay(Speech(plan, reference), submission)

    def replay_ours(self, name: str, submissions: Sequence[Submission]) -> list[Transcript]:
        """What submissions to a notebook that we wrote ourselves give on every twin: a third of the time for each."""
        return self._sandbox.replay_together(self._speech(name), submissions)

    def grade(self, data: bytes, *, student: str, name: str) -> Graded:
        """Grade one notebook file.

        Args:
            data: Its bytes; anything at all.
            student: Whose it is.
            name: Key of the notebook it is an answer to, such as "02_chain".

        Raises:
            KitError: A fault on our side; nobody has lost a point.
        """
        plan = self.course.plan(name)
        repaired, submission = self.read(data, name)
        transcript, shown = Transcript(answers={}), Outputs()
        if not submission.unreadable:
            transcript, shown = self._sandbox.run(self._speech(name), submission)
        results = tuple(self._gap_result(plan, gap, submission, transcript) for gap in plan.gaps)
        remarks = (*submission.remarks.get("", ()), *transcript.remarks.get("", ()), *_unreadable(submission))
        record = self._record(plan, student, submission.sha256, results, remarks)
        return Graded(record=record, repaired=repaired, shown=_by_place(repaired, submission, shown))

    def show(self, submission: Submission) -> Mapping[int, list[Output]]:
        """What the cells of a notebook of ours show when they are run in order on the page."""
        return self._sandbox.capture(self._speech(submission.notebook), submission)

    def not_handed_in(self, student: str, name: str) -> Graded:
        """The result for a notebook that is not there."""
        plan = self.course.plan(name)
        text = f"{plan.name}.ipynb was not handed in."
        gaps = tuple(
            GapResult(gap=gap.name, points=gap.points, score=0.0, status=Status.NOT_HANDED_IN, message=text)
            for gap in plan.gaps
        )
        record = self._record(plan, student, "", gaps, (text,))
        return Graded(record=record, repaired=Repaired(unreadable=text), shown={})

    def for_review(self, data: bytes, *, student: str, name: str, fault: Exception) -> Graded:
        """The result for a notebook that a fault of ours has kept from being graded: no score, old mark kept.

        Args:
            data: The file as handed in.
            student: Whose it is.
            name: Of the notebook.
            fault: What went wrong, for the instructor.
        """
        plan = self.course.plan(name)
        gaps = tuple(_for_review(gap, fault, ()) for gap in plan.gaps)
        try:
            repaired, _ = self.read(data, name)
        except Exception:  # the fault may lie in the reading
            repaired = Repaired(unreadable=LEFT_FOR_REVIEW)
        return Graded(record=self._record(plan, student, "", gaps, ()), repaired=repaired, shown={})

    def start_afresh(self) -> None:
        """End this thread's warm processes; the next notebook gets new ones."""
        self._sandbox.close()

    def _record(
        self, plan: Plan, student: str, sha256: str, gaps: tuple[GapResult, ...], remarks: tuple[str, ...]
    ) -> Record:
        review = any(result.status is Status.REVIEW for result in gaps)
        return Record(
            student=student,
            assignment=plan.assignment,
            notebook=plan.name,
            submission=sha256,
            suite=self.course.suite(plan.notebook),
            score=None if review else sum(result.score for result in gaps),
            max_score=sum(result.points for result in gaps),
            isolation="" if review else self.isolation,
            gaps=gaps,
            remarks=remarks,
        )

    def _gap_result(self, plan: Plan, gap: Gap, submission: Submission, transcript: Transcript) -> GapResult:
        remarks = submission.remarks.get(gap.name, ())
        status = scoring.status_without_checks(plan, gap, submission, transcript)
        source = next((cell.source for cell in submission.cells if cell.grade_id == gap.name), "")
        if status is not None:
            story, _ = self._story(plan, gap, source, status, transcript, Named())
            sets = display.setting_lines(source, gap)
            return scoring.result_of(gap, status, (), remarks=remarks, story=story, sets=sets)
        try:
            case = checking.case_of(plan, gap, transcript, self.reference(plan.notebook))
            found = checking.results(self.checks, case)
            status = scoring.status_of(plan, gap, transcript, found)
            named = Named() if status is Status.RIGHT else self.name_of(plan, gap, transcript)
        except KitError:
            raise
        except Exception as fault:  # a bug in a check is ours: no score, and somebody looks at it
            return _for_review(gap, fault, remarks)
        if status is Status.RIGHT:
            sets = display.setting_lines(source, gap)
            return scoring.result_of(gap, status, found, remarks=remarks, sets=sets)
        story, line = self._story(plan, gap, source, status, transcript, named)
        return scoring.result_of(
            gap,
            status,
            found,
            remarks=(*remarks, *[stories.SOMETHING_ELSE] * named.in_the_open),
            mistake=named.slug,
            story=story,
            line=line,
            sets=display.setting_lines(source, gap, display.wrong_outputs(case)),
            compared=display.comparisons(case),
            source=clean(source[: display.MOST_SOURCE]) if named.slug else "",
            share=0.0 if named.in_the_open else self._worth.get(named.slug, 0.0),
        )

    def _story(
        self, plan: Plan, gap: Gap, source: str, status: Status, transcript: Transcript, named: Named
    ) -> tuple[Story, int]:
        """What is told of an answer that is not right, and the line in which it raised."""
        twin = scoring.ended_on(plan, gap, status, transcript)
        if twin is None:
            return stories.of_name(named), 0
        answer, around = transcript.answer(twin.name, gap.name), None
        if gap.shows(twin):
            before = state_before(plan, gap, twin, self.reference(plan.notebook))
            around = stories.around_of(gap, source, answer, {**before, **twin.probes.get(gap.name, {})})
        return stories.of_named_end(stories.of_end(answer, around), named), answer.line


def _hold_reference(plan: Plan, reference: Transcript) -> None:
    for twin in plan.twins:
        for gap in plan.gaps:
            answer = reference.answer(twin.name, gap.name)
            lacking = [name for name in gap.answers if name not in answer.values]
            if twin.judges(gap.name) and (answer.outcome is not Outcome.ANSWERED or lacking):
                raise KitError(
                    f"{plan.path}: on twin {twin.name} the solution of gap "
                    f"{gap.name} {_what_is_wrong(answer, lacking)}. "
                    f"Mend the solution, or the twin in checks/{plan.notebook}.toml."
                )


def _what_is_wrong(answer: Answer, lacking: list[str]) -> str:
    if answer.outcome is Outcome.ANSWERED:
        return f"does not set {', '.join(lacking)}"
    return f"ended as {answer.outcome} ({re.sub(r'[.]$', '', answer.problem)})"


LEFT_FOR_REVIEW = "This could not be judged because of a fault in the grader. Your instructor looks at it by hand."


def _for_review(gap: Gap, fault: Exception, remarks: tuple[str, ...]) -> GapResult:
    return GapResult(
        gap=gap.name,
        points=gap.points,
        score=0.0,
        status=Status.REVIEW,
        message=LEFT_FOR_REVIEW,
        remarks=remarks,
        fault=f"{type(fault).__name__}: {fault}"[:300],
    )


def _unreadable(submission: Submission) -> tuple[str, ...]:
    return (submission.unreadable,) if submission.unreadable else ()


def _by_place(repaired: Repaired, submission: Submission, shown: Mapping[int, list[Output]]) -> dict[int, list[Output]]:
    """Outputs by place in the repaired notebook, which has text and check cells besides those that ran."""
    ran = [
        place
        for place, cell in enumerate(repaired.cells)
        if notebook.kinds(cell.role) and cell.grade_id not in repaired.missing
    ]
    return {ran[at]: outputs for at, outputs in shown.items() if at < len(submission.cells)}
