"""The results file of an earlier run: which of its records count."""

from __future__ import annotations

from pathlib import Path

import msgspec

from autograder.classes.records import Results, read_records
from autograder.model import Record


def record(student: str, submission: str) -> Record:
    return Record(
        student=student,
        assignment="1_neuron",
        notebook="02_chain",
        submission=submission,
        suite="suite",
        score=1.0,
        max_score=2.0,
        isolation="none",
        gaps=(),
    )


def test_the_last_of_several_records_of_one_notebook_counts_and_is_the_one_that_is_kept(tmp_path: Path) -> None:
    path, old, new, other = tmp_path / "r.jsonl", record("ada", "old"), record("ada", "new"), record("ben", "one")
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in (old, other, new)))
    wanted = {("ada", "1_neuron", "02_chain"): new, ("ben", "1_neuron", "02_chain"): other}
    assert read_records(path) == wanted
    with Results(path) as results:
        assert results.records == wanted
    lines = path.read_bytes().splitlines()
    assert sorted(msgspec.json.decode(line, type=Record).submission for line in lines) == ["new", "one"]
