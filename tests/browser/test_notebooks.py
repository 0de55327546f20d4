"""Every notebook as handed out, in JupyterLab and in Notebook 7: run through, answered, checked, looked at, touched.

The long run does it once more as START.md tells students to: in a new environment with the three packages it names.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from ..jupyter import ROOT, served
from .driver import Opened, opened

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Try:
    """One gap of a notebook: a wrong answer, how its mistake is met, and a right one."""

    gap: str
    wrong: str
    named: str
    right: str
    picture: str


TRIES = {
    "1_neuron/01_neuron": Try(
        "products",
        "xw0, xw1, xw2 = x[0] + w[0], x[1] + w[1], x[2] + w[2]",
        "Input and weight are added",
        "xw0, xw1, xw2 = x[0] * w[0], x[1] * w[1], x[2] * w[2]",
        "pictures.bench(",
    ),
    "1_neuron/02_chain": Try(
        "drelu_dsum",
        "drelu_dsum = 1.0 if z > 0 else 0.0",
        "The upstream gradient is left out",
        "drelu_dsum = dvalue * (1.0 if z > 0 else 0.0)",
        "pictures.circuit(",
    ),
    "1_neuron/03_step": Try(
        "gradients",
        "dw, dx, db = [drelu_dx0, drelu_dx1, drelu_dx2], [drelu_dw0, drelu_dw1, drelu_dw2], drelu_db",
        "The two gradients swapped",
        "dx, dw, db = [drelu_dx0, drelu_dx1, drelu_dx2], [drelu_dw0, drelu_dw1, drelu_dw2], drelu_db",
        "pictures.stairs(",
    ),
    "2_layer/04_layer_inputs": Try(
        "dinputs_batch",
        "dinputs = np.dot(dvalues, weights.reshape(dvalues.shape[1], -1))",
        "Reshape taken for transpose",
        "dinputs = np.dot(dvalues, weights.T)",
        "pictures.fan_out(",
    ),
    "2_layer/05_layer_parameters": Try(
        "shapes_parameters",
        "dweights_shape, dbiases_shape = (inputs.shape[1], dvalues.shape[1]), (dvalues.shape[1],)",
        "The biases without their row",
        "dweights_shape, dbiases_shape = (inputs.shape[1], dvalues.shape[1]), (1, dvalues.shape[1])",
        "pictures.loom(",
    ),
    "2_layer/06_relu_arrays": Try(
        "relu_mask",
        "relu_dz = np.where(z > 1, 1.0, 0.0)",
        "The threshold is 1 instead of 0",
        "relu_dz = np.where(z > 0, 1.0, 0.0)",
        "pictures.gates(",
    ),
    "3_together/07_all_together": Try(
        "forward",
        "z = np.dot(inputs, weights); a = np.maximum(z, 0)",
        "The biases are missing",
        "z = np.dot(inputs, weights) + biases; a = np.maximum(z, 0)",
        "pictures.step(",
    ),
}
FINDS_ARRAYS = ("gradients", "shapes_parameters", "dinputs_batch", "relu_mask", "forward")


@pytest.fixture(scope="module", params=["jupyterlab", "notebook", pytest.param("as told", marks=pytest.mark.long)])
def front_end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A front end on a copy of what students get: its name and address."""
    folder = tmp_path_factory.mktemp("student")
    for assignment in (ROOT / "release").iterdir():
        shutil.copytree(assignment, folder / assignment.name)
    as_told = request.param == "as told"
    application = "jupyterlab" if as_told else request.param
    python = _as_told(tmp_path_factory.mktemp("environment")) if as_told else sys.executable
    with served(folder, tmp_path_factory.mktemp("home"), application, python=python) as address:
        yield application, address


def _as_told(folder: Path) -> str:
    """The interpreter of a new environment, made by the command that START.md gives."""
    command = re.search(r"`pip install ([\w\s]+)`", (ROOT / "release/1_neuron/START.md").read_text(encoding="utf-8"))
    assert command
    venv.create(folder, with_pip=True)
    python = str(folder / "bin/python")
    subprocess.run([python, "-m", "pip", "install", "-qq", *command[1].split()], check=True)
    return python


@pytest.fixture
def notebook(browser: Browser, front_end: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Opened]:
    application, address = front_end
    here = opened(browser, address, application, f"{request.param}.ipynb")
    yield here
    here.command("kernelmenu:shutdown")
    here.page.close()


@pytest.mark.parametrize(
    ("notebook", "one"), TRIES.items(), indirect=["notebook"], ids=[Path(path).name for path in TRIES]
)
def test_a_student_goes_through_a_notebook(notebook: Opened, one: Try) -> None:
    notebook.run_all()
    assert notebook.errors() == []
    _touch_the_picture(notebook, one.picture)
    _answer(notebook, one)
    _ask_for_a_hint(notebook, one.gap)
    assert notebook.errors() == []
    assert notebook.complaints == []


@pytest.mark.parametrize("notebook", ["3_together/07_all_together"], indirect=True)
def test_the_students_own_layers_learn_at_the_end(notebook: Opened) -> None:
    """As handed out, with right layers and no ReLU, and with the class from notebook 06 pasted in."""
    notebook.run_all()
    words = notebook.run(notebook.find("pictures.learning(")).locator(".lp-words").first
    expect(words).to_contain_text("forward of Layer_Dense has set no output yet")
    _answer_as_in("3_together/07_all_together", "# Layer_Dense: ", notebook)
    _answer_as_in("3_together/07_all_together", "# backward_chain: ", notebook)
    words = notebook.run(notebook.find("pictures.learning(")).locator(".lp-words").first
    expect(words).to_contain_text("two dense layers in a row can draw a straight line only")
    _answer_as_in("2_layer/06_relu_arrays", "# Activation_ReLU: ", notebook, over="Activation_ReLU = None")
    words = notebook.run(notebook.find("pictures.learning(")).locator(".lp-words").first
    expect(words).to_contain_text("120 of 120 points are on their side")
    assert notebook.errors() == []


def _answer_as_in(solved: str, first: str, notebook: Opened, over: str = "") -> None:
    """Paste the cell of a solved notebook that begins so, over the one that holds `over`, and run it."""
    cells = nbformat.read(ROOT / "solutions" / f"{solved}.ipynb", as_version=4).cells
    index = notebook.find(over or first)
    notebook.paste(index, next(cell.source for cell in cells if cell.source.startswith(first)))
    notebook.run(index)


def _touch_the_picture(notebook: Opened, call: str) -> None:
    index = notebook.find(call)
    view = notebook.run(index)
    picture = view.locator(".lp-card").first
    expect(picture.locator("svg").first).to_be_attached()
    pairs = view.locator(".lp-pair")
    if not pairs.count():  # the loom is pointed at by its cells' buttons alone
        before = picture.inner_html()
        view.get_by_role("button").first.press("Enter")
        expect(picture).not_to_have_js_property("innerHTML", before)
        return
    box = pairs.first.locator("input").first
    value, step, most = (float(box.input_value()), *(float(box.get_attribute(name) or 0) for name in ("step", "max")))
    before = picture.inner_html()
    box.fill(f"{value + 3 * step if value + 3 * step < most else value - 3 * step:.6g}")
    box.press("Enter")
    expect(picture).not_to_have_js_property("innerHTML", before)
    before = picture.inner_html()
    handle, track = pairs.first.locator(".noUi-handle").bounding_box(), pairs.first.locator(".noUi-base").bounding_box()
    assert handle
    assert track
    y = handle["y"] + handle["height"] / 2
    notebook.page.mouse.move(handle["x"] + handle["width"] / 2, y)
    notebook.page.mouse.down()
    notebook.page.mouse.move(track["x"] + 0.1 * track["width"], y, steps=3)
    notebook.page.mouse.up()
    expect(picture).not_to_have_js_property("innerHTML", before)


def _answer(notebook: Opened, one: Try) -> None:
    gap, grade = notebook.find(f"# {one.gap}: "), notebook.find(f'check("{one.gap}")')
    line = next(text for text in notebook.sources()[gap].splitlines() if text.startswith(f"# {one.gap}: "))
    notebook.write(gap, f"{line}\n{one.wrong}")
    notebook.run(gap)
    verdict = notebook.run(grade).locator(".lab-check")
    expect(verdict).to_have_attribute("data-status", "wrong")
    expect(verdict).to_contain_text(one.named)
    assert (verdict.locator("svg").count() > 0) == (one.gap in FINDS_ARRAYS)
    board = notebook.run(notebook.find("progress()")).locator(".lab-progress")
    expect(board).to_contain_text(": 0 of ")

    notebook.write(gap, f"{line}\n{one.right}")
    notebook.run(gap)
    verdict = notebook.run(grade).locator(".lab-check")
    expect(verdict).to_have_attribute("data-status", "right")
    notebook.show(notebook.find("progress()"))
    expect(board).to_contain_text(": 1 of ")


def _ask_for_a_hint(notebook: Opened, gap: str) -> None:
    notebook.edit(notebook.find("progress()"))
    notebook.command("notebook:insert-cell-below")
    last = notebook.find("progress()") + 1
    notebook.write(last, f'hint("{gap}")')
    expect(notebook.run(last)).to_contain_text("1 of 3")
