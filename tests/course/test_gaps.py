"""The gaps as a whole: which there are, what they are worth, and what is said about them in the notebooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.course.typed import read_toml
from autograder.judging.mistakes import known_mistakes
from autograder.model import Gap, Plan, Transcript
from lab.judge import difference

from .conftest import ROOT, SourceTexts

ALWAYS_THE_SAME = {
    (
        gap,
        name,
    ): "the derivative of a sum with respect to an addend is 1 on any numbers; the chained four beside it differ"
    for gap, names in {"drelu_dxw": ("dsum_dxw0", "dsum_dxw1", "dsum_dxw2", "dsum_db")}.items()
    for name in names
}

LINE = re.compile(
    r"^\*\*(?P<name>\w+)\*\* · (?P<dots>[●○]{5}) · about (?P<minutes>\d+) min · (?P<points>\d+) points? · "
    r"from (?P<inputs>.+)$",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def lines(plans: tuple[Plan, ...], course: Course) -> Mapping[str, re.Match[str]]:
    """The line that stands above each gap, from the text nearest to it; a gap without one is absent."""
    found = {}
    for plan in plans:
        text = ""
        for cell in course.sources[plan.notebook].cells:
            if cell.role == "text":
                text = cell.source
            if cell.role == "gap":
                match = [match for match in LINE.finditer(text) if match["name"] == cell.grade_id]
                found |= {cell.grade_id: match[0]} if len(match) == 1 else {}
    return found


def test_gap_names_and_grade_ids_are_unique_over_the_course(course: Course) -> None:
    grade_ids = Counter(cell.grade_id for source in course.sources.values() for cell in source.graded)
    assert [name for name, count in grade_ids.items() if count > 1] == []


def test_the_cell_after_every_gap_is_its_check_and_holds_nothing_else(course: Course) -> None:
    for source in course.sources.values():
        for cell, after in zip(source.cells, source.cells[1:], strict=False):
            if cell.role == "gap":
                assert (after.role, after.grade_id) == ("check", f"check_{cell.grade_id}")
                assert after.source == f'check("{cell.grade_id}")'


def test_the_line_above_every_gap_agrees_with_its_data(
    gaps: tuple[Gap, ...], lines: Mapping[str, re.Match[str]]
) -> None:
    said = {
        name: (line["dots"].count("●"), int(line["minutes"]), float(line["points"])) for name, line in lines.items()
    }
    assert said == {gap.name: (gap.difficulty, gap.minutes, gap.points) for gap in gaps}


def test_the_line_above_every_gap_names_what_to_use_and_for_a_function_or_class_its_arguments(
    gaps: tuple[Gap, ...], lines: Mapping[str, re.Match[str]]
) -> None:
    for gap in gaps:
        named = tuple(re.findall(r"`(\w+)`", lines[gap.name]["inputs"]))
        arguments = gap.inputs[: len(named)] if gap.driver else gap.inputs  # its driver may use more
        assert named == arguments, gap.name


def test_dots_are_filled_from_the_left(lines: Mapping[str, re.Match[str]]) -> None:
    assert [line["name"] for line in lines.values() if "○●" in line["dots"]] == []


def test_the_opening_of_every_notebook_tells_its_minutes_points_and_gaps(
    plans: tuple[Plan, ...], texts: Mapping[str, SourceTexts]
) -> None:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for plan in plans:
        opening = texts[plan.notebook].markdown[0].lower()
        assert f"{sum(gap.minutes for gap in plan.gaps)} minutes" in opening, plan.notebook
        assert f"{sum(gap.points for gap in plan.gaps):g} points" in opening, plan.notebook
        assert re.search(rf"\b({len(plan.gaps)}|{words[len(plan.gaps)]}) gaps", opening), plan.notebook


def test_every_gap_cell_begins_with_its_name(gaps: tuple[Gap, ...]) -> None:
    assert [gap.name for gap in gaps if not gap.stub.startswith(f"# {gap.name}: ")] == []


def test_every_gap_has_three_different_hints_and_no_hint_belongs_to_nothing(
    root: Path, plans: tuple[Plan, ...]
) -> None:
    for plan in plans:
        hints = read_toml(root / "lab" / "hints" / f"{plan.notebook}.toml")
        assert list(hints) == [gap.name for gap in plan.gaps]
        for name, entry in hints.items():
            assert len({hint.strip() for hint in entry["hints"]} - {""}) == len(entry["hints"]) == 3, name


def test_every_gap_has_at_least_three_known_mistakes(plans: tuple[Plan, ...]) -> None:
    often = Counter(mistake.gap for plan in plans for mistake in known_mistakes(Course(ROOT, ""), plan.notebook))
    assert {gap.name for plan in plans for gap in plan.gaps if often[gap.name] < 3} == set()
    assert set(often) == {gap.name for plan in plans for gap in plan.gaps}


def test_slugs_of_known_mistakes_are_unique_and_no_gap_or_notebook_has_the_same_name(
    plans: tuple[Plan, ...], gaps: tuple[Gap, ...]
) -> None:
    slugs = Counter(mistake.slug for plan in plans for mistake in known_mistakes(Course(ROOT, ""), plan.notebook))
    assert [slug for slug, count in slugs.items() if count > 1] == []
    assert set(slugs) & {gap.name for gap in gaps} == set()


def constant_answers(plan: Plan, reference: Transcript) -> set[tuple[str, str]]:
    """Answers that are the same on every twin that judges them: a typed-in value would pass."""
    found = set()
    for gap in plan.gaps:
        twins = [twin.name for twin in plan.twins if twin.judges(gap.name)]
        values = [reference.answer(twin, gap.name).values for twin in twins]
        for name in gap.answers:
            if all(difference(value[name], values[0][name]) is None for value in values[1:]):
                found.add((gap.name, name))
    return found


def test_no_answer_is_the_same_on_all_twins_but_the_local_derivatives_of_the_sum(
    under_secrets: tuple[tuple[Plan, Transcript], ...],
) -> None:
    for plan, reference in under_secrets:
        expected = {(gap, name) for gap, name in ALWAYS_THE_SAME if gap in [one.name for one in plan.gaps]}
        assert constant_answers(plan, reference) == expected
