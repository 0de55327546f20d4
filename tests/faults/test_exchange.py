"""What is odd in nbgrader's exchange costs whoever it belongs to, and nobody else; a leak is not handed out."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from traitlets.config import Config

from autograder.author.hand_out import ReleaseAssignment
from autograder.course.course import Course
from autograder.gradebook import book
from autograder.gradebook.exchange import Collect, ReleaseFeedback

from . import classroom
from .classroom import ASSIGNMENT, ROOT, STEP

FIRST, SECOND = "2026-01-12 18:00:00.000000 UTC", "2026-01-13 09:30:00.000000 UTC"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return classroom.make_course(tmp_path / "course", (STEP,))


@pytest.fixture
def inbound(course: Course) -> Path:
    """Where students hand in."""
    folder = course.root.parent / "exchange" / "backpropagation" / "inbound"
    folder.mkdir(parents=True)
    (folder.parents[1]).chmod(0o777)
    return folder


def config(course: Course) -> Config:
    made = book.load_config(course.root)
    made.Exchange.root = str(course.root.parent / "exchange")
    return made


def directory(course: Course) -> CourseDirectory:
    return CourseDirectory(config=config(course), assignment_id=ASSIGNMENT)


def collect(course: Course, **traits: object) -> None:
    Collect(coursedir=directory(course), config=config(course), **traits).start()


def handed_in(inbound: Path, student: str, when: str, text: str = "{}") -> Path:
    folder = inbound / f"{student}+{ASSIGNMENT}+{when}+x"
    folder.mkdir()
    (folder / f"{STEP}.ipynb").write_text(text, encoding="utf-8")
    (folder / "timestamp.txt").write_text(when, encoding="ascii")
    (folder / "submission_secret.txt").write_text("s" * 128, encoding="ascii")
    return folder


def in_submitted(course: Course, student: str) -> str:
    return (course.submitted / student / ASSIGNMENT / f"{STEP}.ipynb").read_text(encoding="utf-8")


def test_the_newest_is_collected_and_an_update_takes_only_what_is_newer(course: Course, inbound: Path):
    handed_in(inbound, "ann", FIRST, "old")
    handed_in(inbound, "ann", SECOND, "new")
    handed_in(inbound, "ben+x", FIRST, "ben's")
    collect(course)
    assert course.submitted.stat().st_mode & 0o077 == 0
    assert (in_submitted(course, "ann"), in_submitted(course, "ben+x")) == ("new", "ben's")
    for student in ("ann", "ben+x"):
        (course.submitted / student / ASSIGNMENT / f"{STEP}.ipynb").write_text("mine", encoding="utf-8")
    handed_in(inbound, "ben+x", SECOND, "again")
    collect(course, update=True)
    assert (in_submitted(course, "ann"), in_submitted(course, "ben+x")) == ("mine", "again")


def test_what_cannot_be_collected_is_named_and_costs_nobody_else(
    course: Course, inbound: Path, caplog: pytest.LogCaptureFixture
):
    for name in (f"eve+{ASSIGNMENT}+soon+x", f"+{ASSIGNMENT}+{FIRST}+x", f"..+{ASSIGNMENT}+{FIRST}+x"):
        (inbound / name).mkdir()
    large = handed_in(inbound, "gus", FIRST)
    os.truncate(large / f"{STEP}.ipynb", 200_000_000)
    handed_in(inbound, "ann", FIRST, "ann's")
    with caplog.at_level(logging.ERROR):
        collect(course)
    assert [path.name for path in course.submitted.iterdir()] == ["ann"]
    assert in_submitted(course, "ann") == "ann's"
    assert "does not say whose it is and when it was handed in" in caplog.text
    assert "it has 200 MB, and at most 100 MB are taken" in caplog.text


def test_a_newer_hand_in_that_is_too_large_leaves_the_older_one_in_place(course: Course, inbound: Path):
    handed_in(inbound, "ann", FIRST, "ann's")
    collect(course)
    os.truncate(handed_in(inbound, "ann", SECOND) / f"{STEP}.ipynb", 200_000_000)
    collect(course, update=True)
    assert in_submitted(course, "ann") == "ann's"


def test_a_link_in_the_exchange_fetches_nothing_that_the_instructor_may_read(course: Course, inbound: Path):
    folder = handed_in(inbound, "eve", FIRST)
    (folder / f"{STEP}.ipynb").unlink()
    (folder / f"{STEP}.ipynb").symlink_to(course.root / "source" / ASSIGNMENT / f"{STEP}.ipynb")
    collect(course)
    assert (course.submitted / "eve" / ASSIGNMENT / f"{STEP}.ipynb").is_symlink()  # and a link is not graded


def test_a_time_that_is_none_beside_what_was_collected_is_told_and_taken_as_older(
    course: Course, inbound: Path, caplog: pytest.LogCaptureFixture
):
    handed_in(inbound, "ann", FIRST, "ann's")
    collect(course)
    (course.submitted / "ann" / ASSIGNMENT / "timestamp.txt").write_text("tomorrow evening", encoding="ascii")
    handed_in(inbound, "ann", SECOND, "again")
    collect(course, update=True)
    assert in_submitted(course, "ann") == "again"
    assert "does not say when it was handed in" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbgrader leaves a file open
def test_pages_of_those_who_did_not_use_the_exchange_are_named_and_the_others_travel(
    course: Course, inbound: Path, caplog: pytest.LogCaptureFixture
):
    for student in ("ann", "ben"):
        folder = course.root / "feedback" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        (folder / f"{STEP}.html").write_text(student, encoding="ascii")
        (folder / "timestamp.txt").write_text(FIRST, encoding="ascii")
    (course.root / "feedback" / "ann" / ASSIGNMENT / "submission_secret.txt").write_text("s", encoding="ascii")
    ReleaseFeedback(coursedir=directory(course), config=config(course)).start()
    pages = [path.read_text(encoding="ascii") for path in (inbound.parent / "feedback").glob("*.html")]
    assert pages == ["ann"]
    assert "ben did not hand in 1_neuron through the exchange" in caplog.text


@pytest.fixture
def release(course: Course) -> Path:
    """The assignment as it is handed out."""
    folder = course.root / "release" / ASSIGNMENT
    shutil.copytree(ROOT / "release" / ASSIGNMENT, folder)
    for name in ("01_neuron", "02_chain"):
        for path in folder.rglob(f"{name}*"):
            path.unlink()
    shutil.copy(ROOT / "source" / ASSIGNMENT / "START.md", course.root / "source" / ASSIGNMENT)
    return folder


def hand_out(course: Course) -> Path:
    """Where students find it."""
    ReleaseAssignment(coursedir=directory(course), config=config(course), force=True).start()
    return course.root.parent / "exchange" / "backpropagation" / "outbound" / ASSIGNMENT


def test_a_release_without_leaks_is_handed_out(course: Course, release: Path, inbound: Path):
    inbound.rmdir()
    assert (hand_out(course) / "lab" / "__init__.py").is_file()


@pytest.mark.parametrize("spoil", ["stray", "solution", "no lab"])
def test_nothing_is_handed_out_with_a_leak_or_without_lab(
    course: Course, release: Path, inbound: Path, spoil: str, caplog: pytest.LogCaptureFixture
):
    inbound.rmdir()
    if spoil == "stray":
        (release / "notes.txt").write_text("for me", encoding="ascii")
    elif spoil == "solution":
        shutil.copy(course.root / "source" / ASSIGNMENT / f"{STEP}.ipynb", release)
    else:
        shutil.rmtree(release / "lab")
    with pytest.raises(ExchangeError, match="was not handed out"):
        hand_out(course)
    assert not (inbound.parent / "outbound" / ASSIGNMENT).exists()
    told = {"stray": "notes.txt: no file that students need", "solution": "solution", "no lab": "has no `lab`"}
    assert told[spoil] in caplog.text
