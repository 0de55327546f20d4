"""`autograder verify` finds what is wrong, and says where. The whole course is verified by `make test` itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.author import verify
from autograder.author.mutation import mutants
from autograder.course.course import Course
from autograder.course.data import copy_course
from autograder.judging.grading import Grader
from autograder.judging.mistakes import Mistake, known_mistakes
from autograder.model import Plan

ROOT = Path(__file__).parents[2]
NAME = "06_relu_arrays"


@pytest.fixture
def grader() -> Iterator[Grader]:
    with Grader(Course(ROOT, "verify")) as grader:
        yield grader


def with_gap(grader: Grader, name: str, **changes: object) -> Plan:
    """The plan with one gap changed, where the grader will find it."""
    plan = grader.course.plan(NAME)
    gaps = tuple(dataclasses.replace(gap, **changes) if gap.name == name else gap for gap in plan.gaps)
    changed = dataclasses.replace(plan, gaps=gaps)
    grader.course._plans[NAME] = changed
    return changed


def mistake(**changes: object) -> Mistake:
    known = known_mistakes(Course(ROOT, ""), NAME)[0]
    return dataclasses.replace(known, **changes)


def test_a_right_course_has_no_findings_and_counts_everything(grader: Grader) -> None:
    ends, honest = verify._ends(grader, NAME), verify._honest(grader, NAME)
    assert ends.findings + honest.findings == []
    assert ends.counts["gaps"] == 4
    assert honest.counts["honest"] == honest.counts["honest_full"] >= 8


def test_a_mistake_that_is_right_is_found(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    right = mistake(slug="no_mistake", gap="relu_mask", source=grader.course.plan(NAME).gap("relu_mask").solution)
    monkeypatch.setattr(verify, "known_mistakes", lambda course, name: (right,))
    report = verify._mistakes(grader, NAME)
    assert report.counts["mistakes_caught"] == 0
    assert any("no_mistake is graded right" in finding for finding in report.findings)


def test_a_mistake_that_costs_another_gap_is_found(grader: Grader, monkeypatch: pytest.MonkeyPatch) -> None:
    spills = mistake(
        slug="spills",
        gap="relu_mask",
        source="relu_dz = 0\nimport numpy._core._methods as inside\ninside._all = inside._sum = inside._any = None",
    )
    monkeypatch.setattr(verify, "known_mistakes", lambda course, name: (spills,))
    report = verify._mistakes(grader, NAME)
    assert any("beside spills" in finding for finding in report.findings)


def test_two_mistakes_of_different_families_that_no_twin_tells_apart_are_found(grader: Grader) -> None:
    one, its = next(iter(grader.known_mistakes(NAME).items()))
    grader._mistakes[NAME] = {one: its, dataclasses.replace(one, slug="its_double", family="sign"): its}
    assert verify.alike(grader, grader.course.plan(NAME)) == [(one.slug, "its_double")]


def test_an_honest_style_that_loses_points_is_found(tmp_path: Path) -> None:
    course = tmp_path / "course"
    copy_course(ROOT, course)
    (course / "tests/honest").mkdir(parents=True)
    (course / f"tests/honest/{NAME}.toml").write_text(
        '[[honest]]\ngap = "relu_mask"\nname = "not so honest"\nsource = "relu_dz = 1"\n', encoding="utf-8"
    )
    with Grader(Course(course, "verify")) as grader:
        report = verify._honest(grader, NAME)
    assert report.counts["honest_full"] == 0
    assert any('"not so honest" of gap relu_mask is graded wrong' in finding for finding in report.findings)


def test_a_hole_in_the_twins_lets_mutants_through_and_is_found(grader: Grader) -> None:
    plan = grader.course.plan(NAME)
    blind = dataclasses.replace(plan, twins=plan.twins[:1])  # the page alone
    grader.course._plans[NAME] = blind
    report = verify._mutants(grader, NAME)
    assert report.counts["mutants_caught"] < report.counts["mutants"]
    assert any("is not caught" in finding for finding in report.findings)


def test_a_check_that_no_mistake_needs_is_found(grader: Grader) -> None:
    grader._mistakes[NAME] = {}
    idle = verify._idle_checks(grader, [NAME])
    assert len(idle) == len(grader.checks)


def test_an_untouched_notebook_with_points_is_found(grader: Grader) -> None:
    with_gap(grader, "relu_mask", stub="something else")
    findings = verify._ends(grader, NAME).findings
    assert any("gap relu_mask as handed out is graded" in finding for finding in findings)


def test_mutants_are_single_changes_each_once_and_valid() -> None:
    found = mutants("z = x @ w.T + b\ny = max(z, 0)")
    sources = [one.source for one in found]
    assert len(sources) == len(set(sources))
    assert {"z = x @ w + b\ny = max(z, 0)", "z = w.T @ x + b\ny = max(z, 0)", "z = x @ w.T - b\ny = max(z, 0)"} <= set(
        sources
    )
    assert "z = x @ w.T + b\ny = min(z, 0)" in sources
    for source in sources:
        compile(source, "<mutant>", "exec")


def test_the_report_ends_with_names_and_values() -> None:
    report = verify.Report(findings=["a finding"])
    report.counts.update(gaps=45, honest=3)
    assert verify.as_text(report) == "a finding\ngaps: 45\nhonest: 3"
