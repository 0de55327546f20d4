"""A small class on a course of its own, and the commands that grade it, to be killed, starved and disturbed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbgrader.api as api

from autograder.course.course import Course
from autograder.course.data import copy_data
from autograder.course.notebook import stub_of
from autograder.course.secret import SECRET_FILE
from autograder.gradebook import book
from autograder.model import Plan

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "1_neuron"
CHAIN, STEP = "02_chain", "03_step"
SECRET = "faults"
ON_TIME = "2026-01-12 18:00:00 UTC"


def make_course(root: Path, names: tuple[str, ...] = (CHAIN, STEP)) -> Course:
    """A course of one assignment below `root`."""
    (root / "source" / ASSIGNMENT).mkdir(parents=True)
    for name in names:
        shutil.copy(ROOT / "source" / ASSIGNMENT / f"{name}.ipynb", root / "source" / ASSIGNMENT)
    copy_data(ROOT, root)
    (root / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    return Course(root, SECRET)


def answered(plan: Plan, answers: Mapping[str, str], without: frozenset[str] = frozenset()) -> bytes:
    """A notebook with answers in some gaps; cells of these grade_ids are deleted."""
    path = ROOT / "source" / plan.assignment / f"{plan.notebook}.ipynb"
    content: dict[str, Any] = json.loads(path.read_bytes())
    kept = []
    for cell in content["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        cell["source"] = answers.get(name, stub_of("".join(cell["source"])))
        if name not in without:
            kept.append(cell)
    return json.dumps(content | {"cells": kept}).encode()


def half_solved(plan: Plan, student: str) -> bytes:
    """A notebook in which each gap is solved or not, by the student's name."""
    rng = random.Random(f"{student} {plan.notebook}")
    return answered(plan, {gap.name: gap.solution for gap in plan.gaps if rng.random() < 0.6})


def hand_in(course: Course, student: str, notebooks: Mapping[str, bytes], stamp: str = ON_TIME) -> Path:
    """Put notebooks where submissions are looked for."""
    folder = course.root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in notebooks.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    (folder / "timestamp.txt").write_text(stamp + "\n", encoding="ascii")
    return folder


def fill(course: Course, students: int) -> None:
    """Have a number of students hand in half-solved notebooks."""
    for number in range(students):
        name = f"student{number:02}"
        hand_in(course, name, {one: half_solved(course.plan(one), name) for one in course.sources})


def program(name: str) -> str:
    """A command of this environment."""
    return str(Path(sys.executable).with_name(name))


def environment() -> dict[str, str]:
    """nbgrader calls alembic by its bare name; `lighter` saves every process a second."""
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": paths, "PYTHONPATH": str(Path(__file__).parent / "lighter")}


def start(course: Course, *options: str) -> subprocess.Popen[str]:
    """Start `autograder grade submitted`."""
    return subprocess.Popen(
        [program("autograder"), "grade", "submitted", "--jobs", "2", *options],
        cwd=course.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def grade(course: Course, *options: str) -> tuple[int, str]:
    """Run `autograder grade submitted` to its end: exit code, and what it said."""
    with start(course, *options) as process:
        said = process.communicate()[0]
    return process.returncode, said


def nbgrader(course: Course, *command: str) -> None:
    """One of nbgrader's own commands."""
    done = subprocess.run(
        [program("nbgrader"), *command],
        cwd=course.root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@dataclass(frozen=True, slots=True)
class Row:
    """All that the gradebook holds of one gap of one student."""

    auto: float | None
    manual: float | None
    extra: float | None
    score: float
    waits: bool
    said: str | None
    said_by_hand: str | None


@dataclass(frozen=True, slots=True)
class Notebook:
    """All that the gradebook holds of one notebook of one student."""

    gaps: Mapping[str, Row]
    penalty: float | None
    handed_in: str


Marks = dict[tuple[str, str], Notebook]
"""By student and notebook."""


def url_of(course: Course) -> str:
    """The gradebook."""
    return book.url_of(course.root / "gradebook.db")


def marks(course: Course) -> Marks:
    """All that the gradebook holds, as nbgrader reads it."""
    found: Marks = {}
    with api.Gradebook(url_of(course)) as book:
        for submission in book.assignment_submissions(ASSIGNMENT):
            for one in submission.notebooks:
                comments = {comment.name: comment for comment in one.comments}
                gaps = {}
                for grade in one.grades:
                    gap = grade.name.removeprefix("check_")
                    said = comments[gap]
                    gaps[gap] = Row(
                        auto=grade.auto_score,
                        manual=grade.manual_score,
                        extra=grade.extra_credit,
                        score=grade.score,
                        waits=grade.needs_manual_grade,
                        said=said.auto_comment,
                        said_by_hand=said.manual_comment,
                    )
                key = submission.student.id, one.name
                assert key not in found
                found[key] = Notebook(gaps, one.late_submission_penalty, str(submission.timestamp))
    return found


def descendants(pid: int) -> list[int]:
    """Every process that a process has started, and those that they have."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError):
                fields = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
                parents[int(name)] = int(fields.split()[1])
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        children = [child for child, parent in parents.items() if parent == one]
        found += children
        waiting += children
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def kill(process: subprocess.Popen[str]) -> list[int]:
    """Kill a process at once, and wait for it; what it had started."""
    started = descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return started


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Another process holds a database for itself."""
    code = (
        "import sqlite3, sys\n"
        f"book = sqlite3.connect({str(path)!r}, isolation_level=None)\n"
        "book.execute('begin exclusive')\nprint('held', flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate()
