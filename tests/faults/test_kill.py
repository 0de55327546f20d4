"""`autograder grade submitted`, killed at any moment and started again: the same marks, none lost, none doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from autograder.classes.records import RecordKey, read_records
from autograder.course.course import Course
from autograder.model import KitError, Record

from . import classroom
from .classroom import Marks
from .conftest import regrade

STUDENTS = 4
MOST_SECONDS = 300.0


def journal(root: Path) -> bool:
    return (root / "gradebook.db-journal").exists() or (root / "gradebook.db.part-journal").exists()


def lines(root: Path) -> int:
    path = root / "results.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else -1


def after_lines(number: int) -> Callable[[Path, float], bool]:
    return lambda root, _: lines(root) >= number


def after_seconds(seconds: float) -> Callable[[Path, float], bool]:
    return lambda _, passed: passed >= seconds


def while_writing_marks(root: Path, _: float) -> bool:
    return journal(root) and (root / "gradebook.db").exists()


def once_marks_are_there(root: Path, _: float) -> bool:
    return (root / "gradebook.db").exists() and not journal(root)


ALL = 2 * STUDENTS
MOMENTS: dict[str, Callable[[Path, float], bool]] = {
    "at once": after_seconds(0.05),
    "before a record is written": after_lines(0),
    "after one record": after_lines(1),
    "after a third": after_lines(ALL // 3),
    "after half": after_lines(ALL // 2),
    "after the last record": after_lines(ALL),
    "while the gradebook is written": while_writing_marks,
    "once there is a gradebook": once_marks_are_there,
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Marks:
    """The marks of a run that nobody disturbs."""
    course = classroom.make_course(tmp_path_factory.mktemp("undisturbed") / "course")
    classroom.fill(course, STUDENTS)
    regrade(course)
    return classroom.marks(course)


def run_until(course: Course, moment: Callable[[Path, float], bool]) -> list[int]:
    """Grade until a moment and kill it then, if it has not ended before; what it had started."""
    started = time.monotonic()
    with classroom.start(course) as process:
        while process.poll() is None and not moment(course.root, time.monotonic() - started):
            assert time.monotonic() - started < MOST_SECONDS
            time.sleep(0.001)
        return classroom.kill(process)


Finished = dict[RecordKey, tuple[Record, int]]


def finished(course: Course) -> Finished:
    """What has been graded so far: the record, and when its autograded notebook was written."""
    records = read_records(course.root / "results.jsonl")
    return {
        key: (record, (course.root / "autograded" / key[0] / record.assignment / f"{key[2]}.ipynb").stat().st_mtime_ns)
        for key, record in records.items()
    }


def changed(before: Finished, course: Course) -> list[RecordKey]:
    """What was graded again; only a change of the kit's own files, while somebody works on it, would be a reason."""
    now, after = Course(course.root, course.secret), finished(course)
    still = {key: found for key, found in before.items() if found[0].suite == now.suite(key[2])}
    return [key for key, found in still.items() if after.get(key) != found]


def kill_again_and_again(course: Course, moments: list[Callable[[Path, float], bool]], expected: Marks) -> None:
    """Kill one run after the other; what one has finished the next one must not touch."""
    for moment in moments:
        before = finished(course)
        left = run_until(course, moment)
        assert changed(before, course) == []
        ends_at = time.monotonic() + 10
        while any(map(classroom.is_alive, left)) and time.monotonic() < ends_at:
            time.sleep(0.01)
        assert [pid for pid in left if classroom.is_alive(pid)] == []
    before = finished(course)
    code, said = classroom.grade(course)
    assert code == 0, said
    assert changed(before, course) == []
    assert classroom.marks(course) == expected
    written = (course.root / "results.jsonl").read_bytes().splitlines()
    records = [msgspec.json.decode(line, type=Record) for line in written]
    assert sorted((record.student, record.notebook) for record in records) == sorted(expected)


def test_a_run_killed_at_eight_moments_gives_the_same_marks(tmp_path: Path, expected: Marks) -> None:
    course = classroom.make_course(tmp_path / "course")
    classroom.fill(course, STUDENTS)
    kill_again_and_again(course, list(MOMENTS.values()), expected)


SLOW_IMPORTS = """
import sys, threading, time
from autograder import cli

class Slow:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is not threading.main_thread() and name.startswith(("nbgrader", "autograder")):
            time.sleep(0.05)

sys.meta_path.insert(0, Slow())
cli.main(["grade", "submitted"])
"""
"""The command, with imports beside the first notebooks that take longer than the notebooks."""


def test_a_run_with_nothing_left_to_grade_waits_for_what_is_being_imported(tmp_path: Path, expected: Marks) -> None:
    course = classroom.make_course(tmp_path / "course")
    classroom.fill(course, STUDENTS)
    assert classroom.grade(course)[0] == 0
    done = subprocess.run(
        [sys.executable, "-c", SLOW_IMPORTS],
        cwd=course.root,
        env=classroom.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert classroom.marks(course) == expected


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_run_killed_at_ten_moments_by_chance_gives_the_same_marks(tmp_path: Path, expected: Marks, seed: int) -> None:
    course = classroom.make_course(tmp_path / "course")
    classroom.fill(course, STUDENTS)
    rng = random.Random(seed)
    moments = [after_seconds(rng.uniform(0.1, 6.0)) for _ in range(8)]
    moments += [rng.choice([while_writing_marks, once_marks_are_there, journal_at_all]) for _ in range(2)]
    rng.shuffle(moments)
    kill_again_and_again(course, moments, expected)


def journal_at_all(root: Path, _: float) -> bool:
    return journal(root)


def test_a_torn_last_line_is_dropped_and_only_its_notebook_graded_again(tmp_path: Path) -> None:
    course = classroom.make_course(tmp_path / "course", (classroom.STEP,))
    classroom.fill(course, 3)
    regrade(course)
    before, results, marks = finished(course), course.root / "results.jsonl", classroom.marks(course)
    whole = results.read_bytes()
    last = list(read_records(results))[-1]
    results.write_bytes(whole[: -len(whole.splitlines()[-1]) // 2])
    regrade(course)
    after = finished(course)
    assert sorted(results.read_bytes().splitlines()) == sorted(whole.splitlines())
    assert [key for key in before if after[key] != before[key]] == [last]
    assert classroom.marks(course) == marks


def test_a_second_run_at_the_same_time_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    course = classroom.make_course(tmp_path / "course", (classroom.STEP,))
    classroom.fill(course, 3)
    records, _ = regrade(course)
    results = course.root / "results.jsonl"
    whole = results.read_bytes()
    code = (
        f"import fcntl\nfile = open({str(results)!r})\nfcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(KitError, match="Another run is writing"):
            regrade(course)
        other.communicate("\n")
    assert results.read_bytes() == whole
    assert regrade(course)[0] == records
