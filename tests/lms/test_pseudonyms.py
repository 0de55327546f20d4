"""Pseudonyms throughout: between the download and the export nothing of the course names a student."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import cli
from autograder.classes.records import read_records
from autograder.course.course import Course
from autograder.course.pseudonyms import FILE, read_pseudonyms

from . import importers
from .classroom import ASSIGNMENT, POINTS, Student, class_of_60, make_course, moodle_zip, notebook, worksheet
from .conftest import Done, shell
from .importers import Language, MoodleWorksheet

ADA, LADA, OTHER, ABSENT = (class_of_60()[at] for at in (0, 1, 5, 4))
CLASS = (ADA, LADA, OTHER, ABSENT)
SHARES = {ADA: 1.0, LADA: 0.5, OTHER: 0.0}


def works(student: Student) -> Iterable[tuple[str, bytes]]:
    """One notebook is enough."""
    return [("02_chain.ipynb", notebook("02_chain", SHARES[student]))] if student in SHARES else []


def autograder(course: Course, *words: str) -> Done:
    done = CliRunner().invoke(cli.main, [*words, "--course", str(course.root)])
    return Done(done.exit_code, " ".join(done.output.split()))


def collect(course: Course, *options: str) -> Done:
    downloaded = course.root / "downloaded"
    roster = ["--roster", str(downloaded / "worksheet.csv")]
    return autograder(course, "collect", str(downloaded / "submissions.zip"), *roster, *options)


def make(folder: Path, settings: str) -> Course:
    """A class whose downloads are there; nothing is collected."""
    course = make_course(folder)
    (course.root / "course.toml").write_text(settings, encoding="utf-8")
    (course.root / "downloaded").mkdir()
    (course.root / "downloaded" / "submissions.zip").write_bytes(moodle_zip(CLASS, works))
    (course.root / "downloaded" / "worksheet.csv").write_text(worksheet(CLASS), encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class collected under pseudonyms and graded, with pages of feedback."""
    made = make(tmp_path_factory.mktemp("pseudonyms") / "course", "pseudonyms = true\n")
    dry = collect(made, "--dry-run")
    assert (dry.code, (made.root / FILE).exists()) == (0, False)
    assert ABSENT.email in dry.said
    assert collect(made).code == 0
    for command in (["autograder", "grade"], ["nbgrader", "generate_feedback", ASSIGNMENT]):
        done = shell(made.root, *command)
        assert done.code == 0, done.said
    return made


def kept(course: Course) -> Iterator[Path]:
    """All files of the course that are made from what was collected."""
    for path in sorted(course.root.rglob("*")):
        if path.is_file() and path.name != FILE and path.relative_to(course.root).parts[0] != "downloaded":
            yield path


def test_nothing_between_download_and_export_names_a_student(course):
    assert autograder(course, "export", "records", "--pseudonyms", "--to", str(course.root / "open.jsonl")).code == 0
    done = shell(course.root, "autograder", "report", "--names", "--csv", "tables")
    assert done.code == 0, done.said
    names = [name for one in CLASS for name in (one.email, one.last, f"_{one.participant}_")]
    places = [
        path for path in kept(course) for name in names if name.encode() in path.read_bytes() or name in str(path)
    ]
    assert places == []
    assert (course.root / "gradebook.db") in set(kept(course))
    table = read_pseudonyms(course.root)
    assert table[ADA.email] in (course.root / "open.jsonl").read_text(encoding="utf-8")
    assert {path.name for path in (course.root / "submitted").iterdir()} == {table[one.email] for one in SHARES}
    students = list(csv.DictReader(io.StringIO((course.root / "tables" / "students.csv").read_text())))
    assert {row["student"] for row in students} == {table[one.email] for one in SHARES}


def test_what_goes_back_to_the_platform_goes_to_its_own(course):
    sheet = course.root / "downloaded" / "worksheet.csv"
    told = autograder(course, "export", "moodle-worksheet", ASSIGNMENT, "--into", str(sheet), "--write")
    assert told.code == 0
    assert f"{LADA.email}: blank -> " in told.said
    marks = MoodleWorksheet([one.participant for one in CLASS], POINTS, Language()).grades(sheet.read_bytes())
    assert marks[ADA.participant] == 28
    assert 0 < marks[LADA.participant] < 28
    assert marks[OTHER.participant] == 0
    assert ABSENT.participant not in marks
    pages = course.root / "downloaded" / "feedback.zip"
    to = ["--roster", str(sheet), "--to", str(pages)]
    assert autograder(course, "export", "moodle-feedback", ASSIGNMENT, *to).code == 0
    found, skipped = importers.moodle_files(pages.read_bytes(), [one.participant for one in CLASS])
    assert (set(found), skipped) == ({one.participant for one in SHARES}, [])
    assert b"<b>28</b> of 28" in found[ADA.participant]["02_chain.html"]


@pytest.mark.parametrize("kind", ["csv", "junit", "ags"])
def test_an_export_has_own_names_or_pseudonyms_as_told(course, kind):
    to = course.root / "downloaded" / kind
    pseudonym = read_pseudonyms(course.root)[ADA.email]
    assert autograder(course, "export", kind, ASSIGNMENT, "--to", str(to)).code == 0
    assert (ADA.email in to.read_text(), pseudonym in to.read_text()) == (True, False)
    assert autograder(course, "export", kind, ASSIGNMENT, "--to", str(to), "--pseudonyms").code == 0
    assert (ADA.email in to.read_text(), pseudonym in to.read_text()) == (False, True)


def test_a_second_download_finds_everybody_under_the_same_pseudonym(course):
    before = read_pseudonyms(course.root)
    again = collect(course)
    assert "1_neuron: 0 notebooks, 3 there already, of 3 students" in again.said
    assert read_pseudonyms(course.root) == before
    assert autograder(course, "pseudonyms").code == 0
    assert read_pseudonyms(course.root) == before  # who is called by a pseudonym gets no other one


def test_work_under_an_own_name_is_told_and_a_class_without_a_list_is_refused(course, tmp_path):
    other = Course(tmp_path / "course", course.secret)
    shutil.copytree(course.root, other.root)
    (other.root / "submitted" / "openly" / ASSIGNMENT).mkdir(parents=True)
    said = shell(other.root, "autograder", "grade")
    assert "these folders of submitted/ have other names: openly" in said.said
    refused = autograder(other, "collect", str(other.root / "downloaded" / "submissions.zip"), "--from", "plain")
    assert refused.code == 2
    assert "say who is who with --roster" in refused.said


@pytest.mark.parametrize("by_pseudonym", [False, True])
def test_a_student_is_forgotten_by_either_name(course, tmp_path, by_pseudonym):
    other = Course(tmp_path / "course", course.secret)
    shutil.copytree(course.root, other.root)
    pseudonym = read_pseudonyms(other.root)[LADA.email]
    done = autograder(other, "forget", pseudonym if by_pseudonym else LADA.email, "--yes")
    assert done.code == 0, done.said
    assert LADA.email not in read_pseudonyms(other.root)
    assert [path for path in other.root.rglob("*") if path.name == pseudonym] == []
    assert {record.student for record in read_records(other.root / "results.jsonl").values()} == {
        read_pseudonyms(other.root)[one.email] for one in (ADA, OTHER)
    }


def test_a_report_of_a_class_under_own_names_can_name_pseudonyms(tmp_path):
    other = make(tmp_path / "course", "")
    assert collect(other).code == 0
    assert shell(other.root, "autograder", "grade").code == 0
    records = list(read_records(other.root / "results.jsonl").values())
    assert {record.student for record in records} == {one.email for one in SHARES}
    out = ["--out", "page.html", "--csv", "tables"]
    assert shell(other.root, "autograder", "report", "--pseudonyms", *out).code == 0
    table = read_pseudonyms(other.root)
    for path in (other.root / "page.html", other.root / "tables" / "students.csv"):
        text = path.read_text(encoding="utf-8")
        assert {one.email for one in CLASS if one.email in text} == set()
        assert {one.email for one in SHARES if table[one.email] in text} == {one.email for one in SHARES}
