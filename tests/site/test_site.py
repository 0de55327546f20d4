"""The static site: what is in it, and that a browser alone runs it.

Its Pyodide is the one of `make pyodide`, which has no numpy: what needs numpy is not seen here (docs/site.md).
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page

from autograder.author import site as sites
from autograder.author.generate import OPEN_SECRET
from autograder.cli import main
from autograder.course.course import Course
from autograder.model import KitError

from ..jupyter import ROOT
from .pyodide import DISTRIBUTION, OF_THE_SITE

BUILDER = ROOT / ".venv" / "site" / "bin" / "python"
NOTEBOOK = "1_neuron/01_neuron.ipynb"
READY = """() => {
  const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
  const session = panel && panel.context && panel.context.sessionContext;
  return panel && panel.content && panel.content.widgets && panel.context.isReady && session && session.isReady
    && session.session && session.session.kernel && session.session.kernel.status === 'idle';
}"""
RUN = """async code => {
  const kernel = jupyterapp.shell.currentWidget.context.sessionContext.session.kernel;
  const said = [];
  const future = kernel.requestExecute({code});
  future.onIOPub = message => {
    const {text, ename, evalue} = message.content;
    if (message.header.msg_type === 'stream') said.push(text);
    if (message.header.msg_type === 'error') said.push(ename + ': ' + evalue);
  };
  await Promise.race([future.done, new Promise((_, reject) => setTimeout(() => reject('no answer'), 90000))]);
  return said.join('');
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing about requests."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not DISTRIBUTION.is_dir() and not os.environ.get("CI"):
        pytest.skip("no Pyodide: `make pyodide` fetches it")
    folder = tmp_path_factory.mktemp("built") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(OF_THE_SITE))
        sites.build(ROOT, folder, BUILDER, DISTRIBUTION)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def course() -> Course:
    return Course(ROOT, OPEN_SECRET)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_the_site_holds_the_release_and_nothing_that_students_must_not_get(site: Path, course: Course) -> None:
    release = {path.relative_to(ROOT / "release") for path in (ROOT / "release").rglob("*") if path.is_file()}
    release = {path for path in release if "__pycache__" not in path.parts}
    files = {path.relative_to(site / "files") for path in (site / "files").rglob("*") if path.is_file()}
    assert files == release | {Path("START.md")}
    assert sites.site_leaks(course, site) == []


def test_its_notebooks_are_the_releases_but_for_the_language(site: Path) -> None:
    for path in sorted((ROOT / "release").rglob("*.ipynb")):
        theirs, ours = read(site / "files" / path.relative_to(ROOT / "release")), read(path)
        assert theirs["metadata"].pop("language_info") == sites.LANGUAGE
        assert theirs == ours


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("files/1_neuron/02_chain.ipynb", "files/1_neuron/02_chain.ipynb, cell drelu_dsum: it is not what"),
        ("files/notes.md", "files/notes.md: no file that students need"),
        ("lab/solved.ipynb", "site/lab/solved.ipynb: it has a solution line of gap "),
        ("pypi/backprop_exercise_kit-0.1.0-py3-none-any.whl", "whl: no package that the notebooks need"),
    ],
)
def test_what_is_planted_in_a_site_is_found(
    site: Path, course: Course, inside: str, found: str, tmp_path: Path
) -> None:
    copy = tmp_path / "site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("build", "static", "extensions"))
    shutil.copy(ROOT / "solutions" / "1_neuron" / "02_chain.ipynb", copy / inside)
    assert [text for text in sites.site_leaks(course, copy) if found in text]


def test_a_folder_that_holds_something_else_stays(tmp_path: Path) -> None:
    (tmp_path / "thesis.md").write_text("mine", encoding="utf-8")
    with pytest.raises(KitError, match="holds something else than a site"):
        sites.build(ROOT, tmp_path, BUILDER)


def test_a_rebuild_takes_new_settings(site: Path, tmp_path: Path) -> None:
    again = tmp_path / "site"
    again.mkdir()
    shutil.copy(site / sites.SETTINGS, again)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(OF_THE_SITE))
        sites.build(ROOT, again, BUILDER)
    kernel = read(again / sites.SETTINGS)["jupyter-config-data"]["litePluginSettings"][sites.KERNEL]
    assert kernel["loadPyodideOptions"]["packages"][0] == "numpy", "the CDN's Pyodide has it"
    assert "pyodideUrl" not in kernel
    assert not (again / "static" / "pyodide").exists()


@pytest.mark.browser
@pytest.mark.parametrize("view", ["lab/index.html", "notebooks/index.html"])
def test_a_kernel_starts_in_the_browser_and_lab_gets_as_far_as_numpy(page: Page, address: str, view: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/{view}?path={NOTEBOOK}")
    page.wait_for_function(READY, polling=200, timeout=120_000)
    said = page.evaluate(RUN, "import ipywidgets, comm\nprint(ipywidgets.IntSlider(value=3).value)")
    assert said.strip() == "3"
    said = page.evaluate(RUN, "from lab import check")
    assert "No module named 'numpy'" in said
    assert page.locator(".jp-Dialog").count() == 0
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_a_notebook_as_jupyterlite_names_and_saves_it_is_graded(tmp_path: Path) -> None:
    solved = read(ROOT / "solutions" / "1_neuron" / "01_neuron.ipynb")
    solved["metadata"] = {
        "kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"},
        "language_info": {"name": "python", "version": "3.14", "file_extension": ".py"},
    }
    handed_in = tmp_path / "1_neuron_01_neuron.ipynb"
    handed_in.write_text(json.dumps(solved), encoding="utf-8")
    graded = CliRunner().invoke(main, ["grade", str(handed_in)])
    assert "01_neuron: 18 of 18" in graded.output
