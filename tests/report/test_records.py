"""The schema of records, as documented and as given away."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from autograder.classes.grade import _counted
from autograder.classes.records import read_records
from autograder.model import SCHEMA, Record, Status

from . import classes
from .classes import record, result

DOCS = Path(__file__).parents[2] / "docs"
SCHEMAS = {"records.schema.json": Record}
FIRST = {
    "Record": "schema student assignment notebook submission suite score max_score isolation gaps remarks",
    "GapResult": "gap points score status mistake message remarks checks story line sets compared fault",
    "CheckResult": "check passed message",
    "Story": "name seen meaning question",
    "Comparison": "output twin yours wanted differs",
    "Numbers": "shape entries",
}
"""Fields that schema 1 has from its beginning: a schema that lacks one, or means something else by it, is another."""


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


if __name__ == "__main__":
    for name, kind in SCHEMAS.items():
        (DOCS / name).write_text(written(kind), encoding="utf-8")
