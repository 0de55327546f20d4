"""The class report in a real browser: both themes, both widths, by keyboard, without scripts, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from autograder.classes.report import page as pages
from autograder.classes.report.summary import ClassSummary
from autograder.gradebook import feedback_page
from autograder.judging.pages import style_of

from ..feedback.test_access import TOO_PALE
from . import classes

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a class of 24, with names."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    pages.write(path, pages.page(ClassSummary(tuple(classes.many(24))), names=True, late={}))
    return path


@pytest.fixture
def shown(browser: Browser, file: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(15_000)
    page.goto(file.as_uri())
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_a_browser_shows_it_whole_and_axe_finds_nothing(browser: Browser, file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(TOO_PALE) == []
    assert heard == []
    assert _problems(page) == []
    page.close()


def _problems(page: Page) -> list[str]:
    """What axe finds; run past the page's policy, which lets in no script but its own."""
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in Axe().run(page).response["violations"]]


def test_the_script_draws_what_the_page_was_written_with(browser: Browser, file: Path, shown: Page) -> None:
    context = browser.new_context(java_script_enabled=False)
    without = context.new_page()
    without.goto(file.as_uri())
    paths = "path => path.map(one => [one.className.baseVal, one.getAttribute('d')])"
    written = [(one.get_attribute("class"), one.get_attribute("d")) for one in without.locator("#heat g path").all()]
    drawn = [tuple(one) for one in shown.locator("#heat g path").evaluate_all(paths)]
    assert drawn == written
    assert len([d for _, d in written if d]) >= 4
    assert not without.locator("#controls").is_visible()
    context.close()


def _row_names(page: Page) -> list[str]:
    return page.locator("#heat .row").all_text_contents()


def _column_names(page: Page) -> list[str]:
    return page.locator("#heat .column").all_text_contents()


def test_students_are_sorted_and_filtered(shown: Page) -> None:
    by_points = _row_names(shown)
    shown.locator("#row-sort").select_option("name or number")
    assert _row_names(shown) == sorted(by_points)
    shown.locator("#row-kind").select_option("a mistake with a name")
    shown.locator("#row-gap").select_option("relu_dz")
    left = _row_names(shown)
    assert 0 < len(left) < len(by_points)
    letters = dict(
        line.split("\t")[::2] for line in (shown.locator("#letters").text_content() or "").strip().split("\n")
    )
    at = _column_names(shown).index("relu_dz")
    assert left == [name for name in sorted(by_points) if letters[name][at] == "M"]
    expect(shown.locator("#shown")).to_have_text(f"{len(left)} of 24 students, 45 of 45 gaps")
    shown.get_by_role("button", name="All again").click()
    expect(shown.locator("#shown")).to_have_text("24 of 24 students, 45 of 45 gaps")
    assert _row_names(shown) == by_points


def test_gaps_are_sorted_and_filtered(shown: Page) -> None:
    shown.locator("#column-notebook").select_option("02_chain")
    in_order = _column_names(shown)
    assert len(in_order) == 9
    shown.locator("#column-sort").select_option("share right")
    hardest_first = _column_names(shown)
    assert sorted(hardest_first) == sorted(in_order)
    assert hardest_first != in_order
    shown.locator("#column-most").fill("50")
    hard = _column_names(shown)
    assert hard == hardest_first[: len(hard)]
    assert len(hard) < 9


def test_the_keyboard_reads_every_tile(shown: Page) -> None:
    shown.locator("#heat-box").focus()
    readout = shown.get_by_role("status").last
    shown.keyboard.press("ArrowDown")
    first, gap = _row_names(shown)[0], _column_names(shown)[0]
    expect(readout).to_contain_text(f"{first} (")
    expect(readout).to_contain_text(f"{gap}: ")
    for _ in range(60):
        shown.keyboard.press("ArrowRight")
    expect(readout).to_contain_text(_column_names(shown)[-1])


def test_paper_shows_all_details_and_no_controls(shown: Page) -> None:
    shown.emulate_media(media="print", color_scheme="dark")
    assert shown.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert not shown.locator("#controls").is_visible()
    heights = shown.locator("details table").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) > 15


def test_paper_is_wide_enough_for_everything(shown: Page) -> None:
    shown.set_viewport_size({"width": 718, "height": 1000})  # A4 between its margins, at 96 dots an inch
    shown.emulate_media(media="print")
    assert shown.evaluate("document.documentElement.scrollWidth") <= 718


def test_the_colours_are_those_of_the_feedback_page() -> None:
    def palettes(path: Path) -> list[str]:
        return re.findall(r":root \{(.*?)\}", style_of(path), re.DOTALL)

    own = palettes(pages.HERE / "report.css")
    assert len(own) == 3
    assert own == palettes(feedback_page.HERE / "feedback.css")
