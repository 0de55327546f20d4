"""A course for what comes in and goes out, and the command line in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import cli
from autograder.course.course import Course

from .classroom import make_course


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said, in one line."""

    code: int
    said: str


Run = Callable[..., Done]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


@pytest.fixture
def run(course: Course, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`autograder ...` in the course's folder."""
    monkeypatch.setattr(cli, "prepare_process", lambda: None)
    monkeypatch.chdir(course.root)

    def command(*words: str | Path) -> Done:
        done = CliRunner().invoke(cli.main, [str(word) for word in words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, " ".join(done.output.split()))

    return command


def shell(folder: Path, *words: str | Path) -> Done:
    """A command as a user types it, in another process."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {name: value for name, value in os.environ.items() if name != "AUTOGRADER_SECRET"}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={**environment, "PATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    return Done(done.returncode, " ".join(done.stdout.split()))
