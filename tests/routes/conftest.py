"""A small course whose class is graded on both routes: by `nbgrader autograde`, and by `autograder grade submitted`."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.course.course import Course
from autograder.course.data import copy_course
from autograder.course.secret import SECRET_FILE
from autograder.judging.mistakes import known_mistakes
from autograder.model import Plan

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ASSIGNMENT, NOTEBOOK, SECRET = "1_neuron", "02_chain", "routes"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str


def run(folder: Path, *command: str | Path, **variables: str) -> Done:
    """Run one command as a user would type it; its output and errors in one text."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "COLUMNS": "200"}
    environment.pop("AUTOGRADER_SECRET", None)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return Done(done.returncode, done.stdout)


def must(done: Done) -> Done:
    """A command that has to succeed."""
    assert done.code == 0, done.out[-3000:]
    return done


WITHOUT_LANDLOCK = """
import ctypes, os, struct, sys
step = lambda code, value, then=0, otherwise=0: struct.pack("HBBI", code, then, otherwise, value)
program = b"".join([step(0x20, 0), step(0x15, 444, 0, 1), step(0x06, 0x00050026), step(0x06, 0x7FFF0000)])
class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))
libc = ctypes.CDLL(None, use_errno=True)
assert not libc.prctl(38, 1, 0, 0, 0)
assert not libc.prctl(22, 2, ctypes.byref(Program(4, program)), 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Runs a command for which the kernel has no Landlock: landlock_create_ruleset gives ENOSYS."""


def refused(done: Done) -> None:
    """Check that a command has said that this machine cannot confine, and what to do."""
    text = " ".join(done.out.split())
    assert "cannot be confined on this machine, so nothing was graded" in text
    assert "The kernel offers no Landlock" in text
    assert "docs/security.md" in text


def make_course(folder: Path) -> Course:
    """The real course in another place, with a secret of its own."""
    copy_course(ROOT, folder)
    (folder / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    return Course(folder, SECRET)


def hand_in(course: Course, student: str, answers: Mapping[str, str] | bytes, own: str = "", stamp: str = "") -> Path:
    """Put a notebook where nbgrader looks for submissions; the file."""
    folder = course.root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NOTEBOOK}.ipynb"
    if stamp:
        (folder / "timestamp.txt").write_text(stamp, encoding="utf-8")
    if isinstance(answers, bytes):
        path.write_bytes(answers)
        return path
    released = (ROOT / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(released)
    for cell in content["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = answers.get(grade_id, cell["source"])
    if own:
        cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": own}
        content["cells"].insert(5, cell)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


Student = tuple[Mapping[str, str] | bytes, str]


SLOPE = """
def slope(t):
    return float(t > 0)


print(slope(3))
"""


def students(plan: Plan) -> dict[str, Student]:
    """The class: answers, and a cell of the student's own."""
    right = {gap.name: gap.solution for gap in plan.gaps}
    mistakes: dict[str, str] = {}
    for mistake in known_mistakes(Course(ROOT, ""), plan.notebook):
        mistakes.setdefault(mistake.gap, mistake.source)
    return {
        "right": (right, ""),
        "untouched": ({}, ""),
        "wrong": (mistakes, ""),
        "partly": ({**right, "relu_dz": "relu_dz = float(z >= 0)"}, ""),
        "raising": ({**right, "drelu_dsum": "drelu_dsum = 1 / 0", "dmul": "dmul_dx0 = ("}, ""),
        "crashing": ({**right, "drelu_dsum": "import os\nos._exit(0)"}, ""),
        "hanging": ({**right, "dmul": "while True: pass"}, ""),
        "own_cells": ({**right, "relu_dz": "relu_dz = slope(z)"}, SLOPE),
        "crashing_own": (right, "import ctypes\nctypes.string_at(0)"),
        "unreadable": (b"not a notebook", ""),
        "late": ({"relu_dz": right["relu_dz"]}, ""),
    }


LATE = "2030-01-01 00:00:00 UTC\n"
IN_TIME = "2026-01-12 18:03:00.000000 UTC\n"


@dataclass(frozen=True)
class Routes:
    """The same class, graded by nbgrader's command and by the kit's."""

    by_nbgrader: Path
    by_kit: Path
    said: Mapping[str, Done]

    @property
    def both(self) -> tuple[Path, Path]:
        return self.by_nbgrader, self.by_kit


@pytest.fixture(scope="session")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Routes:
    """Released by nbgrader, handed in, copied, and graded once on each route."""
    first = tmp_path_factory.mktemp("by_nbgrader")
    course = make_course(first)
    must(run(first, "nbgrader", "generate_assignment", ASSIGNMENT))
    for name, (answers, own) in students(course.plan(NOTEBOOK)).items():
        hand_in(course, name, answers, own, LATE if name == "late" else IN_TIME)
    (first / "submitted" / "nothing" / ASSIGNMENT).mkdir(parents=True)
    second = tmp_path_factory.mktemp("by_kit") / "course"
    shutil.copytree(first, second)
    said = {
        "nbgrader": run(first, "nbgrader", "autograde", ASSIGNMENT),
        "kit": run(second, "autograder", "grade", "submitted"),
    }
    return Routes(first, second, said)


@pytest.fixture(scope="session")
def rows() -> Callable[[Path, str], list[tuple[Any, ...]]]:
    """Rows of a course's gradebook."""

    def read(course: Path, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(course / "gradebook.db")) as book:
            return book.execute(query).fetchall()

    return read


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course without a class."""
    return make_course(tmp_path)
