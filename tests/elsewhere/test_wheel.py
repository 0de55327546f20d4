"""The kit as it is installed, outside its repository, by a user who may nothing: other courses, and this one."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.classes.records import read_records
from autograder.course.data import copy_course

from ..hostile.elsewhere import NOBODY, as_user, can_change_user, install, open_folder

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
AUTOGRADER = "from autograder.cli import main; main()"
THIS_SUBJECT = ("neuron", "relu", "backpropagation", "dvalue")
LATE = "2026-02-03 10:00:00 UTC"
DUE = '\n[due]\n1_two_by_two = "2026-02-01 10:00"\n'


@dataclass(frozen=True)
class Place:
    """A folder that everybody may enter, with the kit installed from its wheel, and the user who works there.

    The kit's dependencies are those of the environment that runs the tests: a path file names it, since installing a
    hundred packages anew would need a network and show nothing of the kit.
    """

    folder: Path
    python: Path
    user: int

    @property
    def site(self) -> Path:
        """Where the kit is installed."""
        return next((self.folder / "env" / "lib").glob("python*/site-packages"))

    def run(self, course: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of this Python in a course, as the user."""
        line = [str(self.python), "-B", *command]
        line = as_user(line, self.user, self.folder) if self.user != os.getuid() else line
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8"}
        return subprocess.run(line, cwd=course, env=environment, capture_output=True, text=True, check=False)

    def autograder(self, course: Path, *arguments: str) -> str:
        """What a command of the kit says; it must succeed."""
        return must(self.run(course, "-c", AUTOGRADER, *arguments))

    def nbgrader(self, course: Path, *arguments: str) -> str:
        """What a command of nbgrader says; it must succeed."""
        return must(self.run(course, "-m", "nbgrader", *arguments))

    def owns(self, folder: Path) -> Path:
        """A folder with all that is in it, given to the user."""
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, self.user, self.user)
        return folder


def must(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    before = os.umask(0o022)  # a test before this one may have loaded the course's settings, which close new files
    with open_folder() as folder:
        made = Place(folder, install(folder), NOBODY if can_change_user() else os.getuid())
        (folder / "home").mkdir()
        made.owns(folder / "home")
        yield made
    os.umask(before)


@pytest.fixture(scope="module")
def first(place: Place) -> Path:
    """What `autograder init` makes."""
    place.autograder(place.folder / "home", "init", "first")
    return place.folder / "home" / "first"


@pytest.fixture(scope="module")
def determinants(place: Place) -> Path:
    """A course on another subject, with families, a driver, an edge, and a rule for lateness of its own."""
    course = shutil.copytree(HERE / "determinants", place.folder / "home" / "determinants")
    with (course / "course.toml").open("a", encoding="utf-8") as settings:
        settings.write(DUE)
    place.owns(course)
    place.autograder(course, "generate")
    return course


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8", errors="replace").lower()


def speaks_of_this_course(folder: Path) -> list[str]:
    return [f"{path}: {word}" for path, text in texts(folder) for word in THIS_SUBJECT if word in text]


def test_the_wheel_holds_the_kit_and_nothing_of_this_course(place: Place) -> None:
    inside = [path.relative_to(place.site) for path, _ in texts(place.site) if "dist-info" not in str(path)]
    kits = [path for path in inside if path.parts[0] in ("autograder", "lab") and "starter" not in path.parts]
    kits.remove(Path("autograder/judging/canary.txt"))  # of `install`
    kits.remove(Path("autograder/author/site_start.md"))  # of every static site
    assert Path("lab/drawing/heat_mirror.py") in kits
    assert [path for path in kits if path.suffix not in (".py", ".css", ".j2", ".js")] == []
    of_the_course = ("autograder/checks", "lab/hints", "lab/open", "lab/static", "lab/pictures")
    assert [path for path in kits if path.as_posix().startswith(of_the_course)] == []
    assert speaks_of_this_course(place.site / "autograder") + speaks_of_this_course(place.site / "lab") == []


def hand_in(place: Place, course: Path, assignment: str, name: str, answers: Mapping[str, Mapping[str, str]]) -> None:
    """Students with answers to some gaps of a notebook; what is not named stays as handed out."""
    released = (course / "release" / assignment / f"{name}.ipynb").read_text(encoding="utf-8")
    for student, gaps in answers.items():
        content = json.loads(released)
        for cell in content["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            cell["source"] = gaps.get(grade_id, cell["source"])
        folder = course / "submitted" / student / assignment
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
        (folder / "timestamp.txt").write_text(LATE, encoding="utf-8")
    place.owns(course / "submitted")


MARKS = """
select submitted_assignment.student_id, base_cell.name, grade.auto_score, submitted_notebook.late_submission_penalty
from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join base_cell on grade.cell_id = base_cell.id
"""


def marks(course: Path) -> dict[tuple[str, str], tuple[float, float | None]]:
    """Score of each gap and late penalty of its notebook, by student and grade cell, as the gradebook has them."""
    with sqlite3.connect(course / "gradebook.db") as book:
        return {(student, cell): (score, late) for student, cell, score, late in book.execute(MARKS)}


def graded_by_both(place: Place, course: Path, assignment: str) -> tuple[dict[object, object], dict[object, object]]:
    """Marks by `autograder grade` and by `nbgrader autograde`, and the feedback of the first."""
    other = place.owns(shutil.copytree(course, course.with_name(f"{course.name} by nbgrader")))
    place.autograder(course, "grade", "submitted", "--jobs", "1")
    place.nbgrader(course, "generate_feedback", assignment)
    place.nbgrader(other, "autograde", assignment, "--create")
    return dict(marks(course)), dict(marks(other))


def test_a_course_to_begin_with_verifies_itself(place: Place, first: Path) -> None:
    said = place.autograder(first, "verify", "--jobs", "1")
    assert "gaps: 2\n" in said
    assert "mistakes: 9\nmistakes_caught: 9\n" in said


def test_a_course_to_begin_with_is_graded_by_both_routes_and_shows_feedback(place: Place, first: Path) -> None:
    right = {"mean": "mean = sum(x) / len(x)", "spread": "def spread(x):\n    return max(x) - min(x)"}
    hand_in(place, first, "1_first", "01_first", {"ann": right, "bob": {**right, "mean": "mean = sum(x)"}, "cy": {}})
    by_kit, by_nbgrader = graded_by_both(place, first, "1_first")
    assert by_kit == by_nbgrader
    assert by_kit["ann", "check_mean"] == (2, None)
    assert by_kit["ann", "check_spread"] == (3, None)
    assert by_kit["bob", "check_mean"] == (0, None)
    assert by_kit["cy", "check_spread"] == (0, None)
    page = (first / "feedback" / "bob" / "1_first" / "01_first.html").read_text(encoding="utf-8")
    assert "The sum stands where the mean belongs" in page
    assert speaks_of_this_course(first) == []


def test_a_folder_that_holds_something_is_no_place_for_a_course(place: Place, first: Path) -> None:
    done = place.run(first.parent, "-c", AUTOGRADER, "init", "first")
    assert done.returncode == 2
    assert "first is not empty" in done.stderr


def test_a_course_on_another_subject_verifies_itself(place: Place, determinants: Path) -> None:
    assert "mistakes: 7\nmistakes_caught: 7\n" in place.autograder(determinants, "verify", "--jobs", "1")


def test_a_course_on_another_subject_is_graded_by_both_routes_with_its_own_rule_for_lateness(
    place: Place, determinants: Path
) -> None:
    right = {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in json.loads((determinants / "solutions/1_two_by_two/det.ipynb").read_text(encoding="utf-8"))["cells"]
        if cell["metadata"].get("nbgrader", {}).get("solution")
    }
    parallel = right["solve"].replace("if det == 0:\n        return []", "pass")
    answers = {"ann": right, "bob": {**right, "solve": parallel}, "cy": {"det": "det = A[0][0] * A[1][1]"}}
    hand_in(place, determinants, "1_two_by_two", "det", answers)
    by_kit, by_nbgrader = graded_by_both(place, determinants, "1_two_by_two")
    assert by_kit == by_nbgrader
    assert by_kit["ann", "check_solve"] == (4, 1.0)
    assert by_kit["bob", "check_solve"] == (3, 1.0)
    assert by_kit["cy", "check_det"] == (0, 0.0)
    named = {record.student: [gap.mistake for gap in record.gaps] for record in records(determinants)}
    assert named == {"ann": ["", ""], "bob": ["", "solve_without_the_case"], "cy": ["det_diagonal", ""]}
    assert speaks_of_this_course(determinants) == []


def records(course: Path) -> list[object]:
    return list(read_records(course / "results.jsonl").values())


def test_authors_run_the_checks_of_another_course_with_pytest(place: Place, determinants: Path) -> None:
    assert "passed" in must(
        place.run(determinants, "-m", "pytest", "-q", "-p", "no:cacheprovider", "autograder/checks")
    )


def test_this_course_is_graded_by_the_installed_kit_too(place: Place) -> None:
    course = place.folder / "home" / "this"
    copy_course(ROOT, course)
    shutil.copy(ROOT / "solutions" / "1_neuron" / "02_chain.ipynb", course / "mine.ipynb")
    place.owns(course)
    said = place.autograder(course, "grade", "mine.ipynb")
    assert "28 of 28" in said
