"""One confined process, and the conversation in which it runs notebooks."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from autograder.model import ABSENT, Answer, Gap, KitError, Outcome, Value
from autograder.sandbox.confine import Limits
from autograder.sandbox.place import NOWHERE
from autograder.sandbox.speech import Places, Speech
from autograder.sandbox.warm import Warm
from autograder.sandbox.wire import (
    Frames,
    Gave,
    Got,
    GraderEnd,
    Output,
    Ready,
    RunCell,
    Shown,
    Start,
    WireError,
    bytes_of,
    cpu_seconds,
    frame_of,
    unpack_all,
)
from autograder.sandbox.zygote import Ended

MOST_LINES = 999
"""Lines of a cell that an error may name; a forged one says no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A runner ended before its notebook did: in which cell (by place in the submission), and why."""

    cell: int
    outcome: Outcome
    problem: str


@dataclass(slots=True)
class Heard:
    """What a runner has said of one notebook so far, and since when it is in the cell it is in."""

    since: float
    cpu_before: float
    ready: bool = False
    place: tuple[int, int] = (NOWHERE, 0)
    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    shown: dict[int, list[Output]] = field(default_factory=dict)


class Runner:
    """A confined process that runs one notebook after the other, until one of them ends it."""

    def __init__(self, warm: Warm, limits: Limits) -> None:
        self._warm, self._limits = warm, limits
        self._pid, self._reading, self._writing = warm.fork()
        self._is_new = True
        self.has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.end()

    def end(self) -> None:
        """End the process."""
        if not self.has_ended:
            self._end()

    def _end(self) -> Ended:
        self.has_ended = True
        os.close(self._reading)
        os.close(self._writing)
        return self._warm.stop()

    def run(
        self,
        speech: Speech,
        places: Places,
        cells: list[tuple[int, RunCell]],
        ends_at: float,
        *,
        imports: str = "",
        capture: bool = False,
    ) -> tuple[Heard, Fault | None]:
        """Run one notebook until it is done, or has to be ended, and the process with it.

        Args:
            speech: What there is to say.
            places: The twins.
            cells: With their places in the submission.
            ends_at: When the notebook's time is up, on the monotonic clock.
            imports: What closed gaps may rely on.
            capture: Ask for outputs, not for answers.

        Raises:
            KitError: It ended before any of the student's code ran.
        """
        is_new, self._is_new = self._is_new, False
        self._warm.place.clear()
        heard, outcome = Heard(since=time.monotonic(), cpu_before=cpu_seconds(self._pid)), Outcome.DIED
        start = Start(
            cells=[cell for _, cell in cells],
            twins=[speech.givens[place] for place in places],
            capture=capture,
            imports=imports,
            output_bytes=self._limits.output_bytes,
            first=None if capture else speech.first(places),
        )
        try:
            self._talk(start, speech, places, heard, ends_at)
            return heard, None
        except TimeoutError as error:
            problem, outcome = str(error), Outcome.STOPPED
        except WireError as error:
            problem = f"it sent {error}"
        except (EOFError, BrokenPipeError):
            problem = "it ended the process"
        ended = self._end()
        out_of_time = outcome is Outcome.STOPPED and time.monotonic() > ends_at
        if is_new and not heard.ready and not out_of_time:
            raise KitError(
                f"A runner ended before any student code (signal {ended.signal}, exit code {ended.code}, {problem}). "
                "Run `autograder doctor` to see which layer of the confinement fails."
            )
        cell = NOWHERE if out_of_time else cells[self._cell(heard, len(cells))][0]
        return heard, self._fault(cell, ended, outcome, problem)

    def _fault(self, cell: int, ended: Ended, outcome: Outcome, problem: str) -> Fault:
        killed = outcome is Outcome.DIED and ended.signal in (0, signal.SIGKILL)
        if killed and ended.cpu_s > self._limits.runner_cpu_s / 2:  # the kernel's own limit counts in coarse steps
            outcome = Outcome.STOPPED
            problem = f"the notebook used more than {self._limits.runner_cpu_s} s of computing time"
        elif outcome is Outcome.DIED and ended.signal:
            problem = f"Python itself crashed ({signal.Signals(ended.signal).name})"
        return Fault(cell=cell, outcome=outcome, problem=problem)

    def _cell(self, heard: Heard, count: int) -> int:
        """Which of so many cells it was in, as far as can be told."""
        return min(max(self._warm.place.get()[0], heard.place[0], 0), count - 1)

    def _talk(self, start: Start, speech: Speech, places: Places, heard: Heard, ends_at: float) -> None:
        """Take one answer for each gap, in order, and reply to each; or take outputs, if those are wanted."""
        limits = self._limits
        grader = GraderEnd(self._reading, self._writing, frame_bytes=limits.frame_bytes, run_bytes=limits.run_bytes)

        def out_of_time() -> str:
            return self._out_of_time(heard, ends_at)

        grader.send(frame_of(start), out_of_time)
        got: dict[str, dict[int, Frames]] = {}
        while True:
            message = grader.receive(out_of_time)
            if isinstance(message, Got):
                at = len(got)
                if start.capture or message.gap != at or at == len(speech.order):
                    raise WireError("an answer that was not asked for")
                gap, twins = speech.order[at], speech.plan.twins
                gave = {places[number]: one for number, one in message.gave.items() if 0 <= number < len(places)}
                heard.answers[gap.name] = {  # a twin left out has had its turn: right values come next
                    twins[place].name: _answer(speech, place, gap, gave[place]) if place in gave else ABSENT
                    for place in places
                }
                got[gap.name] = {} if speech.reference else {place: one.values for place, one in gave.items()}
                grader.send(speech.reply(places, at, got), out_of_time)
            elif isinstance(message, Shown):
                if start.capture:  # nobody has asked for others
                    heard.shown[message.cell] = message.outputs
            elif isinstance(message, Ready):
                heard.ready = True
            else:
                return

    def _out_of_time(self, heard: Heard, ends_at: float) -> str:
        """Why a runner must be stopped now; empty if it need not be. A cell's clocks start when it is first seen.

        Computing time is counted for each twin, waiting for all of them together. Cells and twins only go forward; a
        runner that claims to be back at an earlier one gets no more time.
        """
        now, place, cpu = time.monotonic(), self._warm.place.get(), cpu_seconds(self._pid)
        if now > ends_at:
            return f"the notebook as a whole took longer than {self._limits.notebook_wall_s:g} s"
        if place > heard.place:
            heard.since = now if place[0] > heard.place[0] else heard.since
            heard.place, heard.cpu_before = place, cpu
        if cpu - heard.cpu_before > self._limits.cell_cpu_s:
            return f"it ran for more than {self._limits.cell_cpu_s:g} s"
        if now - heard.since > self._limits.cell_wall_s:
            return f"it waited for more than {self._limits.cell_wall_s:g} s"
        return ""


def _answer(speech: Speech, place: int, gap: Gap, gave: Gave) -> Answer:
    answers = gap.answers
    frames = {name: frame for name, frame in gave.values.items() if name in answers}
    answer = Answer(
        outcome=Outcome.RAISED if gave.error else Outcome.ANSWERED,
        values=_values(speech, place, gap, frames, gave.narrow),
        problem=" ".join(gave.error[:500].split()),
        line=gave.line if 0 < gave.line <= MOST_LINES else 0,
        touched=tuple(name[:100] for name in gave.touched[:50]),
        shared=tuple(name[:100] for name in gave.shared[:50]),
        repeats=gave.repeats,
        needs_globals=gave.needs_globals,
    )
    hidden = not gap.shows(speech.plan.twins[place])
    return replace(answer, problem=answer.error) if hidden and gave.error else answer


def _values(speech: Speech, place: int, gap: Gap, frames: Frames, narrow: str) -> Mapping[str, Value]:
    right = speech.right_answer(place, gap)
    if right is not None and bytes_of(frames) == right[0]:
        return right[1]
    return unpack_all(frames, narrow)  # type: ignore[return-value]  # what unpacks is a Value or an Odd, which equals nothing
