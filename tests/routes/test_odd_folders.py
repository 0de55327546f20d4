"""nbgrader's own commands, formgrader and the kit's, in a folder whose name has all that a folder's name may have."""

from __future__ import annotations

import os

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.course.course import Course
from autograder.gradebook.book import load_config
from autograder.gradebook.guard import found_at

from .conftest import ASSIGNMENT, IN_TIME, NOTEBOOK, hand_in, make_course, must, run

ODD = "Kurs [WS 26] 100% {Übung}? #1"
STUDENTS = {"zoë [x]", "plain"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Handed out, handed in and graded by nbgrader's own commands, with pages of feedback."""
    made = make_course(tmp_path_factory.mktemp("odd") / ODD)
    must(run(made.root, "nbgrader", "generate_assignment", ASSIGNMENT))
    for student in STUDENTS:
        answers = {gap.name: gap.solution for gap in made.plan(NOTEBOOK).gaps}
        (hand_in(made, student, answers, stamp=IN_TIME).parent / "extra.py").write_text("x = 1\n", encoding="utf-8")
    must(run(made.root, "nbgrader", "autograde", ASSIGNMENT))
    must(run(made.root, "nbgrader", "generate_feedback", ASSIGNMENT))
    return made


def test_nbgraders_commands_find_everything_there(course):
    assert (course.root / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").is_file()
    for student in STUDENTS:
        page = course.root / "feedback" / student / ASSIGNMENT / f"{NOTEBOOK}.html"
        assert "<b>28</b> of 28 points" in page.read_text(encoding="utf-8")
        assert not (course.root / "autograded" / student / ASSIGNMENT / "extra.py").exists()


def test_formgrader_shows_the_assignment_and_the_class(course, monkeypatch):
    monkeypatch.chdir(course.root)
    config = load_config(course.root)
    shown = NbGraderAPI(CourseDirectory(config=config), config=config)
    assert shown.get_source_assignments() == {ASSIGNMENT, "2_layer", "3_together"}
    assert shown.get_submitted_students(ASSIGNMENT) == STUDENTS
    assert {one["student"] for one in shown.get_submissions(ASSIGNMENT) if one["autograded"]} == STUDENTS


def test_the_kits_commands_work_there(course):
    said = must(run(course.root, "autograder", "grade")).out
    assert "zoë [x]" in said
    for command in (("report",), ("export", "csv", ASSIGNMENT, "--to", "marks.csv"), ("forget", "plain", "--yes")):
        must(run(course.root, "autograder", *command))
    assert "zoë [x],02_chain,graded,28" in (course.root / "marks.csv").read_text(encoding="utf-8")


def test_an_exchange_in_which_students_would_find_nothing_is_refused(course, tmp_path):
    (tmp_path / "exchange").mkdir(mode=0o777)
    (tmp_path / "exchange").chmod(0o777)
    config = course.root / "nbgrader_config.py"
    text = config.read_text(encoding="utf-8")
    config.write_text(f'{text}\nc.Exchange.root = "{tmp_path}/exchange"\n', encoding="utf-8")
    (course.root / "course.toml").write_text("", encoding="utf-8")
    refused = run(course.root, "nbgrader", "release_assignment", ASSIGNMENT)
    assert refused.code != 0
    assert 'Give the course an id without them, such as id = "course" in course.toml' in " ".join(refused.out.split())
    (course.root / "course.toml").write_text('id = "course"\n', encoding="utf-8")
    must(run(course.root, "nbgrader", "release_assignment", ASSIGNMENT))
    assert (tmp_path / "exchange" / "course" / "outbound" / ASSIGNMENT / f"{NOTEBOOK}.ipynb").is_file()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a[1]/*", {"a[1]/x.txt"}),
        ("a[1]/x.txt", {"a[1]/x.txt"}),
        ("*/x.txt", {"a[1]/x.txt", "a1/x.txt", "*/x.txt"}),  # a folder that is called * stands for nobody else
        ("a[[]1]/*", {"a[1]/x.txt"}),
        ("a?/*", {"a1/x.txt"}),
        ("none[1]/*", set()),
    ],
)
@pytest.mark.parametrize("is_absolute", [True, False])
def test_what_is_there_is_no_pattern(tmp_path, monkeypatch, pattern, found, is_absolute):
    top = tmp_path / "[top]"
    for folder in ("a[1]", "a1", "*"):
        (top / folder).mkdir(parents=True)
        (top / folder / "x.txt").touch()
    monkeypatch.chdir(top)
    start = f"{top}{os.sep}" if is_absolute else ""
    assert {path.removeprefix(start) for path in found_at(start + pattern)} == found
