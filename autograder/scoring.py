"""Check results into status and points of each gap."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.model import (
    CheckKind,
    CheckResult,
    Gap,
    GapResult,
    Outcome,
    Plan,
    Status,
    Submission,
    Transcript,
)

_ENDED = {Outcome.RAISED: Status.RAISED, Outcome.STOPPED: Status.STOPPED, Outcome.DIED: Status.DIED}


def scored(gap: Gap, status: Status, found: Sequence[tuple[CheckKind, CheckResult]]) -> float:
    """Points: all of the value or nothing, then edge and conduct on top."""
    if status not in (Status.RIGHT, Status.PARTLY):
        return 0.0
    failed = {kind for kind, result in found if not result.passed}
    shares = {CheckKind.EDGE: gap.edge_points, CheckKind.CONDUCT: gap.conduct_points}
    return gap.value_points + sum(points for kind, points in shares.items() if kind not in failed)


def status_without_checks(plan: Plan, gap: Gap, submission: Submission, transcript: Transcript) -> Status | None:
    """The status of a gap that needs no check: no cell, no work, or a runner that ended in it."""
    sources = {cell.grade_id: cell.source for cell in submission.cells if cell.grade_id}
    if submission.unreadable:
        return Status.UNREADABLE
    if gap.name not in sources:
        return Status.MISSING
    if is_untouched(gap, sources[gap.name]):
        return Status.UNTOUCHED
    outcomes = {transcript.answer(twin.name, gap.name).outcome for twin in plan.twins if twin.judges(gap.name)}
    return next((_ENDED[outcome] for outcome in (Outcome.DIED, Outcome.STOPPED) if outcome in outcomes), None)


def is_untouched(gap: Gap, source: str) -> bool:
    """Whether a cell is still as handed out, or holds nothing but comments."""
    lines = [line.split() for line in source.split("\n") if line.strip() and not line.strip().startswith("#")]
    handed_out = [line.split() for line in gap.stub.split("\n") if line.strip() and not line.strip().startswith("#")]
    return not lines or lines == handed_out


def status_of(plan: Plan, gap: Gap, transcript: Transcript, found: Sequence[tuple[CheckKind, CheckResult]]) -> Status:
    """The status that the checks give."""
    failed = {kind for kind, result in found if not result.passed}
    if CheckKind.VALUE in failed:
        raised = any(
            transcript.answer(twin.name, gap.name).outcome is Outcome.RAISED
            for twin in plan.twins
            if twin.judges(gap.name) and twin.kind != "edge"
        )
        return Status.RAISED if raised else Status.WRONG
    return Status.PARTLY if failed else Status.RIGHT


MESSAGES = {
    Status.UNREADABLE: "The notebook could not be read, so this gap could not be looked at.",
    Status.MISSING: "There is no cell for this gap in the notebook. Copy it back from the notebook you were given.",
    Status.UNTOUCHED: "The gap is as it was handed out.",
}


def result_of(
    gap: Gap,
    status: Status,
    found: Sequence[tuple[CheckKind, CheckResult]],
    *,
    transcript: Transcript,
    remarks: tuple[str, ...],
    mistake: str,
    story: str,
) -> GapResult:
    """All of it as one value; `story` is what is known of a named mistake."""
    message = MESSAGES.get(status) or _ended(gap, status, transcript)
    if not message:
        message = story or next((result.message for _, result in found if not result.passed), "")
    return GapResult(
        gap=gap.name,
        points=gap.points,
        score=scored(gap, status, found),
        status=status,
        mistake=mistake,
        message=message,
        remarks=remarks,
        checks=tuple(result for _, result in found),
    )


def _ended(gap: Gap, status: Status, transcript: Transcript) -> str:
    """What is said of a gap that raised, was stopped or died: the first such answer, the page's if it is among them."""
    answers = [answers[gap.name] for answers in transcript.answers.values() if gap.name in answers]
    answer = next((one for one in answers if _ENDED.get(one.outcome) is status), None)
    if answer is None:
        return ""
    where = f" (line {answer.line} of the cell)" if answer.line else ""
    if status is Status.RAISED:
        return f"It raised {answer.problem}{where}."
    if status is Status.STOPPED:
        return f"It was stopped: {answer.problem}. Look for a loop that never ends."
    return f"It ended Python itself: {answer.problem}. All other gaps were graded without it."
