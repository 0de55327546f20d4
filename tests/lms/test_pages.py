"""docs/by-moodle.md and docs/by-canvas.md, command by command, with a class of 60: the pages are the script."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course.course import Course

from . import importers
from .classroom import (
    ASSIGNMENT,
    NOTEBOOKS,
    POINTS,
    ROOT,
    Student,
    canvas_gradebook,
    canvas_zip,
    class_of_60,
    make_course,
    moodle_zip,
    notebook,
    worksheet,
    zipped,
)
from .conftest import shell
from .importers import Canvas, CanvasUser, Language, MoodleWorksheet

CLASS = class_of_60()
AGAIN = CLASS[7]
"""Who hands in again: half of the gaps first, then all."""


def blocks(page: str) -> dict[str, list[str]]:
    """The commands of a page, by the heading that they stand under."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        commands = re.findall(r"^```sh\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
        found[heading] = [line for block in commands for line in block.splitlines()]
    return found


@dataclass(frozen=True)
class Walk:
    """A course whose page is followed, and what each of its commands said."""

    course: Course
    said: dict[str, str]

    def follow(self, commands: list[str]) -> None:
        for command in commands:
            done = shell(self.course.root, *command.replace('"', "").split())
            assert done.code == 0, f"{command}: {done.said[-2000:]}"
            self.said[command] = done.said

    def download(self, **files: str | bytes) -> None:
        """Put what the page tells to download where it says."""
        folder = self.course.root / "downloaded"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            path = folder / name.replace("_csv", ".csv").replace("_zip", ".zip")
            path.write_bytes(content.encode() if isinstance(content, str) else content)


def start(folder: Path) -> Walk:
    course = make_course(folder)
    shutil.copytree(ROOT / "lab", folder / "lab", dirs_exist_ok=True)
    return Walk(course, {})


def expected(student: Student) -> bool:
    return student.share is not None


def full_marks(marks: dict[str, float]) -> set[str]:
    return {login for login, mark in marks.items() if mark == POINTS}


def all_right(students: list[Student]) -> set[str]:
    return {student.login for student in students if student.share == 1.0}


@pytest.fixture(scope="module")
def moodle(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    walk, page = start(tmp_path_factory.mktemp("moodle") / "course"), blocks("by-moodle")
    walk.follow(page["Hand out"])
    walk.download(submissions_zip=moodle_zip(CLASS), worksheet_csv=worksheet(CLASS))
    for part in ("Collect", "Grade", "Give back"):
        walk.follow(page[part])
    return walk


def moodle_marks(walk: Walk) -> dict[str, float]:
    reader = MoodleWorksheet([student.participant for student in CLASS], POINTS, Language())
    logins = {student.participant: student.login for student in CLASS}
    marks = reader.grades((walk.course.root / "downloaded" / "worksheet.csv").read_bytes())
    return {logins[number]: mark for number, mark in marks.items()}


def test_the_page_on_moodle_brings_everybodys_mark_and_feedback_back(moodle):
    marks = moodle_marks(moodle)
    handed_in = [student for student in CLASS if expected(student)]
    assert set(marks) == {student.login for student in handed_in}
    assert full_marks(marks) == all_right(handed_in)
    assert {marks[student.login] for student in handed_in if student.share == 0} == {0}
    pages, skipped = importers.moodle_files(
        (moodle.course.root / "downloaded" / "feedback.zip").read_bytes(), [student.participant for student in CLASS]
    )
    assert skipped == []
    assert {number: sorted(files) for number, files in pages.items()} == {
        student.participant: [f"{name}.html" for name in NOTEBOOKS] for student in handed_in
    }


def test_the_page_on_moodle_tells_before_it_writes(moodle):
    dry, *_ = [said for command, said in moodle.said.items() if "--dry-run" in command]
    assert "Would be taken 1_neuron: 150 notebooks, of 50 students" in dry
    shown = moodle.said["autograder export moodle-worksheet 1_neuron --into downloaded/worksheet.csv"]
    assert "would change for 50 students" in shown
    assert f"ada@uni.example: blank -> {POINTS}" in shown
    assert "Nothing was written" in shown


@pytest.mark.long
def test_a_second_hand_in_to_moodle_is_collected_graded_and_explained(moodle):
    root = moodle.course.root
    folder = f"Ann Smith, Jr._{AGAIN.participant}_assignsubmission_file"
    later = zipped(((f"{folder}/{name}.ipynb", notebook(name, 1.0)) for name in NOTEBOOKS), (2026, 1, 25, 10, 0, 0))
    moodle.download(submissions_zip=later, worksheet_csv=worksheet(CLASS))
    moodle.follow(blocks("by-moodle")["Somebody hands in again"])
    collected = moodle.said["autograder collect downloaded/submissions.zip --roster downloaded/worksheet.csv"]
    assert "1_neuron: 3 notebooks, of 1 students" in collected
    moodle.follow(blocks("by-moodle")["Give back"])
    assert moodle_marks(moodle)[AGAIN.login] == POINTS
    page = (root / "feedback" / AGAIN.email / ASSIGNMENT / "02_chain.html").read_text(encoding="utf-8")
    assert "passed over: earlier/02_chain." in page


@pytest.fixture(scope="module")
def canvas(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    walk, page = start(tmp_path_factory.mktemp("canvas") / "course"), blocks("by-canvas")
    walk.follow(page["Hand out"])
    walk.download(submissions_zip=canvas_zip(CLASS, late=["zoe"]), gradebook_csv=canvas_gradebook(CLASS))
    for part in ("Collect", "Grade", "Give back"):
        walk.follow(page[part])
    return walk


def test_the_page_on_canvas_brings_everybodys_mark_and_feedback_back(canvas):
    users = [CanvasUser(one.canvas_id, one.full, one.sortable, f"a{one.canvas_id}", one.login) for one in CLASS]
    users.append(CanvasUser(99_999, "Test Student", "Student, Test", "", "f3a1"))
    essays = {(one.canvas_id, 1240): "7.5" for one in CLASS}
    reader = Canvas(users, {1234: (ASSIGNMENT, POINTS), 1240: ("Essay", 10.0)}, essays)
    changes = reader.changes((canvas.course.root / "downloaded" / "gradebook.csv").read_bytes())
    logins = {one.canvas_id: one.login for one in CLASS}
    marks = {logins[user]: float(mark) for (user, assignment), mark in changes.items() if assignment == 1234}
    handed_in = [student for student in CLASS if expected(student)]
    assert len(marks) == len(changes)
    assert set(marks) == {student.login for student in handed_in}
    assert full_marks(marks) == all_right(handed_in)
    uploads = {9000 + 10 * one.number + at: one.canvas_id for one in CLASS for at in range(3)}
    zipped_pages = (canvas.course.root / "downloaded" / "feedback.zip").read_bytes()
    pages, ignored = importers.canvas_files(zipped_pages, uploads)
    assert ignored == []
    assert {user: len(files) for user, files in pages.items()} == {one.canvas_id: 3 for one in handed_in}


def test_a_second_attempt_in_canvas_is_collected_and_graded(canvas):
    def files(student: Student) -> list[tuple[str, bytes]]:
        names = [(name, f"{name}-1.ipynb" if student is AGAIN else f"{name}.ipynb") for name in NOTEBOOKS]
        share = 1.0 if student is AGAIN else student.share or 0.0
        return [(file, notebook(name, share)) for name, file in names]

    again = canvas_zip([one for one in CLASS if expected(one)], files)
    canvas.download(submissions_zip=again, gradebook_csv=canvas_gradebook(CLASS))
    canvas.follow(blocks("by-canvas")["Somebody hands in again"])
    collected = canvas.said["autograder collect downloaded/submissions.zip --roster downloaded/gradebook.csv"]
    assert "1_neuron: 3 notebooks, 147 there already, of 50 students" in collected


def test_points_on_the_pages_are_those_of_the_course():
    course = Course(ROOT, "")
    sums: dict[str, float] = {}
    for source in course.sources.values():
        points = [cell.metadata["nbgrader"]["points"] for cell in source.graded if cell.role == "check"]
        sums[source.assignment] = sums.get(source.assignment, 0) + sum(points)
    for page in ("by-moodle", "by-canvas"):
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        assert all(f"{points:g} for {assignment}" in text for assignment, points in sums.items())
