"""The grader's side of the sandbox: warm processes, and the conversation that replays a notebook on its twins."""

from __future__ import annotations

import itertools
import marshal
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from autograder.model import (
    ABSENT,
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
from autograder.sandbox.place import NOWHERE, Place
from autograder.sandbox.wire import (
    After,
    Before,
    Case,
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
    cpu_seconds,
    frame_of,
    pack_all,
    unpack_all,
)
from autograder.sandbox.zygote import PACKET, RUN, STOP, Ended, Forked, Hello

CONDUCT_TWINS = 3
"""Conduct does not depend on the numbers; it is looked at on the first twins only."""

MOST_LINES = 999
"""Lines of a cell that an error may name; a forged one says no more."""
SHOWN_KINDS = frozenset(["text/plain", "image/png"])
_BASE64 = re.compile(r"[A-Za-z0-9+/=\n]*")
_CALM = (
    r"(numpy|math|cmath|itertools|functools|operator|collections|fractions|statistics|typing|dataclasses)"
    r"(\.(?!_|tests\b)\w+)*"
)
_AS = r"( as \w+)?"
_IMPORT = re.compile(
    rf"(import {_CALM}{_AS}(, {_CALM}{_AS})*|from {_CALM} import ([*]|\w+{_AS}(, \w+{_AS})*)) *(#.*)?",
)
"""What a closed gap may have imported elsewhere: modules whose import does nothing but define names."""
MOST_IMPORTS, LONGEST_IMPORT = 100, 200
"""Lines, and characters of one: they run before anything that could be blamed for a runner's end."""

_SHOWS = re.compile(r"(show\([^()]*\))? *(#.*)?")

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
        }
        self.place, shared = Place.make()
        module = ["-m", "autograder.sandbox.zygote", str(theirs.fileno()), str(shared), mode, settings]
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", *module],
            pass_fds=[theirs.fileno(), shared],
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        os.close(shared)
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
        self.place.clear()
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
    """What one runner has said so far, and since when it is in the cell it is in."""

    since: float
    ready: bool = False
    place: tuple[int, int] = (NOWHERE, 0)
    cpu_before: float = 0.0
    answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    shown: dict[int, list[Output]] = field(default_factory=dict)


Places = tuple[int, ...]
"""Which twins of the plan, by place."""
PAGE_ALONE: Places = (0,)
Given = Mapping[str, Mapping[int, Frames]]
"""Outputs by gap and twin (by place)."""


class Speech:
    """What the grader has to say about a notebook, packed once for all submissions of a run.

    Attributes:
        order: The gaps in the order in which they are handed out: closed ones first, before any right value.
        groups: Places of the twins that share a runner: those whose numbers a student may see, and the hidden ones.
            What a student reads was said by a runner that never knew a hidden number.
    """

    def __init__(self, plan: Plan, reference: Transcript | None) -> None:
        self.plan = plan
        self.reference = reference
        self.order = sorted(plan.gaps, key=lambda gap: not gap.closed)
        self.rank = {gap.name: at for at, gap in enumerate(self.order)}
        shown = [any(gap.shows(twin) for gap in plan.gaps) for twin in plan.twins]
        split = [tuple(place for place, seen in enumerate(shown) if seen is wanted) for wanted in (True, False)]
        self.groups: tuple[Places, ...] = tuple(places for places in split if places)
        self.givens: list[Frames] = [pack_all(twin.givens) for twin in plan.twins]
        self._replies: dict[tuple[Places, int], bytes] = {}

    def first(self, places: Places) -> Before | None:
        """How the first gap is run."""
        return self._before(places, 0, {})

    def reply(self, places: Places, at: int, got: Given) -> bytes:
        """What is sent once gap `order[at]` has answered on every twin: right values, and how the next one is run.

        Gaps are handed out one at a time, in a fixed order; right values are only ever of gaps that have answered.
        """
        key = (places, at)
        if self.reference is None or key not in self._replies:
            self._replies[key] = frame_of(self._after(places, at, got))
        return self._replies[key]

    def _after(self, places: Places, at: int, got: Given) -> After:
        gap, following = self.order[at], self._before(places, at + 1, got)
        if gap.closed:
            return After([], (), b"", following)
        states = [self._right(place, gap, got) for place in places]
        code = _compiled(gap.solution, f"the solution of gap {gap.name}") if gap.supplies else b""
        return After(states, gap.supplies, code, following)

    def _before(self, places: Places, at: int, got: Given) -> Before | None:
        if at == len(self.order):
            return None
        gap = self.order[at]
        return Before(
            closed=gap.closed,
            outputs=gap.outputs,
            defines=(gap.name, *gap.supplies) if gap.driver else (),
            driver=_compiled(gap.driver, f"checks/{gap.notebook}.toml: the driver of gap {gap.name}"),
            results=tuple(gap.results),
            cases={number: self._case(gap, place, got) for number, place in enumerate(places)},
        )

    def _case(self, gap: Gap, place: int, got: Given) -> Case:
        twin = self.plan.twins[place]
        if gap.closed:
            state = {name: self.givens[place][name] for name in gap.inputs}
        else:
            state = {**self._of_closed(gap, place, got), **pack_all(twin.before.get(gap.name, {}))}
        return Case(state, pack_all(twin.probes.get(gap.name, {})), self._calls(gap, place))

    def _calls(self, gap: Gap, place: int) -> int:
        if not gap.driver or not self.plan.twins[place].judges(gap.name):
            return 0
        judging = [at for at, twin in enumerate(self.plan.twins) if twin.judges(gap.name)]
        return 3 if gap.conduct_points and place in judging[:CONDUCT_TWINS] else 1

    def _of_closed(self, gap: Gap, place: int, got: Given) -> Frames:
        """Right outputs of closed gaps before this one: no `After` brings them, since closed gaps run first."""
        found: Frames = {}
        for earlier in self.plan.gaps[: self.plan.gaps.index(gap)]:
            found |= self._right(place, earlier, got) if earlier.closed else {}
        return found

    def _right(self, place: int, gap: Gap, got: Given) -> Frames:
        """Right outputs of `gap` on one twin; for the reference itself, what it gave."""
        if self.reference is None:
            gave = got.get(gap.name, {}).get(place, {})
            return {name: frame for name, frame in gave.items() if name in gap.outputs}
        values = self.reference.answer(self.plan.twins[place].name, gap.name).values
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
        """Replay a submission on every twin of its plan, one runner for each group of them.

        A cell that ends the runner (a limit, a crash) is left out, and the replay repeated without it. The first answer
        of a gap counts: a runner that ended has seen right values, and which cell ended it could tell the next one.
        """
        left_out: dict[int, Fault] = {}
        in_the_open = 0
        too_late: set[int] = set()
        answers: dict[str, dict[str, Answer]] = {twin.name: {} for twin in speech.plan.twins}
        for places in speech.groups:
            ends_at = time.monotonic() + self.limits.notebook_wall_s
            while True:
                cells = _cells_to_run(speech, submission, too_late.union(left_out))
                heard, fault = self._converse(
                    speech, places, cells, _imports(speech, submission), ends_at, capture=False
                )
                for gap, by_twin in heard.answers.items():
                    for twin, answer in by_twin.items():
                        answers[twin].setdefault(gap, answer)
                to_blame = _to_blame(submission, fault, left_out)
                if fault is None or to_blame == NOWHERE:
                    break
                left_out[to_blame] = fault
            if fault is not None:  # the notebook's own deadline: what has not answered is stopped
                stopped = Answer(outcome=Outcome.STOPPED, problem=fault.problem)
                for given in [answers[speech.plan.twins[place].name] for place in places]:
                    late = {gap.name: stopped for gap in speech.plan.gaps if gap.name not in given}
                    given |= late
                    too_late |= {at for at, cell in enumerate(submission.cells) if cell.grade_id in late}
            if places is speech.groups[0]:
                in_the_open = len(left_out)
        for cell, fault in left_out.items():
            if submission.cells[cell].kind is CellKind.GAP:
                for given in answers.values():
                    given[submission.cells[cell].grade_id] = Answer(outcome=fault.outcome, problem=fault.problem)
        return Transcript(answers=answers, remarks=_remarks_on(submission, left_out, in_the_open))

    def capture(self, speech: Speech, submission: Submission, left_out: frozenset[int]) -> dict[int, list[Output]]:
        """Outputs of a submission's cells as a kernel would show them, on the page and with nothing set right."""
        ends_at = time.monotonic() + self.limits.notebook_wall_s
        skip = set(left_out)
        while True:
            cells = [(at, RunCell(cell.source)) for at, cell in enumerate(submission.cells) if at not in skip]
            heard, fault = self._converse(speech, PAGE_ALONE, cells, "", ends_at, capture=True)
            if fault is None or fault.cell == NOWHERE:
                shown = {number: outputs for number, outputs in heard.shown.items() if 0 <= number < len(cells)}
                return {cells[number][0]: _harmless(outputs, self.limits) for number, outputs in shown.items()}
            skip.add(fault.cell)

    def _converse(
        self,
        speech: Speech,
        places: Places,
        cells: list[tuple[int, RunCell]],
        imports: str,
        ends_at: float,
        *,
        capture: bool,
    ) -> tuple[_Heard, Fault | None]:
        """Talk to one runner until it is done or is ended; a fault's cell is an index into the submission."""
        warm = self._process(plotting=any("matplotlib" in cell.source for _, cell in cells))
        pid, reading, writing = warm.fork()
        heard, outcome, problem = _Heard(since=time.monotonic()), Outcome.DIED, ""
        grader = GraderEnd(reading, writing, frame_bytes=self.limits.frame_bytes, run_bytes=self.limits.run_bytes)

        def out_of_time() -> str:
            return self._out_of_time(heard, warm.place.get(), pid, ends_at)

        try:
            start = Start(
                cells=[cell for _, cell in cells],
                twins=[speech.givens[place] for place in places],
                capture=capture,
                imports=imports,
                output_bytes=self.limits.output_bytes,
                first=None if capture else speech.first(places),
            )
            grader.send(frame_of(start), out_of_time)
            _listen(grader, speech, places, heard, out_of_time, capture=capture)
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
        if time.monotonic() > ends_at and outcome is Outcome.STOPPED:
            return heard, Fault(cell=NOWHERE, outcome=outcome, problem=problem)
        if not heard.ready:
            raise KitError(
                f"A runner ended before any student code (signal {ended.signal}, exit code {ended.code}, {problem}). "
                "Run `autograder doctor` to see which layer of the confinement fails."
            )
        killed = outcome is Outcome.DIED and ended.signal in (0, signal.SIGKILL)
        if killed and ended.cpu_s > self.limits.runner_cpu_s / 2:  # the kernel's own limit counts in coarse steps
            outcome = Outcome.STOPPED
            problem = f"the notebook used more than {self.limits.runner_cpu_s} s of computing time"
        elif outcome is Outcome.DIED and ended.signal:
            problem = f"Python itself crashed ({signal.Signals(ended.signal).name})"
        cell = min(max(warm.place.get()[0], heard.place[0], 0), len(cells) - 1)
        return heard, Fault(cell=cells[cell][0], outcome=outcome, problem=problem)

    def _out_of_time(self, heard: _Heard, place: tuple[int, int], pid: int, ends_at: float) -> str:
        """Why a runner must be stopped now; empty if it need not be. A cell's clocks start when it is first seen.

        Computing time is counted for each twin, waiting for all of them together. Cells and twins only go forward; a
        runner that claims to be back at an earlier one gets no more time.
        """
        now, cpu = time.monotonic(), cpu_seconds(pid)
        if now > ends_at:
            return f"the notebook as a whole took longer than {self.limits.notebook_wall_s:g} s"
        if place > heard.place:
            heard.since = now if place[0] > heard.place[0] else heard.since
            heard.place, heard.cpu_before = place, cpu
        if cpu - heard.cpu_before > self.limits.cell_cpu_s:
            return f"it ran for more than {self.limits.cell_cpu_s:g} s"
        if now - heard.since > self.limits.cell_wall_s:
            return f"it waited for more than {self.limits.cell_wall_s:g} s"
        return ""


def _listen(
    grader: GraderEnd,
    speech: Speech,
    places: Places,
    heard: _Heard,
    out_of_time: Callable[[], str],
    *,
    capture: bool,
) -> None:
    """Take one answer for each gap, in order, and reply to each; or take outputs, if those are wanted."""
    got: dict[str, dict[int, Frames]] = {}
    while True:
        message = grader.receive(out_of_time)
        if isinstance(message, Got):
            at = len(got)
            if capture or message.gap != at or at == len(speech.order):
                raise WireError("an answer that was not asked for")
            gap, twins = speech.order[at], speech.plan.twins
            gave = {places[number]: one for number, one in message.gave.items() if 0 <= number < len(places)}
            heard.answers[gap.name] = {  # a twin left out has had its turn: right values come next
                twins[place].name: _answer(gap, twins[place], gave[place]) if place in gave else ABSENT
                for place in places
            }
            got[gap.name] = {} if speech.reference else {place: one.values for place, one in gave.items()}
            grader.send(speech.reply(places, at, got), out_of_time)
        elif isinstance(message, Shown):
            if capture:  # nobody has asked for others
                heard.shown[message.cell] = message.outputs
        elif isinstance(message, Ready):
            heard.ready = True
        else:
            return


def _answer(gap: Gap, twin: Twin, gave: Gave) -> Answer:
    answer = Answer(
        outcome=Outcome.RAISED if gave.error else Outcome.ANSWERED,
        values=_values({name: frame for name, frame in gave.values.items() if name in gap.answers}),
        problem=" ".join(gave.error[:500].split()),
        line=gave.line if 0 < gave.line <= MOST_LINES else 0,
        touched=tuple(name[:100] for name in gave.touched[:50]),
        repeats=gave.repeats,
        needs_globals=gave.needs_globals,
    )
    return answer if gap.shows(twin) or not gave.error else replace(answer, problem=answer.error)


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


def _values(frames: Frames) -> dict[str, Value]:
    return unpack_all(frames)  # type: ignore[return-value]  # what unpacks is a Value or an Odd, which equals nothing


def _cells_to_run(speech: Speech, submission: Submission, left_out: set[int]) -> list[tuple[int, RunCell]]:
    """The cells with their places in the submission; closed gaps come first, with nothing but imports before them.

    A gap without a cell has the place NOWHERE, behind the cell of the course that should precede it: like a cell that
    is left out, it is not run, and what follows finds right values.
    """
    cells = [(at, _to_run(speech, cell, skipped=at in left_out)) for at, cell in enumerate(submission.cells)]
    order = {cell.grade_id: at for at, cell in enumerate(speech.plan.source.cells)}
    ranks = [order.get(cell.grade_id, NOWHERE) for cell in submission.cells]
    for gap in speech.plan.gaps:
        if order[gap.name] not in ranks:
            behind = max(
                (at for at, rank in enumerate(ranks) if rank < order[gap.name] and rank != NOWHERE), default=-1
            )
            cells.insert(behind + 1, (NOWHERE, RunCell("", speech.rank[gap.name], skipped=True)))
            ranks.insert(behind + 1, order[gap.name])
    closed = [gap.closed for gap in speech.order]
    return sorted(cells, key=lambda entry: not (entry[1].gap >= 0 and closed[entry[1].gap]))


def _to_run(speech: Speech, cell: Cell, *, skipped: bool) -> RunCell:
    gap = speech.rank[cell.grade_id] if cell.kind is CellKind.GAP else -1
    only_shows = cell.kind is CellKind.LOCKED and _only_shows(cell.source)
    return RunCell(cell.source, gap, cell.givens, skipped or only_shows)


def _compiled(source: str, what: str) -> bytes:
    """Code without its comments and docstrings, which are nobody's business in a runner; empty for no source."""
    try:
        code = compile(source, "<kit>", "exec", dont_inherit=True, optimize=2)
    except SyntaxError as error:
        raise KitError(f"{what} is no Python: {error}.") from None
    return marshal.dumps(code) if source else b""


@cache
def _only_shows(source: str) -> bool:
    """Whether a cell of the course does nothing that a replay could see: half of them only show values."""
    return all(_SHOWS.fullmatch(line) for line in source.splitlines())


def _imports(speech: Speech, submission: Submission) -> str:
    """The import lines of a notebook, wherever they stand: all that a closed gap may rely on besides its inputs."""
    if not speech.order[:1] or not speech.order[0].closed:
        return ""
    lines = [line.strip() for cell in submission.cells for line in cell.source.splitlines()]
    wanted = dict.fromkeys(line for line in lines if len(line) <= LONGEST_IMPORT and _IMPORT.fullmatch(line))
    some = itertools.islice(wanted, MOST_IMPORTS)
    return "\n".join(f"try:\n    {line}\nexcept Exception:\n    pass" for line in some)


def _to_blame(submission: Submission, fault: Fault | None, left_out: Collection[int]) -> int:
    """The cell to leave out next; NOWHERE if there is none.

    Where nothing ran, the last cell of the student's own before has done it, such as one that closes all files.
    """
    if fault is None or fault.cell not in left_out:
        return NOWHERE if fault is None else fault.cell
    own = [at for at, cell in enumerate(submission.cells[: fault.cell]) if cell.kind is CellKind.OWN]
    return max(set(own).difference(left_out), default=NOWHERE)


def _remarks_on(submission: Submission, left_out: Mapping[int, Fault], in_the_open: int) -> dict[str, tuple[str, ...]]:
    """Remarks on the student's own cells that had to be left out, the first ones of them on numbers that may be seen.

    Which one ended on hidden numbers is not said: one of hundreds, chosen by a hidden number, would tell it.
    """
    own = [
        f"Your own cell at position {submission.cells[at].index + 1} was left out of the grading: {fault.problem}."
        if place < in_the_open
        else f"A cell of your own was left out of the grading. On hidden numbers, {fault.problem}."
        for place, (at, fault) in enumerate(left_out.items())
        if submission.cells[at].kind is not CellKind.GAP
    ]
    return {"": tuple(dict.fromkeys(own))} if own else {}
