"""docs/by-exchange.md, block by block: nbgrader's exchange with an instructor and two students.

As root, each of them is another user of this machine, with a home of their own; else all of them are one user, and what
is tested is everything but who may read what.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.course.data import copy_data

from .conftest import ASSIGNMENT, BIN, NOTEBOOK, ROOT, SECRET, Done, hand_in, must

PAGE = (ROOT / "docs" / "by-exchange.md").read_text(encoding="utf-8")
AS_ROOT = os.geteuid() == 0


@dataclass(frozen=True)
class Person:
    """Somebody with a home on this machine."""

    name: str
    home: Path
    uid: int
    gid: int

    def runs(self, folder: Path, script: str) -> Done:
        """Run lines of a shell as this person, who stops at the first failure."""
        environment = {"HOME": str(self.home), "PATH": f"{BIN}:/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "200"}
        done = subprocess.run(
            [*_become(self), "sh", "-ec", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        return Done(done.returncode, done.stdout)

    def owns(self, folder: Path) -> None:
        """Hand a folder over to this person, and keep it from others."""
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, self.uid, self.gid)
        folder.chmod(0o700)


def _become(person: Person) -> list[str]:
    if not AS_ROOT:
        return []
    who = ["setpriv", f"--reuid={person.uid}", f"--regid={person.gid}", "--clear-groups"]
    return [*who, *_reads(person.uid)]


@cache
def _reads(uid: int) -> tuple[str, ...]:
    """The right to read, where this Python lies in a closed home."""
    command = ["setpriv", f"--reuid={uid}", "--clear-groups", "sh", "-c", f"{sys.executable} -c ''"]
    tried = subprocess.run(command, check=False, capture_output=True)
    return () if tried.returncode == 0 else ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


@dataclass(frozen=True)
class Place:
    """A machine with an exchange."""

    course: Path
    exchange: Path
    instructor: Person
    students: tuple[Person, ...]


def someone(home: Path, name: str) -> Person:
    """A user of this machine with another home; when not root, this user."""
    entry = pwd.getpwnam(name) if AS_ROOT else pwd.getpwuid(os.getuid())
    home.mkdir()
    (home / ".jupyter").mkdir()
    return Person(name=entry.pw_name, home=home, uid=entry.pw_uid, gid=entry.pw_gid)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        top.chmod(0o755)
        exchange, course = top / "exchange", top / "course"
        exchange.mkdir()
        exchange.chmod(0o777)
        (course / "source" / ASSIGNMENT).mkdir(parents=True)
        for name in (f"{NOTEBOOK}.ipynb", "START.md"):
            shutil.copy(ROOT / "source" / ASSIGNMENT / name, course / "source" / ASSIGNMENT)
        copy_data(ROOT, course)
        (course / ".autograder-secret").write_text(SECRET + "\n", encoding="ascii")
        (course / "course.toml").write_text(
            f'id = "backpropagation"\n[due]\n{ASSIGNMENT} = "2026-01-12 18:00"\n', encoding="utf-8"
        )
        people = [someone(top / f"home {name}", name) for name in ("daemon", "games", "man")]
        config = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
        assert config
        for person in people:
            text = config[1].replace("/srv/nbgrader/exchange", str(exchange))
            (person.home / ".jupyter" / "nbgrader_config.py").write_text(text, encoding="utf-8")
            person.owns(person.home)
        people[0].owns(course)
        yield Place(course, exchange, people[0], tuple(people[1:] if AS_ROOT else people[1:2]))


Block = tuple[str, str]
"""Who runs it, and its lines."""


def blocks() -> list[Block]:
    """The page's blocks in order."""
    found = re.findall(r"```sh\n# (.*?)\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == PAGE.count("```sh")
    return found


@dataclass
class Walk:
    """What came of each block, and what lay in the folders after it."""

    place: Place
    said: list[str]

    def runs(self, block: Block) -> None:
        """Run a block as those it is for."""
        who, script = block
        place = self.place
        people = {
            "the instructor": [place.instructor],
            "a student": place.students,
            "a student again": place.students[:1],
        }
        for person in people[who]:
            folder = place.course if person is place.instructor else person.home
            self.said.append(must(person.runs(folder, script)).out)


@pytest.fixture(scope="module")
def walk(place: Place) -> Walk:
    """All of the page up to the first pages of feedback."""
    walk = Walk(place, [])
    *first, _, _, _ = blocks()
    for block in first:
        if "submit" in block[1]:
            for person, right in zip(place.students, (True, False), strict=False):
                work(place, person, right=right)
        walk.runs(block)
    return walk


def work(place: Place, person: Person, *, right: bool) -> None:
    """Fill in all answers, or none."""
    if not right:
        return
    course = Course(place.course, SECRET)
    answers = {gap.name: gap.solution for gap in course.plan(NOTEBOOK).gaps}
    done = hand_in(Course(place.course / "nowhere", SECRET), person.name, answers)
    shutil.copy(done, person.home / ASSIGNMENT / f"{NOTEBOOK}.ipynb")
    shutil.rmtree(place.course / "nowhere")


def scores(place: Place) -> dict[str, tuple[float, bool]]:
    """Points by student, and whether the gradebook knows when they handed in."""
    with closing(sqlite3.connect(place.course / "gradebook.db")) as book:
        rows = book.execute(
            "select student_id, total(auto_score), timestamp is not null from grade "
            "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
            "join submitted_assignment a on a.id = submitted_notebook.assignment_id group by student_id"
        )
        return {student: (score, bool(timed)) for student, score, timed in rows}


def test_what_is_handed_out_is_the_release_whole(walk):
    handed_out = walk.place.exchange / "backpropagation" / "outbound" / ASSIGNMENT
    release = walk.place.course / "release" / ASSIGNMENT
    assert files(handed_out) == files(release)
    assert {"START.md", f"{NOTEBOOK}.ipynb", "lab/__init__.py", f"lab/open/{NOTEBOOK}.json"} <= files(handed_out)


def files(folder: Path) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_first_cell_of_a_fetched_notebook_runs(walk):
    student = walk.place.students[0]
    folder = student.home / ASSIGNMENT
    cells = json.loads((folder / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert "import" in first
    (folder / "first.py").write_text(first, encoding="utf-8")
    must(student.runs(folder, "python first.py; rm first.py"))


def test_the_marks_and_the_times_of_handing_in_arrive(walk):
    expected = dict(zip([one.name for one in walk.place.students], [(28, True), (0, True)], strict=False))
    assert scores(walk.place) == expected


def test_each_student_fetches_a_page_of_their_own(walk):
    for student, points in zip(walk.place.students, ("28", "0"), strict=False):
        (page,) = (student.home / ASSIGNMENT / "feedback").rglob("*.html")
        assert f"<b>{points}</b> of 28 points" in page.read_text(encoding="utf-8")


@pytest.mark.skipif(not AS_ROOT, reason="one user may read all that is theirs")
def test_a_student_can_list_neither_what_others_handed_in_nor_their_pages(walk):
    course = walk.place.exchange / "backpropagation"
    for folder in ("inbound", "feedback"):
        assert (course / folder).stat().st_mode & 0o004 == 0
    assert walk.place.course.stat().st_mode & 0o077 == 0


@pytest.mark.long
def test_a_second_hand_in_alone_is_collected_graded_by_nbgrader_and_given_back(walk):
    place, student = walk.place, walk.place.students[0]
    before = {one: stat(place, one) for one in place.students}
    path = student.home / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("drelu_dsum = ", "drelu_dsum = 2 * "), encoding="utf-8")
    for block in blocks()[-3:]:
        walk.runs(block)
    points, timed = scores(place)[student.name]
    assert (0 < points < 28, timed) == (True, True)
    assert [one for one in place.students if stat(place, one) != before[one]] == [student]
    pages = sorted((student.home / ASSIGNMENT / "feedback").rglob("*.html"))
    assert len(pages) == 2
    assert f"<b>{points:g}</b> of 28 points" in pages[1].read_text(encoding="utf-8")


def stat(place: Place, student: Person) -> int:
    return (place.course / "submitted" / student.name / ASSIGNMENT / f"{NOTEBOOK}.ipynb").stat().st_mtime_ns
