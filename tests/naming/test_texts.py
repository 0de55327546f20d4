"""The texts of every known mistake: short, of one kind, and never the fix."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from autograder.course.course import Course
from autograder.judging.mistakes import Mistake, known_mistakes
from autograder.model import Gap

from .conftest import ROOT

COURSE = Course(ROOT, "texts")
KNOWN = [mistake for name in COURSE.sources for mistake in known_mistakes(COURSE, name)]
GAPS = {gap.name: gap for name in COURSE.sources for gap in COURSE.plan(name).gaps}

MOST_WORDS = 12
SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
FIX = re.compile(r"should be|instead use|use instead", re.IGNORECASE)
MARKUP = re.compile(r"`|\$|\*\*|</?[a-z]+>|\]\(|\\|&\w+;|\n")


def texts(mistake: Mistake) -> tuple[str, ...]:
    return mistake.name, mistake.seen, mistake.meaning, mistake.question


def solution_lines(gap: Gap) -> Iterator[str]:
    """The lines of a solution, and what they assign or return if it is more than a name or a number."""
    for line in map(str.strip, gap.solution.split("\n")):
        if line.startswith(("#", '"""', "def ", "class ", "import ")) or not line:
            continue
        yield line
        value = line.removeprefix("return ").partition(" = ")
        computed = value[2] or value[0]
        if re.search(r"[-+*/(\[]", computed):
            yield computed


def test_slugs_are_unique_over_the_course() -> None:
    slugs = [mistake.slug for mistake in KNOWN]
    assert sorted(slugs) == sorted(set(slugs))


def test_every_known_mistake_is_of_a_gap_that_exists() -> None:
    assert {mistake.gap for mistake in KNOWN} == GAPS.keys()


def test_a_name_is_short_and_no_sentence() -> None:
    found = [mistake.slug for mistake in KNOWN if len(mistake.name.split()) > MOST_WORDS]
    found += [mistake.slug for mistake in KNOWN if not mistake.name or mistake.name[-1] in ".!?"]
    assert found == []


@pytest.mark.parametrize("part", ["seen", "meaning"])
def test_what_was_seen_and_what_it_means_are_one_sentence_each(part: str) -> None:
    found = [
        (mistake.slug, text)
        for mistake in KNOWN
        if not (text := getattr(mistake, part)).endswith(".") or len(SENTENCE_END.findall(text)) != 1
    ]
    assert found == []


def test_a_question_is_one_sentence_that_asks() -> None:
    found = [
        (mistake.slug, mistake.question)
        for mistake in KNOWN
        if not mistake.question.endswith("?") or len(SENTENCE_END.findall(mistake.question)) != 1
    ]
    assert found == []


def test_no_text_says_what_is_to_be_written() -> None:
    found = [(mistake.slug, text) for mistake in KNOWN for text in texts(mistake) if FIX.search(text)]
    assert found == []


def test_no_text_holds_a_line_of_the_solution() -> None:
    found = [
        (mistake.slug, line)
        for mistake in KNOWN
        for line in solution_lines(GAPS[mistake.gap])
        for text in texts(mistake)
        if line.replace(" ", "") in text.replace(" ", "")
    ]
    assert found == []


def test_no_text_has_markup() -> None:
    found = [(mistake.slug, text) for mistake in KNOWN for text in texts(mistake) if MARKUP.search(text)]
    assert found == []


def test_a_line_of_the_solution_is_found_in_whatever_spacing() -> None:
    assert "dvalue * (1.0 if z > 0 else 0.0)" in list(solution_lines(GAPS["drelu_dsum"]))
    assert "max(z, 0.0)" in list(solution_lines(GAPS["ReLU"]))
    assert "w[0]" in list(solution_lines(GAPS["dmul"]))
