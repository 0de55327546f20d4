"""The sandbox: notebooks are run in it, and what they gave on each twin, or showed, comes out."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import msgspec

from autograder.model import Answer, CellKind, Outcome, Submission, Transcript
from autograder.sandbox.confine import Limits
from autograder.sandbox.place import NOWHERE
from autograder.sandbox.runner import Fault, Heard, Runner
from autograder.sandbox.speech import Places, Speech, cells_to_run, imports_of
from autograder.sandbox.warm import Warm
from autograder.sandbox.wire import Output, RunCell

SHOWN_KINDS = frozenset(["text/plain", "image/png"])
_BASE64 = re.compile(r"[A-Za-z0-9+/=\n]*")
PAGE_ALONE: Places = (0,)
_REACHES = re.compile(
    r"\b(autograder|builtins|ctypes|delattr|gc|get_ipython|globals|importlib|inspect|modules|setattr|sys|vars)\b"
    r"|__(?!(call|future|init|len|name|repr|slots|str)__)\w+__"
    r"|(?<![\w.])(?!self\b)\w+(\.\w+)+\s*([-+*/|&@%^]|//|\*\*|<<|>>)?=(?!=)|\bdel\s+\w+\."
)
"""What it takes to change a module, and with it what cells before find when they are run again."""

DIED_ON_HIDDEN_NUMBERS = "on hidden numbers it ended the process"
"""All that is said of a runner that knew hidden numbers and ended: its signal, or what it sent, could spell them."""

Answers = dict[str, dict[str, Answer]]
"""By twin and gap."""
Outputs = dict[int, list[Output]]
"""By place of the cell in the submission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Cells of a submission that run no more, by their place in it.

    Attributes:
        in_the_open: Those that ended a runner on numbers that may be seen, and how, the first one first.
        on_hidden: Those that did on hidden numbers.
        late: Those of gaps that the notebook's deadline has stopped.
    """

    in_the_open: Mapping[int, Fault] = field(default_factory=dict)
    on_hidden: Mapping[int, Fault] = field(default_factory=dict)
    late: frozenset[int] = frozenset()

    @property
    def left_out(self) -> Mapping[int, Fault]:
        """Those that ended a runner."""
        return {**self.in_the_open, **self.on_hidden}

    @property
    def cells(self) -> frozenset[int]:
        """All of them."""
        return self.late.union(self.in_the_open, self.on_hidden)

    def and_cell(self, cell: int, fault: Fault, *, hidden: bool) -> Lost:
        """With one more that ended a runner.

        Args:
            cell: Its place in the submission.
            fault: How it did.
            hidden: Whether that was on hidden numbers.
        """
        if hidden:
            return dataclasses.replace(self, on_hidden={**self.on_hidden, cell: fault})
        return dataclasses.replace(self, in_the_open={**self.in_the_open, cell: fault})


class Sandbox:
    """Replays notebooks one after the other; not to be shared between threads.

    A notebook that plots gets a warm process of its own kind: matplotlib costs every fork 2 ms.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._warm: dict[bool, Warm] = {}

    @property
    def isolation(self) -> str:
        """The layers that hold, for the record."""
        return self._process(plotting=False).isolation

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm processes."""
        for warm in self._warm.values():
            warm.close()
        self._warm.clear()

    def _process(self, *, plotting: bool) -> Warm:
        if plotting not in self._warm:
            self._warm[plotting] = Warm(self.limits, plotting=plotting)
        return self._warm[plotting]

    def _runner(self, *submissions: Submission) -> Runner:
        """A new runner, to be ended before the next one starts."""
        cells = [cell for submission in submissions for cell in submission.cells]
        warm = self._process(plotting=any("matplotlib" in cell.source for cell in cells))
        return Runner(warm, self.limits)

    def run(self, speech: Speech, submission: Submission) -> tuple[Transcript, Outputs]:
        """Replay a submission, and what its cells show as well.

        An ordinary notebook has one runner for what it shows and for the twins that a student may see, in this order:
        what is shown must know of nothing that has been set right. One that ends its runner, or may have changed a
        module in it, gets a new one for each.
        """
        found = self._run_plainly(speech, submission) if _leaves_modules_alone(submission) else None
        if found is not None:
            shown, opened = found
            return self.replay(speech, submission, opened), shown
        transcript = self.replay(speech, submission)
        ended = {
            gap
            for answers in transcript.answers.values()
            for gap, answer in answers.items()
            if answer.outcome in (Outcome.STOPPED, Outcome.DIED)
        }
        return transcript, self.capture(speech, submission, ended)

    def _run_plainly(self, speech: Speech, submission: Submission) -> tuple[Outputs, Heard] | None:
        """Outputs, and what was heard on the first group of twins; None if the runner was ended before that."""
        ends_at = time.monotonic() + self.limits.cell_wall_s  # a hundred times what it takes
        with self._runner(submission) as runner:
            shown, fault = self._show_on(runner, speech, submission, (), ends_at)
            if fault is not None:
                return None
            heard, fault = self._run_on(runner, speech, speech.groups[0], submission, (), ends_at)
            return None if fault is not None else (shown, heard)

    def replay_together(self, speech: Speech, submissions: Sequence[Submission]) -> list[Transcript]:
        """Replay notebooks of ours, which have no secrets to keep from each other: one runner does for all of them.

        One that ends the runner is replayed again like any submission.
        """
        transcripts: list[Transcript] = []
        while len(transcripts) < len(submissions):
            with self._runner(*submissions) as runner:
                for submission in submissions[len(transcripts) :]:
                    answers = self._answers_of(runner, speech, submission)
                    if answers is None:
                        break
                    transcripts.append(Transcript(answers=answers))
            if len(transcripts) < len(submissions):
                transcripts.append(self.replay(speech, submissions[len(transcripts)]))
        return transcripts

    def _answers_of(self, runner: Runner, speech: Speech, submission: Submission) -> Answers | None:
        """A submission's answers on all twins; None if it ended the runner."""
        ends_at = time.monotonic() + self.limits.notebook_wall_s
        answers = _no_answers(speech)
        for places in speech.groups:
            heard, fault = self._run_on(runner, speech, places, submission, (), ends_at)
            if fault is not None:
                return None
            _add(answers, heard)
        return answers

    def _run_on(
        self,
        runner: Runner,
        speech: Speech,
        places: Places,
        submission: Submission,
        left_out: Collection[int],
        ends_at: float,
    ) -> tuple[Heard, Fault | None]:
        cells = cells_to_run(speech, submission, left_out)
        return runner.run(speech, places, cells, ends_at, imports=imports_of(speech, submission))

    def _show_on(
        self, runner: Runner, speech: Speech, submission: Submission, left_out: Collection[int], ends_at: float
    ) -> tuple[Outputs, Fault | None]:
        cells = [(at, RunCell(cell.source)) for at, cell in enumerate(submission.cells) if at not in left_out]
        heard, fault = runner.run(speech, PAGE_ALONE, cells, ends_at, capture=True)
        shown = {number: outputs for number, outputs in heard.shown.items() if 0 <= number < len(cells)}
        return {cells[number][0]: _harmless(outputs, self.limits) for number, outputs in shown.items()}, fault

    def replay(self, speech: Speech, submission: Submission, opened: Heard | None = None) -> Transcript:
        """Replay a submission on every twin of its plan, one runner for each group of them.

        A cell that ends the runner (a limit, a crash) is left out, and the replay repeated without it. The first answer
        of a gap counts: a runner that ended has seen right values, and which cell ended it could tell the next one.

        Args:
            speech: Of its plan.
            submission: Whose cells run.
            opened: What has been heard on the first group of twins, if that has been replayed.
        """
        answers = _no_answers(speech)
        if opened is not None:
            _add(answers, opened)
        lost = Lost()
        for places in speech.groups[opened is not None :]:
            lost = self._replay_group(speech, submission, places, lost, answers)
        for cell, fault in lost.left_out.items():
            if submission.cells[cell].kind is CellKind.GAP:
                for given in answers.values():
                    given[submission.cells[cell].grade_id] = Answer(outcome=fault.outcome, problem=fault.problem)
        return Transcript(answers=answers, remarks=_remarks_on(submission, lost))

    def _replay_group(
        self, speech: Speech, submission: Submission, places: Places, lost: Lost, answers: Answers
    ) -> Lost:
        """Replay a submission on one group of twins, with fewer cells each time a runner ends.

        Args:
            speech: Of its plan.
            submission: Whose cells run.
            places: Of the twins in the plan.
            lost: On the groups before.
            answers: Takes the new ones.

        Returns:
            What is lost by now.
        """
        hidden = places is not speech.groups[0]
        ends_at = time.monotonic() + self.limits.notebook_wall_s
        while True:
            with self._runner(submission) as runner:
                heard, fault = self._run_on(runner, speech, places, submission, lost.cells, ends_at)
            _add(answers, heard)
            if fault is None:
                return lost
            if hidden and fault.outcome is Outcome.DIED:
                fault = dataclasses.replace(fault, problem=DIED_ON_HIDDEN_NUMBERS)
            to_blame = _to_blame(submission, fault, lost.left_out)
            if to_blame == NOWHERE:  # the notebook's own deadline
                late = _stop(speech, places, answers, fault)
                cells = {at for at, cell in enumerate(submission.cells) if cell.grade_id in late}
                return dataclasses.replace(lost, late=lost.late.union(cells))
            lost = lost.and_cell(to_blame, fault, hidden=hidden)

    def capture(self, speech: Speech, submission: Submission, left_out: Collection[str] = ()) -> Outputs:
        """Outputs of a submission's cells as a kernel would show them, on the page and with nothing set right.

        Args:
            speech: Of its plan.
            submission: Whose cells run, in order.
            left_out: Gaps whose cells do not.
        """
        ends_at = time.monotonic() + self.limits.notebook_wall_s
        skip = {at for at, cell in enumerate(submission.cells) if cell.grade_id in left_out}
        while True:
            with self._runner(submission) as runner:
                shown, fault = self._show_on(runner, speech, submission, skip, ends_at)
            if fault is None or fault.cell == NOWHERE:
                return shown
            skip.add(fault.cell)


def _leaves_modules_alone(submission: Submission) -> bool:
    """Whether running the notebook once changes nothing for running it again, as far as its text can tell."""
    students = [cell.source for cell in submission.cells if cell.kind is not CellKind.LOCKED]
    return not any(map(_REACHES.search, students))


def _no_answers(speech: Speech) -> Answers:
    return {twin.name: {} for twin in speech.plan.twins}


def _add(answers: Answers, heard: Heard) -> None:
    """Take over what has not been answered before."""
    for gap, by_twin in heard.answers.items():
        for twin, answer in by_twin.items():
            answers[twin].setdefault(gap, answer)


def _stop(speech: Speech, places: Places, answers: Answers, fault: Fault) -> set[str]:
    """Say of each gap that has not answered on some of these twins that it was stopped; which these are."""
    stopped = Answer(outcome=Outcome.STOPPED, problem=fault.problem)
    late: set[str] = set()
    for given in [answers[speech.plan.twins[place].name] for place in places]:
        missing = {gap.name for gap in speech.plan.gaps}.difference(given)
        given |= dict.fromkeys(missing, stopped)
        late |= missing
    return late


def _harmless(outputs: list[Output], limits: Limits) -> list[Output]:
    """Outputs as they go on: text and pictures, since markup could hold a script; no more than a cell may show."""
    kept, used = [], 0
    for output in outputs:
        data = {kind: part for kind, part in output.data.items() if kind in SHOWN_KINDS}
        if not _BASE64.fullmatch(data.get("image/png", "")):
            del data["image/png"]
        used += sum(map(len, [output.text, *data.values(), output.ename, output.evalue, *output.traceback]))
        if used <= 2 * limits.output_bytes:
            kept.append(msgspec.structs.replace(output, data=data))
    return kept


def _to_blame(submission: Submission, fault: Fault | None, left_out: Collection[int]) -> int:
    """The cell to leave out next; NOWHERE if there is none.

    Where nothing ran, the last cell of the student's own before has done it, such as one that closes all files.
    """
    if fault is None or fault.cell not in left_out:
        return NOWHERE if fault is None else fault.cell
    own = [at for at, cell in enumerate(submission.cells[: fault.cell]) if cell.kind is CellKind.OWN]
    return max(set(own).difference(left_out), default=NOWHERE)


def _remarks_on(submission: Submission, lost: Lost) -> dict[str, tuple[str, ...]]:
    """Remarks on the student's own cells that had to be left out.

    Which one ended on hidden numbers is not said, nor how: one of hundreds, chosen by a hidden number, would tell it.
    """
    own = {at for at, cell in enumerate(submission.cells) if cell.kind is not CellKind.GAP}
    remarks = [
        f"Your own cell at position {submission.cells[at].index + 1} was left out of the grading: {fault.problem}."
        for at, fault in lost.in_the_open.items()
        if at in own
    ]
    if own.intersection(lost.on_hidden):
        remarks.append(
            "A cell of your own was left out of the grading. On hidden numbers, it took too long or ended the process."
        )
    return {"": tuple(dict.fromkeys(remarks))} if remarks else {}
