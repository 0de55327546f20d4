"""What a course says to everybody who made a mistake, and what a mistake is worth: the same by both routes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.course.comments import comments_of, write_comments
from autograder.course.course import Course
from autograder.course.worth import worth_of
from autograder.judging.grading import Grader
from autograder.judging.mistakes import known_mistakes
from autograder.model import KitError, Status

from .conftest import ASSIGNMENT, NOTEBOOK, ROOT, hand_in, make_course, must, run

SETTINGS = (ROOT / "course.toml").read_text(encoding="utf-8")
WORTH = "relu_dz_constant_one"
SAID = "neuron_backward_upstream_forgotten"
TEXT = "We come back to this in *lecture 5*: <b>what</b> arrives from above?"
GIVEN = "For this mistake your course gives 0.5 of 2 points."


def answers(course: Course, *slugs: str) -> dict[str, str]:
    """Right answers, but for these mistakes."""
    right = {gap.name: gap.solution for gap in course.plan(NOTEBOOK).gaps}
    return right | {one.gap: one.source for one in known_mistakes(course, NOTEBOOK) if one.slug in slugs}


def marks(rows, folder: Path) -> dict[tuple[str, str], float]:
    query = """
    select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade
    join submitted_notebook on grade.notebook_id = submitted_notebook.id
    join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    join notebook on submitted_notebook.notebook_id = notebook.id
    join base_cell on grade.cell_id = base_cell.id where notebook.name = '02_chain'
    """
    return {(student, cell.removeprefix("check_")): score for student, cell, score in rows(folder, query)}


def feedback(folder: Path, student: str) -> str:
    return (folder / "feedback" / student / ASSIGNMENT / f"{NOTEBOOK}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same class graded by nbgrader's command and by the kit's, with a comment and a mistake of some worth."""
    first = tmp_path_factory.mktemp("by_nbgrader")
    course = make_course(first)
    (first / "course.toml").write_text(f"{SETTINGS}\n[worth]\n{WORTH} = 0.25\n", encoding="utf-8")
    must(run(first, "nbgrader", "generate_assignment", ASSIGNMENT))
    hand_in(course, "ben", answers(course, WORTH, SAID))
    hand_in(course, "ada", answers(course))
    second = tmp_path_factory.mktemp("by_kit") / "course"
    shutil.copytree(first, second)
    must(run(first, "nbgrader", "autograde", ASSIGNMENT, "--notebook", NOTEBOOK))
    must(run(second, "autograder", "grade", "submitted"))
    for folder in (first, second):
        must(run(folder, "autograder", "comment", SAID, TEXT))
        must(run(folder, "nbgrader", "generate_feedback", ASSIGNMENT, "--notebook", NOTEBOOK))
    return first, second


def test_a_mistake_earns_its_share_and_the_student_reads_so(folders: tuple[Path, Path], rows) -> None:
    for folder in folders:
        found = marks(rows, folder)
        assert (found["ben", "relu_dz"], found["ada", "relu_dz"]) == (0.5, 2.0)
        assert found["ben", "neuron_backward"] == 0
        assert feedback(folder, "ben").count(GIVEN) == 1
        assert GIVEN not in feedback(folder, "ada")


def test_whoever_made_a_mistake_reads_what_is_said_of_it_and_nobody_else(folders: tuple[Path, Path]) -> None:
    for folder in folders:
        page = feedback(folder, "ben")
        step = page.partition('id="step-neuron_backward"')[2].partition("</article>")[0]
        assert "We come back to this in <em>lecture 5</em>: &lt;b&gt;what&lt;/b&gt; arrives from above?" in step
        assert page.count("We come back to this") == 1
        assert "We come back to this" not in feedback(folder, "ada")


AGAIN = (
    ("nbgrader", "autograde", ASSIGNMENT, "--notebook", NOTEBOOK, "--force"),
    ("autograder", "grade", "submitted"),
)


@pytest.mark.parametrize("route", range(len(AGAIN)))
def test_a_later_grading_says_it_too_and_another_worth_marks_anew(folders: tuple[Path, Path], rows, route: int) -> None:
    folder = folders[route]
    course = Course(folder, "routes")
    hand_in(course, "cem", answers(course, SAID, WORTH))
    (folder / "course.toml").write_text(f"{SETTINGS}\n[worth]\n{WORTH} = 0.5\n", encoding="utf-8")
    must(run(folder, *AGAIN[route]))
    must(run(folder, "nbgrader", "generate_feedback", ASSIGNMENT, "--notebook", NOTEBOOK, "--force"))
    found = marks(rows, folder)
    for student in ("ben", "cem"):
        assert found[student, "relu_dz"] == 1.0
        assert feedback(folder, student).count("We come back to this") == 1
        assert feedback(folder, student).count("For this mistake your course gives 1 of 2 points.") == 1
    assert "We come back to this" not in feedback(folder, "ada")


def test_a_name_that_fits_on_numbers_a_student_sees_alone_earns_nothing(course: Course) -> None:
    (course.root / "course.toml").write_text(
        f"{SETTINGS}\n[worth]\n{WORTH} = 0.5\nrelu_dz_never = 0.1\n", encoding="utf-8"
    )
    with (
        Grader(Course(course.root, course.secret)) as grader,
        pytest.raises(KitError, match=r"no mistake is called rel"),
    ):
        grader.grade(hand_in(course, "x", answers(course, WORTH)).read_bytes(), student="x", name=NOTEBOOK)
    (course.root / "course.toml").write_text(f"{SETTINGS}\n[worth]\n{WORTH} = 0.5\n", encoding="utf-8")
    plan = course.plan(NOTEBOOK)
    seen = [twin.givens for twin in plan.twins if plan.gap("relu_dz").shows(twin)]
    in_the_open = f"relu_dz = 1.0 if (x, w, b) in {[(g['x'], g['w'], g['b']) for g in seen]!r} else 5.0"
    typed = answers(course) | {"relu_dz": in_the_open}
    with Grader(Course(course.root, course.secret)) as grader:
        honest, sly = (
            grader.grade(hand_in(course, who, cells).read_bytes(), student=who, name=NOTEBOOK).record.gaps[0]
            for who, cells in (("ben", answers(course, WORTH)), ("eve", typed))
        )
    assert (honest.mistake, honest.status, honest.score) == (WORTH, Status.WRONG, 1.0)
    assert (sly.mistake, sly.status, sly.score) == (WORTH, Status.WRONG, 0.0)


@pytest.mark.parametrize("share", ["2", "-0.5", '"half"', "true"])
def test_a_share_that_is_none_is_refused(tmp_path: Path, share: str) -> None:
    (tmp_path / "course.toml").write_text(f"{SETTINGS}\n[worth]\n{WORTH} = {share}\n", encoding="utf-8")
    with pytest.raises(KitError, match="is no share"):
        worth_of(tmp_path)


def test_comments_are_kept_and_taken_back_whatever_stands_in_them(tmp_path: Path) -> None:
    odd = 'A "quote", a \\ and\na line, \t, ReLU é, \x7f'
    write_comments(tmp_path, {"b": odd, "a": "one"})
    assert comments_of(tmp_path) == {"a": "one", "b": odd}


def test_the_command_lists_takes_back_and_names_what_is_close(course: Course) -> None:
    def said(*words: str) -> str:
        return CliRunner().invoke(main, ["comment", *words, "--course", str(course.root)]).output

    assert "Nothing is said yet" in said()
    assert said(SAID, "Once.").startswith(f"{SAID}: 0 students so far will read it, and whoever makes it later.\n")
    assert said().startswith(f"{SAID}: Once.\n")
    assert "nothing is said any more" in said(SAID, "")
    assert comments_of(course.root) == {}
    assert f"Close to it: {SAID}" in said("neuron_backward_upstream_forgoten", "x")
    assert "Say what to tell them" in said(SAID)


def test_a_file_of_comments_that_holds_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "comments.toml").write_text("a = 3\n", encoding="utf-8")
    with pytest.raises(KitError, match="what stands after a is no text"):
        comments_of(tmp_path)
