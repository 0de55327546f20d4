"""The grader's side of the sandbox: warm processes, and the conversation that replays a notebook on its twins."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from autograder.model import (
    Answer,
    Cell,
    CellKind,
    Gap,
    KitError,
    Outcome,
    Plan,
    Submission,
    Transcript,
    Twin,
    Value,
)
from autograder.sandbox.confine import Limits
from autograder.sandbox.wire import (
    After,
    At,
    Before,
    Frames,
    Got,
    GraderEnd,
    Need,
    Output,
    RunCell,
    Shown,
    Start,
    WireError,
    cpu_seconds,
    frame_of,
    pack_all,
    unpack_all,
)
from autograder.sandbox.zygote import PACKET, RUN, STOP, Ended, Forked, Hello

Message = TypeVar("Message", Hello, Forked, Ended)


class _Warm:
    """One warm process; forks one confined runner at a time."""

    def __init__(self, limits: Limits, *, plotting: bool) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mode = "plotting" if plotting else "plain"
        settings = msgspec.json.encode(limits).decode()
        # A fixed hash seed makes the order of sets the same in every run; one thread, since numpy's would hang a fork.
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", os.path.join(_cache(), "matplotlib")),
            "IPYTHONDIR": os.path.join(_cache(), "ipython"),
        }
        command = [sys.executable, "-s", "-P", "-m", "autograder.sandbox.zygote", str(theirs.fileno()), mode, settings]
        self._process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=environment, cwd="/", start_new_session=True
        )
        theirs.close()
        self._control = ours
        hello = self._receive(Hello)
        if hello.problem:
            self.close()
            raise KitError(f"Student code cannot be confined on this machine, so nothing was graded. {hello.problem}")
        self.isolation = hello.isolation

    def _receive(self, kind: type[Message]) -> Message:
        packet = self._control.recv(PACKET)
        if not packet:
            raise KitError("The sandbox's warm process ended unexpectedly. Run `autograder doctor` to see why.")
        return msgspec.msgpack.decode(packet, type=kind)

    def fork(self) -> tuple[int, int, int]:
        """Start a runner; its process id, and our ends of the pipes (reading, writing)."""
        to_read, to_write = os.pipe(), os.pipe()
        socket.send_fds(self._control, [RUN], [to_write[0], to_read[1]])
        os.close(to_write[0])
        os.close(to_read[1])
        return self._receive(Forked).pid, to_read[0], to_write[1]

    def stop(self) -> Ended:
        """End the runner, if it has not ended by itself."""
        self._control.send(STOP)
        return self._receive(Ended)

    def close(self) -> None:
        """End the warm process."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _cache() -> str:
    return os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A runner ended before its notebook did: in which cell, and why."""

    cell: int
    outcome: Outcome
    problem: str


@dataclass(slots=True)
class _Heard:
    """What one runner has said so far."""

    cell: int = -1
    cell_since: float = 0.0
    cell_cpu: float = 0.0
    last: int = -1
    open: bool = False
    answers: dict[str, Answer] = field(default_factory=dict)
    shown: dict[int, list[Output]] = field(default_factory=dict)


class Speech:
    """What the grader has to say about a notebook, packed once for all submissions of a run.

    Attributes:
        order: The gaps in the order in which they may ask: closed ones first, before any right value is handed out.
    """

    def __init__(self, plan: Plan, reference: Transcript | None) -> None:
        self.plan = plan
        self.reference = reference
        self.order = sorted(plan.gaps, key=lambda gap: not gap.closed)
        self.rank = {gap.name: at for at, gap in enumerate(self.order)}
        self.givens: dict[str, Frames] = {twin.name: pack_all(twin.givens) for twin in plan.twins}
        self._cached: dict[tuple[str, str], bytes] = {}

    def before(self, twin: Twin, gap: Gap, missed: Frames) -> bytes:
        """How `gap` is run on `twin`; `missed` holds right values that no `After` has brought."""
        key = (twin.name, gap.name)
        if missed or key not in self._cached:
            packed = self._before(twin, gap, missed)
            if missed:
                return packed
            self._cached[key] = packed
        return self._cached[key]

    def _before(self, twin: Twin, gap: Gap, missed: Frames) -> bytes:
        givens = self.givens[twin.name]
        state = (
            {name: givens[name] for name in gap.inputs}
            if gap.closed
            else {**missed, **pack_all(twin.before.get(gap.name, {}))}
        )
        return frame_of(
            Before(
                state=state,
                closed=gap.closed,
                outputs=gap.outputs,
                defines=(gap.name, *gap.supplies) if gap.driver else (),
                driver=gap.driver,
                results=gap.results,
                probes=pack_all(twin.probes.get(gap.name, {})),
            )
        )

    def right(self, twin: Twin, gap: Gap, got: Frames) -> Frames:
        """Right outputs of `gap`; for the reference itself, what it just gave."""
        if self.reference is None:
            return {name: got[name] for name in gap.outputs if name in got}
        values = self.reference.answer(twin.name, gap.name).values
        return pack_all({name: values[name] for name in gap.outputs if name in values})


class Sandbox:
    """Replays notebooks one after the other; not to be shared between threads.

    A notebook that plots gets a warm process of its own kind: matplotlib costs every fork 2 ms.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._warm: dict[bool, _Warm] = {}

    @property
    def isolation(self) -> str:
        """The layers that hold, for the record."""
        return self._process(plotting=False).isolation

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the warm processes."""
        for warm in self._warm.values():
            warm.close()
        self._warm.clear()

    def _process(self, *, plotting: bool) -> _Warm:
        if plotting not in self._warm:
            self._warm[plotting] = _Warm(self.limits, plotting=plotting)
        return self._warm[plotting]

    def replay(self, speech: Speech, submission: Submission) -> Transcript:
        """Replay a submission on every twin of its plan, one fresh runner each.

        A cell that ends its runner (a limit, a crash) is left out and the twin is replayed without it.
        """
        ends_at = time.monotonic() + self.limits.notebook_wall_s
        left_out: dict[int, Fault] = {}
        answers: dict[str, Mapping[str, Answer]] = {}
        for twin in speech.plan.twins:
            answers[twin.name], faults = self._replay_twin(speech, submission, twin, left_out, ends_at)
            left_out |= faults
        for cell, fault in left_out.items():
            name = submission.cells[cell].grade_id
            if submission.cells[cell].kind is CellKind.GAP:
                for given in answers.values():
                    assert isinstance(given, dict)
                    given[name] = Answer(outcome=fault.outcome, problem=fault.problem)
        return Transcript(answers=answers, remarks=_remarks_on(submission, left_out))

    def _replay_twin(
        self, speech: Speech, submission: Submission, twin: Twin, left_out: Mapping[int, Fault], ends_at: float
    ) -> tuple[dict[str, Answer], dict[int, Fault]]:
        faults: dict[int, Fault] = {}
        while True:
            cells = _cells_to_run(speech, submission, twin, {*left_out, *faults})
            heard, fault = self._converse(speech, twin, cells, ends_at, _imports(submission), capture=False)
            if fault is None:
                return heard.answers, faults
            if fault.cell < 0:  # the notebook's own deadline: what has not answered is stopped
                stopped = Answer(outcome=Outcome.STOPPED, problem=fault.problem)
                unanswered = {gap.name: stopped for gap in speech.plan.gaps if gap.name not in heard.answers}
                return {**heard.answers, **unanswered}, faults
            faults[fault.cell] = fault

    def capture(self, speech: Speech, submission: Submission, left_out: frozenset[int]) -> dict[int, list[Output]]:
        """Outputs of a submission's cells as a kernel would show them, on the page and with nothing set right."""
        ends_at = time.monotonic() + self.limits.notebook_wall_s
        skip = set(left_out)
        while True:
            cells = [(at, RunCell(cell.source)) for at, cell in enumerate(submission.cells) if at not in skip]
            heard, fault = self._converse(speech, speech.plan.page, cells, ends_at, "", capture=True)
            if fault is None or fault.cell < 0:
                return heard.shown
            skip.add(fault.cell)

    def _converse(
        self,
        speech: Speech,
        twin: Twin,
        cells: list[tuple[int, RunCell]],
        ends_at: float,
        imports: str,
        *,
        capture: bool,
    ) -> tuple[_Heard, Fault | None]:
        """Talk to one runner until it is done or is ended; a fault's cell is an index into the submission."""
        warm = self._process(plotting=any("matplotlib" in cell.source for _, cell in cells))
        pid, reading, writing = warm.fork()
        heard = _Heard()
        problem, outcome = "", Outcome.DIED
        grader = GraderEnd(reading, writing, frame_bytes=self.limits.frame_bytes, run_bytes=self.limits.run_bytes)

        def out_of_time() -> str:
            return self._out_of_time(heard, pid, ends_at)

        try:
            start = Start([cell for _, cell in cells], capture, imports, self.limits.output_bytes)
            grader.send(frame_of(start), out_of_time)
            self._listen(grader, speech, twin, heard, pid, out_of_time)
        except TimeoutError as error:
            problem, outcome = str(error), Outcome.STOPPED
        except WireError as error:
            problem = f"it sent {error}"
        except (EOFError, BrokenPipeError):
            problem = "it ended the process"
        finally:
            os.close(reading)
            os.close(writing)
            ended = warm.stop()
        if not problem:
            return heard, None
        if heard.cell < 0:
            raise KitError(
                f"A runner ended before any student code (signal {ended.signal}, exit code {ended.code}, {problem}). "
                "Run `autograder doctor` to see which layer of the confinement fails."
            )
        if time.monotonic() > ends_at and outcome is Outcome.STOPPED:
            return heard, Fault(cell=-1, outcome=outcome, problem=problem)
        if outcome is Outcome.DIED and ended.signal:
            outcome, problem = _by_signal(ended.signal, self.limits)
        return heard, Fault(cell=cells[heard.cell][0], outcome=outcome, problem=problem)

    def _out_of_time(self, heard: _Heard, pid: int, ends_at: float) -> str:
        now = time.monotonic()
        if now > ends_at:
            return f"the notebook as a whole took longer than {self.limits.notebook_wall_s:g} s"
        if heard.cell < 0:
            return ""
        if cpu_seconds(pid) - heard.cell_cpu > self.limits.cell_cpu_s:
            return f"it ran for more than {self.limits.cell_cpu_s:g} s"
        if now - heard.cell_since > self.limits.cell_wall_s:
            return f"it waited for more than {self.limits.cell_wall_s:g} s"
        return ""

    def _listen(
        self, grader: GraderEnd, speech: Speech, twin: Twin, heard: _Heard, pid: int, out_of_time: object
    ) -> None:
        assert callable(out_of_time)
        delivered: set[str] = set()
        while True:
            message = grader.receive(out_of_time)
            if isinstance(message, At):
                if message.cell <= heard.cell:
                    raise WireError("cells out of order")
                heard.cell, heard.cell_since, heard.cell_cpu = message.cell, time.monotonic(), cpu_seconds(pid)
            elif isinstance(message, Need):
                gap = self._reached(speech, heard, message)
                grader.send(speech.before(twin, gap, _missed(speech, twin, gap, delivered, heard)), out_of_time)
            elif isinstance(message, Got):
                grader.send(frame_of(self._answered(speech, twin, heard, message, delivered)), out_of_time)
            elif isinstance(message, Shown):
                heard.shown[message.cell] = message.outputs
            else:
                return

    @staticmethod
    def _reached(speech: Speech, heard: _Heard, message: Need) -> Gap:
        """Gaps are handed out in rising order, one at a time: asking ahead closes what came before."""
        if heard.open or not heard.last < message.gap < len(speech.order):
            raise WireError("gaps out of order")
        heard.last, heard.open = message.gap, True
        return speech.order[message.gap]

    @staticmethod
    def _answered(speech: Speech, twin: Twin, heard: _Heard, message: Got, delivered: set[str]) -> After:
        if not heard.open or message.gap != heard.last:
            raise WireError("an answer that was not asked for")
        heard.open = False
        gap = speech.order[message.gap]
        known = {name: frame for name, frame in message.values.items() if name in gap.answers}
        heard.answers[gap.name] = Answer(
            outcome=Outcome.RAISED if message.error else Outcome.ANSWERED,
            values=_values(known),
            problem=message.error[:500],
            line=message.line,
            touched=tuple(name[:100] for name in message.touched[:50]),
            repeats=message.repeats,
            needs_globals=message.needs_globals,
        )
        if gap.closed:
            return After({}, (), "")
        delivered.add(gap.name)
        return After(speech.right(twin, gap, known), gap.supplies, gap.solution if gap.supplies else "")


def _values(frames: Frames) -> dict[str, Value]:
    return unpack_all(frames)  # type: ignore[return-value]  # what unpacks is a Value or an Odd, which equals nothing


def _missed(speech: Speech, twin: Twin, gap: Gap, delivered: set[str], heard: _Heard) -> Frames:
    """Right outputs of earlier gaps that did not answer in this run, or were closed."""
    if gap.closed:
        return {}
    missed: Frames = {}
    for earlier in speech.plan.gaps:
        if earlier.name == gap.name:
            break
        if earlier.name not in delivered:
            got = heard.answers.get(earlier.name)
            missed |= speech.right(twin, earlier, pack_all(got.values) if got else {})
            delivered.add(earlier.name)
    return missed


def _cells_to_run(speech: Speech, submission: Submission, twin: Twin, skip: set[int]) -> list[tuple[int, RunCell]]:
    """The cells with their places in the submission; closed gaps come first, with nothing but imports before them."""
    frames = speech.givens[twin.name]
    cells = [
        (at, RunCell(cell.source, *_role(speech, cell, frames)))
        for at, cell in enumerate(submission.cells)
        if at not in skip
    ]
    closed = [gap.closed for gap in speech.order]
    return sorted(cells, key=lambda entry: not (entry[1].gap >= 0 and closed[entry[1].gap]))


def _role(speech: Speech, cell: Cell, frames: Frames) -> tuple[int, Frames]:
    if cell.kind is CellKind.GAP:
        return speech.rank[cell.grade_id], {}
    return -1, {name: frames[name] for name in cell.givens}


def _imports(submission: Submission) -> str:
    """The import lines of the notebook's locked cells: all that a closed gap may rely on besides its inputs."""
    lines = [line for cell in submission.cells if cell.kind is CellKind.LOCKED for line in cell.source.splitlines()]
    return "\n".join(line for line in lines if line.startswith("import "))


def _by_signal(number: int, limits: Limits) -> tuple[Outcome, str]:
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return Outcome.STOPPED, f"the notebook used more than {limits.runner_cpu_s} s of computing time"
    return Outcome.DIED, f"Python itself crashed ({signal.Signals(number).name})"


def _remarks_on(submission: Submission, left_out: Mapping[int, Fault]) -> dict[str, tuple[str, ...]]:
    """Remarks on the student's own cells that had to be left out."""
    own = [
        f"Your own cell at position {submission.cells[at].index + 1} was left out of the grading: {fault.problem}."
        for at, fault in left_out.items()
        if submission.cells[at].kind is not CellKind.GAP
    ]
    return {"": tuple(own)} if own else {}
