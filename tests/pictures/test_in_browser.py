"""Every picture in a real JupyterLab: dragged, typed into, measured, read by its accessible names, at all widths.

One server and one browser for the module, one notebook and one kernel for each picture. What is measured is printed
with `pytest -rP`.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.drawing.looks import style_of_view
from lab.drawing.picture import as_art, as_caption

from ..jupyter import TOKEN, served
from .states import LAYERS, pictures

pytestmark = pytest.mark.browser

NEURON = "x, w, b = [1.0, -2.0, 3.0], [-3.0, -1.0, 2.0], 1.0"
LAYER = """import numpy as np
inputs = np.array([[1.0, 2.0, 3.0, 2.5], [2.0, 5.0, -1.0, 2.0], [-1.5, 2.7, 3.3, -0.8]])
weights = np.array([[0.2, 0.5, -0.26], [0.8, -0.91, -0.27], [-0.5, 0.26, 0.17], [1.0, -0.5, 0.87]])
biases, dvalues = np.array([[2.0, 3.0, 0.5]]), np.array([[1.0] * 3, [2.0] * 3, [3.0] * 3])
z = np.array([[1, 2, -3, -4], [2, -7, -1, 3], [-1, 2, 5, -1]])
water = np.arange(1, 13).reshape(3, 4)"""
CALLS = {
    "bench": (NEURON, "pictures.bench(x, w, b)"),
    "circuit": (NEURON, "pictures.circuit(x, w, b, 1.0)"),
    "stairs": (NEURON, "pictures.stairs(x, w, b, 0.001)"),
    "fan_out": (LAYER, "pictures.fan_out(weights, dvalues)"),
    "loom": (LAYER, "pictures.loom(inputs, dvalues, biases, 1, 0)"),
    "gates": (LAYER, "pictures.gates(z, water)"),
    "step": (LAYER, "pictures.step(inputs, weights, biases, 0.001, dvalues)"),
    "learning": (LAYERS, "pictures.learning(Layer_Dense, Activation_ReLU, backward_chain)"),
}
MOVES = 15

READY = """() => {
  const widget = window.jupyterapp && jupyterapp.shell.currentWidget;
  const session = widget && widget.context && widget.context.sessionContext;
  return session && session.isReady && session.session && session.session.kernel
    && session.session.kernel.status === 'idle';
}"""
WATCH = """() => {
  const art = document.querySelector('.lp .lp-card').parentElement;
  window.times = [];
  document.addEventListener('pointermove', () => { window.moved = performance.now(); }, true);
  new MutationObserver(() => {
    if (window.moved) { window.times.push(performance.now() - window.moved); window.moved = 0; }
  }).observe(art, {childList: true});
}"""
LAYOUT = """width => {
  const view = document.querySelector('.lp');
  view.style.width = width + 'px';
  const svg = [...view.querySelectorAll('.lp-card svg')].filter(one => one.getBoundingClientRect().width > 0);
  const unit = svg[0].getBoundingClientRect().width / svg[0].viewBox.baseVal.width;
  const texts = [...svg[0].querySelectorAll('text')].filter(one => one.textContent.trim());
  const frame = svg[0].getBoundingClientRect();
  const boxes = texts.map(one => ({said: one.textContent, box: one.getBoundingClientRect()}));
  const outside = boxes.filter(({box}) => box.left < frame.left - 1 || box.right > frame.right + 1
    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(({said}) => said);
  const over = [];
  const inset = 0.6 * unit;
  boxes.forEach((one, i) => boxes.slice(i + 1).forEach(other => {
    if (one.box.left + inset < other.box.right - inset && other.box.left + inset < one.box.right - inset
      && one.box.top + 4 * inset < other.box.bottom - inset && other.box.top + 4 * inset < one.box.bottom - inset)
      over.push(one.said + ' / ' + other.said);
  }));
  const sizes = texts.flatMap(one => [one, ...one.querySelectorAll('tspan')])
    .map(one => parseFloat(one.getAttribute('font-size'))).filter(size => size);
  return {shown: svg.map(one => one.getAttribute('class')), smallest: Math.min(...sizes) * unit, outside, over,
    overflows: view.scrollWidth > view.clientWidth + 1};
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("notebooks")
    with served(folder, tmp_path_factory.mktemp("home")) as address:
        yield address, folder


@pytest.fixture
def opened(server, browser, request) -> Iterator[tuple[Any, list[str]]]:
    """A notebook with one picture in it, run; and what the console said about errors."""
    address, folder = server
    name = request.param
    cells = ["from lab import pictures\n" + CALLS[name][0], CALLS[name][1]]
    _write(folder / f"{name}.ipynb", cells)
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(30_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset&token={TOKEN}")
    page.wait_for_function(READY, polling=100, timeout=60_000)
    page.evaluate("() => { jupyterapp.commands.execute('application:toggle-left-area'); }")
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_selector(".lp .lp-card svg", state="attached", timeout=60_000)
    page.wait_for_selector(".lp-live > [role=status]", state="attached")
    yield page, errors
    page.close()


def _write(path: Path, cells: list[str]) -> None:
    blank = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    code = [blank | {"id": f"cell-{number}", "source": cell} for number, cell in enumerate(cells)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    document = {"cells": code, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document), encoding="utf-8")


def art(page: Any) -> str:
    return page.evaluate("() => document.querySelector('.lp .lp-card').innerHTML")


def changed(page: Any, before: str) -> None:
    page.wait_for_function(
        "before => document.querySelector('.lp .lp-card').innerHTML !== before", arg=before, polling="raf"
    )


def drag(page: Any) -> list[float]:
    """Drag the first slider step by step; milliseconds from each move to the new drawing."""
    pair = page.locator(".lp-pair").first
    pair.scroll_into_view_if_needed()
    page.evaluate(WATCH)
    handle, track = pair.locator(".noUi-handle").bounding_box(), pair.locator(".noUi-base").bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    for move in range(MOVES + 1):
        before = art(page)
        page.mouse.move(track["x"] + track["width"] * (0.1 + 0.8 * move / MOVES), y)
        changed(page, before)
    page.mouse.up()
    return page.evaluate("() => window.times")


def typed(page: Any) -> None:
    """Type into the first number box: three steps up, or down where there is no room."""
    before = art(page)
    box = page.locator(".lp-pair input").first
    value, step, most = (float(box.input_value()), *(float(box.get_attribute(name)) for name in ("step", "max")))
    box.fill(f"{value + 3 * step if value + 3 * step < most else value - 3 * step:.6g}")
    box.press("Enter")
    changed(page, before)


def test_in_no_state_is_a_text_cut_off_or_over_another(browser):
    """All states of all pictures, without a server."""
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    found = []
    for name, picture in pictures().items():
        body = f"<style>{style_of_view()}</style>{as_art(picture)}{as_caption(picture)}"
        page.set_content(f'<body style="margin:0"><div class="lp">{body}</div></body>')
        for width in (360, 760, 1400):
            seen = page.evaluate(LAYOUT, width)
            if seen["outside"] or seen["over"] or seen["overflows"] or seen["smallest"] < 11:
                found.append((name, width, seen))
    page.close()
    assert found == []


@pytest.mark.parametrize("opened", list(CALLS), indirect=True)
def test_a_picture_is_dragged_typed_into_and_read(opened, request):
    page, errors = opened
    name = request.node.callspec.params["opened"]
    _fits(page)
    _has_names(page)
    more = {"loom": _point_at_the_loom, "circuit": _type_a_gradient_in_the_dark, "learning": _play_the_film}
    more.get(name, lambda _: None)(page)
    if name != "loom":  # it has nothing to drag
        typed(page)
        _report(name, drag(page))
    assert errors == []


def _fits(page: Any) -> None:
    """At every width: one layout, no text cut off or over another, none smaller than 11 px, nothing to scroll."""
    for width, layout in (
        (360, "lp-narrow"),
        (700, "lp-narrow"),
        (760, "lp-wide"),
        (900, "lp-wide"),
        (1400, "lp-wide"),
    ):
        seen = page.evaluate(LAYOUT, width)
        assert seen["shown"] == [layout], width
        assert seen["smallest"] >= 11
        assert (seen["outside"], seen["over"], seen["overflows"]) == ([], [], False), width
    page.evaluate("() => { document.querySelector('.lp').style.width = ''; }")


def _point_at_the_loom(page: Any) -> None:
    assert "20.1" in page.locator(".lp-words").inner_text()
    before = art(page)
    page.get_by_role("button", name="ones").focus()
    page.keyboard.press("Enter")
    changed(page, before)
    page.wait_for_function("() => document.querySelector('.lp-words').textContent.includes('bias of neuron 0')")
    before = art(page)
    page.get_by_role("combobox", name="subtract from the biases").select_option("nothing summed (N, M)")
    changed(page, before)


def _type_a_gradient_in_the_dark(page: Any) -> None:
    page.evaluate("() => { jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'}); }")
    paper = "getComputedStyle(document.querySelector('.lp .lp-card')).backgroundColor"
    page.wait_for_function(f"() => {paper} === 'rgb(21, 24, 28)'")
    page.evaluate("() => { window.region = document.querySelector('.lp-live > [role=status]'); }")
    page.get_by_role("combobox", name="Your gradient at").select_option("x1")
    entry = page.get_by_role("textbox", name="is")
    entry.fill("-2")
    entry.press("Enter")
    page.wait_for_selector(".lp-card [data-mark='wrong factor']", state="attached")
    page.get_by_role("status").filter(has_text="does not fit at x1").wait_for()
    assert page.evaluate("() => window.region.isConnected && window.region.textContent.includes('x1')")
    before = art(page)
    page.get_by_role("button", name="One operation back").focus()
    page.keyboard.press("Enter")
    changed(page, before)


def _play_the_film(page: Any) -> None:
    """By the keyboard: it runs from the start by itself, stops, and is trained anew."""
    assert "120 of 120" in page.locator(".lp-words").inner_text()
    page.get_by_role("button", name="Play or pause").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => /After step [1-9]0 /.test(document.querySelector('.lp-words').textContent)")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="2", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('.lp-words').textContent.includes('120 of 120')")


def _has_names(page: Any) -> None:
    """Every control has a name, and the caption is a live region."""
    sliders = page.locator(".lp .noUi-handle")
    named = page.get_by_role("slider", name=", slider")
    assert named.count() == sliders.count()
    for role in ("spinbutton", "button", "checkbox", "combobox", "textbox"):
        every = page.locator(".lp").get_by_role(role)
        for index in range(every.count()):
            snapshot = every.nth(index).aria_snapshot()
            assert '"' in snapshot.splitlines()[0], snapshot
    assert page.locator(".lp-live > [role=status]").get_attribute("aria-live") == "polite"


def _report(name: str, times: list[float]) -> None:
    middle, most = statistics.median(times), max(times)
    print(f"{name}: drag to drawing, {len(times)} moves, median {middle:.0f} ms, most {most:.0f} ms")
