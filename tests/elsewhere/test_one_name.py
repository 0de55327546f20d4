"""Two assignments with a notebook of one name: released, graded by both routes and fed back, each for itself."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from autograder.classes.records import read_records
from autograder.classes.report.page import read as read_class
from autograder.course.course import Course
from autograder.course.data import folders_of
from autograder.course.secret import SECRET_FILE

from ..routes.conftest import BIN, must, run

HERE = Path(__file__).parent
FIRST, SECOND = "1_two_by_two", "2_again"
NEW_NAMES = {"det": "area", "solve": "unknowns"}
"""The gaps of the second notebook, by those of the first."""
MARKS = """
select submitted_assignment.student_id, assignment.name, sum(grade.auto_score)
from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join assignment on submitted_assignment.assignment_id = assignment.id
group by submitted_assignment.student_id, assignment.name
"""


def renamed(text: str) -> str:
    """Data or a notebook, with other names for the gaps, and for the function that is called as its gap."""
    for old, new in NEW_NAMES.items():
        for around in ('"{}"', '"check_{}"', 'check(\\"{}\\")', "# {}:", "[{}]", "twin.probe.{}]", "**{}**", '"{}_'):
            text = text.replace(around.format(old), around.format(new))
    return text.replace("solve(", "unknowns(").replace("det_setup", "two_setup").replace("det_givens", "two_givens")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with `det.ipynb` in two assignments; the data of the second lie in folders named after it."""
    root = shutil.copytree(HERE / "determinants", tmp_path_factory.mktemp("names") / "course")
    folders = folders_of(root)
    sources = {root / "source" / FIRST / "det.ipynb": root / "source" / SECOND / "det.ipynb"}
    for folder in (folders.checks, folders.mistakes, folders.hints, folders.honest):
        sources[folder / "det.toml"] = folder / SECOND / "det.toml"
    for path, copy in sources.items():
        copy.parent.mkdir(parents=True)
        text = renamed(path.read_text(encoding="utf-8"))
        copy.write_text(text.replace('outputs = ["area"]', 'outputs = ["det"]'), encoding="utf-8")
    (root / SECRET_FILE).write_text("names\n", encoding="ascii")
    must(run(root, "autograder", "generate"))
    return root


def test_each_goes_by_a_key_of_its_own(root: Path) -> None:
    course = Course(root, "names")
    assert list(course.sources) == ["det", f"{SECOND}/det"]
    assert course.unchecked == ()
    assert course.key(SECOND, "det") == f"{SECOND}/det"
    assert [gap.name for gap in course.plan(f"{SECOND}/det").gaps] == ["area", "unknowns"]


def test_each_release_has_its_own_numbers_and_hints(root: Path) -> None:
    for assignment, names in ((FIRST, ["det", "solve"]), (SECOND, ["area", "unknowns"])):
        numbers = json.loads((root / "release" / assignment / "lab/open/det.json").read_text(encoding="utf-8"))
        assert list(numbers["gaps"]) == names
        hints = (root / "release" / assignment / "lab/hints/det.toml").read_text(encoding="utf-8")
        assert [f"[{name}]" in hints for name in names] == [True, True]


@pytest.fixture(scope="module")
def graded(root: Path) -> Path:
    """Ann solves the first and leaves the second as it is, Bob the other way round."""
    for student, solved in (("ann", FIRST), ("bob", SECOND)):
        for assignment in (FIRST, SECOND):
            top = "solutions" if assignment == solved else "release"
            folder = root / "submitted" / student / assignment
            folder.mkdir(parents=True)
            shutil.copy(root / top / assignment / "det.ipynb", folder)
    done = must(run(root, "autograder", "grade", "submitted", "--jobs", "1"))
    assert f"{SECOND}/det" in done.out
    return root


def marks(root: Path) -> dict[tuple[str, str], float]:
    with sqlite3.connect(root / "gradebook.db") as book:
        return {(student, assignment): score for student, assignment, score in book.execute(MARKS)}


WANTED = {("ann", FIRST): 6.0, ("ann", SECOND): 0.0, ("bob", FIRST): 0.0, ("bob", SECOND): 6.0}


def test_records_and_gradebook_hold_both(graded: Path) -> None:
    records = read_records(graded / "results.jsonl")
    assert {key: record.score for key, record in records.items()} == {
        (student, assignment, "det"): score for (student, assignment), score in WANTED.items()
    }
    assert marks(graded) == WANTED


def test_the_class_report_keeps_both_apart(graded: Path) -> None:
    must(run(graded, "autograder", "report", "--csv", "tables"))
    summary = read_class(graded / "results.jsonl")
    assert list(summary.notebooks) == [f"{FIRST}/det", f"{SECOND}/det"]
    assert {(one.notebook, one.gap): (one.right, one.answered) for one in summary.per_gap} == {
        (f"{FIRST}/det", "det"): (1, 2),
        (f"{FIRST}/det", "solve"): (1, 2),
        (f"{SECOND}/det", "area"): (1, 2),
        (f"{SECOND}/det", "unknowns"): (1, 2),
    }
    assert f"{SECOND}/det,area" in (graded / "tables" / "gaps.csv").read_text(encoding="utf-8")


def test_feedback_is_made_of_both(graded: Path) -> None:
    for assignment in (FIRST, SECOND):
        must(run(graded, BIN / "nbgrader", "generate_feedback", assignment))
    page = (graded / "feedback/bob" / SECOND / "det.html").read_text(encoding="utf-8")
    assert "unknowns" in page
    assert "Every step is right." in page


def test_nbgraders_own_route_gives_the_same(graded: Path, tmp_path: Path) -> None:
    other = shutil.copytree(graded, tmp_path / "course", ignore=shutil.ignore_patterns("gradebook.db", "autograded"))
    for assignment in (FIRST, SECOND):
        must(run(other, BIN / "nbgrader", "autograde", assignment, "--create"))
    assert marks(other) == WANTED


def test_a_second_run_grades_nothing_anew(graded: Path) -> None:
    before = (graded / "results.jsonl").read_bytes()
    must(run(graded, "autograder", "grade", "submitted", "--jobs", "1"))
    assert (graded / "results.jsonl").read_bytes() == before
