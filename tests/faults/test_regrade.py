"""Grading again updates and never deletes; lateness costs what nbgrader says: both routes leave the same gradebook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbgrader.api as api
import pytest

from autograder.course.course import Course
from autograder.gradebook import book as gradebook
from autograder.gradebook import receipt
from autograder.model import KitError

from . import classroom
from .classroom import ASSIGNMENT, CHAIN, STEP, Marks, marks, url_of
from .conftest import regrade

TENTH = """
from nbgrader.plugins import BasePlugin


class ATenthADay(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        days = total_seconds_late // 86400 + 1
        return {"ed": -5.0, "flo": score + 100, "gus": None}.get(student_id, 0.1 * days * score)


c.AssignLatePenalties.plugin_class = ATenthADay
"""
DUE = "2026-01-12 17:00:00 UTC"
AN_HOUR, TWO_DAYS = "2026-01-12 18:00:00 UTC", "2026-01-14 17:00:00 UTC"
Step = Callable[[Course], object]


def all_right(course: Course, name: str = STEP) -> dict[str, str]:
    return {gap.name: gap.solution for gap in course.plan(name).gaps}


def hand_in_right(course: Course, student: str, stamp: str) -> None:
    classroom.hand_in(course, student, {STEP: classroom.answered(course.plan(STEP), all_right(course))}, stamp)


def first_submissions(course: Course) -> None:
    """Everybody is all right: some in time, some late."""
    stamps = {"ann": "2026-01-12 16:59:59 UTC", "bob": AN_HOUR, "cyd": TWO_DAYS, "dan": AN_HOUR}
    for student, stamp in {**stamps, "ed": AN_HOUR, "flo": AN_HOUR, "gus": AN_HOUR}.items():
        hand_in_right(course, student, stamp)


def by_hand(course: Course) -> None:
    """What an instructor does in formgrader, and an extension for one student."""
    with api.Gradebook(url_of(course)) as book:
        for student in ("ann", "bob"):
            grade = book.find_grade("check_drop", STEP, ASSIGNMENT, student)
            grade.manual_score, grade.needs_manual_grade = 0.5, False
            book.find_grade("check_y_new", STEP, ASSIGNMENT, student).extra_credit = 1.5
            book.find_comment("drop", STEP, ASSIGNMENT, student).manual_comment = "See *me*."
        book.db.commit()


def second_submissions(course: Course) -> None:
    """Cells deleted, in time where it was late, late where it was in time, and one who leaves all as it was."""
    plan = course.plan(STEP)
    without = classroom.answered(plan, all_right(course), frozenset({"drop", "check_drop", "y_new"}))
    classroom.hand_in(course, "ann", {STEP: without}, "2026-01-15 18:00:00 UTC")
    classroom.hand_in(course, "bob", {STEP: classroom.answered(plan, {})}, "2026-01-12 18:30:00 UTC")
    for cell in ("cyd", "dan"):
        hand_in_right(course, cell, "2026-01-12 12:00:00 UTC")
    (course.root / "submitted" / "ed" / ASSIGNMENT / f"{STEP}.ipynb").write_bytes(b"{")


def by_kit(course: Course) -> None:
    regrade(course)


def by_nbgrader(course: Course) -> None:
    classroom.nbgrader(course, "autograde", ASSIGNMENT, "--force")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Marks]]:
    """The marks after a first and after a second grading, by route."""
    top = tmp_path_factory.mktemp("again")
    course = classroom.make_course(top / "start", (STEP,))
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + TENTH, encoding="utf-8")
    gradebook.write(course, [], url=url_of(course), config=gradebook.load_config(course.root))
    gradebook.register_assignments(course, url_of(course), gradebook.load_config(course.root))
    with api.Gradebook(url_of(course)) as book:
        book.update_or_create_assignment(ASSIGNMENT, duedate=DUE)
    found: dict[str, list[Marks]] = {}
    for name, grade in {"kit": by_kit, "nbgrader": by_nbgrader}.items():
        root = top / name
        shutil.copytree(course.root, root)
        own = Course(root, classroom.SECRET)
        first_submissions(own)
        grade(own)
        first = marks(own)
        by_hand(own)
        second_submissions(own)
        grade(own)
        found[name] = [first, marks(own)]
    return found


def test_late_penalties_are_those_of_nbgrader(both: dict[str, list[Marks]]) -> None:
    assert both["kit"][0] == both["nbgrader"][0]
    most = sum(row.score for row in both["kit"][0]["ann", STEP].gaps.values())
    found = {student: one.penalty for (student, _), one in both["kit"][0].items()}
    assert found == {
        "ann": None,
        "bob": pytest.approx(0.1 * most),
        "cyd": pytest.approx(0.3 * most),
        "dan": pytest.approx(0.1 * most),
        "ed": 0,
        "flo": most,
        "gus": None,
    }


def test_grading_again_leaves_what_nbgrader_would_leave(both: dict[str, list[Marks]]) -> None:
    assert both["kit"][1] == both["nbgrader"][1]


def test_manual_marks_comments_and_extra_credit_stay(both: dict[str, list[Marks]]) -> None:
    for student in ("ann", "bob"):
        gaps = both["kit"][1][student, STEP].gaps
        assert (gaps["drop"].manual, gaps["drop"].score, gaps["drop"].waits) == (0.5, 0.5, True)
        assert gaps["drop"].said_by_hand == "See *me*."
        assert (gaps["y_new"].extra, gaps["y_new"].score) == (1.5, 1.5)


def test_deleted_cells_and_broken_files_keep_no_stale_marks(both: dict[str, list[Marks]]) -> None:
    after = both["kit"][1]
    assert {gap: row.auto for gap, row in after["ann", STEP].gaps.items() if gap in ("drop", "y_new")} == {
        "drop": 0.0,
        "y_new": 0.0,
    }
    assert after["ann", STEP].gaps["gradients"].auto
    assert {row.auto for row in after["bob", STEP].gaps.values()} == {0.0}
    assert {row.auto for row in after["ed", STEP].gaps.values()} == {0.0}
    assert {row.said for row in after["ed", STEP].gaps.values()} == {"No response."}


def test_a_penalty_goes_when_the_resubmission_is_in_time(both: dict[str, list[Marks]]) -> None:
    before, after = both["kit"]
    assert [before[name, STEP].penalty is None for name in ("ann", "cyd", "dan")] == [True, False, False]
    assert [after[name, STEP].penalty is None for name in ("ann", "cyd", "dan")] == [False, True, True]
    assert before["gus", STEP] == after["gus", STEP]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """One student on one notebook, graded."""
    made = classroom.make_course(tmp_path / "course", (STEP,))
    hand_in_right(made, "ann", AN_HOUR)
    regrade(made)
    return made


def test_a_student_whose_folder_is_gone_keeps_the_marks(course: Course) -> None:
    before = marks(course)
    hand_in_right(course, "bob", AN_HOUR)
    shutil.rmtree(course.root / "submitted" / "ann")
    regrade(course)
    assert marks(course)["ann", STEP] == before["ann", STEP]
    assert ("bob", STEP) in marks(course)


def test_a_notebook_added_to_a_running_assignment_is_graded_too(course: Course) -> None:
    shutil.copy(classroom.ROOT / "source" / ASSIGNMENT / f"{CHAIN}.ipynb", course.root / "source" / ASSIGNMENT)
    longer = Course(course.root, classroom.SECRET)
    before = marks(course)["ann", STEP]
    solved = classroom.answered(longer.plan(CHAIN), all_right(longer, CHAIN))
    classroom.hand_in(longer, "ann", {CHAIN: solved})
    regrade(longer)
    assert marks(longer)["ann", STEP].gaps == before.gaps
    assert all(row.auto for row in marks(longer)["ann", CHAIN].gaps.values())


def test_points_changed_in_the_source_are_known_to_the_gradebook(course: Course) -> None:
    source = course.root / "source" / ASSIGNMENT / f"{STEP}.ipynb"
    text = source.read_text(encoding="utf-8")
    assert '"points": 3' in text
    source.write_text(text.replace('"points": 3', '"points": 7', 1), encoding="utf-8")
    changed = Course(course.root, classroom.SECRET)
    (record,), _ = regrade(changed)
    with api.Gradebook(url_of(changed)) as book:
        assert book.find_submission_notebook(STEP, ASSIGNMENT, "ann").max_score == record.max_score
    assert sum(row.score for row in marks(changed)["ann", STEP].gaps.values()) == record.score == record.max_score


def test_gaps_changed_under_marks_are_refused_with_the_next_step(course: Course) -> None:
    source = course.root / "source" / ASSIGNMENT / f"{STEP}.ipynb"
    before = marks(course)
    text = source.read_text(encoding="utf-8")
    renamed = text.replace('"grade_id": "check_drop"', '"grade_id": "check_fall"')
    renamed = renamed.replace('"grade_id": "drop"', '"grade_id": "fall"')
    source.write_text(renamed, encoding="utf-8")
    changed = Course(course.root, classroom.SECRET)
    with pytest.raises(KitError, match="has other gaps than the gradebook"):
        gradebook.register_assignments(changed, url_of(changed), gradebook.load_config(changed.root))
    assert marks(course) == before


def test_an_autograded_notebook_that_was_deleted_is_made_again_and_no_other(course: Course) -> None:
    records, _ = regrade(course)
    before, paths = marks(course), {record.student: course.autograded(record) for record in records}
    written = {student: path.stat().st_mtime_ns for student, path in paths.items()}
    shutil.rmtree(paths["ann"].parent)
    regrade(course)
    assert [student for student, path in paths.items() if path.stat().st_mtime_ns != written[student]] == ["ann"]
    assert marks(course) == before


def test_what_may_not_be_read_costs_nobody_else(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a grader that is not root: modes of a submission's files are the student's."""
    submitted, opened = course.root / "submitted", Path.open
    before = marks(course)
    shutil.rmtree(course.root / "autograded" / "ann")
    (submitted / "zoe").mkdir()

    def open_(self: Path, *arguments: Any, **keywords: Any) -> Any:
        if self == submitted / "ann" / ASSIGNMENT / "timestamp.txt":
            raise PermissionError(13, "Permission denied", str(self))
        return opened(self, *arguments, **keywords)

    def listdir(folder: Any, listed: Callable[[Any], list[str]] = os.listdir) -> list[str]:
        if submitted / "zoe" in Path(folder).parents:
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "open", open_)
    monkeypatch.setattr(os, "listdir", listdir)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != submitted / "zoe")
    records, said = regrade(course)
    assert {record.student for record in records if record.score is None} == {"zoe"}
    assert "timestamp.txt does not say when it was handed in" in " ".join(said.split())
    assert "To be graded by hand: zoe" in said
    assert {key: one for key, one in marks(course).items() if key[0] != "zoe"} == before


def test_a_timestamp_that_cannot_be_read_is_named_and_counts_as_on_time(course: Course) -> None:
    stamp = course.root / "submitted" / "ann" / ASSIGNMENT / "timestamp.txt"
    for content in (b"the day before", b"\xff\xfe", b"", b"\x1b]0;soon\x07", b"99999-99-99 99:99:99 UTC"):
        stamp.write_bytes(content)
        _, said = regrade(course)
        assert f"{stamp} does not say when it was handed in" in said.replace("\n", "")
        assert "\x1b" not in said + receipt.unreadable(stamp.parent, ValueError(content.decode("latin-1")))
    os.truncate(stamp, 1 << 40)  # a terabyte of nothing, which takes no room
    assert "it has more than 100 bytes" in " ".join(regrade(course)[1].split())
    assert not (course.root / "autograded" / "ann" / ASSIGNMENT / "timestamp.txt").exists()
    stamp.write_text(TWO_DAYS, encoding="ascii")
    assert "does not say" not in regrade(course)[1]
    assert marks(course)["ann", STEP].handed_in == "2026-01-14 17:00:00"
