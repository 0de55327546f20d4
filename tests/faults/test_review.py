"""A bug in a check or a fault of the kit: nobody loses a point, somebody looks at it, everybody else is graded."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.classes.grade import grade_one
from autograder.classes.jobs import Job
from autograder.classes.records import read_records
from autograder.course.course import Course
from autograder.gradebook import book as gradebook
from autograder.gradebook import plugins as nbgrader_plugin
from autograder.judging import checking
from autograder.judging.checking import Check
from autograder.judging.feedback import verdict
from autograder.judging.grading import Grader
from autograder.model import Case, CheckKind, KitError, Record, Status

from . import classroom
from .classroom import ASSIGNMENT, STEP, marks
from .conftest import command_line, engine, engine_on, regrade

GAP = "drop"
SECRET_OF_THE_CHECK = "0.123456789"


def solved(course: Course, *, but: str = "") -> bytes:
    plan = course.plan(STEP)
    return classroom.answered(plan, {gap.name: gap.solution for gap in plan.gaps if gap.name != but})


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Three students: all right, all right, and one gap open."""
    made = classroom.make_course(tmp_path / "course", (STEP,))
    for name, data in {"ann": solved(made), "bob": solved(made), "cyd": solved(made, but=GAP)}.items():
        classroom.hand_in(made, name, {STEP: data})
    return made


@pytest.fixture
def buggy_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of one gap that fails over what it meets."""

    def test_numbers(case: Case) -> None:
        raise ZeroDivisionError(f"in a check that knows {SECRET_OF_THE_CHECK}")

    more = Check(name="test_numbers", kind=CheckKind.VALUE, function=test_numbers, gaps=frozenset([GAP]))
    known = property(lambda grader: (*checking.checks_in(grader.course.folders.checks), more))
    monkeypatch.setattr(Grader, "checks", known)


@pytest.fixture
def faulty_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """An engine that fails over the notebooks of one student."""
    grade = Grader.grade

    def fail_for(victim: str) -> None:
        def failing(self: Grader, data: bytes, *, student: str, name: str) -> Any:
            if student == victim:
                raise RuntimeError("the engine is out of order")
            return grade(self, data, student=student, name=name)

        monkeypatch.setattr(Grader, "grade", failing)

    return fail_for


def by_student(records: list[Record]) -> dict[str, Record]:
    return {record.student: record for record in records}


def statuses(record: Record) -> dict[str, Status]:
    return {result.gap: result.status for result in record.gaps}


@pytest.mark.usefixtures("buggy_check")
def test_a_bug_in_a_check_leaves_its_gap_for_review_and_no_other(course: Course) -> None:
    records, said = regrade(course)
    found = by_student(records)
    for name in ("ann", "bob"):
        assert statuses(found[name]).pop(GAP) is Status.REVIEW
        assert {status for gap, status in statuses(found[name]).items() if gap != GAP} == {Status.RIGHT}
        assert found[name].score is None
        assert f"To be graded by hand: {name}, {STEP}, {GAP}. ZeroDivisionError" in said
    assert statuses(found["cyd"])[GAP] is Status.UNTOUCHED
    assert found["cyd"].score is not None
    rows = {student: one.gaps for (student, _), one in marks(course).items()}
    assert [(rows[name][GAP].auto, rows[name][GAP].waits) for name in rows] == [
        (None, True),
        (None, True),
        (0.0, False),
    ]
    assert all(not row.waits for name in rows for gap, row in rows[name].items() if gap != GAP)
    assert command_line(course)[0] == 2


@pytest.mark.usefixtures("buggy_check")
def test_what_the_bug_says_is_for_the_instructor_only(course: Course) -> None:
    records, _ = regrade(course)
    result = next(one for one in by_student(records)["ann"].gaps if one.gap == GAP)
    assert SECRET_OF_THE_CHECK in result.fault
    assert SECRET_OF_THE_CHECK not in verdict(result)
    assert "Your instructor looks at it by hand." in verdict(result)


def test_an_old_mark_is_kept_and_flagged_until_the_kit_is_mended(
    course: Course, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    regrade(course)
    before = marks(course)["ann", STEP].gaps[GAP]
    classroom.hand_in(course, "ann", {STEP: solved(course, but="gradients")})
    (course.root / "results.jsonl").unlink()
    with monkeypatch.context():
        request.getfixturevalue("buggy_check")
        code, said = command_line(course)
    after = marks(course)["ann", STEP].gaps
    assert code == 2
    assert f"To be graded by hand: ann, {STEP}, {GAP}." in said
    assert (after[GAP].auto, after[GAP].score, after[GAP].waits) == (before.auto, before.score, True)
    assert (after["gradients"].auto, after["gradients"].waits) == (0.0, False)
    monkeypatch.undo()
    os.environ["PATH"] = classroom.environment()["PATH"]
    code, _ = command_line(course)  # what was up for review is graded again, though the file is the same
    assert code == 0
    assert not marks(course)["ann", STEP].gaps[GAP].waits


def test_a_fault_of_the_engine_costs_nobody_else(course: Course, faulty_engine: Callable[[str], None]) -> None:
    regrade(course)
    before = marks(course)
    (course.root / "results.jsonl").unlink()
    classroom.hand_in(course, "bob", {STEP: solved(course, but=GAP)})
    faulty_engine("ann")
    code, said = command_line(course)
    assert code == 2
    assert f"To be graded by hand: ann, {STEP}, every gap. RuntimeError: the engine is out of order" in said
    assert said.count("To be graded by hand") == 1
    after = marks(course)
    assert after["cyd", STEP] == before["cyd", STEP]
    assert after["bob", STEP].gaps[GAP].auto == 0
    for gap, row in after["ann", STEP].gaps.items():
        assert (row.auto, row.waits) == (before["ann", STEP].gaps[gap].auto, True)
    shown = (course.root / "autograded" / "ann" / ASSIGNMENT / f"{STEP}.ipynb").read_text(encoding="utf-8")
    assert "def gradient_step" in shown  # to be graded by hand
    kept = by_student(_records(course))
    assert "out of order" not in "".join(verdict(one) for one in kept["bob"].gaps)
    assert {*statuses(kept["ann"]).values()} == {Status.REVIEW}  # for whoever reads the records later


def _records(course: Course) -> list[Record]:
    return list(read_records(course.root / "results.jsonl").values())


def test_a_file_that_cannot_be_read_is_left_for_review(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_in = Grader.handed_in

    def failing(self: Grader, folder: Path, name: str) -> Any:
        if folder.parent.name == "ann":
            raise PermissionError(13, "Permission denied", str(folder / f"{name}.ipynb"))
        return handed_in(self, folder, name)

    monkeypatch.setattr(Grader, "handed_in", failing)
    records, said = regrade(course)
    assert set(statuses(by_student(records)["ann"]).values()) == {Status.REVIEW}
    assert "Permission denied" in said
    assert by_student(records)["bob"].score == by_student(records)["bob"].max_score


def test_a_warm_process_that_is_ended_from_outside_costs_nobody_anything(course: Course) -> None:
    job = Job(student="ann", notebook=STEP, path=course.root / "submitted" / "ann" / ASSIGNMENT)
    with engine_on(course) as grader:
        first = grade_one(grader, job).record
        assert first.score == first.max_score
        for child in classroom.descendants(os.getpid()):
            if b"autograder.sandbox.zygote" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        assert grade_one(grader, job).record == first


def test_faults_of_the_course_s_own_files_are_left_for_review(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_reference(*_: object) -> None:
        raise KitError("The solution of a gap raises.")

    monkeypatch.setattr("autograder.judging.grading._hold_reference", no_reference)
    monkeypatch.setattr(engine(), "_speeches", {})
    records, said = regrade(course)
    assert {status for record in records for status in statuses(record).values()} == {Status.REVIEW}
    assert "KitError: The solution of a gap raises." in said


# ---- the same behind nbgrader's commands and formgrader's buttons ------------------------------


def by_nbgrader(course: Course, student: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What formgrader's button does, in this process."""
    monkeypatch.chdir(course.root)
    config = gradebook.load_config(course.root)
    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.db_url = classroom.url_of(course)
    with engine_on(course) as grader:
        monkeypatch.setattr(nbgrader_plugin, "grader", lambda _: grader)
        api = NbGraderAPI(CourseDirectory(config=config), config=config)
        found: dict[str, Any] = api.autograde(ASSIGNMENT, student)
    return found


def test_the_same_holds_behind_formgrader_s_button(
    course: Course,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    faulty_engine: Callable[[str], None],
) -> None:
    regrade(course)
    before = marks(course)
    classroom.hand_in(course, "ann", {STEP: solved(course, but="gradients")}, "2026-01-12 19:00:00 UTC")
    request.getfixturevalue("buggy_check")
    assert by_nbgrader(course, "ann", monkeypatch)["success"]
    ann = marks(course)["ann", STEP].gaps
    assert (ann[GAP].auto, ann[GAP].waits) == (before["ann", STEP].gaps[GAP].auto, True)
    assert (ann["gradients"].auto, ann["gradients"].waits) == (0.0, False)
    faulty_engine("bob")
    classroom.hand_in(course, "bob", {STEP: b"{}"}, "2026-01-12 19:00:00 UTC")
    assert by_nbgrader(course, "bob", monkeypatch)["success"]
    bob = marks(course)["bob", STEP].gaps
    for gap, row in bob.items():
        assert (row.auto, row.waits) == (before["bob", STEP].gaps[gap].auto, True)
    assert marks(course)["cyd", STEP] == before["cyd", STEP]
