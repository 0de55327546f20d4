"""A large class in one run: memory stays flat, and no process, file, descriptor or thread is left behind."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from sqlalchemy.exc import OperationalError

from autograder.classes.grade import grade_all
from autograder.classes.jobs import Job
from autograder.classes.records import write_records
from autograder.course.course import Course
from autograder.gradebook import book, late
from autograder.judging.grading import Graded, Grader
from autograder.model import KitError, Record

from . import classroom
from .classroom import ASSIGNMENT, CHAIN, STEP
from .conftest import LIMITS

CRASHES = ("import os\nos._exit(0)", "import ctypes\nctypes.string_at(0)", "raise SystemExit", "x = [0] * 10**12", "(")
SLACK = 24 << 20
"""Bytes that a process may grow by after its first notebooks, for whatever reason."""


def rss(pid: int | str) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def shared() -> set[str]:
    """What lies in folders that everybody may write."""
    return {f"{folder}/{name}" for folder in ("/dev/shm", "/var/tmp") for name in os.listdir(folder)}


def in_use() -> set[str]:
    """Files that a living process has mapped: semaphores of programs that run beside the tests, say."""
    files = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):  # a process that has ended, or somebody else's
            lines = maps.read_text(encoding="utf-8").splitlines()
            files |= {line.split(maxsplit=5)[5] for line in lines if "/dev/shm/" in line}
    return files


def graded_alive() -> int:
    """How many graded notebooks are held in memory; other tests may hold some."""
    gc.collect()
    return sum(isinstance(one, Graded) for one in gc.get_objects())


def hand_in(course: Course, number: int) -> Path:
    """A student's notebook: half solved, and in one of ten some gap ends its runner, or the file is broken."""
    name = f"student{number:04}"
    plan = course.plan(STEP)
    data = classroom.half_solved(plan, name)
    if number % 10 == 3:
        answers = {gap.name: gap.solution for gap in plan.gaps}
        data = classroom.answered(plan, {**answers, "drop": CRASHES[number // 10 % len(CRASHES)]})
    if number % 10 == 7:
        data = data[: len(data) // (1 + number // 10 % 3)]
    return classroom.hand_in(course, name, {STEP: data})


def grade_many(course: Course, students: int) -> None:
    """Grade a class with two workers, and look at what has grown and what is left."""
    jobs = [
        Job(student=f"student{number:04}", notebook=STEP, path=hand_in(course, number)) for number in range(students)
    ]
    files = {path for path in course.root.rglob("*") if "submitted" not in path.parts}
    elsewhere, descriptors, threads = shared(), len(os.listdir("/proc/self/fd")), threading.active_count()
    started, others = set(classroom.descendants(os.getpid())), graded_alive()
    seen: list[dict[int | str, int]] = []
    most_alive = 0
    kept_bytes = 0

    def told(record: Record) -> None:
        nonlocal most_alive, kept_bytes
        kept_bytes += 4 * len(msgspec.json.encode(record))
        done = len(seen)
        processes = [*(set(classroom.descendants(os.getpid())) - started), "self"] if done % 20 == 0 else []
        seen.append({pid: _rss_or_nothing(pid) for pid in processes})
        if done % 100 == 0:
            most_alive = max(most_alive, graded_alive() - others)

    with Grader(course, LIMITS) as grader:
        records = grade_all(
            grader,
            jobs,
            workers=2,
            results=course.root / "results.jsonl",
            keep=lambda graded: None,
            is_kept=lambda record: True,
            told=told,
        )
        ends = {pid: _rss_or_nothing(pid) for pid in [*(set(classroom.descendants(os.getpid())) - started), "self"]}
    assert [record.student for record in records] == [job.student for job in jobs]
    assert all(record.score is not None for record in records)
    assert most_alive <= 4  # one in each worker's hands, and one just handed over
    assert len(ends) <= 1 + 3 + 2  # this process, a warm one for each thread, runners on their way
    early = _first_seen(seen)
    grown = {pid: bytes_ - early.get(pid, bytes_) for pid, bytes_ in ends.items()}
    assert {pid: most for pid, most in grown.items() if most > SLACK + (kept_bytes if pid == "self" else 0)} == {}
    assert set(classroom.descendants(os.getpid())) - started == set()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    assert threading.active_count() <= threads
    assert shared() - elsewhere - in_use() == set()
    assert {path for path in course.root.rglob("*") if "submitted" not in path.parts} - files == {
        course.root / "results.jsonl"
    }


def _rss_or_nothing(pid: int | str) -> int:
    try:
        return rss(pid)
    except OSError:  # a runner that has ended
        return 0


def _first_seen(seen: Sequence[dict[int | str, int]]) -> dict[int | str, int]:
    """Memory of each process when the class was one tenth through, or when it was first seen."""
    found: dict[int | str, int] = {}
    for one in seen[len(seen) // 10 :]:
        for pid, bytes_ in one.items():
            found.setdefault(pid, bytes_)
    return found


def test_a_class_leaves_nothing_behind(tmp_path: Path) -> None:
    grade_many(classroom.make_course(tmp_path / "course", (STEP,)), 40)


@pytest.mark.long
def test_a_class_of_two_thousand_notebooks_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    grade_many(classroom.make_course(tmp_path / "course", (STEP,)), 2000)


@pytest.mark.parametrize("spare", [0, 1])
def test_workers_keep_to_a_core_each_when_there_is_one_for_every_core(tmp_path: Path, spare: int) -> None:
    course = classroom.make_course(tmp_path / "course", (STEP,))
    cores = os.sched_getaffinity(0)
    count = max(1, len(cores) - spare)
    jobs = [Job(student=f"student{number}", notebook=STEP, path=hand_in(course, number)) for number in range(2 * count)]
    others = set(classroom.descendants(os.getpid()))
    meeting = threading.Barrier(count)
    seen: list[tuple[frozenset[int], set[frozenset[int]]]] = []

    def keep(_graded: Graded) -> None:
        meeting.wait(60)  # nobody takes two turns before everybody has had one
        started = set(classroom.descendants(os.getpid())) - others
        processes = {frozenset(os.sched_getaffinity(pid)) for pid in started}
        seen.append((frozenset(os.sched_getaffinity(0)), processes))
        meeting.wait(60)

    with Grader(course, LIMITS) as grader:
        grade_all(
            grader, jobs, workers=count, results=None, keep=keep, is_kept=lambda record: True, told=lambda record: None
        )
    wanted = {frozenset([core]) for core in cores} if count == len(cores) else {frozenset(cores)}
    assert {own for own, _ in seen} == wanted
    assert all(processes == wanted for _, processes in seen)
    assert os.sched_getaffinity(0) == cores


@pytest.fixture
def absent(tmp_path: Path) -> tuple[Course, list[Record]]:
    """A hundred students with folders and nothing in them: marks without a sandbox."""
    course = classroom.make_course(tmp_path / "course", (CHAIN, STEP))
    with Grader(course, LIMITS) as grader:
        records = [
            grader.not_handed_in(f"student{number:04}", name).record for number in range(100) for name in course.sources
        ]
    for record in records:
        (course.root / "submitted" / record.student / record.assignment).mkdir(parents=True, exist_ok=True)
    return course, records


def write(course: Course, records: list[Record]) -> list[str]:
    return book.write(course, records, url=classroom.url_of(course), config=book.load_config(course.root))


def complete(course: Course) -> set[str]:
    """Students of whom the gradebook holds marks; they are there for every notebook and gap."""
    found = classroom.marks(course)
    assert {row.auto for one in found.values() for row in one.gaps.values()} <= {0.0}
    students = {student for student, _ in found}
    assert set(found) == {(student, name) for student in students for name in course.sources}
    return students


def test_a_gradebook_of_a_large_class_is_written_once(absent: tuple[Course, list[Record]]) -> None:
    """Many students, no sandbox: what is written is what was found."""
    course, records = absent
    for _ in range(2):
        assert write(course, records) == []
    assert complete(course) == {record.student for record in records}
    assert ASSIGNMENT in {record.assignment for record in records}


def test_whoever_waits_for_the_gradebook_has_a_turn_between_a_few_students(
    absent: tuple[Course, list[Record]], monkeypatch: pytest.MonkeyPatch
) -> None:
    course, records = absent
    written: list[int] = []

    def turn(seconds: float) -> None:
        assert seconds > 0.1
        with closing(sqlite3.connect(course.root / "gradebook.db", timeout=0, isolation_level=None)) as formgrader:
            formgrader.execute("begin exclusive")
            formgrader.execute("rollback")
        written.append(len(complete(course)))

    monkeypatch.setattr(book, "PORTION", 21)
    monkeypatch.setattr(book, "time", SimpleNamespace(sleep=turn))
    write(course, records)
    assert written == [*range(10, 101, 10)]
    write(course, records)
    assert len(written) == 10  # nothing to write, nobody waits


def test_a_failure_between_students_is_said_with_what_the_gradebook_holds(
    absent: tuple[Course, list[Record]], monkeypatch: pytest.MonkeyPatch
) -> None:
    course, records = absent
    calls = itertools.count(1)

    def full(*_: object) -> None:
        if next(calls) == 3:
            raise OperationalError("update grade", {}, sqlite3.OperationalError("disk I/O error"))

    with monkeypatch.context() as patch:
        patch.setattr(book, "PORTION", 20)
        patch.setattr(late, "save_penalties", full)
        with pytest.raises(KitError, match="It holds the marks of 20 students; those of the others are as they were"):
            write(course, records)
    assert len(complete(course)) == 20
    write(course, records)
    assert len(complete(course)) == 100


KILLED = """
import itertools, os, sys
from pathlib import Path
from autograder.classes.records import read_records
from autograder.course.course import Course
from autograder.gradebook import book, late
calls = itertools.count(1)
late.save_penalties = lambda *_: next(calls) == 3 and os.kill(os.getpid(), 9)
book.PORTION = 20
root = Path.cwd()
records = [*read_records(root / "results.jsonl").values()]
book.write(Course(root, "x"), records, url=book.url_of(root / "gradebook.db"), config=book.load_config(root))
"""


def test_a_kill_between_students_leaves_everybodys_marks_whole(absent: tuple[Course, list[Record]]) -> None:
    course, records = absent
    write_records(course.root / "results.jsonl", records)
    done = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=course.root, env=classroom.environment(), check=False, capture_output=True
    )
    assert done.returncode == -9, done.stderr
    assert len(complete(course)) == 20
    write(course, records)
    assert len(complete(course)) == 100


IMPORTS_BESIDE = """
import sys, threading
from pathlib import Path
class Finders(list):
    def insert(self, *what): moved.append(threading.current_thread()); super().insert(*what)
    def remove(self, *what): moved.append(threading.current_thread()); super().remove(*what)
moved, sys.meta_path = [], Finders(sys.meta_path)
from autograder.course.course import Course
from autograder.gradebook.keeper import GradebookKeeper
keeper = GradebookKeeper(Course(Path(sys.argv[1]), "secret"))
keeper._nbgrader.join()
assert "nbgrader" in sys.modules
print(sum(thread is not threading.main_thread() for thread in moved))
"""


def test_no_finder_is_moved_while_the_first_notebooks_import(tmp_path: Path) -> None:
    course = classroom.make_course(tmp_path / "course", (STEP,))
    command = [sys.executable, "-c", IMPORTS_BESIDE, str(course.root)]
    done = subprocess.run(command, cwd=classroom.ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("0\n", "")
