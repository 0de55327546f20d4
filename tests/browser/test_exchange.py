"""The exchange by mouse: formgrader hands out and collects, the assignment list fetches and hands in."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.course.data import copy_data

from ..jupyter import ROOT, TOKEN, served

pytestmark = [pytest.mark.browser, pytest.mark.long]

ASSIGNMENT, NOTEBOOK = "1_neuron", "02_chain"
SAID = 120_000
"""Milliseconds that a button of nbgrader's may take."""
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "backpropagation"
c.Exchange.root = "{exchange}"
"""


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one notebook, a student's home, and an exchange."""
    top = tmp_path_factory.mktemp("exchange")
    (top / "exchange").mkdir()
    (top / "exchange").chmod(0o777)
    (top / "student").mkdir()
    (top / "course" / "source" / ASSIGNMENT).mkdir(parents=True)
    for name in (f"{NOTEBOOK}.ipynb", "START.md"):
        shutil.copy(ROOT / "source" / ASSIGNMENT / name, top / "course" / "source" / ASSIGNMENT)
    shutil.copytree(ROOT / "release" / ASSIGNMENT, top / "course" / "release" / ASSIGNMENT)
    for other in ("01_neuron", "03_step"):
        for path in (top / "course" / "release").rglob(f"{other}*"):
            path.unlink()
    copy_data(ROOT, top / "course")
    (top / "course" / ".autograder-secret").write_text("browser\n", encoding="ascii")
    for person in ("instructors", "students"):
        folder = top / person / "jupyter_config_dir"
        folder.mkdir(parents=True)
        (folder / "nbgrader_config.py").write_text(CONFIG.format(exchange=top / "exchange"), encoding="utf-8")
    return top


@pytest.fixture(scope="module")
def instructor(top: Path) -> Iterator[str]:
    with served(top / "course", top / "instructors", formgrader=True) as address:
        yield address


@pytest.fixture(scope="module")
def student(top: Path) -> Iterator[str]:
    with served(top / "student", top / "students") as address:
        yield address


def formgrader(page: Page, address: str, button: str, said: str) -> None:
    """Press a button of the assignment in formgrader, and wait for what it says."""
    page.goto(f"{address}/formgrader?token={TOKEN}")  # sets the cookie that the next page's own requests need
    page.goto(f"{address}/formgrader/manage_assignments")
    page.locator("tr", has_text=ASSIGNMENT).locator(f".{button} a").click()
    expect(page.get_by_text(said)).to_be_visible(timeout=SAID)


def test_by_mouse_an_assignment_is_released_fetched_handed_in_collected_and_given_back(
    top: Path, instructor: str, student: str, page: Page, browser: Browser
) -> None:
    formgrader(page, instructor, "release", f"Successfully released '{ASSIGNMENT}'")
    assert (top / "exchange" / "backpropagation" / "outbound" / ASSIGNMENT / "lab" / "__init__.py").is_file()

    learner = browser.new_page(viewport={"width": 1200, "height": 900})
    learner.goto(f"{student}/lab?reset&token={TOKEN}")
    learner.wait_for_function(
        "() => window.jupyterapp && jupyterapp.commands.hasCommand('nbgrader:open-assignment-list')"
    )
    learner.evaluate("() => { jupyterapp.commands.execute('nbgrader:open-assignment-list'); }")
    learner.locator("#released_assignments_list").get_by_role("button", name="Fetch").click(timeout=SAID)
    fetched = learner.locator("#fetched_assignments_list")
    fetched.get_by_role("button", name="Submit").click(timeout=SAID)
    expect(learner.locator("#submitted_assignments_list")).to_contain_text(ASSIGNMENT, timeout=SAID)
    assert (top / "student" / ASSIGNMENT / "lab" / "__init__.py").is_file()

    formgrader(page, instructor, "collect", f"Successfully collected submissions of '{ASSIGNMENT}'")
    handed_in = top / "course" / "submitted" / getpass.getuser() / ASSIGNMENT
    assert {f"{NOTEBOOK}.ipynb", "timestamp.txt", "submission_secret.txt"} <= {
        path.name for path in handed_in.iterdir()
    }

    page.goto(f"{instructor}/formgrader/manage_submissions/{ASSIGNMENT}")
    page.locator("tr", has_text=getpass.getuser()).first.locator(".autograde a").click()
    expect(page.get_by_text("Successfully autograded")).to_be_visible(timeout=SAID)
    formgrader(page, instructor, "generate-feedback", "Successfully generated feedback")
    formgrader(page, instructor, "release-feedback", "Successfully released feedback")
    learner.get_by_role("button", name="Fetch Feedback").click(timeout=SAID)
    expect(learner.get_by_text("view feedback").first).to_be_visible(timeout=SAID)
    (written,) = (top / "student" / ASSIGNMENT / "feedback").rglob("*.html")
    assert "of 28 points" in written.read_text(encoding="utf-8")
    learner.close()


def test_formgrader_stays_up_when_a_students_folder_holds_no_time(top: Path, instructor: str, page: Page) -> None:
    folder = top / "course" / "submitted" / "zoe" / ASSIGNMENT
    folder.mkdir(parents=True)
    shutil.copy(top / "course" / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", folder)
    for content in (b"tomorrow evening", b"\xff\xfet\x00"):
        (folder / "timestamp.txt").write_bytes(content)
        page.goto(f"{instructor}/formgrader?token={TOKEN}")
        page.goto(f"{instructor}/formgrader/manage_submissions/{ASSIGNMENT}")
        expect(page.locator("tr", has_text="zoe").first).to_be_visible(timeout=SAID)
