"""A late policy of the instructor's own, word for word as nbgrader's documentation has it, by both routes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import ASSIGNMENT, NOTEBOOK, hand_in, make_course, must, run

LATE_PY = '''\
from __future__ import division
from nbgrader.plugins import BasePlugin


class SubMarks(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Penalty of 1 mark per hour late"""
        hours_late = total_seconds_late / 3600
        return round(hours_late, 0)
'''
"""nbgrader's docs/source/plugins/late-plugin.rst, `{course_directory}/late.py`."""
SETTING = "\nc.AssignLatePenalties.plugin_class = 'late.SubMarks'\n"
STAMPS = {"early": "2026-01-12 17:00:00 UTC", "late": "2026-01-12 21:10:00 UTC", "tomorrow": "2026-01-13 20:00:00 UTC"}
POINTS = 28
TAKEN = {("early", None), ("late", 3), ("tomorrow", 26)}


@pytest.fixture(scope="module")
def courses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same class, graded by the kit's command and by nbgrader's."""
    course = make_course(tmp_path_factory.mktemp("late") / "kit")
    (course.root / "late.py").write_text(LATE_PY, encoding="utf-8")
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text(encoding="utf-8") + SETTING, encoding="utf-8")
    (course.root / "course.toml").write_text(f'[due]\n{ASSIGNMENT} = "2026-01-12 18:00"\n', encoding="utf-8")
    answers = {gap.name: gap.solution for gap in course.plan(NOTEBOOK).gaps}
    for student, stamp in STAMPS.items():
        hand_in(course, student, answers, stamp=stamp)
    by_nbgrader = course.root.parent / "nbgrader"
    shutil.copytree(course.root, by_nbgrader)
    must(run(course.root, "autograder", "grade"))
    must(run(by_nbgrader, "nbgrader", "autograde", ASSIGNMENT))
    return {"kit": course.root, "nbgrader": by_nbgrader}


@pytest.mark.parametrize("route", ["kit", "nbgrader"])
def test_it_takes_what_it_says(courses, rows, route):
    query = (
        "select student_id, late_submission_penalty from submitted_notebook n join submitted_assignment a "
        "on a.id = n.assignment_id join notebook on notebook.id = n.notebook_id "
        f"where notebook.name = '{NOTEBOOK}'"
    )
    assert set(rows(courses[route], query)) == TAKEN


def is_closed(folder: Path) -> bool:
    return folder.stat().st_mode & 0o077 == 0


def test_what_nbgraders_command_has_made_is_closed_to_others(courses):
    assert is_closed(courses["nbgrader"] / "autograded")


@pytest.mark.parametrize("route", ["kit", "nbgrader"])
def test_pages_of_feedback_say_it(courses, route):
    must(run(courses[route], "nbgrader", "generate_feedback", ASSIGNMENT, "--student", "late"))
    assert is_closed(courses[route] / "feedback")
    page = (courses[route] / "feedback" / "late" / ASSIGNMENT / f"{NOTEBOOK}.html").read_text(encoding="utf-8")
    assert f"<b>{POINTS - 3}</b> of {POINTS} points" in page
