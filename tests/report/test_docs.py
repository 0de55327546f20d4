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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course that `make demo` leaves."""
    made = tmp_path_factory.mktemp("kit") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
        demo.run(ROOT, made, Console(file=StringIO()))
    return made


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
