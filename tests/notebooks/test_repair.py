"""Repair takes anything: it never raises, ends soon, changes nothing that is in order, and loses no answer."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.course import notebook
from autograder.course.cells import submission_of
from autograder.course.course import Course
from autograder.course.notebook import Repaired, SourceNotebook
from autograder.handed_in import folder
from autograder.handed_in.repair import repair

from .cases import ASSIGNMENT, CHAIN, GAPS, ROOT, SOLUTIONS, STEP, STUBS, Book, code, id_of, released

COURSE = Course(ROOT, "repair")
SOURCE = COURSE.sources[CHAIN]
MOST_SECONDS = 15.0
"""Of computing, for the largest file that is taken; far above what is needed, since machines are shared."""

RELEASED = released(f"{ASSIGNMENT}/{CHAIN}")["cells"]
SOME_CODE = st.sampled_from(
    [
        *SOLUTIONS.values(),
        *STUBS.values(),
        *("".join(cell["source"]) for cell in RELEASED),
        *(half for text in SOLUTIONS.values() for half in (text[: len(text) // 2], text[len(text) // 2 :])),
        "",
        "# drop: mine",
        "relu_dz = (",
        "print(x)",
        "%%time\nz",
        "    return 1",
        "\x00",
        "\ud800",
        "x" * 101_000,
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
IDS = st.sampled_from([*(id_of(cell) for cell in RELEASED if id_of(cell)), "unknown"])
METADATA = st.one_of(
    st.fixed_dictionaries({"nbgrader": st.fixed_dictionaries({"grade_id": IDS})}),
    st.fixed_dictionaries({"id": IDS}),
    st.just({}),
    JSON,
)
SOME_SOURCE = (
    st.lists(SOME_CODE, min_size=1, max_size=3).map("\n\n".join)
    | SOME_CODE
    | SOME_CODE.map(lambda text: text.splitlines(True))
)
ANY_CELL = st.one_of(
    st.fixed_dictionaries(
        {"cell_type": st.sampled_from(["code", "markdown", "raw"]), "metadata": METADATA, "source": SOME_SOURCE},
        optional={"id": IDS},
    ),
    st.sampled_from(RELEASED),
    JSON,
)
NOTEBOOKS = st.fixed_dictionaries({"cells": st.lists(ANY_CELL, max_size=30)}).map(
    lambda found: json.dumps(found).encode()
)

FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def holds(repaired: Repaired, source: SourceNotebook) -> None:
    """What is true of every repaired notebook."""
    if repaired.unreadable:
        assert repaired.cells == ()
        assert repaired.unreadable.endswith(".")
        return
    names = [cell.grade_id for cell in repaired.cells if cell.grade_id]
    assert names == [cell.grade_id for cell in source.graded]
    originals = {cell.grade_id: cell for cell in source.graded}
    for cell in repaired.cells:
        if cell.grade_id and cell.role != "gap":
            assert cell.source == originals[cell.grade_id].source
        cell.source.encode()
    assert {*repaired.remarks} <= {"", *(name for name in originals)}
    as_cells = submission_of(repaired, COURSE.plan(source.name), "").cells
    assert {cell.grade_id for cell in as_cells} & repaired.missing == set()
    json.dumps(notebook.as_json(repaired, {})).encode()


def sources_of(repaired: Repaired) -> list[tuple[str, str, str]]:
    return [(cell.role, cell.grade_id, cell.source) for cell in repaired.cells]


@FEW
@given(st.binary(max_size=200))
@example(b"\xff\xfe")
@example(b"\x00\x00\xfe\xff{}")
@example(b'{"cells":[{"cell_type":"code","source":{"a":1}}]}')
@example(b"[" * 100_000)
@example(b"9" * 100_000)
def test_any_bytes_are_taken(data: bytes) -> None:
    holds(repair(data, SOURCE), SOURCE)


@FEW
@given(JSON)
def test_any_json_is_taken(content: object) -> None:
    for data in (
        content,
        {"cells": content},
        {"worksheets": [{"cells": [content]}]},
        {"cells": [{"metadata": content}]},
    ):
        holds(repair(json.dumps(data).encode(), SOURCE), SOURCE)


@settings(FEW, max_examples=400)
@given(NOTEBOOKS)
def test_any_notebook_is_taken_and_repaired_once_and_for_all(data: bytes) -> None:
    repaired = repair(data, SOURCE)
    holds(repaired, SOURCE)
    if not repaired.unreadable:
        again = repair(json.dumps(notebook.as_json(repaired, {})).encode(), SOURCE)
        assert sources_of(again) == sources_of(repaired)


@pytest.mark.long
@settings(FEW, max_examples=20_000)
@given(NOTEBOOKS)
def test_many_notebooks_are_taken_and_repaired_once_and_for_all(data: bytes) -> None:
    test_any_notebook_is_taken_and_repaired_once_and_for_all.hypothesis.inner_test(data)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", list(COURSE.sources))
def test_a_notebook_in_order_stays_as_it_is(name: str) -> None:
    source = COURSE.sources[name]
    handed_out = released(f"{source.assignment}/{name}")
    repaired = repair(json.dumps(handed_out).encode(), source)
    assert repaired.remarks == {}
    assert repaired.missing == frozenset()
    assert [cell.index for cell in repaired.cells] == list(range(len(handed_out["cells"])))
    graded = {id_of(cell): "".join(cell["source"]) for cell in handed_out["cells"] if id_of(cell)}
    assert {cell.grade_id: cell.source for cell in repaired.cells if cell.grade_id} == graded


@settings(FEW, max_examples=200)
@given(st.permutations(range(len(RELEASED))), st.sets(st.integers(0, len(RELEASED) - 1)), st.booleans())
def test_no_answer_is_lost_by_shuffling_cells_and_losing_metadata(
    order: list[int], unmarked: set[int], keeps_place: bool
) -> None:
    book = Book(CHAIN)
    for at in unmarked:
        book.cells[at]["metadata"] = {}
        del book.cells[at]["id"]
    if not keeps_place:
        book.json["cells"] = [book.cells[at] for at in order]
    found = {cell.grade_id: cell.source for cell in repair(book.bytes(), SOURCE).cells if cell.role == "gap"}
    assert found == {gap: SOLUTIONS[gap] for gap in GAPS[CHAIN]}


def _cells(*sources: str, grade_id: str = "") -> bytes:
    metadata: Mapping[str, Any] = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return json.dumps({"cells": [{**code(source), "metadata": metadata} for source in sources]}).encode()


LARGE = {
    "twenty_megabytes_of_brackets": b"[" * (20 << 20),
    "twenty_megabytes_of_cells": b'{"cells":[' + b"{}," * (6 << 20) + b"{}]}",
    "twenty_megabytes_of_digits": b'{"cells":' + b"9" * (19 << 20) + b"}",
    "twenty_megabytes_in_a_text": _cells("\n" * (9 << 20), grade_id="relu_dz"),
    "versions_by_the_thousand": _cells(*["relu_dz = z\n" * 90] * 1900, grade_id="relu_dz"),
    "halves_by_the_thousand": _cells(*["relu_dz = (", "z)"] * 990, grade_id="relu_dz"),
    "first_lines_by_the_thousand": _cells("\n".join(["# relu_dz: from z", "# dmul: from x, w"] * 3000)),
    "lines_by_the_thousand": _cells(*["a = 1\n" * 16_000] * 150, grade_id="dmul"),
    "lines_by_the_thousand_in_every_gap": json.dumps(
        {
            "cells": [
                {**code("a = 1\n" * 1600), "metadata": {"nbgrader": {"grade_id": gap}}} for gap in GAPS[CHAIN] * 200
            ]
        }
    ).encode(),
    "operators_by_the_thousand": _cells(
        "relu_dz = " + "-" * 99_000 + "1", "relu_dz = " + "(" * 99_000, grade_id="relu_dz"
    ),
    "attributes_by_the_thousand": _cells(
        "relu_dz = z" + ".a" * 45_000, "relu_dz" + "[0]" * 30_000 + " = 1", grade_id="relu_dz"
    ),
    "checks_by_the_thousand": _cells(*['check("relu_dz")\n' * 6000] * 20, grade_id="relu_dz"),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_file_is_read_in_bounded_time(name: str) -> None:
    started = time.process_time()
    holds(repair.__wrapped__(LARGE[name], SOURCE), SOURCE)
    assert time.process_time() - started < MOST_SECONDS


def test_a_solved_notebook_of_another_name_is_no_answer() -> None:
    assert repair(Book(STEP).bytes(), SOURCE).unreadable


def test_many_large_files_under_other_names_are_not_all_looked_at(tmp_path: Path) -> None:
    data = json.dumps(released(f"{ASSIGNMENT}/{CHAIN}")).encode()
    for name in "abcdef":
        (tmp_path / f"{name}.ipynb").write_bytes(data)
    read: list[str] = []
    sources = {CHAIN: SOURCE}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "repair", lambda data, source: read.append(source.name) or repair(data, source))
        found = folder.find_file(tmp_path, CHAIN, sources, most_bytes=3 * len(data))
    assert found is not None
    assert found.data == data
    assert len(read) == 3
