"""The commands as a user types them: what they print, what they write, and how they end."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from autograder.classes.records import read_records
from autograder.classes.report.terminal import families
from autograder.course.course import Course
from autograder.judging.mistakes import known_mistakes

from .conftest import BIN, NOTEBOOK, ROOT, WITHOUT_LANDLOCK, hand_in, must, refused, run, students


@pytest.fixture
def handed_in(course: Course) -> dict[str, Path]:
    """Files of some students."""
    chosen = students(course.plan(NOTEBOOK))
    return {name: hand_in(course, name, *chosen[name]) for name in ("right", "wrong", "crashing")}


def test_one_file_is_graded_and_its_table_names_the_mistakes(course, handed_in):
    done = must(run(course.root, "autograder", "grade", handed_in["wrong"]))
    assert f"{NOTEBOOK}: " in done.out
    assert re.search(r"relu_dz +0 of 2 +[A-Z]", done.out)
    assert "The upstream gradient is left out" in " ".join(done.out.split())
    assert not (course.root / "gradebook.db").exists()
    assert not (course.root / "results.jsonl").exists()


def test_a_link_to_another_folder_is_not_graded(course, tmp_path):
    link = tmp_path / f"{NOTEBOOK}.ipynb"
    link.symlink_to(next(ROOT.glob(f"solutions/*/{NOTEBOOK}.ipynb")))
    done = run(course.root, "autograder", "grade", link)
    assert done.code == 2
    assert "is a link to a file in another folder" in done.out


def test_records_are_written_one_a_line(course, handed_in, tmp_path):
    results = tmp_path / "out.jsonl"
    must(run(course.root, "autograder", "grade", *handed_in.values(), "--results", results, "--jobs", "1"))
    records = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert sorted(record["score"] for record in records)[1:] == [25.0, 28.0]
    for record in records:
        assert {"schema", "student", "assignment", "notebook", "submission", "suite", "isolation"} <= set(record)
        assert (record["notebook"], record["max_score"]) == (NOTEBOOK, 28.0)
        assert record["isolation"].startswith("landlock ")
        assert all({"gap", "points", "score", "status", "checks"} <= set(gap) for gap in record["gaps"])
        assert record["score"] == sum(gap["score"] for gap in record["gaps"])


def test_a_folder_of_submissions_elsewhere_is_graded_without_the_gradebook(course, handed_in, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (course.root / "submitted").rename(elsewhere)
    done = must(run(course.root, "autograder", "grade", elsewhere))
    assert all(student in done.out for student in handed_in)
    assert not (course.root / "gradebook.db").exists()


@pytest.mark.parametrize("name", ["other", "a name that orders the terminal about \x1b]0;owned\x07\x1b[2J"])
def test_a_file_that_is_no_notebook_of_the_course_ends_with_two_and_says_so(course, tmp_path, name):
    path = tmp_path / f"{name}.ipynb"
    path.write_text('{"cells": []}', encoding="utf-8")
    done = run(course.root, "autograder", "grade", path)
    assert done.code == 2
    assert "is none of the notebooks of this course" in done.out
    assert "02_chain" in done.out
    assert "Traceback" not in done.out
    assert "\x1b" not in done.out


def test_a_file_that_is_not_there_ends_with_two(course):
    done = run(course.root, "autograder", "grade", "nowhere.ipynb")
    assert done.code == 2
    assert "nowhere.ipynb" in done.out


def test_an_empty_folder_ends_with_two_and_says_what_is_expected(course, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run(course.root, "autograder", "grade", empty)
    assert done.code == 2
    assert "holds no submissions" in done.out
    assert f"{empty}/<student>/1_neuron" in done.out.replace("\n", "")


def test_a_folder_that_is_no_course_ends_with_two_and_says_so(tmp_path):
    done = run(tmp_path, "autograder", "grade", ".")
    assert done.code == 2
    assert "is not inside a course" in done.out


def test_a_course_whose_checks_do_not_fit_ends_with_two_and_names_the_files(course, handed_in):
    path = course.root / "source" / "1_neuron" / f"{NOTEBOOK}.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "relu_dz":
            cell["source"] = "### BEGIN SOLUTION\nrelu_dz = 1 / 0\n### END SOLUTION"
    path.write_text(json.dumps(content), encoding="utf-8")
    done = run(course.root, "autograder", "grade", handed_in["right"])
    assert done.code == 2
    assert "by hand" in done.out or "relu_dz" in done.out
    assert "Traceback" not in done.out


def test_the_secret_is_made_once_and_is_nobody_elses_to_read(course, handed_in):
    secret = course.root / ".autograder-secret"
    secret.unlink()
    must(run(course.root, "autograder", "grade", handed_in["right"]))
    made = secret.read_text(encoding="ascii")
    assert len(made.strip()) == 64
    assert secret.stat().st_mode & 0o777 == 0o600
    must(run(course.root, "autograder", "grade", handed_in["right"]))
    assert secret.read_text(encoding="ascii") == made


def test_without_landlock_nothing_is_graded_and_it_says_why(course, handed_in):
    done = run(course.root, sys.executable, "-c", WITHOUT_LANDLOCK, BIN / "autograder", "grade", "submitted")
    assert done.code == 2
    refused(done)
    assert not (course.root / "autograded").exists()
    assert not (course.root / "results.jsonl").exists()


def test_authors_run_the_checks_with_pytest_on_a_right_and_a_wrong_notebook(course, handed_in):
    checks = (sys.executable, "-m", "pytest", "-q", ROOT / "autograder" / "checks", "--course", course.root)
    right = must(run(course.root, *checks, "--submission", handed_in["right"]))
    assert re.search(r"\d\d passed", right.out)
    wrong = run(course.root, *checks, "--submission", handed_in["wrong"])
    assert wrong.code == 1
    assert re.search(r"\d+ failed", wrong.out)
    assert "test_values[relu_dz]" in wrong.out
    crashing = run(course.root, *checks, "--submission", handed_in["crashing"])
    failed = set(re.findall(r"FAILED \S+\[(\w+)\]", crashing.out))
    assert failed == {"drelu_dsum"}


@pytest.mark.long
def test_the_demo_ends_well_and_its_table_names_mistakes(tmp_path):
    done = must(run(ROOT, "autograder", "demo", tmp_path / "demo"))
    page = re.search(r"What a student reads: (\S+)", done.out)
    assert page
    assert (ROOT / page[1]).is_file()
    records = [json.loads(line) for line in (tmp_path / "demo" / "results.jsonl").read_text().splitlines()]
    assert len({record["student"] for record in records}) >= 20
    mistakes = [mistake for name in Course(ROOT, "").sources for mistake in known_mistakes(Course(ROOT, ""), name)]
    graded = read_records(tmp_path / "demo" / "results.jsonl").values()
    for family in families([*graded], mistakes)[:3]:
        assert re.search(rf"{family.times} × +{re.escape(family.name)}", done.out)
    assert {gap["status"] for record in records for gap in record["gaps"]} >= {
        *("right", "wrong", "raised", "stopped", "died", "untouched"),
    }
