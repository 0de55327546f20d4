"""A real IPython in which a student's notebook is run, and the notebooks of the course to run in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from lab import data, front, kernel

ROOT = Path(__file__).parents[2]


class Student:
    """Somebody who runs cells."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell

    @property
    def names(self) -> dict[str, Any]:
        return self.shell.user_ns

    def run(self, source: str, cell_id: str = "") -> str:
        """Run a cell; all that it shows as text, tracebacks included."""
        self.last = self.shell.execution_count
        self.displayed: list[dict[str, Any]] = []
        with capture_output() as shown:
            self.result = self.shell.run_cell(source, store_history=True, cell_id=cell_id or None)
        self.displayed = [one.data for one in shown.outputs]
        return shown.stdout + shown.stderr + "\n".join(data.get("text/plain", "") for data in self.displayed)

    def run_notebook(self, name: str, until: str = "", answers: dict[str, str] | None = None) -> None:
        """Run a solved notebook as far as the gap `until`, with other answers in some gaps; no checks."""
        for grade_id, source in solved(name):
            if grade_id.startswith("check_"):
                continue
            self.run((answers or {}).get(grade_id, source))
            if grade_id and grade_id == until:
                return

    def run_untouched(self, name: str) -> Iterator[tuple[str, str]]:
        """Run a notebook as it was handed out, checks included; grade_ids with what their cells show."""
        stubs = {gap.name: gap.stub for gap in data.notebooks()[name].values()}
        for grade_id, source in solved(name):
            yield grade_id, self.run(stubs.get(grade_id, source))

    def check(self, gap: str) -> str:
        return self.run(f'check("{gap}")')


def solved(name: str) -> list[tuple[str, str]]:
    """Code cells of a source notebook with their solutions, and their grade_ids."""
    (path,) = ROOT.glob(f"source/*/{name}.ipynb")
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).split("\n")
            source = "\n".join(line for line in lines if line.strip() not in ("### BEGIN SOLUTION", "### END SOLUTION"))
            found.append((cell["metadata"].get("nbgrader", {}).get("grade_id", ""), source))
    return found


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A new IPython; nothing of it stays behind."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    main, hook = sys.modules["__main__"], sys.displayhook
    running = InteractiveShell.instance(config=config)
    kernel.listen(front.warm_up)  # as the first `import lab` of a kernel does
    yield running
    InteractiveShell.clear_instance()
    sys.modules["__main__"], sys.displayhook = main, hook


@pytest.fixture
def student(shell: InteractiveShell) -> Student:
    return Student(shell)


@pytest.fixture
def in_chain(student: Student) -> Callable[..., Student]:
    """A student who has solved notebook 02 as far as a gap."""

    def until(gap: str, **answers: str) -> Student:
        student.run_notebook("02_chain", gap, answers)
        return student

    return until
