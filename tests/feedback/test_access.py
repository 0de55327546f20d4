"""Pages can be read by everybody: structure, names, contrast, and a real browser at both widths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from autograder.gradebook.feedback_page import HERE
from autograder.judging.pages import style_of

from .reader import Element


def test_headings_are_in_order_under_one_title(pages: Mapping[str, Element]) -> None:
    for name, page in pages.items():
        levels = [int(element.tag[1]) for element in page.all() if re.fullmatch("h[1-6]", element.tag)]
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert all(second <= first + 1 for first, second in pairwise(levels)), name


def test_a_page_has_its_landmarks_a_language_and_a_way_past_them(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        assert page.one("html").attributes["lang"] == "en"
        assert re.fullmatch(r"Feedback on \d\d_\w+", page.one("title").words)  # and nobody's name
        assert page.one("a", "skip").attributes["href"] == "#steps"
        assert [len(list(page.all(tag))) for tag in ("main", "header", "footer")] == [1, 1, 1]


def test_ids_are_unique_and_every_label_exists(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
        assert len(ids) == len(set(ids))
        for element in page.all():
            assert element.attributes.get("aria-labelledby", ids[0]) in ids


def test_every_table_names_its_columns(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        for table in page.all("table"):
            heads = list(table.one("thead").all("th"))
            assert heads
            assert {head.attributes["scope"] for head in heads} == {"col"}


def test_signs_are_hidden_from_screen_readers_and_stand_beside_words(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        assert {drawing.attributes.get("aria-hidden") for drawing in page.all("svg")} == {"true"}
        for article in page.all("article"):
            assert article.one("p", "verdict").words


def test_what_can_scroll_can_be_reached_by_keyboard_and_has_a_name(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        for element in page.all():
            if "tabindex" in element.attributes:
                assert element.attributes["tabindex"] == "0"
                assert element.attributes["aria-label"]


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes() -> dict[str, dict[str, str]]:
    """The style sheet's colours: light, dark, print."""
    text = style_of(HERE / "feedback.css")
    found = [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", text, re.S)]
    return dict(zip(("light", "dark", "print"), found, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_every_text_colour_has_contrast_on_every_ground(scheme: str) -> None:
    colours = palettes()[scheme]
    for ground in ("page", "card", "code", "blue-soft", "orange-soft"):
        for text in ("ink", "muted", "blue", "orange", "green"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


TOO_PALE = """
() => {
  const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const ground = element => { for (let e = element; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest('.skip')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) pale.push(walker.currentNode.data.trim().slice(0, 40));
  }
  return pale;
}
"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_a_browser_shows_pages_whole_with_contrast_and_without_a_complaint(
    browser: Browser, files: Mapping[str, Path], width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on(
        "request", lambda request: heard.append(request.url) if not request.url.startswith(("file:", "data:")) else 0
    )
    for name, path in files.items():
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(TOO_PALE) == [], name
        assert heard == [], name
    page.close()


@pytest.mark.browser
def test_a_keyboard_skips_to_the_steps_and_opens_them(browser: Browser, files: Mapping[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(files["ada/02_chain"].as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the steps"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")
    page.close()


@pytest.mark.browser
def test_print_loses_nothing_and_is_light(browser: Browser, files: Mapping[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 718, "height": 1000}, color_scheme="dark")
    page.goto(files["ada/02_chain"].as_uri())
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.querySelectorAll('details pre')].map(e => e.getBoundingClientRect().height)")
    assert len(heights) == 9
    assert min(heights) > 15
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
