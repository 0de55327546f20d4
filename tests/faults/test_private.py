"""Work and marks are their owner's alone; pseudonyms; a student's data deleted whole."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import nbgrader.api as api
import pytest
from click.testing import CliRunner

from autograder import cli
from autograder.classes.records import read_records
from autograder.course.course import Course
from autograder.course.private import PRIVATE, close_to_others, keep_private
from autograder.course.pseudonyms import read_pseudonyms, with_pseudonyms
from autograder.model import KitError

from . import classroom
from .classroom import ASSIGNMENT, ROOT, STEP, url_of
from .conftest import command_line


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Two students, graded."""
    made = classroom.make_course(tmp_path / "course", (STEP,))
    for student in ("ann", "ben"):
        classroom.hand_in(made, student, {STEP: classroom.answered(made.plan(STEP), {})})
    assert command_line(made)[0] == 0
    return made


def run(course: Course, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, [*arguments, "--course", str(course.root)])
    return done.exit_code, done.output


def may_be_read_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def test_after_grading_nobody_else_reads_work_or_marks(course: Course):
    for name in ("submitted", "autograded", "gradebook.db", "results.jsonl", ".autograder-secret"):
        assert not may_be_read_by_others(course.root / name), name


@pytest.mark.parametrize(
    ("command", "page"),
    [
        (("questions", ASSIGNMENT), "questions.html"),
        (("questions", ASSIGNMENT), "questions-keys.html"),
        (("export", "csv", ASSIGNMENT), "class.csv"),
        (("report",), "report.html"),
    ],
)
def test_what_holds_work_or_marks_is_written_for_its_owner_alone(course: Course, command: tuple[str, ...], page: str):
    os.umask(0o022)
    out = course.root / page.replace("-keys", "")
    if command == ("report",):
        done = CliRunner().invoke(
            cli.main, ["report", "--results", str(course.root / "results.jsonl"), "--out", str(out)]
        )
    else:
        done = CliRunner().invoke(
            cli.main,
            [*command, "--to" if command[0] == "export" else "--out", str(out), "--course", str(course.root)],
        )
    assert done.exit_code == 0, done.output
    assert not may_be_read_by_others(course.root / page)


def test_pages_on_the_class_are_named_when_a_student_is_forgotten(course: Course):
    (course.root / "questions-keys.html").write_text("ann", encoding="utf-8")
    code, said = run(course, "forget", "ann", "--yes")
    assert code == 0
    assert "questions-keys.html may hold work of ann: make it anew, or delete it." in said


def test_the_first_grading_says_that_the_secret_could_be_read(tmp_path: Path):
    secret = tmp_path / ".autograder-secret"
    secret.write_text("s", encoding="ascii")
    secret.chmod(0o644)
    (text,) = keep_private(tmp_path)
    assert "Others on this machine could read .autograder-secret" in text
    assert keep_private(tmp_path) == []


def test_a_course_that_is_shared_by_a_group_stays_so(tmp_path: Path):
    tmp_path.chmod(0o2770)
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted").chmod(0o2775)
    close_to_others(tmp_path)
    assert stat.S_IMODE((tmp_path / "submitted").stat().st_mode) == 0o2770


HOLDING = ("downloaded/a.zip", "exchange/x", "marks.csv", "tables/students.csv", "nameless.jsonl", "all.zip", *PRIVATE)
"""What lies in a running course: as named on the pages, and all that is kept private."""


@pytest.mark.parametrize("file", [".gitignore", "autograder/author/starter/gitignore.txt"])
def test_git_passes_over_what_holds_work_or_marks(tmp_path: Path, file: str):
    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    shutil.copy(ROOT / file, tmp_path / ".gitignore")
    names = [name.replace("*", "") for name in HOLDING]
    for name in names:
        path = tmp_path / (name if "." in name or "/" in name else f"{name}/x")
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = subprocess.run([*git, "status", "--porcelain", "-uall"], check=True, capture_output=True, text=True).stdout
    assert found.split() == ["??", ".gitignore"]


def test_pseudonyms_are_drawn_once_and_the_table_is_ones_own(course: Course):
    code, said = run(course, "pseudonyms", "--records", str(course.root / "nameless.jsonl"))
    assert code == 0
    assert "names 2 students" in said
    table = read_pseudonyms(course.root)
    assert set(table) == {"ann", "ben"}
    assert not may_be_read_by_others(course.root / "pseudonyms.csv")
    assert with_pseudonyms(course.root, ["cyd"]) | table == with_pseudonyms(course.root, [])
    passed_on = (course.root / "nameless.jsonl").read_text(encoding="utf-8")
    assert '"ann"' not in passed_on
    nameless = read_records(course.root / "nameless.jsonl").values()
    assert {record.student for record in nameless} == set(table.values())


@pytest.mark.parametrize(
    "text", ["student;pseudonym\n", "student,pseudonym\na,p-1\nb,p-1\n", "a,b\n", "student,pseudonym\na\n"]
)
def test_a_table_of_pseudonyms_that_is_none_is_refused(tmp_path: Path, text: str):
    (tmp_path / "pseudonyms.csv").write_text(text, encoding="utf-8")
    with pytest.raises(KitError, match="pseudonym"):
        read_pseudonyms(tmp_path)


def test_a_student_is_forgotten_whole_and_what_remains_is_named(course: Course):
    run(course, "pseudonyms")
    (course.root / "course.toml").write_text(
        f'id = "backpropagation"\n[[extension]]\nstudent = "ann"\nassignment = "{ASSIGNMENT}"\ndays = 1\n',
        encoding="utf-8",
    )
    exchange = course.root.parent / "exchange"
    inbound = exchange / "backpropagation" / "inbound" / f"ann+{ASSIGNMENT}+2026-01-12 18:00:00.000000 UTC+x"
    inbound.mkdir(parents=True)
    (inbound.parent / f"anna+{ASSIGNMENT}+2026-01-12 18:00:00.000000 UTC+x").mkdir()
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + f'\nc.Exchange.root = "{exchange}"\n', encoding="utf-8")
    code, said = run(course, "forget", "ann", "--yes")
    assert code == 0, said
    assert "course.toml names ann" in said
    assert "Archives in downloaded/" in said
    left = [path for path in course.root.rglob("*") if path.name == "ann"]
    assert left == []
    assert {record.student for record in read_records(course.root / "results.jsonl").values()} == {"ben"}
    with api.Gradebook(url_of(course)) as book:
        assert [student.id for student in book.students] == ["ben"]
    assert set(read_pseudonyms(course.root)) == {"ben"}
    assert [path.name.partition("+")[0] for path in inbound.parent.iterdir()] == ["anna"]
    code, said = run(course, "forget", "ann", "--yes")
    assert code == 2
    assert "holds nothing of ann" in said


@pytest.mark.parametrize("name", ["../course", ".", "ann/..", ""])
def test_forgetting_takes_an_id_and_no_path(course: Course, name: str):
    before = sorted(course.root.rglob("*"))
    assert run(course, "forget", name, "--yes")[0] == 2
    assert sorted(course.root.rglob("*")) == before


def test_without_a_yes_nothing_is_deleted(course: Course):
    assert run(course, "forget", "ann")[0] != 0
    assert (course.root / "submitted" / "ann").exists()
