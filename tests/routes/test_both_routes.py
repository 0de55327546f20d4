"""Both routes leave the same in the gradebook, in the graded notebooks, and behind nbgrader's further commands."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest

from .conftest import ASSIGNMENT, BIN, NOTEBOOK, WITHOUT_LANDLOCK, must, refused, run, students

GRADES = """
select submitted_assignment.student_id, notebook.name, base_cell.name, grade.auto_score, grade.manual_score,
       grade.extra_credit, grade.needs_manual_grade, grade_cells.max_score
from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join notebook on submitted_notebook.notebook_id = notebook.id
join grade_cells on grade.cell_id = grade_cells.id
join base_cell on grade.cell_id = base_cell.id
order by 1, 2, 3
"""
COMMENTS = """
select submitted_assignment.student_id, notebook.name, base_cell.name, comment.auto_comment, comment.manual_comment
from comment join submitted_notebook on comment.notebook_id = submitted_notebook.id
join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
join notebook on submitted_notebook.notebook_id = notebook.id
join base_cell on comment.cell_id = base_cell.id
order by 1, 2, 3
"""
SUBMISSIONS = """
select student_id, assignment.name, timestamp, late_submission_penalty from submitted_assignment
join assignment on assignment.id = submitted_assignment.assignment_id
left join submitted_notebook on submitted_notebook.assignment_id = submitted_assignment.id order by 1, 2, 3, 4
"""


def test_both_routes_end_well(routes):
    for said in routes.said.values():
        assert said.code == 0, said.out[-3000:]


@pytest.mark.parametrize("query", [GRADES, COMMENTS, SUBMISSIONS], ids=["grades", "comments", "submissions"])
def test_both_routes_write_the_same_rows(routes, rows, query):
    by_nbgrader, by_kit = (rows(course, query) for course in routes.both)
    assert by_nbgrader
    assert by_nbgrader == by_kit


def test_the_marks_are_those_of_the_answers(routes, rows):
    found: dict[str, float] = {}
    for student, notebook, _, score, *_ in rows(routes.by_kit, GRADES):
        if notebook == NOTEBOOK:
            found[student] = found.get(student, 0) + score
    most = found["right"]
    assert most == 28
    assert {name: most - score for name, score in found.items()} == {
        "right": 0,
        "own_cells": 0,
        "crashing_own": 0,
        "partly": 0.5,
        "crashing": 3,
        "hanging": 3,
        "raising": 6,
        "late": 26,
        "untouched": 28,
        "unreadable": 28,
        "nothing": 28,
        "wrong": most - found["wrong"],
    }
    assert found["wrong"] < 5


def test_gaps_without_work_are_commented_as_nbgrader_does(routes, rows):
    comments = {(student, gap): text for student, of, gap, text, _ in rows(routes.by_kit, COMMENTS) if of == NOTEBOOK}
    assert comments["untouched", "relu_dz"] == "No response."
    assert comments["late", "relu_dz"] is None
    assert comments["late", "dmul"] == "No response."
    assert comments["unreadable", "dmul"] == "No response."


def graded(course: Path, student: str) -> nbformat.NotebookNode:
    path = course / "autograded" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb"
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


@pytest.mark.parametrize("student", ["right", "wrong", "raising", "crashing", "hanging", "own_cells", "unreadable"])
def test_both_routes_write_the_same_graded_notebook(routes, student):
    one, other = (graded(course, student) for course in routes.both)
    assert [cell["source"] for cell in one["cells"]] == [cell["source"] for cell in other["cells"]]
    assert [cell.get("outputs") for cell in one["cells"]] == [cell.get("outputs") for cell in other["cells"]]
    assert [cell["metadata"].get("nbgrader") for cell in one["cells"]] == [
        cell["metadata"].get("nbgrader") for cell in other["cells"]
    ]
    assert one["metadata"]["autograder"] == other["metadata"]["autograder"]
    for cells in (one["cells"], other["cells"]):
        counted = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
        assert counted == [*range(1, len(counted) + 1)]


def test_graded_notebooks_show_what_the_students_cells_printed(routes):
    texts = [
        output["text"]
        for cell in graded(routes.by_kit, "own_cells")["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    ]
    assert "1.0\n" in texts


def test_grading_again_changes_nothing_and_grades_nothing_twice(routes, rows):
    before = rows(routes.by_kit, GRADES)
    records = (routes.by_kit / "results.jsonl").read_bytes()
    must(run(routes.by_kit, "autograder", "grade", "submitted"))
    assert rows(routes.by_kit, GRADES) == before
    assert (routes.by_kit / "results.jsonl").read_bytes() == records


def test_nbgraders_feedback_command_makes_a_page_for_every_student(routes, course):
    for folder in routes.both:
        must(run(folder, "nbgrader", "generate_feedback", ASSIGNMENT))
        for student in students(course.plan(NOTEBOOK)):
            page = folder / "feedback" / student / ASSIGNMENT / f"{NOTEBOOK}.html"
            assert "relu_dz" in page.read_text(encoding="utf-8"), student


def test_nbgraders_export_gives_the_same_table(routes, tmp_path):
    tables = []
    for number, folder in enumerate(routes.both):
        path = tmp_path / f"{number}.csv"
        must(run(folder, "nbgrader", "export", "--to", path))
        tables.append(list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())))
    assert tables[0] == tables[1]
    scores = {row["student_id"]: float(row["raw_score"]) for row in tables[0]}
    assert (scores["right"], scores["crashing"], scores["nothing"]) == (28, 25, 0)


def test_nbgraders_export_quotes_what_it_must_and_is_for_its_owner_alone(routes, tmp_path):
    names = ("last_name", 'Lovelace, "Ada"'), ("first_name", "=HYPERLINK(1)"), ("email", "a@x\ny")
    folder = tmp_path / "course"
    shutil.copytree(routes.by_kit, folder)
    with closing(sqlite3.connect(folder / "gradebook.db")) as book:
        for column, value in names:
            book.execute(f"update student set {column} = ? where id = 'right'", [value])
        book.execute("update student set id = 'a, b' where id = 'nothing'")
        book.execute("update submitted_assignment set student_id = 'a, b' where student_id = 'nothing'")
        book.commit()
    must(run(folder, "sh", "-c", "umask 022; nbgrader export --to marks.csv"))
    with (folder / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}
    row = rows["right", ASSIGNMENT]
    assert [row[column] for column, _ in names] == ['Lovelace, "Ada"', "'=HYPERLINK(1)", "a@x\ny"]
    assert (row["raw_score"], len(row)) == ("28.0", 11)
    assert rows["a, b", ASSIGNMENT]["raw_score"] == "0.0"
    assert (folder / "marks.csv").stat().st_mode & 0o077 == 0


def test_without_landlock_nbgraders_command_grades_nothing_and_says_why(routes, rows):
    before = rows(routes.by_nbgrader, GRADES)
    command = (BIN / "nbgrader", "autograde", ASSIGNMENT, "--student", "right", "--force")
    done = run(routes.by_nbgrader, sys.executable, "-c", WITHOUT_LANDLOCK, *command)
    assert done.code == 1
    refused(done)
    assert rows(routes.by_nbgrader, GRADES) == before
    assert graded(routes.by_nbgrader, "right")


def test_another_folder_for_submissions_is_refused_and_nothing_is_graded(routes, rows):
    before = rows(routes.by_nbgrader, GRADES)
    shutil.copytree(routes.by_nbgrader / "submitted", routes.by_nbgrader / "handed_in", dirs_exist_ok=True)
    setting = "--CourseDirectory.submitted_directory=handed_in"
    done = run(routes.by_nbgrader, BIN / "nbgrader", "autograde", ASSIGNMENT, "--student", "right", "--force", setting)
    assert done.code == 1
    assert "sets CourseDirectory.submitted_directory to 'handed_in'; the kit grades what lies in" in done.out
    assert rows(routes.by_nbgrader, GRADES) == before


def test_marks_given_by_hand_stay_when_a_class_is_graded_again(routes, rows, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(routes.by_kit, folder)
    with closing(sqlite3.connect(folder / "gradebook.db")) as book, book:
        book.execute("update grade set manual_score = 1.5, extra_credit = 0.25")
        book.execute("update comment set manual_comment = 'by hand'")
    (folder / "results.jsonl").unlink()
    must(run(folder, "autograder", "grade", "submitted"))
    after = rows(folder, GRADES)
    assert {(row[4], row[5], row[6]) for row in after} == {(1.5, 0.25, 1)}
    assert [row[3] for row in after] == [row[3] for row in rows(routes.by_kit, GRADES)]
    assert {row[4] for row in rows(folder, COMMENTS)} == {"by hand"}
