"""The pictures of docs/screenshots/, taken anew: `make screenshots`.

Pytest runs this file when it is named, for the sake of the browser's fixtures; by itself it collects nothing here. What
is to be seen is awaited, so that no picture of a notebook half drawn is kept.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from rich.console import Console
from rich.terminal_theme import MONOKAI, TerminalTheme
from rich.text import Text

from ..jupyter import served
from .driver import opened

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "docs" / "screenshots"
THEMES = ("light", "dark")
COLUMNS = 112
"""Of the terminal."""
Do = Callable[[Page, Locator], None]


def _bench(page: Page, view: Locator) -> None:
    view.get_by_role("button", name="Nudge every value once").click()
    view.get_by_role("button", name="x0", exact=True).click()
    expect(view).to_contain_text("Δy / h = −3".replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"))


def _circuit(page: Page, view: Locator) -> None:
    for title in ("Backward, 1 of 6", "Backward, 2 of 6", "Backward, 3 of 6"):
        view.get_by_role("button", name="One operation back").click()
        expect(view).to_contain_text(title)
    view.get_by_role("combobox", name="Your gradient at").select_option("x1")
    _typed(view.get_by_role("textbox", name="is", exact=True), "-2")
    expect(view).to_contain_text("does not fit at x1")


def _stairs(page: Page, view: Locator) -> None:
    _typed(view.get_by_role("spinbutton", name="lr"), "0.15")
    _typed(view.get_by_role("spinbutton", name="steps"), "5")
    expect(view).to_contain_text("the stairs stop")


def _fan(page: Page, view: Locator) -> None:
    view.get_by_role("checkbox").check()
    expect(view).to_contain_text("entries mix samples")


def _loom(page: Page, view: Locator) -> None:
    view.get_by_role("button", name="ones", exact=True).click()
    view.get_by_role("combobox").select_option("a sum for each sample (N, 1)")
    expect(view).to_contain_text("turns one row of biases into")


def _gates(page: Page, view: Locator) -> None:
    view.get_by_role("button", name="halved").click()
    expect(view).to_contain_text("cuts the fractions off")


def _step(page: Page, view: Locator) -> None:
    expect(view).to_contain_text("Fallen silent: neuron 2 for sample 2")


PICTURES: dict[str, tuple[str, Do]] = {
    "01_neuron": ("bench", _bench),
    "02_chain": ("circuit", _circuit),
    "03_step": ("stairs", _stairs),
    "04_layer_inputs": ("fan", _fan),
    "05_layer_parameters": ("loom", _loom),
    "06_relu_arrays": ("gates", _gates),
    "07_all_together": ("step", _step),
}


def _typed(box: Locator, words: str) -> None:
    box.fill(words)
    box.press("Enter")


@pytest.fixture(scope="module", autouse=True)
def folder() -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab in a folder with all released notebooks, and the one of the mirror answered rightly and wrongly."""
    folder = tmp_path_factory.mktemp("released")
    for release in sorted((ROOT / "release").iterdir()):
        shutil.copytree(release, folder, dirs_exist_ok=True)
    honest = tomllib.loads((ROOT / "tests/honest/05_layer_parameters.toml").read_text(encoding="utf-8"))["honest"]
    right = next(one["source"] for one in honest if one["gap"] == "dweights")
    for name, answer in (("right", right), ("wrong", right.rstrip() + " / len(inputs)")):
        document = json.loads((folder / "05_layer_parameters.ipynb").read_text(encoding="utf-8"))
        gap = next(cell for cell in document["cells"] if _grade_id(cell) == "dweights")
        gap["source"] = "# dweights: from inputs, dvalues\n" + answer.strip()
        (folder / f"{name}.ipynb").write_text(json.dumps(document), encoding="utf-8")
    (folder / "learns.ipynb").write_text(json.dumps(_solved_with_relu()), encoding="utf-8")
    with served(folder, tmp_path_factory.mktemp("home")) as address:
        yield address


def _solved_with_relu() -> dict[str, Any]:
    """Notebook 07 solved, with the class from notebook 06 in it."""
    before, document = (
        json.loads((ROOT / "solutions" / f"{path}.ipynb").read_text(encoding="utf-8"))
        for path in ("2_layer/06_relu_arrays", "3_together/07_all_together")
    )
    relu = next(cell for cell in before["cells"] if _grade_id(cell) == "Activation_ReLU")
    place = next(cell for cell in document["cells"] if "Activation_ReLU = None" in "".join(cell["source"]))
    place["source"] = relu["source"]
    return dict(document)


def _grade_id(cell: dict[str, dict[str, dict[str, str]]]) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def _run_through(browser: Browser, address: str, name: str) -> Page:
    here = opened(browser, address, "jupyterlab", f"{name}.ipynb")
    here.page.set_viewport_size({"width": 1180, "height": 1500})
    here.command("application:toggle-left-area")
    here.run_all()
    return here.page


def _at_rest(page: Page, shown: Locator) -> None:
    """Bring an element into view and wait until it stays: JupyterLab scrolls to the last cell after a run of all."""
    before = None
    while before != (before := shown.bounding_box()):
        shown.scroll_into_view_if_needed()
        page.wait_for_timeout(700)
    expect(shown).to_be_in_viewport(ratio=0.99)


def _shoot(page: Page, shown: Locator, name: str) -> None:
    """One element in both themes of JupyterLab."""
    for theme in THEMES:
        chosen = f"JupyterLab {theme.capitalize()}"
        page.evaluate("theme => { jupyterapp.commands.execute('apputils:change-theme', {theme}); }", chosen)
        page.locator(f'body[data-jp-theme-light="{str(theme == "light").lower()}"]').wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        page.mouse.move(0, 0)
        _at_rest(page, shown)
        shown.screenshot(path=SHOTS / f"{name}-{theme}.png", animations="disabled")


@pytest.mark.parametrize("notebook", list(PICTURES))
def test_the_picture_of_a_notebook(notebook: str, lab: str, browser: Browser) -> None:
    name, do = PICTURES[notebook]
    page = _run_through(browser, lab, notebook)
    view = page.locator(".widget-vbox.lp").first
    view.wait_for(timeout=120_000)
    do(page, view)
    _shoot(page, view, name)
    page.close()


def test_the_film_of_the_students_own_layers(lab: str, browser: Browser) -> None:
    page = _run_through(browser, lab, "learns")
    view = page.locator(".widget-vbox.lp").last
    expect(view).to_contain_text("120 of 120 points", timeout=120_000)
    _typed(view.get_by_role("spinbutton", name="step"), "250")
    expect(view).to_contain_text("After step 250")
    _shoot(page, view, "learning")
    page.close()


@pytest.mark.parametrize("answer", ["right", "wrong"])
def test_the_verdict_of_a_check(answer: str, lab: str, browser: Browser) -> None:
    page = _run_through(browser, lab, answer)
    verdict = page.locator(".lab-check").filter(has_text="dweights: ").first
    expect(verdict).to_contain_text("right here" if answer == "right" else "not right yet", timeout=120_000)
    _shoot(page, verdict, f"check-{answer}")
    if answer == "wrong":
        _shoot(page, verdict.locator(".lp-card").first, "mirror")
    page.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the output of `make demo`, run where paths are as short as in a copy of the kit."""
    here = tmp_path_factory.mktemp("kit")
    (here / ".venv").symlink_to(sys.prefix)
    command = [here / ".venv/bin/python", "-c", "from autograder.cli import main; main()", "demo", "demo"]
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    run = subprocess.run(
        [*map(str, command), "--course", str(ROOT)],
        cwd=here, check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    return here / "demo", run.stdout


def test_the_end_of_the_demo(demo: tuple[Path, str], page: Page) -> None:
    lines = [Text.from_ansi(line.rsplit("\r", 1)[-1]) for line in demo[1].rstrip().split("\n")]
    start = next(number for number, line in enumerate(lines) if line.plain.strip() == "Steps")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(*lines[start:], sep="\n")
    theme = TerminalTheme((12, 12, 12), (255, 255, 255), [*MONOKAI.ansi_colors._colors[:8]])
    html = console.export_html(theme=theme, inline_styles=True)
    look = 'body{margin:0} pre{display:inline-block;padding:18px 22px;font:14px/1.35 "DejaVu Sans Mono",monospace}'
    page.set_content(html.replace("<head>", f"<head><style>{look} pre{{background:#0c0c0c}}</style>"))
    page.locator("pre").screenshot(path=SHOTS / "demo.png")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [360, 1200])
def test_the_feedback_page(theme: str, width: int, demo: tuple[Path, str], browser: Browser) -> None:
    context = browser.new_context(viewport={"width": width, "height": 1500}, color_scheme=theme)
    page = context.new_page()
    page.goto((demo[0] / "feedback/ben/1_neuron/02_chain.html").as_uri())
    page.screenshot(path=SHOTS / f"feedback-{width}-{theme}.png")
    context.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [360, 1400])
def test_the_class_report(theme: str, width: int, demo: tuple[Path, str], browser: Browser) -> None:
    context = browser.new_context(viewport={"width": width, "height": 1500}, color_scheme=theme)
    page = context.new_page()
    page.goto((demo[0] / "report.html").as_uri())
    page.screenshot(path=SHOTS / f"report-{width}-{theme}.png")
    context.close()
