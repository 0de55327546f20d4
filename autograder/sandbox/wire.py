"""Typed messages between grader and runner: msgpack frames, decoded by type, capped in size, depth and time.

What comes from a runner is hostile. It is decoded into the types below and nothing else; arrays travel as element
type, shape and bytes. There is no pickle and no numpy file format here, so a forged answer can only be a wrong answer.
"""

from __future__ import annotations

import math
import os
import select
import struct
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from lab.judge import narrowed
from lab.values import is_of_numpy, of_numbers

DTYPES = {
    element: np.dtype("<" + element)
    for element in ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]
}
"""Element types that travel, little-endian."""
MAX_DIMENSIONS = 8
MAX_DEPTH = 4
MAX_TEXT = 1000
MAX_ITEMS = 1000
MAX_LEAVES = 10_000
"""Of a list of lists; numpy gives each as much room as the longest text needs."""
MAX_ARRAY_BYTES = 1 << 16
"""Far above any right value of the course; one message carries a gap's answers on all twins."""
MAX_NAMES = 200
MAX_OUTPUTS = 1000
"""Of one cell. Two bytes of a message can say "an empty output", which takes two hundred once it is decoded."""
_HEADER = struct.Struct("<I")


class ArrayFrame(msgspec.Struct, frozen=True, array_like=True, tag="a"):
    """An array, or a numpy scalar (shape ()). `data` is little-endian, rows first."""

    element: str
    shape: tuple[int, ...]
    data: bytes


class SequenceFrame(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """A list or tuple."""

    is_tuple: bool
    items: Annotated[tuple[Frame, ...], Meta(max_length=MAX_ITEMS)]


class OddFrame(msgspec.Struct, frozen=True, array_like=True, tag="o"):
    """A value that has no place in an answer, such as a generator; only its type's name travels."""

    type_name: str


Frame = ArrayFrame | SequenceFrame | OddFrame | int | float | bool | str | None
Frames = dict[str, Frame]


class Odd:
    """Stands for a value that could not travel; equals nothing."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<{self.type_name}>"


class RunCell(msgspec.Struct, frozen=True, array_like=True):
    """A cell to run. `gap` is a place in the order of gaps, or -1; `givens` are put in after it has run.

    One that is `skipped` does nothing of its own: a gap gives no answer, and right values follow it.
    """

    source: str
    gap: int = -1
    givens: tuple[str, ...] = ()
    skipped: bool = False


class Case(msgspec.Struct, frozen=True, array_like=True):
    """What a gap needs on one twin.

    Attributes:
        state: Right values of names that earlier gaps would have set; all that a closed gap sees.
        probes: Values that replace those of the state where the driver runs.
        calls: How often the driver runs: not at all, once, or again to see how the function behaves.
    """

    state: Frames
    probes: Frames
    calls: int


class Before(msgspec.Struct, frozen=True, array_like=True):
    """How the next gap is run and read, and a case for each twin that judges it (by place).

    Attributes:
        driver: Compiled, as `marshal` writes code: compiling it in every runner would take longer than running it.
    """

    closed: bool
    outputs: tuple[str, ...]
    defines: tuple[str, ...]
    driver: bytes
    results: tuple[str, ...]
    cases: dict[int, Case]


class Start(msgspec.Struct, frozen=True, array_like=True, tag="Start"):
    """First message to a runner: the cells, and the givens of each twin.

    `capture` asks for the cells' outputs. `imports` run before anything else.
    """

    cells: list[RunCell]
    twins: list[Frames]
    capture: bool
    imports: str
    output_bytes: int
    first: Before | None


class After(msgspec.Struct, frozen=True, array_like=True, tag="After"):
    """Right values of the gap that has just answered, by twin; functions that later gaps call; and the next gap.

    Attributes:
        code: Of those functions, as `marshal` writes it: what a later gap may call it need not read.
    """

    states: list[Frames]
    supplies: tuple[str, ...]
    code: bytes
    next: Before | None


class Gave(msgspec.Struct, frozen=True, array_like=True):
    """What a gap gave on one twin. `error` is empty unless its cell or function raised.

    Attributes:
        narrow: The type of fewest digits among the numbers that it was given, "f2" or "f4"; empty if all have 64 bits.
        shared: Names of values that are one array or list with an output.
    """

    values: Annotated[Frames, Meta(max_length=MAX_NAMES)]
    error: str
    line: int
    touched: Annotated[tuple[str, ...], Meta(max_length=MAX_NAMES)]
    repeats: bool
    needs_globals: bool
    narrow: str = ""
    shared: Annotated[tuple[str, ...], Meta(max_length=MAX_NAMES)] = ()


class Ready(msgspec.Struct, frozen=True, array_like=True, tag="Ready"):
    """The runner is set up; what comes next is the student's doing."""


class Got(msgspec.Struct, frozen=True, array_like=True, tag="Got"):
    """What the gap gave on every twin that judges it."""

    gap: int
    gave: Annotated[dict[int, Gave], Meta(max_length=MAX_ITEMS)]


class Output(msgspec.Struct, frozen=True, array_like=True):
    """One output of a cell, with the fields that a notebook file has for it; unused ones are empty."""

    kind: str
    name: str = ""
    text: str = ""
    data: Annotated[dict[str, str], Meta(max_length=MAX_NAMES)] = {}
    ename: str = ""
    evalue: str = ""
    traceback: Annotated[list[str], Meta(max_length=MAX_ITEMS)] = []


class Shown(msgspec.Struct, frozen=True, array_like=True, tag="Shown"):
    """A cell has run, with these outputs."""

    cell: int
    outputs: Annotated[list[Output], Meta(max_length=MAX_OUTPUTS)]


class End(msgspec.Struct, frozen=True, array_like=True, tag="End"):
    """The notebook has been run to its end."""


FromRunner = Ready | Got | Shown | End
ToRunner = Start | After

_encode = msgspec.msgpack.Encoder().encode
_from_runner: msgspec.msgpack.Decoder[FromRunner] = msgspec.msgpack.Decoder(FromRunner)
_to_runner: msgspec.msgpack.Decoder[ToRunner] = msgspec.msgpack.Decoder(ToRunner)


class WireError(Exception):
    """A runner sent something that is no message, or too much of it."""


def pack(value: object, depth: int = MAX_DEPTH) -> Frame:
    """The frame of a value; an `OddFrame` for anything that has no place in an answer."""
    kind = type(value)
    if value is None or kind is float or kind is bool:
        return value  # type: ignore[return-value]  # its type has just been looked at
    if kind is int:
        return value if -(2**63) <= value < 2**63 else OddFrame("int of more than 64 bits")  # type: ignore[operator,return-value]
    if is_of_numpy(value):
        return _pack_array(of_numbers(value), kind.__name__)
    if type(value) is str:
        return value[:MAX_TEXT].encode(errors="replace").decode()
    if type(value) is Fraction:
        return float(value)
    if (type(value) is list or type(value) is tuple) and depth and len(value) <= MAX_ITEMS:
        frame = SequenceFrame(kind is tuple, tuple(pack(item, depth - 1) for item in value))
        if depth < MAX_DEPTH or _leaves(frame) <= MAX_LEAVES:
            return frame
    return OddFrame(kind.__name__[:100])


def _leaves(frame: SequenceFrame, depth: int = MAX_DEPTH) -> int:
    if not depth:
        return 0
    return sum(_leaves(item, depth - 1) if isinstance(item, SequenceFrame) else 1 for item in frame.items)


def _pack_array(array: np.ndarray, type_name: str) -> Frame:
    element = array.dtype.str[1:]
    if element not in DTYPES or array.ndim > MAX_DIMENSIONS:
        return OddFrame(f"{type_name} of {array.dtype}"[:100])
    if array.nbytes > MAX_ARRAY_BYTES or max(array.shape, default=0) > MAX_ARRAY_BYTES:
        return OddFrame(f"{type_name} of shape {array.shape}"[:100])
    return ArrayFrame(element, array.shape, array.astype(DTYPES[element], copy=False).tobytes())


def unpack(frame: Frame, depth: int = MAX_DEPTH) -> object:
    """The value of a frame; arrays own their memory.

    Raises:
        WireError: Unlisted element type, a size that does not fit the bytes, nesting deeper than `MAX_DEPTH`, or more
            text or items than `pack` lets through.
    """
    if type(frame) is float or type(frame) is int:
        return frame
    if isinstance(frame, ArrayFrame):
        return _unpack_array(frame)
    if isinstance(frame, OddFrame):
        return Odd(" ".join(frame.type_name[:100].split()))
    if isinstance(frame, SequenceFrame):
        if not depth:
            raise WireError(f"a value is nested more than {MAX_DEPTH} deep")
        if len(frame.items) > MAX_ITEMS or (depth == MAX_DEPTH and _leaves(frame) > MAX_LEAVES):
            raise WireError("a list of more items than are taken")
        items = [unpack(item, depth - 1) for item in frame.items]
        return tuple(items) if frame.is_tuple else items
    if isinstance(frame, str) and len(frame) > MAX_TEXT:
        raise WireError(f"a text of more than {MAX_TEXT} characters")
    return frame


def _unpack_array(frame: ArrayFrame) -> np.ndarray:
    if frame.element not in DTYPES:
        raise WireError("an array of a type that is not listed")
    if len(frame.shape) > MAX_DIMENSIONS or any(not 0 <= size <= MAX_ARRAY_BYTES for size in frame.shape):
        raise WireError("an array with an impossible shape")
    if math.prod(frame.shape) * int(frame.element[1:]) != len(frame.data) or len(frame.data) > MAX_ARRAY_BYTES:
        raise WireError("an array whose shape does not fit its bytes")
    return np.frombuffer(frame.data, DTYPES[frame.element]).reshape(frame.shape).copy()


def pack_all(values: Mapping[str, object]) -> Frames:
    """The frames of named values."""
    return {name: pack(value) for name, value in values.items()}


def unpack_all(frames: Frames, narrow: str = "") -> dict[str, object]:
    """The values of named frames, in the type `narrow` if that is one of fewer digits ("f2" or "f4")."""
    element = narrow if narrow in ("f2", "f4") else ""
    return {name: narrowed(unpack(frame), element) for name, frame in frames.items()}


def bytes_of(frames: Frames) -> bytes:
    """As they travel; 1 and 1.0 are not the same bytes."""
    return _encode(frames)


def frame_of(message: FromRunner | ToRunner) -> bytes:
    """The bytes of one message: its length, then msgpack."""
    body = _encode(message)
    return _HEADER.pack(len(body)) + body


class RunnerEnd:
    """The runner's end of the two pipes. It trusts what it reads, and blocks."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing

    def send(self, message: FromRunner) -> None:
        """Write one message, whatever its size."""
        data = memoryview(frame_of(message))
        while data:
            data = data[os.write(self._writing, data) :]

    def receive(self) -> ToRunner:
        """Read one message; EOFError when the grader has gone."""
        return _to_runner.decode(self._read(_HEADER.unpack(self._read(4))[0]))

    def _read(self, count: int) -> bytes:
        parts = []
        while count:
            part = os.read(self._reading, count)
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


class GraderEnd:
    """The grader's end of the two pipes: bounded in bytes and in time, whatever the runner does.

    `out_of_time` is asked every tenth of a second while waiting; what it returns, if not empty, ends the wait as
    TimeoutError with that text.
    """

    def __init__(self, reading: int, writing: int, *, frame_bytes: int, run_bytes: int) -> None:
        self._reading, self._writing = reading, writing
        self._frame_bytes, self._left = frame_bytes, run_bytes
        self._buffer = bytearray()
        self._ask_at = 0.0
        for end in (reading, writing):
            os.set_blocking(end, False)
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(reading, select.POLLIN)
        self._writable.register(writing, select.POLLOUT)

    def send(self, frame: bytes, out_of_time: Callable[[], str]) -> None:
        """Write one frame; TimeoutError if the runner does not read, BrokenPipeError if it has gone."""
        data = memoryview(frame)
        while data:
            try:
                data = data[os.write(self._writing, data) :]
            except BlockingIOError:
                self._wait(self._writable, out_of_time)

    def receive(self, out_of_time: Callable[[], str]) -> FromRunner:
        """Read one message.

        Raises:
            TimeoutError: `out_of_time` said so.
            EOFError: The runner has gone.
            WireError: No message, or too many bytes.
        """
        self._fill(4, out_of_time)
        size = _HEADER.unpack_from(self._buffer)[0]
        if size > self._frame_bytes:
            raise WireError(f"an answer of {size} bytes; at most {self._frame_bytes} are taken")
        self._fill(4 + size, out_of_time)
        body = bytes(self._buffer[4 : 4 + size])
        del self._buffer[: 4 + size]
        try:
            return _from_runner.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as error:
            raise WireError("an answer that is no message") from error

    def _fill(self, count: int, out_of_time: Callable[[], str]) -> None:
        while len(self._buffer) < count:
            self._wait(self._readable, out_of_time)
            part = os.read(self._reading, 1 << 16)
            if not part:
                raise EOFError
            self._left -= len(part)
            if self._left < 0:
                raise WireError("more answers than a notebook can have")
            self._buffer += part

    def _wait(self, poll: select.poll, out_of_time: Callable[[], str]) -> None:
        """Wait until the pipe is ready; ask for the time even if it always is, since bytes may come in drips."""
        self._ask(out_of_time)
        while not poll.poll(100):
            self._ask(out_of_time)

    def _ask(self, out_of_time: Callable[[], str]) -> None:
        now = time.monotonic()
        if now < self._ask_at:
            return
        self._ask_at = now + 0.1
        reason = out_of_time()
        if reason:
            raise TimeoutError(reason)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, in seconds; 0.0 if it has ended.

    Source:
        Linux: clock ids of processes, `clock_getcpuclockid(3)`.
    """
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0
