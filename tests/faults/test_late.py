"""Due dates, extensions and penalties in the gradebook: from course.toml, anew after every mark, by both routes."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import nbgrader.api as api
import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.course.course import Course
from autograder.course.settings import settings_of
from autograder.gradebook import late
from autograder.gradebook.book import load_config
from autograder.gradebook.guard import keep_formgrader_up

from . import classroom
from .classroom import ASSIGNMENT, STEP, marks, url_of
from .conftest import command_line, regrade

RULES = f"""
zone = "Europe/Berlin"

[due]
{ASSIGNMENT} = "2026-01-12 18:00"

[late]
rate = 0.1
grace_minutes = 15
cap = 0.5

[[extension]]
student = "cyd"
assignment = "{ASSIGNMENT}"
days = 2
"""
STAMPS = {
    "ann": "2026-01-12 18:14",  # on the course's clocks, within the grace
    "bob": "2026-01-12T17:16:00Z",
    "cyd": "2026-01-14 18:00:00 CET",
    "dan": "2026-01-29 12:00:00.000000 UTC",
    "eve": "12.01.2026 6:30 PM",
}
COSTS = {"ann": None, "bob": 0.1, "cyd": None, "dan": 0.5, "eve": None}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Everybody is all right, some are late; nothing is graded yet."""
    made = classroom.make_course(tmp_path / "course", (STEP,))
    (made.root / "course.toml").write_text(RULES, encoding="utf-8")
    solved = classroom.answered(made.plan(STEP), {gap.name: gap.solution for gap in made.plan(STEP).gaps})
    for student, stamp in STAMPS.items():
        classroom.hand_in(made, student, {STEP: solved}, stamp)
    return made


def costs(course: Course) -> dict[str, float | None]:
    """What lateness costs, as a share."""
    found = {}
    for (student, _), one in marks(course).items():
        score = sum(row.score for row in one.gaps.values())
        found[student] = None if one.penalty is None else round(one.penalty / score, 6)
    return found


def test_penalties_are_those_of_the_courses_file_and_a_bad_time_is_named(course: Course):
    _, said = regrade(course)
    assert costs(course) == COSTS
    told = " ".join(said.split())
    assert "eve/1_neuron/timestamp.txt does not say when it was handed in" in told
    assert "2026-01-12 18:00:00 UTC" in told
    with api.Gradebook(url_of(course)) as book:
        assert book.find_submission(ASSIGNMENT, "cyd").extension == timedelta(days=2)
        assert str(book.find_assignment(ASSIGNMENT).duedate) == "2026-01-12 17:00:00"
    for student, stamp in {"ann": "2026-01-12 17:14:00.000000 UTC", "cyd": "2026-01-14 17:00:00.000000 UTC"}.items():
        carried = course.root / "autograded" / student / ASSIGNMENT / "timestamp.txt"
        assert carried.read_text(encoding="ascii") == stamp
    assert not (course.root / "autograded" / "eve" / ASSIGNMENT / "timestamp.txt").exists()


def test_a_mark_by_hand_changes_the_penalty_at_the_next_command_and_at_the_next_feedback(course: Course):
    regrade(course)
    with api.Gradebook(url_of(course)) as book:
        for student in ("bob", "dan"):
            book.find_grade("check_drop", STEP, ASSIGNMENT, student).manual_score = 0.0
        book.db.commit()
    assert costs(course)["dan"] != 0.5
    late.settle(url_of(course), {("dan", ASSIGNMENT)}, load_config(course.root))  # what a page of feedback does first
    assert (costs(course)["bob"] != 0.1, costs(course)["dan"]) == (True, 0.5)
    regrade(course)
    assert costs(course) == COSTS


def test_an_extension_that_only_the_gradebook_knows_counts_and_is_said(course: Course):
    regrade(course)
    with api.Gradebook(url_of(course)) as book:
        book.grant_extension(ASSIGNMENT, "dan", days=30)
    _, said = regrade(course)
    assert costs(course)["dan"] is None
    assert "dan has an extension of 30 days" in " ".join(said.split())
    away = f'[[extension]]\nstudent = "dan"\nassignment = "{ASSIGNMENT}"\ndays = 0\n'
    (course.root / "course.toml").write_text(RULES + away, encoding="utf-8")
    _, said = regrade(course)
    assert costs(course)["dan"] == 0.5
    assert "dan has an extension" not in said


@pytest.mark.long
def test_nbgraders_own_command_leaves_the_same_times_extensions_and_penalties(course: Course, tmp_path: Path):
    regrade(course)
    by_kit = marks(course)
    other = Course(tmp_path / "other", classroom.SECRET)
    shutil.copytree(course.root, other.root, ignore=shutil.ignore_patterns("autograded", "gradebook.db", "*.jsonl"))
    classroom.nbgrader(other, "generate_assignment", ASSIGNMENT)
    classroom.nbgrader(other, "autograde", ASSIGNMENT)
    assert marks(other) == by_kit
    assert costs(other) == COSTS


PLUGIN = """
from nbgrader.plugins import BasePlugin


class Half(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2 {trouble}
"""


def with_plugin(course: Course, module: str, trouble: str = "") -> None:
    (course.root / f"{module}.py").write_text(PLUGIN.format(trouble=trouble), encoding="utf-8")
    config = course.root / "nbgrader_config.py"
    line = f'\nc.AssignLatePenalties.plugin_class = "{module}.Half"\n'
    config.write_text(config.read_text(encoding="utf-8") + line, encoding="utf-8")


def test_a_plug_in_beside_the_configuration_is_found(course: Course):
    with_plugin(course, "half_of_it")
    regrade(course)
    assert costs(course) == {"ann": 0.5, "bob": 0.5, "cyd": None, "dan": 0.5, "eve": None}


def test_a_plug_in_that_is_not_there_is_said_before_anything_is_graded(course: Course):
    config = course.root / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8") + '\nc.AssignLatePenalties.plugin_class = "nowhere_at_all.Half"\n'
    config.write_text(text, encoding="utf-8")
    code, said = command_line(course)
    assert code == 2
    assert "The plug-in for late penalties that nbgrader_config.py names cannot be loaded" in said
    assert not (course.root / "gradebook.db").exists()


def test_a_plug_in_that_fails_is_named_and_no_mark_changes(course: Course):
    regrade(course)
    before = marks(course)
    with_plugin(course, "half_that_fails", "+ None")
    code, said = command_line(course)
    assert code == 2
    assert "Half, failed on ann" in said
    assert marks(course) == before


def test_rules_that_cannot_be_read_are_said_before_anything_is_graded(course: Course):
    (course.root / "course.toml").write_text("[late]\nrate = 10\n", encoding="utf-8")
    code, said = command_line(course)
    assert code == 2
    assert "0.1 takes a tenth" in said
    assert not (course.root / "gradebook.db").exists()


def test_grading_an_unchanged_class_writes_nothing_and_waits_for_nobody(course: Course):
    regrade(course)
    book = course.root / "gradebook.db"
    before = book.read_bytes()
    with closing(sqlite3.connect(book, isolation_level=None)) as formgrader:
        formgrader.execute("begin immediate")  # another program is about to write
        code, said = command_line(course)
        assert code == 0, said
        formgrader.execute("rollback")
    assert book.read_bytes() == before


def test_a_mark_by_hand_is_not_flagged_again_while_nothing_changes(course: Course):
    regrade(course)
    with api.Gradebook(url_of(course)) as book:
        grade = book.find_grade("check_drop", STEP, ASSIGNMENT, "ann")
        grade.manual_score, grade.needs_manual_grade = 0.5, False
        book.db.commit()
    regrade(course)
    assert not marks(course)["ann", STEP].gaps["drop"].waits
    classroom.hand_in(course, "ann", {STEP: classroom.answered(course.plan(STEP), {})})
    regrade(course)
    assert marks(course)["ann", STEP].gaps["drop"].waits


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg2://a@127.0.0.1:1/b", "pip install 'psycopg[binary]'"),
        ("postgresql://a@127.0.0.1:1/b", "PostgreSQL|server runs"),
        ("mysql://a@127.0.0.1:1/b", "driver of that database is missing"),
        ("nonsense://a", "driver of that database is missing"),
    ],
)
def test_a_database_without_driver_or_server_is_one_clear_text(course: Course, url: str, said: str):
    config = course.root / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8") + f'\nc.CourseDirectory.db_url = "{url}"\n'
    config.write_text(text, encoding="utf-8")
    code, told = command_line(course)
    assert code == 2
    assert any(words in told for words in said.split("|"))
    assert "Traceback" not in told
    assert ".. " not in told


@pytest.mark.parametrize(
    "content", [b"tomorrow evening", b"\xef\xbb\xbf2026-01-12 18:00 UTC", b"\xff\xfe2\x000\x00", b"", b"9" * 500]
)
def test_formgrader_shows_the_class_whatever_a_student_writes_for_a_time(
    course: Course, content: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(NbGraderAPI, "get_submitted_timestamp", NbGraderAPI.get_submitted_timestamp)
    keep_formgrader_up()
    regrade(course)
    (course.root / "submitted" / "ann" / ASSIGNMENT / "timestamp.txt").write_bytes(content)
    config = load_config(course.root)
    shown = NbGraderAPI(CourseDirectory(config=config), config=config).get_submissions(ASSIGNMENT)
    times = {one["student"]: one["display_timestamp"] for one in shown}
    assert set(times) == set(STAMPS)
    assert times["bob"].startswith("2026-01-12 18:16:00 ")  # on the course's clocks
    assert (times["ann"] is None) == (b"18:00" not in content)


def test_a_due_date_is_kept_though_a_query_follows_it(course: Course):
    regrade(course)
    (course.root / "course.toml").write_text(RULES.replace("2026-01-12 18:00", "2026-01-11 18:00"), encoding="utf-8")
    late.prepare(url_of(course), course, settings_of(course.root), ("eve", ASSIGNMENT))
    with api.Gradebook(url_of(course)) as book:
        assert book.find_assignment(ASSIGNMENT).duedate == datetime(2026, 1, 11, 17)
