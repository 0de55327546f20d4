"""What travels between grader and runner: it comes out as it went in, and what no runner of ours sends is refused."""

from __future__ import annotations

import math
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.sandbox import wire
from autograder.sandbox.wire import (
    End,
    Gave,
    Got,
    GraderEnd,
    Odd,
    OddFrame,
    RunCell,
    RunnerEnd,
    Start,
    WireError,
    frame_of,
    pack,
    unpack,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
)
nested = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple))
elements = st.sampled_from(sorted(wire.DTYPES))


def depth(value: object) -> int:
    return 1 + max(map(depth, value), default=0) if isinstance(value, list | tuple) else 0


@given(nested.filter(lambda value: depth(value) <= wire.MAX_DEPTH))
def test_plain_values_travel_as_they_are(value):
    frame = msgspec.msgpack.decode(msgspec.msgpack.encode(pack(value)), type=wire.Frame)
    back = unpack(frame)
    assert back == value
    assert type(back) is type(value)


@given(st.data())
def test_arrays_travel_with_type_shape_and_values(data):
    element = np.dtype(data.draw(elements))
    array = data.draw(arrays.arrays(element, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
    for sent in (array, array.T, array.astype(element.newbyteorder(">")), array[..., ::-1] if array.ndim else array):
        back = unpack(msgspec.msgpack.decode(msgspec.msgpack.encode(pack(sent)), type=wire.Frame))
        assert isinstance(back, np.ndarray)
        assert (back.dtype, back.shape) == (element, sent.shape)
        np.testing.assert_array_equal(back, sent)
        assert back.flags.writeable
        assert back.flags.owndata or back.base is not None


@pytest.mark.parametrize(
    ("value", "as_what"),
    [(np.float64(1.5), 1.5), (np.int64(3), 3), (np.bool_(True), True), (Fraction(1, 4), 0.25), (math.inf, math.inf)],
)
def test_numbers_of_other_types_travel_as_numbers(value, as_what):
    assert unpack(pack(value)) == as_what


class Mine:
    def __repr__(self) -> str:
        return "Mine()"


DEEP: list[object] = []
for _ in range(2000):
    DEEP = [DEEP]
WIDE = [[0] * 200] * 200


@pytest.mark.parametrize(
    "value",
    [Mine(), Mine, len, {1: 2}, {1}, b"x", 1j, 2**64, np.array([Mine()]), np.array(["a"]), np.zeros(10**5), range(3)],
    ids=repr,
)
def test_whatever_has_no_place_in_an_answer_travels_as_its_types_name(value):
    back = unpack(pack(value))
    assert isinstance(back, Odd)
    assert len(back.type_name) <= 100


@pytest.mark.parametrize("value", [[0] * 10**6, DEEP, WIDE], ids=["long", "deep", "wide"])
def test_huge_lists_travel_as_next_to_nothing(value):
    assert len(msgspec.msgpack.encode(pack(value))) < 1000


def test_texts_are_cut():
    assert unpack(pack("x" * 10**6)) == "x" * wire.MAX_TEXT
    assert unpack(pack("\ud800")) == "?"


FORGED = {
    "an element type that is not listed": wire.ArrayFrame("O8", (1,), b"12345678"),
    "a shape that does not fit": wire.ArrayFrame("f8", (2,), b"12345678"),
    "a negative size": wire.ArrayFrame("f8", (-1,), b""),
    "a giant shape": wire.ArrayFrame("f8", (2**62, 2**62), b""),
    "a giant shape of nothing": wire.ArrayFrame("f8", (0, 2**62), b""),
    "too many dimensions": wire.ArrayFrame("f8", (1,) * 9, b"12345678"),
    "too deep": wire.SequenceFrame(False, (wire.SequenceFrame(False, (pack([[[1]]]),)),)),
}


@pytest.mark.parametrize("forged", FORGED)
def test_forged_values_are_refused_at_once(forged):
    started = time.process_time()
    with pytest.raises(WireError):
        unpack(FORGED[forged])
    assert time.process_time() - started < 0.1


# ---- the pipes -------------------------------------------------------------------------------


@contextmanager
def pipes(*, frame_bytes: int = 10_000, run_bytes: int = 100_000) -> Iterator[tuple[GraderEnd, RunnerEnd, int]]:
    """A grader's and a runner's end, and the runner's writing descriptor."""
    to_grader, to_runner = os.pipe(), os.pipe()
    try:
        grader = GraderEnd(to_grader[0], to_runner[1], frame_bytes=frame_bytes, run_bytes=run_bytes)
        yield grader, RunnerEnd(to_runner[0], to_grader[1]), to_grader[1]
    finally:
        for end in (*to_grader, *to_runner):
            with suppress(OSError):
                os.close(end)


def in_time() -> str:
    return ""


def at_once() -> str:
    return "too late"


def framed(body: bytes) -> bytes:
    return struct.pack("<I", len(body)) + body


def test_messages_go_both_ways():
    start = Start([RunCell("x = 1", 0, ("x",))], [{"x": 1.0}], False, "import math", 100, None)
    got = Got(0, {1: Gave({"y": pack(np.ones(3))}, "", 0, ("x",), True, False, "")})
    with pipes() as (grader, runner, _):
        grader.send(frame_of(start), in_time)
        assert runner.receive() == start
        runner.send(got)
        runner.send(End())
        assert grader.receive(in_time) == got
        assert grader.receive(in_time) == End()


@pytest.mark.parametrize(
    "sent",
    [
        framed(b""),
        framed(b"\xc1"),
        framed(b"garbage"),
        framed(msgspec.msgpack.encode(["Got", 0, {0: ["not", "enough"]}])),
        framed(msgspec.msgpack.encode(["Start", [], [], False, "", 1, None])),
        framed(msgspec.msgpack.encode({"type": "End"})),
        framed(b"\x91" * 9000),
        framed(b"\xdd\xff\xff\xff\xff"),
        framed(b"\x81\xa1x" * 1000),
        struct.pack("<I", 10_001) + b"x" * 20,
        struct.pack("<I", 2**32 - 1),
    ],
    ids=range(11),
)
def test_what_is_no_message_is_refused(sent):
    with pipes() as (grader, _, descriptor):
        os.write(descriptor, sent)
        with pytest.raises(WireError):
            grader.receive(in_time)


def test_a_runner_that_has_gone_is_noticed():
    with pipes() as (grader, _, descriptor):
        os.write(descriptor, framed(b"123")[:5])
        os.close(descriptor)
        with pytest.raises(EOFError):
            grader.receive(in_time)


def test_more_bytes_than_a_run_may_send_are_refused():
    with pipes(run_bytes=200) as (grader, runner, _):
        for _ in range(40):
            runner.send(End())
        with pytest.raises(WireError, match="more answers"):
            all(grader.receive(in_time) for _ in range(40))


def test_a_runner_that_says_nothing_or_reads_nothing_runs_into_the_deadline():
    with pipes() as (grader, _, _), pytest.raises(TimeoutError, match="too late"):
        grader.receive(at_once)
    with pipes() as (grader, _, _), pytest.raises(TimeoutError, match="too late"):
        grader.send(framed(b"x" * 10**6), at_once)


def test_bytes_in_drips_run_into_the_deadline():
    until = time.monotonic() + 0.3
    with pipes() as (grader, _, descriptor):
        os.write(descriptor, framed(b"123")[:3])
        with pytest.raises(TimeoutError, match="too late"):
            grader.receive(lambda: "too late" if time.monotonic() > until else "")


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_random_bytes_end_as_a_refusal_or_a_message_and_never_otherwise(body):
    with pipes() as (grader, _, descriptor):
        os.write(descriptor, framed(body))
        try:
            message = grader.receive(in_time)
            for gave in message.gave.values() if isinstance(message, Got) else ():
                wire.unpack_all(gave.values)
        except WireError:
            pass


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 10**4)])
def test_an_answer_with_nothing_in_it_is_an_answer(shape):
    assert unpack(pack(np.zeros(shape))).shape == shape


def test_an_odd_frame_from_a_runner_has_a_short_name():
    assert len(unpack(OddFrame("x" * 10**5)).type_name) <= 100


def test_the_name_of_a_type_has_one_line() -> None:
    odd = unpack(OddFrame("x\nweighted_sum: 2 of 2 points.\r\t"))
    assert isinstance(odd, Odd)
    assert odd.type_name == "x weighted_sum: 2 of 2 points."
