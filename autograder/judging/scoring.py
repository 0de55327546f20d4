"""Check results into status and points of each gap."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.course import notebook
from autograder.course.worth import told
from autograder.model import (
    CheckKind,
    CheckResult,
    Comparison,
    Gap,
    GapResult,
    Outcome,
    Plan,
    Status,
    Story,
    Submission,
    Transcript,
    Twin,
    TwinKind,
)

_ENDED = {Outcome.RAISED: Status.RAISED, Outcome.STOPPED: Status.STOPPED, Outcome.DIED: Status.DIED}


def scored(gap: Gap, status: Status, found: Sequence[tuple[CheckKind, CheckResult]]) -> float:
    """Points: all of the value or nothing, then edge and conduct on top.

    Args:
        gap: Has the points.
        status: How it ended.
        found: Kind and result of every check that applies to the gap.
    """
    if status not in (Status.RIGHT, Status.PARTLY):
        return 0.0
    failed = {kind for kind, result in found if not result.passed}
    shares = {CheckKind.EDGE: gap.edge_points, CheckKind.CONDUCT: gap.conduct_points}
    return gap.value_points + sum(points for kind, points in shares.items() if kind not in failed)


def status_without_checks(plan: Plan, gap: Gap, submission: Submission, transcript: Transcript) -> Status | None:
    """The status of a gap that needs no check: no cell, no work, or a runner that ended in it.

    Args:
        plan: Of the notebook.
        gap: The gap to be looked at.
        submission: The cells that were replayed.
        transcript: What they gave.
    """
    sources = {cell.grade_id: cell.source for cell in submission.cells if cell.grade_id}
    if submission.unreadable:
        return Status.UNREADABLE
    if gap.name not in sources:
        return Status.MISSING
    if is_untouched(gap, sources[gap.name]):
        return Status.UNTOUCHED
    outcomes = (transcript.answer(twin.name, gap.name).outcome for twin in plan.twins if twin.judges(gap.name))
    return next((_ENDED[outcome] for outcome in outcomes if outcome in (Outcome.DIED, Outcome.STOPPED)), None)


def is_untouched(gap: Gap, source: str) -> bool:
    """Whether a cell is still as handed out, or holds nothing but comments."""
    return notebook.is_untouched(source, gap.stub)


def status_of(plan: Plan, gap: Gap, transcript: Transcript, found: Sequence[tuple[CheckKind, CheckResult]]) -> Status:
    """The status that the checks give.

    Args:
        plan: Of the notebook.
        gap: The gap that was checked.
        transcript: What the submission gave.
        found: Kind and result of every check that applies to the gap.
    """
    failed = {kind for kind, result in found if not result.passed}
    if CheckKind.VALUE in failed:
        raised = any(
            transcript.answer(twin.name, gap.name).outcome is Outcome.RAISED
            for twin in plan.twins
            if twin.judges(gap.name) and twin.kind is not TwinKind.EDGE
        )
        return Status.RAISED if raised else Status.WRONG
    return Status.PARTLY if failed else Status.RIGHT


NOTHING_KNOWN = Story()

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
    remarks: tuple[str, ...],
    mistake: str = "",
    story: Story = NOTHING_KNOWN,
    line: int = 0,
    sets: tuple[int, ...] = (),
    compared: tuple[Comparison, ...] = (),
    source: str = "",
    share: float = 0.0,
) -> GapResult:
    """All of it as one value.

    Args:
        gap: The gap that is told of.
        status: How it ended.
        found: Kind and result of every check that applies to the gap.
        remarks: What was repaired in the gap's cell, and what the student should know besides.
        mistake: Slug or family of the named mistake; empty if it has no name.
        story: What is known of that mistake, or of an end (an error, a limit, a crash).
        line: Of the cell, from 1, in which an error came up; 0 if none did or that is not known.
        sets: Lines of the cell that set its results, from 1.
        compared: Wrong outputs beside wanted ones, on numbers that the student may see.
        source: The cell, where its mistake has a name.
        share: Of the points, what the course gives for the mistake at least.
    """
    if not story.seen:
        failed = (result.message for _, result in found if not result.passed)
        story = Story(name=story.name, seen=MESSAGES.get(status) or next(failed, ""))
    score, given = scored(gap, status, found), share * gap.points
    return GapResult(
        gap=gap.name,
        points=gap.points,
        score=max(score, given),
        status=status,
        mistake=mistake,
        message=story.text,
        remarks=(*remarks, told(gap, given)) if given > score else remarks,
        checks=tuple(result for _, result in found),
        story=story,
        line=line,
        sets=sets,
        compared=compared,
        source=source,
    )


def ended_on(plan: Plan, gap: Gap, status: Status, transcript: Transcript) -> Twin | None:
    """The twin whose answer says how a gap ended: the first that a student may see, if there is one.

    Args:
        plan: Of the notebook.
        gap: The gap that ended.
        status: How it ended; with right or wrong values nothing did.
        transcript: What the submission gave.
    """
    twins = [twin for twin in plan.twins if _ENDED.get(transcript.answer(twin.name, gap.name).outcome) is status]
    return next((twin for twin in twins if gap.shows(twin)), twins[0] if twins else None)
