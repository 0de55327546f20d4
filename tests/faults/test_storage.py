"""A full disk, a gradebook that may not be written or that somebody else holds: a clear text, and old marks intact."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.exc import OperationalError

from autograder.course.course import Course
from autograder.gradebook import book as gradebook
from autograder.gradebook import late
from autograder.model import KitError, Record

from . import classroom
from .classroom import marks
from .conftest import regrade

IMPATIENT = "?timeout=0.2"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, list[Record]]:
    """A class, graded once; to be copied, not touched."""
    course = classroom.make_course(tmp_path_factory.mktemp("storage") / "course", (classroom.STEP,))
    classroom.fill(course, 4)
    return course, regrade(course)[0]


@pytest.fixture
def course(graded: tuple[Course, list[Record]], tmp_path: Path) -> Course:
    """A copy of the class; its first student hands in again."""
    shutil.copytree(graded[0].root, tmp_path / "course")
    made = Course(tmp_path / "course", classroom.SECRET)
    plan = made.plan(classroom.STEP)
    solved = {gap.name: gap.solution for gap in plan.gaps}
    classroom.hand_in(made, "student00", {classroom.STEP: classroom.answered(plan, solved)})
    return made


def full_marks(course: Course) -> set[str]:
    """Students who have all points."""
    points = sum(gap.points for gap in course.plan(classroom.STEP).gaps)
    found = {student: sum(row.score for row in one.gaps.values()) for (student, _), one in marks(course).items()}
    return {student for student, score in found.items() if score == points}


def write(course: Course, records: list[Record], url: str = "") -> None:
    gradebook.write(course, records, url=url or classroom.url_of(course), config=gradebook.load_config(course.root))


def test_a_locked_gradebook_is_said_and_keeps_its_marks(course: Course) -> None:
    before = marks(course)
    url = classroom.url_of(course) + IMPATIENT
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + f"\nc.CourseDirectory.db_url = {url!r}\n", encoding="utf-8")
    with classroom.exclusive_lock(course.root / "gradebook.db"):
        code, said = classroom.grade(course)
    assert code == 2
    said = " ".join(said.split())
    assert "gradebook.db" in said
    assert "cannot be written: database is locked. Another program is using it: wait" in said
    assert "Then run the same command again. No mark in it has changed" in said
    assert marks(course) == before
    assert regrade(course)[0]
    assert "student00" in full_marks(course)


def test_a_gradebook_that_fails_in_the_middle_of_writing_keeps_its_marks(
    course: Course, graded: tuple[Course, list[Record]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = marks(course)

    def fail(*_: object) -> None:
        raise OperationalError("update grade", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(late, "save_penalties", fail)
    with pytest.raises(KitError, match=r"disk I/O error\. Free some space"):
        write(course, graded[1])
    assert marks(course) == before


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"x" * 10_000), "file is not a database. Put a backup in its place."),
        (lambda path: path.unlink() or path.mkdir(), "Make sure that its folder exists and may be written."),
        (lambda path: _drop_column(path), "back it up and run `nbgrader db upgrade`."),
    ],
    ids=["no database", "a folder", "of another version"],
)
def test_a_gradebook_that_is_none_is_said(
    course: Course, graded: tuple[Course, list[Record]], spoil: object, words: str
) -> None:
    assert callable(spoil)
    spoil(course.root / "gradebook.db")
    with pytest.raises(KitError) as said:
        write(course, graded[1])
    assert words in str(said.value)
    assert str(course.root / "gradebook.db") in str(said.value)


def _drop_column(path: Path) -> None:
    with sqlite3.connect(path) as book:
        book.execute("alter table grade rename column auto_score to score_of_the_machine")
    book.close()


def test_a_gradebook_in_no_folder_is_said_without_its_password(
    course: Course, graded: tuple[Course, list[Record]]
) -> None:
    with pytest.raises(KitError, match=r"unable to open database file\. Make sure that its folder exists"):
        write(course, graded[1], f"sqlite:///{course.root}/no/such/folder/gradebook.db")
    with pytest.raises(KitError) as said:
        write(course, graded[1], "sqlite://user:geheim@/nowhere/gradebook.db")
    assert "geheim" not in str(said.value)


# ---- by the kernel: limits and mounts of a grader process --------------------------------------


def test_files_that_may_not_grow_are_said_and_nothing_is_lost(course: Course) -> None:
    before = marks(course)
    command = f"ulimit -f 8 && exec {classroom.program('autograder')} grade submitted --jobs 1"
    said = run_in(["env"], f'{command}; echo "exit code $?"', course)  # not even the records of the last run fit
    assert "cannot be written: File too large. Free some space" in said
    assert marks(course) == before
    assert len(regrade(course)[0]) == 4
    assert "student00" in full_marks(course)


def test_a_gradebook_that_may_not_grow_keeps_its_marks(course: Course, graded: tuple[Course, list[Record]]) -> None:
    before = marks(course)
    for number in range(30):  # so many that they do not fit
        classroom.hand_in(course, f"late{number}", {})
    more = [msgspec.structs.replace(graded[1][0], student=f"late{number}") for number in range(30)]
    with files_up_to((course.root / "gradebook.db").stat().st_size), pytest.raises(KitError, match="Free some space"):
        write(course, more)
    assert marks(course) == before
    write(course, more)
    assert len(marks(course)) == 34


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """A command that runs a script where it may mount what it likes."""
    mine = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        subprocess.run([*mine, "mount", "-t", "tmpfs", "none", "/mnt"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mount namespaces here")
    return mine


def run_in(namespace: list[str], script: str, course: Course) -> str:
    """The output of a script in the course's folder."""
    done = subprocess.run(
        [*namespace, "bash", "-c", script],
        cwd=course.root,
        env={**classroom.environment(), "GRADE": f"{classroom.program('autograder')} grade submitted --jobs 1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return " ".join(done.stdout.split())


def test_a_full_disk_is_said_and_nothing_is_lost(namespace: list[str], course: Course) -> None:
    before = marks(course)
    script = """
    mkdir small && mount -t tmpfs -o size=24k none small && cp -r autograded/. small/ 2>/dev/null
    mount --bind small autograded
    $GRADE; echo "exit code $?"
    """
    said = run_in(namespace, script, course)
    assert "cannot be written: No space left on device. Free some space" in said
    assert "exit code 2" in said
    assert marks(course) == before
    assert len(regrade(course)[0]) == 4
    assert "student00" in full_marks(course)


WRITE = """
import sys
from msgspec.structs import replace
from autograder.gradebook import book as gradebook
from autograder.classes.records import read_records
from autograder.course.course import Course
from autograder.model import KitError
from pathlib import Path
root = Path.cwd()
records = [
    replace(record, gaps=tuple(replace(gap, score=0.25) for gap in record.gaps))
    for record in read_records(root / "results.jsonl").values()
]
for folder in sys.argv[1:]:
    try:
        url = f"sqlite:///{root}/{folder}/gradebook.db"
        gradebook.write(Course(root, "x"), records, url=url, config=gradebook.load_config(root))
        print("no fault")
    except KitError as error:
        print(error)
"""


def test_a_gradebook_on_a_full_or_read_only_disk_keeps_its_marks(namespace: list[str], course: Course) -> None:
    before = marks(course)
    (course.root / "write.py").write_text(WRITE, encoding="utf-8")
    size = (course.root / "gradebook.db").stat().st_size  # no room for a journal
    script = f"""
    mkdir full frozen && cp gradebook.db frozen && mount -t tmpfs -o size={size} none full && cp gradebook.db full
    mount --bind frozen frozen && mount -o remount,ro,bind frozen
    {sys.executable} write.py full frozen
    cp full/gradebook.db after.db; cmp frozen/gradebook.db gradebook.db
    """
    said = run_in(namespace, script, course)
    assert "no fault" not in said
    assert "cannot be written: database or disk is full. Free some space on its disk." in said
    assert "attempt to write a readonly database. Allow writing to the file and to its folder." in said
    shutil.copy(course.root / "after.db", course.root / "gradebook.db")
    assert marks(course) == before


def test_a_read_only_course_is_said(namespace: list[str], course: Course) -> None:
    script = """
    mount --bind "$PWD" "$PWD" && mount -o remount,ro,bind "$PWD" && cd "$PWD"
    $GRADE; echo "exit code $?"
    """
    said = run_in(namespace, script, course)
    assert "results.jsonl cannot be written: Read-only file system." in said
    assert "exit code 2" in said
