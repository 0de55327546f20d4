"""What comes from a runner, a student or a crash: a typed error or a value within caps, in bounded time and memory."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.sandbox import wire
from autograder.sandbox.confine import Limits
from autograder.sandbox.wire import ArrayFrame, Gave, Got, OddFrame, Output, SequenceFrame, Shown

from . import targets

HERE = Path(__file__).parent
FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MOST_SECONDS = 3.0
"""Of computing, for the largest message; a fraction of it is needed, but machines are shared."""
MOST_TIMES_ITS_SIZE = 60
"""Memory that a message may take while it is decoded, as a multiple of its bytes."""

sizes = st.integers(-3, 9) | st.sampled_from([2**16, 2**31, 2**62, -(2**63)])
arrays = st.builds(
    ArrayFrame,
    st.sampled_from([*sorted(wire.DTYPES), "O8", "V8", "U4", "f3", "", "f8,f8", "\ud800"]) | st.text(max_size=4),
    st.lists(sizes, max_size=10).map(tuple),
    st.binary(max_size=80),
)
leaves = arrays | st.builds(OddFrame, st.text(max_size=200)) | st.integers(-(2**63), 2**63) | st.floats() | st.none()
long_text = st.sampled_from(["x" * wire.MAX_TEXT, "x" * (wire.MAX_TEXT + 1)]) | st.text(max_size=5)
frames = st.recursive(
    leaves | long_text,
    lambda inner: st.builds(SequenceFrame, st.booleans(), st.lists(inner, max_size=4).map(tuple)),
    max_leaves=12,
)
gave = st.builds(
    Gave,
    st.dictionaries(st.text(max_size=3), frames, max_size=3),
    st.text(max_size=9),
    st.integers(-5, 2**40),
    st.lists(st.text(max_size=3), max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
)
outputs = st.builds(Output, st.text(max_size=9), data=st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
messages = (
    st.builds(Got, st.integers(), st.dictionaries(st.integers(-1, 9), gave, max_size=3))
    | st.builds(Shown, st.integers(), st.lists(outputs, max_size=3))
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=4), max_leaves=9
    )
)


def encoded(message: object) -> bytes:
    try:
        return targets.framed(message)
    except (OverflowError, UnicodeEncodeError):  # a runner cannot send it either
        return b""


@FEW
@given(frames)
def test_any_frame_is_a_value_within_caps_or_refused(frame: wire.Frame) -> None:
    targets.unpack(frame)


@FEW
@given(st.lists(messages, max_size=4), st.binary(max_size=9))
def test_any_messages_are_taken_or_refused(sent: list[object], rest: bytes) -> None:
    targets.receive(b"".join(map(encoded, sent)) + rest)


@FEW
@given(st.sampled_from(targets.seeds()["receive"]), st.integers(0, 500), st.binary(min_size=1, max_size=4))
def test_spoiled_messages_are_taken_or_refused(sent: bytes, place: int, by: bytes) -> None:
    at = place % len(sent)
    targets.receive(sent[:at] + by + sent[at + len(by) :])
    targets.receive(struct.pack("<I", len(by) + len(sent)) + by + sent)


@FEW
@given(st.binary(max_size=300))
def test_any_results_file_is_read(data: bytes) -> None:
    targets.read_results(data)
    for known in targets.seeds()["read_results"]:
        targets.read_results(data + b"\n" + known + data)


def _nested(depth: int) -> bytes:
    return b"\x93\xa1s\xc2\x91" * depth + b"\xc0"


MOST = Limits().frame_bytes - 100
LARGE = {
    "nothings": b"\x93\xa1s\xc2\xdd" + struct.pack(">I", MOST) + b"\xc0" * MOST,
    "empty lists": b"\x93\xa1s\xc2\xdd" + struct.pack(">I", MOST // 5) + b"\x93\xa1s\xc2\x90" * (MOST // 5),
    "empty arrays": b"\x93\xa1s\xc2\xdd"
    + struct.pack(">I", MOST // 10)
    + b"\x94\xa1a\xa2f8\x91\x00\xc4\x00" * (MOST // 10),
    "one text": b"\xdb" + struct.pack(">I", MOST) + b"x" * MOST,
    "one array": b"\x94\xa1a\xa2u1\x91\xce" + struct.pack(">I", MOST) + b"\xc6" + struct.pack(">I", MOST) + b"x" * MOST,
    "depth": _nested(MOST // 6),
    "less depth": _nested(200),
    "promises": b"\x93\xa1s\xc2\xdd\xff\xff\xff\xff",
    "thousands of thousands": msgspec.msgpack.encode(SequenceFrame(False, (SequenceFrame(False, (1,) * 999),) * 999)),
}


@pytest.mark.parametrize("name", LARGE)
def test_the_largest_frames_take_bounded_time_and_memory(name: str) -> None:
    body = LARGE[name]
    assert len(body) <= Limits().frame_bytes
    tracemalloc.start()
    started = time.process_time()
    try:
        targets.unpack(msgspec.msgpack.decode(body, type=wire.Frame))
    except (msgspec.MsgspecError, RecursionError):
        pass
    finally:
        seconds, (_, most) = time.process_time() - started, tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert seconds < MOST_SECONDS
    assert most < MOST_TIMES_ITS_SIZE * len(body) + (1 << 20)


EMPTY_OUTPUT, EMPTY_ANSWER = b"\x91\xa0", b"\x96\x80\xa0\x00\x90\xc3\xc2"
LARGE_MESSAGES = {
    "outputs of nothing": b"\x93\xa5Shown\x00\xdd" + struct.pack(">I", MOST // 2) + EMPTY_OUTPUT * (MOST // 2),
    "answers of nothing": b"\x93\xa3Got\x00\xdf"
    + struct.pack(">I", MOST // 12)
    + b"".join(b"\xce" + struct.pack(">I", at) + EMPTY_ANSWER for at in range(MOST // 12)),
    "names of nothing": b"\x93\xa3Got\x00\x81\x00\x96\xdf"
    + struct.pack(">I", MOST // 6)
    + b"".join(b"\xa4%04x\xc0" % (at % 65536) for at in range(MOST // 6)),
    "kinds of nothing": b"\x93\xa5Shown\x00\x91\x94\xa0\xa0\xa0\xdf"
    + struct.pack(">I", MOST // 6)
    + b"".join(b"\xa4%04x\xa0" % (at % 65536) for at in range(MOST // 6)),
    "lines of nothing": b"\x93\xa5Shown\x00\x91\x97\xa0\xa0\xa0\x80\xa0\xa0\xdd"
    + struct.pack(">I", MOST)
    + b"\xa0" * MOST,
    "names that were touched": b"\x93\xa3Got\x00\x81\x00\x96\x80\xa0\x00\xdd"
    + struct.pack(">I", MOST // 2)
    + b"\xa1x" * (MOST // 2),
}


@pytest.mark.parametrize("name", LARGE_MESSAGES)
def test_a_message_of_millions_of_nothings_is_refused_before_it_takes_memory(name: str) -> None:
    body = LARGE_MESSAGES[name]
    assert len(body) <= Limits().frame_bytes
    tracemalloc.start()
    try:
        with pytest.raises(msgspec.ValidationError, match="length <="):
            msgspec.msgpack.decode(body, type=wire.FromRunner)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 1 << 16


def fuzz(*arguments: str) -> str:
    """What the fuzzer says in the end; it must find nothing."""
    command = [sys.executable, str(HERE / "fuzz.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_the_fuzzer_runs() -> None:
    assert fuzz("--minutes", "0.05", "--without-atheris").endswith("findings: 0\n")


@pytest.mark.long
def test_ten_minutes_of_fuzzing_are_clean() -> None:
    assert fuzz("--minutes", "10").endswith("findings: 0\n")
