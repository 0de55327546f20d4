"""The schema of records, as documented and as given away."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from autograder.classes.grade import _counted
from autograder.classes.open_records import OpenRecord, open_records
from autograder.classes.records import read_records
from autograder.cli import main
from autograder.course.course import Course
from autograder.course.pseudonyms import FILE
from autograder.judging.mistakes import known_mistakes
from autograder.model import SCHEMA, CheckResult, Record, Status

from . import classes
from .classes import record, result

DOCS = Path(__file__).parents[2] / "docs"
SCHEMAS = {"records.schema.json": Record, "open-records.schema.json": OpenRecord}
FIRST = {
    "Record": "schema student assignment notebook submission suite score max_score isolation gaps remarks",
    "GapResult": "gap points score status mistake message remarks checks story line sets compared fault",
    "CheckResult": "check passed message",
    "Story": "name seen meaning question",
    "Comparison": "output twin yours wanted differs",
    "Numbers": "shape entries",
}
"""Fields that schema 1 has from its beginning: a schema that lacks one, or means something else by it, is another."""
MISTAKE = known_mistakes(Course(classes.ROOT, ""), "02_chain")[0]


def written(kind: type) -> str:
    return json.dumps(msgspec.json.schema(kind), indent=1) + "\n"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_documented_schema_is_the_kit_s(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == written(SCHEMAS[name]), (
        f"docs/{name} is not what the types say. If a field went or means something else, raise SCHEMA; "
        "then write the file anew: python -m tests.report.test_records"
    )


def test_fields_of_the_first_schema_are_all_there() -> None:
    assert SCHEMA == 1
    types = msgspec.json.schema(Record)["$defs"]
    for name, fields in FIRST.items():
        assert set(fields.split()) <= set(types[name]["properties"]), name


def test_every_field_is_explained() -> None:
    text = (DOCS / "records.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(\w+)`", text))
    types = msgspec.json.schema(Record)["$defs"]
    untold = {field for name in ("Record", "GapResult") for field in types[name]["properties"]} - told
    assert not untold


def test_a_record_of_another_schema_is_not_read(tmp_path: Path) -> None:
    old = record("ada", "02_chain", result("dmul", Status.RIGHT))
    classes.write(tmp_path / "results.jsonl", [msgspec.structs.replace(old, schema=SCHEMA + 1), old])
    assert list(read_records(tmp_path / "results.jsonl").values()) == [old]
    classes.write(tmp_path / "results.jsonl", [msgspec.structs.replace(old, schema=SCHEMA + 1)])
    assert read_records(tmp_path / "results.jsonl") == {}


def test_another_file_is_another_attempt_and_the_same_file_is_not() -> None:
    first = record("ada", "02_chain", submission="a")
    assert _counted(first, None).attempt == 1
    assert _counted(record("ada", "02_chain", submission="a"), first).attempt == 1
    second = _counted(record("ada", "02_chain", submission="b"), first)
    assert second.attempt == 2
    assert _counted(record("ada", "02_chain", submission=""), second).attempt == 2
    nothing = record("ada", "02_chain", submission="")
    assert _counted(first, nothing).attempt == 1


def test_open_records_hold_no_name_no_text_and_no_code() -> None:
    secret = "Quirin Zeidler was here"
    wrong = msgspec.structs.replace(
        result("relu_dz", Status.WRONG, MISTAKE, source=f"# {secret}\nrelu_dz = 1"),
        message=secret,
        remarks=(secret,),
        fault=secret,
        checks=(CheckResult(check="values", passed=False, message=secret),),
    )
    one = msgspec.structs.replace(record(secret, "02_chain", wrong, submission="f" * 64), remarks=(secret,))
    (opened,) = open_records([one], {secret: "p-bcdfgh"})
    text = msgspec.json.encode(opened).decode()
    for word in (secret, "f" * 64, MISTAKE.seen, MISTAKE.name, "relu_dz = 1", "−2"):
        assert word not in text
    assert json.loads(text)["gaps"][0] == {
        "gap": "relu_dz",
        "status": "wrong",
        "score": 0.0,
        "points": 2.0,
        "mistake": MISTAKE.slug,
        "checks": {"values": False},
        "differed": [{"output": "dx", "twin": "page", "shape": [3], "wanted": [3], "entries": 1, "of": 3}],
    }


def test_open_records_stand_in_the_order_of_pseudonyms_not_of_names() -> None:
    names = {"ada": "p-z", "ben": "p-b"}
    found = open_records([record(name, "02_chain") for name in names], names)
    assert [one.student for one in found] == ["p-b", "p-z"]


def test_the_command_writes_pseudonyms_and_refuses_names(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "nbgrader_config.py").touch()
    classes.write(tmp_path / "results.jsonl", [record("Quirin", "02_chain", result("dmul", Status.RIGHT))])
    to = tmp_path / "open.jsonl"
    command = ["export", "records", "--course", str(tmp_path), "--to", str(to)]
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 2
    assert "Records for others hold no names" in refused.output
    assert not to.exists()
    assert CliRunner().invoke(main, [*command, "--pseudonyms"]).exit_code == 0
    first = to.read_text(encoding="utf-8")
    assert "Quirin" not in first
    assert msgspec.json.decode(first, type=OpenRecord).gaps[0].gap == "dmul"
    assert CliRunner().invoke(main, [*command, "--pseudonyms"]).exit_code == 0
    assert to.read_text(encoding="utf-8") == first  # the same pseudonym as before
    for path in (to, tmp_path / FILE):
        assert path.stat().st_mode & 0o077 == 0


if __name__ == "__main__":
    for name, kind in SCHEMAS.items():
        (DOCS / name).write_text(written(kind), encoding="utf-8")
