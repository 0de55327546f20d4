"""No verdict changes unless it is written down: a sample of all answers here, all of them in the long run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from . import snapshot, written
from .answers import ROOT
from .said import Said
from .snapshot import SAMPLE, kept, sample
from .taking import Key, every_answer
from .written import as_text, blocks_of, differences, files_of, head_of

EVERY = every_answer()


def compare(*options: str) -> None:
    """Run the command; what differs is the message of the failure."""
    command = [sys.executable, "-m", "tests.verdicts.snapshot", *options]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_sample_of_all_answers_is_judged_as_written_down() -> None:
    compare("--sample", "--workers", "1")


@pytest.mark.long
def test_every_answer_is_judged_as_written_down() -> None:
    compare()


def test_what_is_written_down_is_of_the_answers_that_there_are() -> None:
    asked = blocks_of(files_of({key: {("graded", ""): Said(status="any")} for key in EVERY}))
    assert {place[:3] for place in kept()} == {place[:3] for place in asked}


def test_the_sample_has_every_kind_in_every_notebook() -> None:
    chosen = sample(EVERY)
    assert len(chosen) == SAMPLE
    assert {(key.notebook, key.kind) for key in chosen} == {(key.notebook, key.kind) for key in EVERY}


# ---- the files, and what differs ---------------------------------------------------------------

KEY = Key("02_chain", "dmul", "pair", "two at once")
WRONG = Said(status="wrong", points="0", mistake="dmul_sign", text="The sign is lost.\n\n    an indented line")
RIGHT = Said(status="right", points="3")


def test_files_hold_all_that_was_said_and_are_read_as_they_were_written() -> None:
    whole = Key("02_chain", "", "case", "a: b")
    files = files_of({KEY: {("graded", "dmul"): WRONG, ("check", "dmul"): RIGHT}, whole: {("graded", "z"): RIGHT}})
    assert blocks_of(files) == {
        ("02_chain", "", "", "head"): head_of("02_chain").rstrip("\n"),
        ("02_chain", "dmul", "pair: two at once", "graded"): "wrong, 0 points, dmul_sign\n" + WRONG.text,
        ("02_chain", "dmul", "pair: two at once", "check"): "right, 3 points",
        ("02_chain", "whole notebooks", "case: a: b", "graded z"): "right, 3 points",
    }


def said(*verdicts: Said) -> dict[tuple[str, ...], str]:
    """Blocks in which each answer of a row got one of the verdicts."""
    keys = [Key("02_chain", "dmul", "pair", f"number {at}") for at in range(len(verdicts))]
    return blocks_of(files_of({key: {("graded", "dmul"): one} for key, one in zip(keys, verdicts, strict=True)}))


def test_what_is_equal_does_not_differ() -> None:
    assert differences(said(WRONG, RIGHT), said(WRONG, RIGHT)) == {}


def test_another_sentence_that_stands_for_many_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    before = said(RIGHT)
    monkeypatch.setitem(written.COMMON, "{HIDDEN}", "Nothing follows.")
    assert list(differences(before, said(RIGHT)).values()) == [[("02_chain", "", "", "head")]]


@pytest.mark.parametrize(
    "changed",
    [
        Said(status="raised", points="0", mistake="dmul_sign", text=WRONG.text),
        Said(status="wrong", points="0.5", mistake="dmul_sign", text=WRONG.text),
        Said(status="wrong", points="0", mistake="", text=WRONG.text),
        Said(status="wrong", points="0", mistake="dmul_sign", text="The sign is lost.\n\n    an  indented line"),
        Said(status="wrong", points="0", mistake="dmul_sign", text="The sign is lost."),
    ],
    ids=["status", "points", "name", "a space", "lines less"],
)
def test_a_change_of_any_part_differs(changed: Said) -> None:
    assert len(differences(said(WRONG), said(changed))) == 1


def test_a_reader_sees_what_went_and_what_came_once_with_its_count() -> None:
    found = differences(said(*[WRONG] * 5), said(*[RIGHT] * 4, WRONG))
    assert as_text(found).split("\n") == [
        "4 verdicts:",
        "  - wrong, 0 points, dmul_sign",
        "  - The sign is lost.",
        "  - ",
        "  -     an indented line",
        "  + right, 3 points",
        "      02_chain / dmul / pair: number 0 / graded",
        "      02_chain / dmul / pair: number 1 / graded",
        "      02_chain / dmul / pair: number 2 / graded",
        "      and 1 more",
    ]


def test_an_answer_that_came_or_went_differs() -> None:
    both, one = said(RIGHT, RIGHT), said(RIGHT)
    assert [len(went) + len(came) for went, came in differences(both, one)] == [1]
    assert list(differences(one, both)) == [((), ("right, 3 points",))]


def test_under_another_python_texts_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Said(status="wrong", points="0", mistake="dmul_sign", text="in other words")
    assert differences(*snapshot._comparable(said(WRONG), said(other))) != {}
    monkeypatch.setattr(snapshot, "PYTHON", (2, 7))
    assert differences(*snapshot._comparable(said(WRONG), said(other))) == {}
    assert differences(*snapshot._comparable(said(WRONG), said(RIGHT))) != {}
