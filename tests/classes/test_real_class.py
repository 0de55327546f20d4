"""A class like a real one through the engine: what each answer must come to, whatever else its notebook holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.classes.grade import grade_one
from autograder.classes.jobs import jobs_in
from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.model import GapResult, Record, Status
from autograder.sandbox.confine import Limits

from ..faults import classroom
from ..faults.classroom import ASSIGNMENT, CHAIN, STEP
from .real import ANSWERS, HandedIn, Kind, real_class, write

STUDENTS = 12
LIMITS = Limits(cell_cpu_s=0.5, cell_wall_s=4, runner_cpu_s=6, notebook_wall_s=40)
"""Small, so that what loops does not take long."""

NOT_RIGHT = {Status.WRONG, Status.PARTLY, Status.RAISED}
MUST_BE: Mapping[Kind, set[Status]] = {
    Kind.REFERENCE: {Status.RIGHT},
    Kind.STYLE: {Status.RIGHT},
    Kind.KNOWN: NOT_RIGHT,
    Kind.UNSEEN: NOT_RIGHT,
    Kind.RAISES: {Status.RAISED},
    Kind.ENDS: {Status.DIED},
    Kind.LOOPS: {Status.STOPPED},
    Kind.UNTOUCHED: {Status.UNTOUCHED},
}
"""How a gap ends. Right answers stay right beside loops, crashes and mistakes: each costs its own gap alone."""


@dataclass(frozen=True)
class Graded:
    handed_in: list[HandedIn]
    records: dict[tuple[str, str], Record]

    def gaps(self) -> Iterator[tuple[HandedIn, Kind, GapResult]]:
        """Every gap that was handed in."""
        for one in self.handed_in:
            if one.file:
                for result in self.records[one.student, one.notebook].gaps:
                    yield one, one.kinds[result.gap], result


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return classroom.make_course(tmp_path_factory.mktemp("real") / "course", (CHAIN, STEP))


def a_class(course: Course, seed: int = 1) -> list[HandedIn]:
    return real_class([course.plan(name) for name in course.sources], STUDENTS, seed=seed)


@pytest.fixture(scope="module")
def graded(course: Course) -> Graded:
    handed_in = a_class(course)
    (course.root / "release").symlink_to(classroom.ROOT / "release")
    write(handed_in, course.root, ASSIGNMENT)
    with Grader(course, LIMITS) as grader:
        jobs = jobs_in(course, course.root / "submitted")
        records = [grade_one(grader, job).record for job in jobs]
    return Graded(handed_in, {(record.student, record.notebook): record for record in records})


def test_a_class_is_the_same_for_the_same_seed(course: Course) -> None:
    assert a_class(course) == a_class(course)
    assert a_class(course, seed=2) != a_class(course)


def test_everything_that_real_students_do_occurs(course: Course) -> None:
    handed_in = a_class(course)
    kinds = Counter(kind for one in handed_in for kind in one.kinds.values())
    assert set(kinds) == set(Kind)
    files = Counter("none" if not one.file else one.file == f"{one.notebook}.ipynb" for one in handed_in)
    assert min(files["none"], files[True], files[False]) > 0
    cells = [source for one in handed_in for _, source in one.behind]
    assert any("plt" in source for source in cells)
    assert any("plt" not in source for source in cells)
    assert any(one.above for one in real_class([course.plan(STEP)], 60))


def test_a_large_class_has_the_stated_shares(course: Course) -> None:
    kinds = Counter(kind for one in real_class([course.plan(CHAIN)], 300) for kind in one.kinds.values())
    gaps = kinds.total()
    right = (kinds[Kind.REFERENCE] + kinds[Kind.STYLE]) / gaps
    assert 0.78 < right < 0.84
    assert kinds[Kind.LOOPS] == kinds[Kind.ENDS] == 3
    for shares in ANSWERS.values():
        assert sum(shares.values()) == pytest.approx(1)


def test_every_student_and_notebook_gets_a_record_and_none_is_left_for_review(graded: Graded) -> None:
    assert graded.records.keys() == {(one.student, one.notebook) for one in graded.handed_in}
    assert [key for key, record in graded.records.items() if record.score is None] == []


def test_who_handed_in_nothing_is_missing_and_nobody_else_is(graded: Graded) -> None:
    for one in graded.handed_in:
        statuses = {result.status for result in graded.records[one.student, one.notebook].gaps}
        assert (statuses == {Status.NOT_HANDED_IN}) == (not one.file), one
        assert (Status.NOT_HANDED_IN in statuses) == (not one.file), one


def test_every_answer_comes_to_what_it_must_whatever_stands_beside_it(graded: Graded) -> None:
    odd = [
        (one.student, one.notebook, result.gap, kind, result.status, one.answers.get(result.gap))
        for one, kind, result in graded.gaps()
        if result.status not in MUST_BE[kind]
    ]
    assert odd == []
    assert {kind for _, kind, _ in graded.gaps()} == set(Kind)


def test_right_answers_earn_all_their_points_and_untouched_gaps_none(graded: Graded) -> None:
    for _, kind, result in graded.gaps():
        share = result.score / result.points
        assert (share == 1) == (kind in (Kind.REFERENCE, Kind.STYLE))
        assert share == 0 or kind not in (Kind.RAISES, Kind.ENDS, Kind.LOOPS, Kind.UNTOUCHED)


def test_nearly_every_known_mistake_gets_a_name(graded: Graded) -> None:
    named = [bool(result.mistake) for _, kind, result in graded.gaps() if kind is Kind.KNOWN]
    assert sum(named) >= 0.9 * len(named)


def test_a_renamed_notebook_counts_and_the_student_reads_so(graded: Graded) -> None:
    for one in graded.handed_in:
        remarks = " ".join(graded.records[one.student, one.notebook].remarks)
        assert ("was found under the name" in remarks) == (one.file not in ("", f"{one.notebook}.ipynb"))


def test_the_class_is_written_as_files_under_the_names_they_were_given(course: Course, graded: Graded) -> None:
    files = {path.relative_to(course.root / "submitted") for path in course.root.glob("submitted/*/*/*")}
    assert files == {Path(one.student, ASSIGNMENT, one.file) for one in graded.handed_in if one.file}
