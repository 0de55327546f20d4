"""An instructor's ten minutes in formgrader, after `make demo`."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..jupyter import ROOT, TOKEN, served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "course"
    command = [str(Path(sys.executable).parent / "autograder"), "demo", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env={**os.environ, "COLUMNS": "100"})
    return folder


@pytest.fixture(scope="module")
def formgrader(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(demo, tmp_path_factory.mktemp("home"), formgrader=True) as address:
        yield address


def score(course: Path, student: str) -> float:
    with closing(sqlite3.connect(course / "gradebook.db")) as book:
        rows = book.execute(
            "select sum(g.auto_score) from grade g join submitted_notebook n on g.notebook_id = n.id "
            "join submitted_assignment a on n.assignment_id = a.id where a.student_id = ?",
            (student,),
        )
        return float(rows.fetchone()[0])


def test_the_autograde_button_gives_the_same_marks_and_the_gap_is_found(
    demo: Path, formgrader: str, page: Page
) -> None:
    before = score(demo, "ben")
    with closing(sqlite3.connect(demo / "gradebook.db")) as book:  # what the button must put right again
        book.execute("update grade set auto_score = 0")
        book.commit()
    page.goto(f"{formgrader}/formgrader?token={TOKEN}")  # sets the cookie that the next pages' own requests need
    page.goto(f"{formgrader}/formgrader/manage_submissions/1_neuron")
    row = page.locator("tr", has_text="ben").first
    expect(row.locator(".score")).to_have_text(re.compile("^0 / "))
    row.locator(".autograde a").click()
    expect(page.get_by_text("Successfully autograded '1_neuron' for student 'ben'")).to_be_visible(timeout=120_000)
    assert score(demo, "ben") == before > 0
    page.reload()
    expect(row.locator(".score")).to_have_text(re.compile(f"^{re.escape(f'{before:g}')} / "))

    page.goto(f"{formgrader}/formgrader/gradebook/1_neuron/02_chain")
    page.locator("td a").first.click()
    expect(page.get_by_text("drelu_dsum:").first).to_be_visible(timeout=120_000)
    expect(page.get_by_text("of 3 points").first).to_be_visible(timeout=120_000)


def test_the_feedback_button_writes_pages_that_name_a_mistake(demo: Path, formgrader: str, page: Page) -> None:
    written = demo / "feedback/ben/1_neuron"
    shutil.rmtree(written)
    page.goto(f"{formgrader}/formgrader?token={TOKEN}")
    page.goto(f"{formgrader}/formgrader/manage_submissions/1_neuron")
    page.locator("tr", has_text="ben").first.locator(".generate-feedback a").click()
    said = "Successfully generated feedback for '1_neuron' for student 'ben'"
    expect(page.get_by_text(said)).to_be_visible(timeout=120_000)
    page.goto((written / "01_neuron.html").as_uri())
    expect(page.get_by_text("Not right yet").first).to_be_visible()
