"""Notebooks as they come: what students do to them costs what it must and nothing else, by the kit and by nbgrader."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import nbgrader.api as api
import pytest
from rich.console import Console

from autograder.classes.grade import grade_one
from autograder.classes.jobs import jobs_in
from autograder.classes.run import grade_class
from autograder.course.course import Course
from autograder.gradebook.keeper import GradebookKeeper
from autograder.judging.grading import Graded, Grader
from autograder.model import Status

from .cases import ASSIGNMENT, CASES, IN_SHORT, NAMES_FROM, NOTEBOOKS, Case
from .conftest import make_course

ONE_FOR_EACH = pytest.mark.parametrize("case", CASES[:NAMES_FROM], ids=[case.name for case in CASES[:NAMES_FROM]])


GradeCase = Callable[[Case], list[Graded]]


@pytest.fixture(scope="session")
def graded(grader: Grader) -> GradeCase:
    """Both notebooks of one student, as the kit grades a class."""
    jobs = jobs_in(grader.course, grader.course.root / "submitted")

    @functools.cache
    def grade(student: str) -> list[Graded]:
        return [grade_one(grader, job) for job in jobs if job.student == student]

    return lambda case: grade(case.name)


@ONE_FOR_EACH
def test_it_costs_what_it_must_and_nothing_else(graded: GradeCase, case: Case) -> None:
    assert [one.record.notebook for one in graded(case)] == list(NOTEBOOKS)
    results = {result.gap: result for one in graded(case) for result in one.record.gaps}
    lost = {gap: result.status for gap, result in results.items() if result.status is not Status.RIGHT}
    assert lost == case.lost
    for result in results.values():
        assert result.score == (0 if result.gap in lost else result.points)


@ONE_FOR_EACH
def test_the_student_is_told_what_was_repaired(graded: GradeCase, case: Case) -> None:
    said = [text for one in graded(case) for text in one.record.remarks]
    said += [text for one in graded(case) for result in one.record.gaps for text in result.remarks]
    assert [part for part in case.remarks if not any(part in text for text in said)] == []
    assert case.remarks or case.lost or said == []
    assert all(text.endswith(".") and len(text) < 300 for text in said)


@ONE_FOR_EACH
def test_every_cell_of_the_course_is_in_its_place_again(graded: GradeCase, grader: Grader, case: Case) -> None:
    for one in graded(case):
        names = [cell.grade_id for cell in one.repaired.cells if cell.grade_id]
        known = [cell.grade_id for cell in grader.course.sources[one.record.notebook].graded]
        assert names == known or one.repaired.unreadable


Marks = dict[tuple[str, str, str], tuple[float | None, float | None, bool, str | None]]


def marks_in(path: Path) -> Marks:
    """Every grade of a gradebook, and the comment on its gap: by student, notebook and gap."""
    found: Marks = {}
    with api.Gradebook(f"sqlite:///{path}") as book:
        for submission in book.assignment_submissions(ASSIGNMENT):
            for notebook in submission.notebooks:
                comments = {one.name: one.auto_comment for one in notebook.comments}
                for grade in notebook.grades:
                    gap = grade.name.removeprefix("check_")
                    marks = (grade.auto_score, grade.manual_score, grade.needs_manual_grade, comments[gap])
                    found[submission.student.id, notebook.name, gap] = marks
    return found


def nbgrader(course: Course, *command: str) -> None:
    """One of nbgrader's own commands, in the course's folder."""
    programs = Path(sys.executable).parent
    paths = os.pathsep.join([str(programs), os.environ["PATH"]])  # nbgrader calls alembic by its bare name
    done = subprocess.run(
        [str(programs / "nbgrader"), *command],
        cwd=course.root,
        env={**os.environ, "PATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("cases", [IN_SHORT, pytest.param(CASES, marks=pytest.mark.long)], ids=["some", "all"])
def test_both_routes_write_the_same_marks_for_a_class_of_such_students(
    tmp_path: Path, grader: Grader, cases: Sequence[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    course = make_course(tmp_path / "course", cases)
    nbgrader(course, "generate_assignment", ASSIGNMENT)
    nbgrader(course, "autograde", ASSIGNMENT)
    by_nbgrader = marks_in(course.root / "gradebook.db")
    with api.Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as book:
        book.remove_assignment(ASSIGNMENT)
    monkeypatch.setattr(grader, "course", course)
    jobs, console = jobs_in(course, course.root / "submitted"), Console(file=StringIO())
    grade_class(grader, jobs, workers=1, results=None, keeper=GradebookKeeper(course), console=console)
    by_kit = marks_in(course.root / "gradebook.db")
    assert by_kit == by_nbgrader
    points = {gap.name: gap.points for name in NOTEBOOKS for gap in course.plan(name).gaps}
    assert len(by_kit) == len(cases) * len(points)
    costs = {case.name: case.lost for case in cases}
    for (student, _, gap), (auto, manual, waits, _) in by_kit.items():
        assert (auto, manual, waits) == (0.0 if gap in costs[student] else points[gap], None, False)
    files = {path.name for path in course.root.glob("autograded/*/*/*")}
    assert files - {"timestamp.txt"} == {f"{name}.ipynb" for name in NOTEBOOKS}
