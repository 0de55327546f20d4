"""What students write reaches terminals, tables and pages as text: no markup, no scripts, no terminal codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from rich.console import Console

from autograder.classes.report.terminal import print_class
from autograder.judging import feedback
from autograder.model import GapResult, Record, Status

from .entries import ASSIGNMENT
from .scene import REPOSITORY

EVIL = {
    "colour": "\x1b[31mred\x1b[0m",
    "title of the window": "\x1b]0;evil\x07",
    "8-bit code": "\x9b31mred",
    "cursor": "\x1b[2K\x1b[1Aproducts: 2 of 2 points.",
    "carriage return": "bad\rgood",
    "backspace": "bad\x08\x08\x08good",
    "direction": "\u202egood\u2066",
    "nul": "a\0b",
    "rich markup": "[bold red]x[/bold red][/]",
    "rich link": "[link=file:///etc/passwd]click[/link]",
    "a tag that nobody opened": "[/nothing]",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "formula of a spreadsheet": '=HYPERLINK("http://x")',
    "half a character": "\ud83d",
}
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of what is no letter to be seen."""
KEPT = {"\n", "\u200c", "\u200d"}


def obeyed(text: str) -> set[str]:
    """Characters that a terminal or a browser might act on."""
    return {letter for letter in text if unicodedata.category(letter) in OBEYED} - KEPT


def record(student: str, message: str) -> Record:
    """A record with this student and this message, right and in need of a hand."""
    results = tuple(
        GapResult(gap=gap, points=2, score=0, status=status, message=message, remarks=(message,), mistake="")
        for gap, status in (("products", Status.RAISED), ("weighted_sum", Status.REVIEW))
    )
    return Record(
        student=student,
        assignment=ASSIGNMENT,
        notebook="01_neuron",
        submission="",
        suite="",
        score=None,
        max_score=4,
        isolation="",
        gaps=results,
        remarks=(message,),
    )


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_verdict_holds_nothing_that_is_obeyed(text: str) -> None:
    for result in record("ada", text).gaps:
        assert obeyed(feedback.verdict(result)) == set()


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("terminal", [False, True])
def test_a_class_s_tables_show_names_and_messages_as_they_are_written(text: str, terminal: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=terminal, color_system=None, legacy_windows=False)
    records = [record(f"{text}-{number}", text) for number in range(2)]
    print_class(console, records, [])
    shown = out.getvalue()
    assert obeyed(shown) == set()
    expected = feedback.clean(f"{text}-0")
    assert expected in shown


def test_names_of_folders_are_names(tmp_path: Path) -> None:
    names = [
        "[bold]x",
        "[",
        "=HYPERLINK(1)",
        "-rf",
        "a b",
        "äß",
        "'; drop table student; --",
        "a" * 200,
        "@file",
        "$HOME",
    ]
    notebook = REPOSITORY / "solutions" / ASSIGNMENT / "01_neuron.ipynb"
    for name in names:
        folder = tmp_path / "submitted" / name / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / "01_neuron.ipynb").write_bytes(notebook.read_bytes())
    results = tmp_path / "results.jsonl"
    done = _grade(tmp_path / "submitted", "--results", str(results))
    assert done.returncode == 0, done.stderr
    assert obeyed(done.stdout) == set()
    records = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert {record["student"] for record in records if record["score"]} == set(names)


@pytest.mark.parametrize("name", ["\x1b]0;evil\x07", "a\nb", "\u202egood", "\x7f"])
def test_names_that_are_no_text_are_refused_without_being_obeyed(name: str, tmp_path: Path) -> None:
    (tmp_path / "submitted" / name / ASSIGNMENT).mkdir(parents=True)
    done = _grade(tmp_path / "submitted")
    assert done.returncode == 2
    assert obeyed(done.stderr) == set()
    assert "Rename the folder" in done.stderr


def _grade(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["-c", "from autograder.cli import main; main()", "grade", str(path), "--course", str(REPOSITORY)]
    return subprocess.run(
        [sys.executable, *command, "--jobs", "1", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "AUTOGRADER_SECRET": "hostile", "PYTHONIOENCODING": "utf-8"},
    )
