"""One word for one thing: what the notebooks' prose says, and what it does not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

import pytest

from autograder.course.course import Course
from autograder.model import Gap

from .conftest import SourceTexts

AVOIDED = {
    r"\b(previous|next) layers?\b": "say the layer after, which sends the gradient, or the layer before, which gets it",
    r"\bthe fall\b": "say the drop",
    r"\bgates?\b": "say operation",
    r"\bdeltas?\b": "say gradient",
    r"\berrors?\b": "say gradient; an error of Python, or of an output, is listed below",
}

ALLOWED = {
    "03_step": ("proportional to the error of the output", "even a large error gives a small step"),
    "04_layer_inputs": ("an error about shapes", "slips would no error report", "No error warns you"),
    "05_layer_parameters": ("does any of the others raise an error",),
    "06_relu_arrays": (
        "sluice gates",
        "Twelve gates",
        "Six gates",
        "all its gates",
        "works the gates",
        "which gate shuts",
    ),
}
"""Where an avoided word means something else, or names what is being set apart."""


def prose(text: SourceTexts) -> str:
    """The text of a notebook without formulas."""
    return re.sub(r"\$\$.*?\$\$|\$.*?\$", " ", "\n\n".join(text.markdown), flags=re.DOTALL)


def avoided(text: str, allowed: tuple[str, ...]) -> Iterator[str]:
    for phrase in allowed:
        text = text.replace(phrase, "")
    for words in AVOIDED:
        for found in re.finditer(words, text, re.IGNORECASE):
            yield text[max(0, found.start() - 40) : found.end() + 20]


def test_the_prose_avoids_words_that_mislead(texts: Mapping[str, SourceTexts]) -> None:
    found = {name: list(avoided(prose(text), ALLOWED.get(name, ()))) for name, text in texts.items()}
    assert {name: places for name, places in found.items() if places} == {}


def test_every_exception_is_still_needed(texts: Mapping[str, SourceTexts]) -> None:
    unused = [
        (name, phrase) for name, phrases in ALLOWED.items() for phrase in phrases if phrase not in prose(texts[name])
    ]
    assert unused == []


def test_the_derivative_of_a_sum_is_always_said_to_be_with_respect_to_something(
    texts: Mapping[str, SourceTexts],
) -> None:
    for name, text in texts.items():
        for found in re.finditer(r"derivatives? of (?:a|the) sum\b(?P<after>.{0,40})", prose(text), re.DOTALL):
            assert "with respect to" in found["after"], f"{name}: {found[0]}"


@pytest.fixture(scope="module")
def before(course: Course) -> Mapping[str, str]:
    """By gap: all text between the gap before it and this one."""
    found, since = {}, ""
    for source in course.sources.values():
        since = ""
        for cell in source.cells:
            if cell.role == "text":
                since += "\n\n" + cell.source
            if cell.role == "gap":
                found[cell.grade_id], since = since, ""
    return found


def test_the_text_before_every_gap_says_which_names_to_set_or_what_to_write(
    gaps: tuple[Gap, ...], before: Mapping[str, str]
) -> None:
    wanted = {gap.name: (gap.name,) if gap.driver else gap.outputs for gap in gaps}
    said = {name: re.sub(rf"(?m)^\*\*{name}\*\* ·.*$", "", text) for name, text in before.items()}
    missing = {
        gap: [name for name in names if not re.search(rf"`{name}\b", said[gap])] for gap, names in wanted.items()
    }
    assert {gap: names for gap, names in missing.items() if names} == {}


def test_there_is_something_to_predict_before_every_gap(before: Mapping[str, str]) -> None:
    words = re.compile(r"\*(Before you (run|go on)|Predict)\b")
    assert [gap for gap, text in before.items() if not words.search(text)] == []


def test_formulas_of_layers_count_samples_inputs_and_neurons_by_the_same_letters_everywhere(
    texts: Mapping[str, SourceTexts],
) -> None:
    for name in ("04_layer_inputs", "05_layer_parameters", "06_relu_arrays", "07_all_together"):
        formulas = re.findall(r"\$\$.*?\$\$|\$.*?\$", "\n\n".join(texts[name].markdown), re.DOTALL)
        indices = [index for formula in formulas for index in re.findall(r"_\{?([a-z]{1,2})\b", formula)]
        assert {letter for index in indices for letter in index} <= set("ndmkpq"), name  # k: layers, p and q: any entry
        assert "nd" in indices or "nm" in indices, name


@pytest.mark.parametrize(
    "sentence",
    [
        "The previous layer sends it.",
        "The next layer sends it.",
        "This gate multiplies.",
        "The delta arrives.",
        "errors",
    ],
)
def test_an_avoided_word_is_seen(sentence: str) -> None:
    assert list(avoided(sentence, ())) != []


# ---- how much there is to read ---------------------------------------------------------------------------------------

MOST_WORDS, MOST_BEFORE_THE_FIRST, MOST_BETWEEN = 10_000, 350, 250


def words(text: str) -> int:
    """Words of two letters or more, outside formulas and code blocks."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "", text, flags=re.DOTALL)
    return len(re.findall(r"[A-Za-zÀ-ÿ]{2,}", text))


def test_all_notebooks_together_are_read_in_an_hour(texts: Mapping[str, SourceTexts]) -> None:
    assert sum(words("\n".join(text.markdown)) for text in texts.values()) <= MOST_WORDS


def test_no_gap_is_far_from_the_one_before_it(course: Course, before: Mapping[str, str]) -> None:
    first = {next(cell.grade_id for cell in source.cells if cell.role == "gap") for source in course.sources.values()}
    most = {gap: MOST_BEFORE_THE_FIRST if gap in first else MOST_BETWEEN for gap in before}
    assert {gap: words(text) for gap, text in before.items() if words(text) > most[gap]} == {}


def test_the_first_cell_tells_contents_time_and_what_is_needed(texts: Mapping[str, SourceTexts]) -> None:
    lacking = {
        name: [word for word in ("**Contents:**", "points", "minutes", "You need", "to read") if word not in head]
        for name, text in texts.items()
        for head in text.markdown[:1]
    }
    assert {name: found for name, found in lacking.items() if found} == {}


def test_every_notebook_imports_ask_and_names_it_in_its_first_cells_with_a_gap_of_its_own(course: Course) -> None:
    for name, source in course.sources.items():
        own = {cell.grade_id for cell in source.cells if cell.role == "gap"}
        first = "\n".join(cell.source for cell in source.cells[:3])
        assert re.search(r"^from lab import ask\b", first, re.MULTILINE), name
        assert set(re.findall(r'`ask\("(\w+)"\)`', first)) <= own, name
        assert "`ask(" in first, name


def test_no_heading_skips_a_level(texts: Mapping[str, SourceTexts]) -> None:
    for name, text in texts.items():
        outside_code = re.sub(r"```.*?```", "", "\n\n".join(text.markdown), flags=re.DOTALL)
        levels = [len(marks) for marks in re.findall(r"(?m)^(#+) ", outside_code)]
        assert levels[0] == 1, name
        skipped = [(one, two) for one, two in itertools.pairwise(levels) if two > one + 1]
        assert skipped == [], name


def test_no_document_is_cited_where_students_read(texts: Mapping[str, SourceTexts]) -> None:
    for name, text in texts.items():
        assert re.findall(r"\b00\d(_[0-9a-f]{8,}|'s\b)|\bIn \[", "\n\n".join(text.markdown)) == [], name


def test_the_comment_in_every_gap_says_all_names_to_set(gaps: tuple[Gap, ...]) -> None:
    lacking = {}
    for gap in gaps:
        comment = "\n".join(line for line in gap.stub.split("\n") if line.startswith("#"))
        names = [name for name in gap.outputs if not re.search(rf"\b{name}\b", comment.partition(":")[2])]
        if names:
            lacking[gap.name] = names
    assert lacking == {}


def test_a_still_picture_is_folded_away_under_the_live_one(texts: Mapping[str, SourceTexts]) -> None:
    for name, text in texts.items():
        stills = [cell for cell in text.markdown if "](lab/static/" in cell]
        assert len(stills) == 1, name
        assert re.search(
            r"<details><summary>[^<]+</summary>\n\n!\[[^\]]+\]\(lab/static/[^)]+\)\n\n</details>$", stills[0]
        )
