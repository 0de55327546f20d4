"""What is fed with bytes: each target takes any, and either refuses them by a typed error or gives a value within caps.

Anything else raises, and is a finding. The tests feed them from hypothesis, `fuzz.py` from a coverage-guided fuzzer.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import numpy as np

from autograder.classes.records import read_records
from autograder.course.cells import submission_of
from autograder.course.course import Course
from autograder.course.notebook import as_json
from autograder.handed_in.repair import repair
from autograder.model import Record
from autograder.sandbox import wire
from autograder.sandbox.wire import ArrayFrame, End, Gave, Got, GraderEnd, Odd, Output, SequenceFrame, Shown, WireError

ROOT = Path(__file__).parents[2]
NOTEBOOK = "02_chain"
FRAME_BYTES, RUN_BYTES = 20_000, 50_000

_course = Course(ROOT, "targets")


def check_value(value: object, depth: int = wire.MAX_DEPTH) -> int:
    """Assert that a decoded value is of a listed type and size; how many leaves it has."""
    if isinstance(value, list | tuple):
        assert depth
        assert len(value) <= wire.MAX_ITEMS
        leaves = sum(check_value(item, depth - 1) for item in value)
        assert leaves <= wire.MAX_LEAVES
        return leaves
    if isinstance(value, np.ndarray):
        assert value.dtype.str[1:] in wire.DTYPES
        assert value.nbytes <= wire.MAX_ARRAY_BYTES
        assert value.flags.writeable
    elif isinstance(value, Odd):
        assert len(value.type_name) <= 100
    elif isinstance(value, str):
        assert len(value) <= wire.MAX_TEXT
    else:
        assert value is None or type(value) in (bool, int, float)
    return 1


def unpack(frame: wire.Frame) -> None:
    """Target: one frame of an answer."""
    try:
        value = wire.unpack(frame)
    except WireError:
        return
    check_value(value)


def receive(data: bytes) -> None:
    """Target: the grader's end of the pipe, until the runner has gone."""
    (reading, runner), (nowhere, writing) = os.pipe(), os.pipe()
    try:
        end = GraderEnd(reading, writing, frame_bytes=FRAME_BYTES, run_bytes=RUN_BYTES)
        os.write(runner, data[: 1 << 16])
        os.close(runner)
        for message in _messages(end):
            if isinstance(message, Got):
                for gave in message.gave.values():
                    for frame in gave.values.values():
                        unpack(frame)
    finally:
        for descriptor in (reading, nowhere, writing):
            os.close(descriptor)


def _messages(end: GraderEnd) -> Iterator[wire.FromRunner]:
    while True:
        try:
            message = end.receive(lambda: "")
        except (WireError, EOFError):
            return
        assert isinstance(message, wire.FromRunner)
        yield message


def read_notebook(data: bytes) -> None:
    """Target: a file as handed in, to cells that can be replayed and a notebook that can be written."""
    source = _course.sources[NOTEBOOK]
    repaired = repair.__wrapped__(data, source)
    if repaired.unreadable:
        assert repaired.unreadable.endswith(".")
        assert not repaired.cells
        return
    assert [cell.grade_id for cell in repaired.cells if cell.grade_id] == [cell.grade_id for cell in source.graded]
    submission_of(repaired, _course.plan(NOTEBOOK), "")
    json.dumps(as_json(repaired, {})).encode()


def read_results(data: bytes) -> None:
    """Target: a results file, whatever a crash has left of it."""
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"results-{os.getpid()}.jsonl"
    path.write_bytes(data)
    try:
        found = read_records(path)
    finally:
        path.unlink()
    assert all(isinstance(record, Record) for record in found.values())


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "receive": receive,
    "read_notebook": read_notebook,
    "read_results": read_results,
}


def framed(message: object) -> bytes:
    """A message as it travels, of ours or not."""
    body = msgspec.msgpack.encode(message)
    return struct.pack("<I", len(body)) + body


def seeds() -> dict[str, list[bytes]]:
    """Bytes to start from, by target."""
    values = {"a": wire.pack(np.arange(6.0).reshape(2, 3)), "b": wire.pack([1, (2.5, "x", None)]), "c": True}
    gave = Gave(values, "NameError: name 'z' is not defined", 3, ("x",), True, False)
    forged = Gave(
        {"a": ArrayFrame("O8", (1,), b"12345678"), "b": SequenceFrame(False, (ArrayFrame("f8", (9,), b""),))},
        "",
        0,
        (),
        True,
        False,
    )
    shown = Shown(1, [Output("stream", "stdout", "x"), Output("execute_result", data={"text/plain": "1"})])
    messages = [Got(0, {0: gave, 1: gave}), Got(1, {0: forged}), shown, End()]
    handed_out = (ROOT / "source" / "1_neuron" / f"{NOTEBOOK}.ipynb").read_bytes()
    cells = json.loads(handed_out)["cells"]
    small = [json.dumps({"cells": cells[at : at + 3]}).encode() for at in range(0, len(cells), 3)]
    record = Record(
        student="s",
        assignment="a",
        notebook="n",
        submission="",
        suite="",
        score=1.0,
        max_score=1.0,
        isolation="",
        gaps=(),
    )
    line = msgspec.json.encode(record)
    return {
        "receive": [b"".join(map(framed, messages)), *map(framed, messages)],
        "read_notebook": [*small, json.dumps({"worksheets": [{"cells": cells[:4]}]}).encode()],
        "read_results": [line + b"\n" + line[:50], line],
    }
