"""Every command in the pages about the instructor's desk does, on the demo's class, what its page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from autograder.author import demo

ROOT = Path(__file__).parents[2]
PAGES = ("report", "records", "comments", "questions")
BLOCK = re.compile(r"^ {4}\$ (.+)\n((?: {4}(?!\$ ).*\n|\n(?= {4}(?!\$ )))*)", re.MULTILINE)
"""A command, and the indented lines of its output."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The course that `make demo` leaves, and what it says."""
    said, folder = StringIO(), tmp_path_factory.mktemp("kit") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        demo.run(ROOT, folder, Console(file=said, width=200))
    return folder, said.getvalue()


@pytest.fixture(scope="module")
def folder(made: tuple[Path, str]) -> Path:
    """The course that `make demo` leaves."""
    return made[0]


def test_the_demo_ends_by_naming_the_report_and_the_readme_shows_it(made: tuple[Path, str]) -> None:
    folder, said = made
    what, _, where = said.strip().split("\n")[-1].partition(": ")
    assert what == "What the class got wrong, and what to say"
    assert Path(where) == folder / "report.html"
    assert Path(where).is_file()
    shown = re.findall(
        r"!\[The class report[^]]*\]\((docs/screenshots/[^)]+)\)", (ROOT / "README.md").read_text("utf-8")
    )
    assert [(ROOT / picture).is_file() for picture in shown] == [True]


def test_the_demo_names_the_command_for_questions_as_it_can_be_typed(made: tuple[Path, str]) -> None:
    (command,) = re.findall(r"^Questions for each: (.+)$", made[1], re.MULTILINE)
    done = subprocess.run(["bash", "-c", f"{command} --student ben --out questions-one.html"], check=False)
    assert done.returncode == 0
    assert (made[0] / "questions-one.html").is_file()


def commands(page: str) -> list[tuple[str, str]]:
    """The commands of a page of docs/, each with the output that stands there."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return [(command, re.sub(r"^ {4}", "", said, flags=re.MULTILINE)) for command, said in BLOCK.findall(text)]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_says_what_its_page_shows(page: str, folder: Path) -> None:
    found = commands(page)
    assert found
    for command, said in found:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        assert re.fullmatch(_pattern(said), done.stdout), (command, done.stdout)


def _pattern(said: str) -> str:
    """What is shown, as a pattern: a line of three dots stands for any lines."""
    return "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in said.splitlines())
