"""`docs/coverage.md` against the documents' cells, the gaps and the notebooks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.course.data import folders_of
from autograder.course.tables import Documents
from autograder.course.typed import read_if_there
from autograder.judging.mistakes import known_mistakes
from autograder.model import Gap, Plan

from .conftest import ROOT, SourceTexts
from .inventory import DOCUMENTS, MISTAKES, cells, prose


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "coverage.md").read_text(encoding="utf-8")


def rows(page: str) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of the page's second and third table: places, and mistakes."""
    parts = page.split("\n## ")
    found = [[line.strip("|").split(" | ") for line in part.split("\n") if line.startswith("|")][2:] for part in parts]
    return (
        [[cell.strip() for cell in row] for row in found[1]],
        [[cell.strip() for cell in row] for row in found[2]],
    )


def known_names(gaps: tuple[Gap, ...], plans: tuple[Plan, ...], texts: Mapping[str, SourceTexts]) -> set[str]:
    slugs = {mistake.slug for plan in plans for mistake in known_mistakes(Course(ROOT, ""), plan.notebook)}
    grade_ids = {grade_id for text in texts.values() for grade_id in text.grade_ids}
    return {gap.name for gap in gaps} | slugs | set(texts) | grade_ids


def test_the_page_names_every_document_by_its_file(page: str) -> None:
    for number, document in DOCUMENTS.items():
        assert f"| {number} | {document.file} |" in page


def test_every_code_cell_and_every_stretch_of_prose_has_exactly_one_row_and_nothing_else_has(page: str) -> None:
    places = Counter(row[0] for row in rows(page)[0])
    assert places == Counter([*cells(), *prose()])


def test_every_mistake_of_the_documents_has_exactly_one_row_in_order(page: str) -> None:
    assert [row[0] for row in rows(page)[1]] == list(MISTAKES)


def test_every_row_is_filled_in(page: str) -> None:
    places, mistakes = rows(page)
    assert [row for row in places if len(row) != 3 or not all(row)] == []
    assert [row for row in mistakes if len(row) != 4 or not all(row)] == []


def test_mistakes_are_placed_in_cells_or_prose_that_exist(page: str) -> None:
    known = {*cells(), *prose()}
    for number, where, *_ in rows(page)[1]:
        left = where
        for place in sorted(known, key=len, reverse=True):
            left = left.replace(place, "")
        assert not left.strip(" ,"), f"{number} is placed in {where}; no such place: {left.strip(' ,')}"


def test_every_gap_of_the_course_covers_some_place_or_says_why_not(page: str, gaps: tuple[Gap, ...]) -> None:
    named = {name for row in rows(page)[0] for name in re.findall(r"`(\w+)`", row[2])}
    named |= {row.gap for row in read_if_there(folders_of(ROOT).checks / "documents.toml", Documents).no_value}
    assert {gap.name for gap in gaps} - named == set()


def test_every_name_in_code_type_is_a_gap_a_mistake_a_notebook_or_one_of_its_cells(
    page: str, gaps: tuple[Gap, ...], plans: tuple[Plan, ...], texts: Mapping[str, SourceTexts]
) -> None:
    named = set(re.findall(r"`([^`]+)`", page))
    assert named - known_names(gaps, plans, texts) == set()


def test_every_row_names_a_gap_a_mistake_a_notebook_or_one_of_its_cells(page: str) -> None:
    places, mistakes = rows(page)
    without = [row[0] for row in [*places, *mistakes] if "`" not in row[-1]]
    assert without == ["E31"], "E31 is a chapter number of a book: no notebook states it"


def test_every_heading_cited_stands_in_the_notebook_named_before_it(
    page: str, texts: Mapping[str, SourceTexts]
) -> None:
    cited = re.findall(r'`(\d\d_\w+)` "([^"]+)"', page)
    assert len(cited) == len(re.findall(r'"[^"]+"', page)), "a quotation without a notebook before it"
    assert [(notebook, heading) for notebook, heading in cited if heading not in texts[notebook].headings] == []
