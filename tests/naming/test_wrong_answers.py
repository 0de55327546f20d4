"""The test set of wrong answers in `tests/wrong/`, with which `verify` measures: large, labelled, none of it a copy."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from autograder.author import verify
from autograder.course.course import Course
from autograder.course.data import copy_course
from autograder.course.typed import read_toml
from autograder.judging.grading import Grader
from autograder.judging.mistakes import known_mistakes
from autograder.judging.stories import SOMETHING_ELSE
from autograder.model import Outcome, Status

from ..engine.notebooks import handed_in
from .conftest import ROOT

COURSE = Course(ROOT, "wrong")
ROWS = {name: read_toml(ROOT / "tests" / "wrong" / f"{name}.toml")["wrong"] for name in COURSE.sources}
EVERY = [row for rows in ROWS.values() for row in rows]
SMALL = "06_relu_arrays"
CANNOT_BE_NAMED = {"dweights_dbiases_ones_as_a_sample", "activation_relu_no_argument", "relu_mask_if_on_array"}
"""They raise on every twin, and the error says more than a name would."""


def meaning(source: str) -> str:
    """A cell without comments, blank lines and layout."""
    return ast.dump(ast.parse(source))


def test_the_set_is_large_enough_and_of_all_three_kinds() -> None:
    kinds = Counter(row["kind"] for row in EVERY)
    assert len(EVERY) >= 320
    assert kinds["rewriting"] >= 200
    assert kinds["pair"] >= 60
    assert kinds["nonsense"] >= 60
    assert kinds.keys() == {"rewriting", "pair", "nonsense"}


def test_every_gap_has_at_least_two_rewritings_and_something_of_each_kind() -> None:
    counts = Counter((row["gap"], row["kind"]) for row in EVERY)
    for gap in (gap.name for name in COURSE.sources for gap in COURSE.plan(name).gaps):
        assert counts[gap, "rewriting"] >= 2, gap
        assert min(counts[gap, "pair"], counts[gap, "nonsense"]) >= 1, gap


@pytest.mark.parametrize("name", ROWS)
def test_labels_fit_the_known_mistakes(name: str) -> None:
    known = {mistake.slug: mistake for mistake in known_mistakes(COURSE, name)}
    fields = {
        "rewriting": {"gap", "kind", "name", "source", "family", "mistake"},
        "pair": {"gap", "kind", "name", "source", "mistakes"},
        "nonsense": {"gap", "kind", "name", "source"},
    }
    for row in ROWS[name]:
        slugs = [slug for slug in (row.get("mistake"), *row.get("mistakes", ())) if slug]
        assert row.keys() == fields[row["kind"]], row["name"]
        assert all(known[slug].gap == row["gap"] for slug in slugs), row["name"]
        if row["kind"] == "rewriting":
            assert row["family"] in COURSE.families
            assert all(known[slug].family == row["family"] for slug in slugs), row["name"]
        if row["kind"] == "pair":
            assert len(set(slugs)) == 2, row["name"]


@pytest.mark.parametrize("name", ROWS)
def test_no_entry_is_a_copy_of_another_or_of_a_known_mistake(name: str) -> None:
    copies = Counter((row["gap"], meaning(row["source"])) for row in ROWS[name])
    assert [gap for (gap, _), count in copies.items() if count > 1] == []
    known = {(mistake.gap, meaning(mistake.source)) for mistake in known_mistakes(COURSE, name)}
    written_again = [row for row in ROWS[name] if row["kind"] != "rewriting" or row["mistake"]]
    assert [row["name"] for row in written_again if (row["gap"], meaning(row["source"])) in known] == []


def test_entries_of_a_gap_have_different_names() -> None:
    names = Counter((row["gap"], row["name"]) for row in EVERY)
    assert [name for name, count in names.items() if count > 1] == []


def test_nearly_every_known_mistake_is_written_in_another_way_too() -> None:
    rewritten = {row.get("mistake") for row in EVERY}
    slugs = [mistake.slug for name in COURSE.sources for mistake in known_mistakes(COURSE, name)]
    left = [slug for slug in slugs if slug not in rewritten]
    assert len(left) <= 0.05 * len(slugs), left


@pytest.mark.parametrize("name", ROWS)
def test_only_mistakes_that_raise_everywhere_can_never_be_named(name: str, grader: Grader) -> None:
    plan = grader.course.plan(name)
    silent = {
        mistake.slug
        for mistake, its in grader.known_mistakes(name).items()
        if all(
            its.answer(twin.name, mistake.gap).outcome is not Outcome.ANSWERED
            for twin in plan.twins
            if twin.judges(mistake.gap)
        )
    }
    assert silent == CANNOT_BE_NAMED & {mistake.slug for mistake in known_mistakes(COURSE, name)}


SIGN_AND_KINK = """def neuron_backward(x, w, b, dvalue):
    z = sum(a * c for a, c in zip(x, w)) + b
    g = -dvalue if z > 0 or -0.01 < z < 0 else 0.0
    return [g * c for c in w], [g * a for a in x], g"""


@pytest.mark.parametrize(
    ("source", "named", "remarks"),
    [
        (SIGN_AND_KINK, "neuron_backward_sign", (SOMETHING_ELSE,)),
        (SIGN_AND_KINK.replace(" or -0.01 < z < 0", ""), "neuron_backward_sign", ()),
        (SIGN_AND_KINK.replace("-dvalue", "dvalue + 0.17"), "", ()),
    ],
    ids=["two mistakes, one of them on hidden numbers only", "one mistake", "like no known mistake"],
)
def test_only_a_name_from_the_open_numbers_comes_with_the_remark_that_hidden_ones_differ(
    source: str, named: str, remarks: tuple[str, ...], grader: Grader
) -> None:
    data = handed_in("02_chain", {"neuron_backward": source})
    record = grader.grade(data, student="ada", name="02_chain").record
    (found,) = [result for result in record.gaps if result.gap == "neuron_backward"]
    assert (found.status, found.mistake, found.remarks) == (Status.WRONG, named, remarks)


# ---- verify, which measures with the set -------------------------------------------------------


def measured(folder: Path, *rows: dict[str, Any]) -> verify.Report:
    """What verify says of these entries, in a course of their own."""
    course = folder / "course"
    copy_course(ROOT, course)
    (course / "tests/wrong").mkdir(parents=True)
    lines = [line for row in rows for line in ("[[wrong]]", *(f"{key} = {value!r}" for key, value in row.items()))]
    (course / f"tests/wrong/{SMALL}.toml").write_text("\n".join(lines), encoding="utf-8")
    with Grader(Course(course, "measured")) as grader:
        return verify._naming(grader, SMALL)


ENTRY = {"gap": "relu_mask", "kind": "rewriting", "name": "entry", "family": "threshold", "mistake": ""}
ABOVE_ONE = "relu_dz = (z > 1) * 1.0"


def test_a_rewriting_with_the_name_of_its_family_is_named_right(tmp_path: Path) -> None:
    report = measured(tmp_path, {**ENTRY, "source": ABOVE_ONE}, {**ENTRY, "source": "relu_dz = (z > 0.5) * 0.3"})
    assert report.findings == []
    assert report.counts == {
        "wrong_answers": 2,
        "rewritings": 2,
        "rewritings_named": 1,
        "named_right": 1,
        "unnamed": 1,
        "named_wrong": 0,
    }
    assert any("only 1 of 2 rewritings" in finding for finding in verify._unnamed(report.counts))


def test_a_rewriting_with_the_name_of_another_family_is_a_finding(tmp_path: Path) -> None:
    report = measured(tmp_path, {**ENTRY, "family": "sign", "source": ABOVE_ONE})
    assert report.counts["named_wrong"] == 1
    assert report.findings[0].startswith(f'tests/wrong/{SMALL}.toml: gap relu_mask, "entry": named relu_mask_threshold')


def test_named_nonsense_is_a_finding(tmp_path: Path) -> None:
    report = measured(tmp_path, {"gap": "relu_mask", "kind": "nonsense", "name": "entry", "source": ABOVE_ONE})
    assert report.counts["named_wrong"] == len(report.findings) == 1


def test_a_pair_may_have_the_name_of_one_of_the_two_and_of_no_third(tmp_path: Path) -> None:
    pair = {"gap": "relu_mask", "kind": "pair", "name": "entry", "source": ABOVE_ONE}
    one_of_two = {**pair, "mistakes": ["relu_mask_threshold_one", "relu_mask_one_at_zero"]}
    third = {**pair, "mistakes": ["relu_mask_sign", "relu_mask_one_at_zero"]}
    report = measured(tmp_path, one_of_two, third)
    assert (report.counts["named_right"], report.counts["named_wrong"]) == (1, 1)


def test_an_entry_that_is_right_after_all_is_a_finding(tmp_path: Path) -> None:
    report = measured(tmp_path, {**ENTRY, "source": "relu_dz = np.heaviside(z, 0)"})
    assert any("graded right" in finding for finding in report.findings)


def test_nonsense_that_keeps_points_is_a_finding(tmp_path: Path) -> None:
    source = "relu_dz = np.heaviside(z, 0.3)"
    report = measured(tmp_path, {"gap": "relu_mask", "kind": "nonsense", "name": "entry", "source": source})
    assert any("graded partly" in finding for finding in report.findings)
