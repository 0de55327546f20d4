"""Marks and feedback on their way out: every export is fed to the platform's own import rules, as we read them.

The rules stand in importers.py with their sources. That an export passes shows that it keeps the rules as read there.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import cli
from autograder.course.course import Course

from . import importers
from .classroom import (
    ASSIGNMENT,
    NOTEBOOKS,
    POINTS,
    SPANISH,
    Student,
    canvas_gradebook,
    canvas_zip,
    class_of_60,
    csv_of,
    make_course,
    moodle_name,
    worksheet,
    zipped,
)
from .conftest import Done, shell
from .importers import Canvas, CanvasUser, Language, MoodleWorksheet, Refused

CLASS = class_of_60()[:14]
GRADED = [student for student in CLASS if student.share is not None]
WAITS, ABSENT, LATE, HALF, EXCUSED = "s14", "plus", "ohara", "ada", "quote"
RULES = """
[due]
1_neuron = "2026-01-12 18:00"

[late]
rate = 0.09

[[excused]]
student = "quote"
assignment = "1_neuron"
"""
SET = """
update grade set {values} where id in (
    select grade.id from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id
    join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    join base_cell on grade.cell_id = base_cell.id
    where submitted_assignment.student_id = ? and base_cell.name = ?)
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Fourteen students, collected from Canvas and graded; then marked by hand, late, up for review, and not there."""
    course = make_course(tmp_path_factory.mktemp("exports") / "course")
    (course.root / "canvas.zip").write_bytes(canvas_zip(CLASS))
    (course.root / "gradebook.csv").write_text(canvas_gradebook(CLASS), encoding="utf-8")
    with (course.root / "course.toml").open("a", encoding="utf-8") as rules:
        rules.write(RULES)
    for login in (ABSENT, LATE):
        (course.root / "submitted" / login / ASSIGNMENT).mkdir(parents=True)
    stamp = course.root / "submitted" / LATE / ASSIGNMENT / "timestamp.txt"
    stamp.write_text("2026-01-12 18:30:00 UTC\n", encoding="utf-8")  # half past seven in Berlin
    for words in (["collect", "canvas.zip", "--roster", "gradebook.csv"], ["grade", "submitted"]):
        done = shell(course.root, "autograder", *words)
        assert done.code == 0, done.said
    with closing(sqlite3.connect(course.root / "gradebook.db")) as book, book:
        book.execute(SET.format(values="manual_score = 0.5, needs_manual_grade = 1"), (HALF, "check_relu_dz"))
        book.execute(SET.format(values="auto_score = null, needs_manual_grade = 1"), (WAITS, "check_relu_dz"))
        for student in CLASS:
            book.execute("update student set email = ? where id = ?", (student.email, student.login))
    return course


@pytest.fixture
def run(graded: Course, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    monkeypatch.setattr(cli, "prepare_process", lambda: None)
    monkeypatch.chdir(graded.root)

    def command(*words: str | Path) -> Done:
        done = CliRunner().invoke(cli.main, ["export", *(str(word) for word in words)])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, " ".join(done.output.split()))

    return command


@pytest.fixture(scope="module")
def scores(graded: Course) -> dict[str, float]:
    """Everybody's mark, summed up by hand from the gradebook's rows."""
    with closing(sqlite3.connect(graded.root / "gradebook.db")) as book:
        sums = dict(
            book.execute(
                "select submitted_assignment.student_id, sum(coalesce(manual_score, auto_score, 0)) from grade "
                "join submitted_notebook on grade.notebook_id = submitted_notebook.id "
                "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id group by 1"
            )
        )
    assert (sums[HALF], sums[LATE]) == (POINTS - 1.5, 25)
    for student in (WAITS, ABSENT, EXCUSED):
        del sums[student]
    return {**sums, LATE: sums[LATE] - 2.25}


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def canvas_reader(students: list[Student], points: float = POINTS, scores: dict[int, str] | None = None) -> Canvas:
    users = [CanvasUser(one.canvas_id, one.full, one.sortable, f"a{one.canvas_id}", one.login) for one in students]
    users.append(CanvasUser(99_999, "Test Student", "Student, Test", "", "f3a1"))
    stored = {(user, 1234): score for user, score in (scores or {}).items()}
    stored |= {(one.canvas_id, 1240): "7.5" for one in students}
    return Canvas(users, {1234: (ASSIGNMENT, points), 1240: ("Essay", 10.0)}, stored)


@pytest.mark.parametrize(("delimiter", "comma"), [(",", False), (";", True), (";", False)])
def test_canvas_takes_every_mark_and_nothing_else_changes(run, scores, tmp_path, delimiter, comma):
    into = put(tmp_path / "gradebook.csv", canvas_gradebook(CLASS, delimiter, comma))
    before = into.read_bytes()
    shown = run("canvas", ASSIGNMENT, "--into", into)
    assert into.read_bytes() == before
    assert f"ada: blank -> {'60,5' if comma else '60.5'}" in shown.said
    done = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 0, done.said
    changes = canvas_reader(list(CLASS)).changes(into.read_bytes())
    ids = {student.login: student.canvas_id for student in CLASS}
    assert {key: float(value) for key, value in changes.items()} == {
        (ids[login], 1234): score for login, score in scores.items()
    }
    again = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert "would change for 0 students" in again.said


def test_every_other_cell_of_canvas_is_as_downloaded(run, tmp_path):
    into = put(tmp_path / "gradebook.csv", canvas_gradebook(CLASS))
    before = list(csv.reader(io.StringIO(into.read_text())))
    run("canvas", ASSIGNMENT, "--into", into, "--write")
    after = list(csv.reader(io.StringIO(into.read_text())))
    assert [row[:5] + row[6:] for row in after] == [row[:5] + row[6:] for row in before]
    assert '"=Formula, =SUM(A1)"' in [row[0] for row in after]  # as Canvas's exporter defuses it


def test_canvas_marks_that_are_excused_or_not_assigned_stay_and_are_named(run, tmp_path):
    content = canvas_gradebook(CLASS).replace("501,a501,ada,Sec 1,,", "501,a501,ada,Sec 1,EX,")
    content = content.replace("502,a502,lada,Sec 1,,", "502,a502,lada,Sec 1,N/A,")
    into = put(tmp_path / "gradebook.csv", content)
    done = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert "since the platform says so: ada: EX lada: N/A" in done.said
    assert "501,a501,ada,Sec 1,EX," in into.read_text()


def test_nobody_without_a_mark_gets_a_blank_or_a_0(run, tmp_path):
    content = canvas_gradebook(CLASS).replace("514,a514,s14,Sec 1,,", "514,a514,s14,Sec 1,11.00,")
    into = put(tmp_path / "gradebook.csv", content)
    done = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert "514,a514,s14,Sec 1,11.00," in into.read_text()
    assert "a step waits for a mark by hand: s14" in done.said
    assert "nothing was handed in: plus" in done.said
    assert "excused in course.toml: quote" in done.said
    assert canvas_reader(list(CLASS), scores={514: "11"}).changes(into.read_bytes()).keys().isdisjoint({(514, 1234)})


def test_a_column_that_has_other_points_or_is_not_there_is_refused(run, tmp_path):
    into = put(tmp_path / "gradebook.csv", canvas_gradebook(CLASS).replace("62.00", "100.00"))
    done = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 2
    assert "has 100 points in" in done.said
    assert "and 62 here" in done.said
    put(into, canvas_gradebook(CLASS).replace("1_neuron (1234)", "Homework 1 (1234)"))
    done = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 2
    assert "--column HEADER. Columns that could: Homework 1 (1234), Essay (1240)." in done.said
    assert run("canvas", ASSIGNMENT, "--into", into, "--write", "--column", "Homework 1").code == 0
    put(into, worksheet(CLASS))
    assert "is no gradebook of Canvas" in run("canvas", ASSIGNMENT, "--into", into).said


def test_a_student_who_could_be_two_rows_is_refused_and_nothing_is_written(run, tmp_path):
    content = canvas_gradebook(CLASS).replace(",a502,lada,", ",ada,lada,")  # one's SIS id is another's login
    into = put(tmp_path / "gradebook.csv", content)
    done = run("canvas", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 2
    assert "More than one row could be meant: ada: row 3, row 4" in done.said
    assert into.read_text() == content


def test_who_has_no_row_and_rows_without_anybody_are_named(run, tmp_path):
    into = put(tmp_path / "gradebook.csv", canvas_gradebook(CLASS[1:]))
    done = run("canvas", ASSIGNMENT, "--into", into)
    assert "Without a row in the file: ada" in done.said
    assert "Rows of nobody in the gradebook, left as they are: bob_lee f3a1" in done.said


LANGUAGES = {
    "English": (worksheet(CLASS), Language()),
    "Spanish": (
        worksheet(CLASS, SPANISH, "Participante "),
        Language("Identificador", "Calificación", "Última modificación (calificación)", "Participante ", ","),
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_moodles_worksheet_takes_every_mark_in_any_language(run, scores, tmp_path, language):
    content, words = LANGUAGES[language]
    into = put(tmp_path / "worksheet.csv", content)
    done = run("moodle-worksheet", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 0, done.said
    reader = MoodleWorksheet([student.participant for student in CLASS], POINTS, words)
    numbers = {student.login: student.participant for student in CLASS}
    assert reader.grades(into.read_bytes()) == {numbers[login]: score for login, score in scores.items()}
    assert into.read_bytes().startswith(b"\xef\xbb\xbf")


def moodle_export(students: tuple[Student, ...]) -> str:
    """moodle grade/export/txt: names, id number, address, `Assignment: name (Real)`, total."""
    header = [
        "First name",
        "Last name",
        "ID number",
        "Email address",
        "Assignment: 1_neuron (Real)",
        "Course total (Real)",
    ]
    return csv_of([header, *([one.first, one.last, "", one.email, "-", "-"] for one in students)])


def test_moodles_gradebook_takes_every_mark(run, scores, tmp_path):
    into = put(tmp_path / "grades.csv", moodle_export(CLASS))
    done = run("moodle", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 0, done.said
    emails = {student.login: student.email for student in CLASS}
    column = "Assignment: 1_neuron (Real)"
    for point in ".,":
        marks = importers.moodle_gradebook(into.read_bytes(), "Email address", emails.values(), column, point)
        assert marks == {emails[login]: score for login, score in scores.items()}


@pytest.mark.parametrize("form", ["tabs", "quotes"])
def test_blackboards_gradebook_takes_every_mark(run, scores, tmp_path, form):
    header = ["Last Name", "First Name", "Username", "Student ID", "1_neuron [Total Pts: 62 Score] |664617"]
    rows = [header, *([one.last, one.first, one.login, str(one.number), ""] for one in CLASS)]
    content = csv_of(rows, "\t").encode("utf-16") if form == "tabs" else csv_of(rows, quoting=csv.QUOTE_ALL).encode()
    into = put(tmp_path / "gc.xls", content)
    done = run("blackboard", ASSIGNMENT, "--into", into, "--write")
    assert done.code == 0, done.said
    marks = importers.blackboard(into.read_bytes(), [student.login for student in CLASS], [664617])
    assert marks == {(login, 664617): score for login, score in scores.items()}
    if form == "quotes":
        assert all(line.startswith('"') for line in into.read_text().splitlines())


def test_the_readers_refuse_what_the_platforms_refuse():
    """The readers themselves: a file that is not filled in but made up fails them."""
    reader = canvas_reader(list(CLASS))
    made_up = "Student,ID,SIS User ID,SIS Login ID,Section,1_neuron\nNobody,77,,,,5\n"
    with pytest.raises(Refused, match="would be a new student"):
        reader.changes(made_up.encode())
    with pytest.raises(Refused, match="would be a new assignment"):
        reader.changes(canvas_gradebook(CLASS).replace("1_neuron (1234)", "1_neuron (9)").encode())
    blank = canvas_reader(list(CLASS), scores={501: "60.5"}).changes(canvas_gradebook(CLASS).encode())
    assert blank == {(501, 1234): ""}  # a blank against a mark takes it away
    worksheet_reader = MoodleWorksheet([1], POINTS, Language())
    with pytest.raises(Refused, match="invalidgradeimport"):
        worksheet_reader.grades(worksheet(CLASS, SPANISH, "Participante ").encode())
    with pytest.raises(Refused, match="badgrade"):
        importers.moodle_gradebook(b'Email address,1\na@b.c,"57,5"\n', "Email address", ["a@b.c"], "1")


def test_gradescope_gets_every_gap_and_a_waiting_one_has_no_score(run, scores, tmp_path):
    done = run("gradescope", ASSIGNMENT, "--to", tmp_path / "out")
    assert done.code == 0, done.said
    found = {path.parent.name: path.read_bytes() for path in (tmp_path / "out").glob("*/results.json")}
    assert set(found) == {student.login for student in GRADED}
    for login, score in scores.items():
        assert importers.gradescope(found[login])[0] == score + (2.25 if login == LATE else 0)
    tests = importers.gradescope(found[WAITS])[1]
    assert "score" not in tests["02_chain: relu_dz"]
    assert "status" not in tests["02_chain: relu_dz"]
    assert "1 steps wait" in json.loads(found[WAITS])["output"]


def test_lti_scores_wait_where_a_gap_does(run, scores, tmp_path):
    done = run("ags", ASSIGNMENT, "--to", tmp_path / "ags.jsonl")
    assert done.code == 0, done.said
    assert importers.ags((tmp_path / "ags.jsonl").read_bytes()) == {**scores, WAITS: None}
    assert json.loads((tmp_path / "ags.jsonl").read_text().splitlines()[0])["scoreMaximum"] == POINTS
    assert '"PendingManual"' in (tmp_path / "ags.jsonl").read_text()
    assert (tmp_path / "ags.jsonl").stat().st_mode & 0o077 == 0


def test_junit_has_a_case_for_every_gap(run, tmp_path, graded):
    assert run("junit", ASSIGNMENT, "--to", tmp_path / "junit.xml").code == 0
    counts = importers.junit((tmp_path / "junit.xml").read_bytes())
    gaps = sum(cell.role == "check" for source in graded.sources.values() for cell in source.graded)
    assert counts["tests"] == 13 * gaps  # nobody has graded anything of bob_lee
    assert counts["failures"] >= 1
    assert counts["skipped"] > 0


def test_the_table_quotes_and_defuses_what_it_must(run, scores, tmp_path, graded):
    assert run("csv", ASSIGNMENT, "--to", tmp_path / "marks.csv").code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "marks.csv").read_text())))
    states = {(row["student"], row["notebook"]): row["state"] for row in rows}
    assert states[WAITS, "02_chain"] == "waits for a mark"
    assert states[EXCUSED, "02_chain"] == "excused"
    assert {states[ABSENT, name] for name in NOTEBOOKS} == {"not handed in"}
    assert {row["score"] for row in rows if row["student"] == ABSENT} == {""}
    sums = {login: sum(float(row["score"]) for row in rows if row["student"] == login) for login in scores}
    assert sums == scores
    from autograder.gradebook.exports.formats import defused

    assert [defused(text) for text in ("=1+1", "+1", "-2", "@x", "ada")] == ["'=1+1", "'+1", "'-2", "'@x", "ada"]


@pytest.fixture
def pages(graded: Course) -> dict[tuple[str, str], bytes]:
    """Feedback pages of everybody who handed in; what is in them does not matter here."""
    made = {(student.login, name): f"{student.login} {name}".encode() for student in GRADED for name in NOTEBOOKS}
    for (login, name), data in made.items():
        path = graded.root / "feedback" / login / ASSIGNMENT / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return made


def test_moodle_finds_every_feedback_page_whatever_the_name(run, pages, tmp_path):
    """The roster names students by login here, so the worksheet has that column."""
    rows = list(csv.reader(io.StringIO(worksheet(CLASS).removeprefix("\ufeff"))))
    logins = ["Username", *(student.login for student in CLASS)]
    roster = put(tmp_path / "w.csv", csv_of([[*row, login] for row, login in zip(rows, logins, strict=True)]))
    done = run("moodle-feedback", ASSIGNMENT, "--roster", roster, "--to", tmp_path / "feedback.zip")
    assert done.code == 0, done.said
    found, skipped = importers.moodle_files(
        (tmp_path / "feedback.zip").read_bytes(), [student.participant for student in CLASS]
    )
    assert skipped == []
    assert found == {
        student.participant: {f"{name}.html": pages[student.login, name] for name in NOTEBOOKS} for student in GRADED
    }
    underscore = zipped({"Una_Maria_70143_assignfeedback_file/02_chain.html": b""})
    assert importers.moodle_files(underscore, [70143]) == ({}, ["Una_Maria_70143_assignfeedback_file/02_chain.html"])


def test_canvas_finds_every_feedback_page(run, pages, graded, tmp_path):
    done = run(
        *("canvas-feedback", ASSIGNMENT, "--roster", "gradebook.csv", "--archive", "canvas.zip"),
        *("--to", tmp_path / "feedback.zip"),
    )
    assert done.code == 0, done.said
    uploads = {9000 + 10 * one.number + at: one.canvas_id for one in CLASS for at in range(3)}
    found, ignored = importers.canvas_files((tmp_path / "feedback.zip").read_bytes(), uploads)
    assert ignored == []
    assert found == {one.canvas_id: [pages[one.login, name] for name in NOTEBOOKS] for one in GRADED}


def test_a_students_zip_in_canvas_gets_a_page_for_each_notebook_in_it(graded, pages, monkeypatch, tmp_path):
    with zipfile.ZipFile(graded.root / "canvas.zip") as archive:
        work = {name: archive.read(name) for name in archive.namelist() if name.startswith("lovelaceada")}
    inside = zipped({name.split("_", 3)[3]: data for name, data in work.items()})
    put(graded.root / "one.zip", zipped({"lovelaceada_501_9010_all my work.zip": inside}))
    monkeypatch.chdir(graded.root)
    words = ["export", "canvas-feedback", ASSIGNMENT, "--roster", "gradebook.csv", "--archive", "one.zip"]
    done = CliRunner().invoke(cli.main, [*words, "--to", str(tmp_path / "feedback.zip")])
    assert "39 pages" not in done.output
    found, ignored = importers.canvas_files((tmp_path / "feedback.zip").read_bytes(), {9010: 501})
    assert ignored == []
    assert sorted(found[501]) == sorted(pages["ada", name] for name in NOTEBOOKS)


def test_nothing_graded_is_said_with_the_next_step(run, tmp_path):
    into = put(tmp_path / "gradebook.csv", canvas_gradebook(CLASS))
    done = run("canvas", "7_nothing", "--into", into)
    assert done.code == 2
    assert "There is no assignment 7_nothing. The assignments are 1_neuron." in done.said


def test_names_of_the_class_are_as_odd_as_they_come():
    """What the fixtures promise: commas, quotes, umlauts, underscores, formulas."""
    names = " ".join(student.sortable for student in CLASS)
    assert all(sign in names for sign in ',"_=+-@üëΩ' + "'")
    assert "_" not in moodle_name(CLASS[10]).rpartition("_")[0]
