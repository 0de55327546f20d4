"""The running kernel: its namespace, its history, and what this package remembers between two calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

from lab.questions import Question


@dataclass(slots=True, kw_only=True)
class Memory:
    """What is remembered as long as the kernel runs.

    Attributes:
        busy: A check is running the student's cell: calls of this package from inside it do nothing.
        cells: Id of the notebook cell by `In [...]` number, where the front end sends one (JupyterLab, Notebook 7).
        raised: Numbers of the cells that ended in an error.
        hints: How many hints of a gap were shown.
        right: Whether the last check of a gap said right.
        boards: Widgets that show the progress, by notebook.
        asked: Number of questions that were asked about a gap.
        open_questions: The question about a gap that waits for its answer.
    """

    busy: bool = False
    listening: bool = False
    cells: dict[int, str] = field(default_factory=dict)
    raised: set[int] = field(default_factory=set)
    hints: Counter[str] = field(default_factory=Counter)
    right: dict[str, bool] = field(default_factory=dict)
    boards: dict[str, Any] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    open_questions: dict[str, Question] = field(default_factory=dict)


class NotRight(Exception):  # noqa: N818 (it says what is so; students read it)
    """Raised under `nbgrader validate` for a gap that is not right; a notebook shows it as one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


_MEMORIES: WeakKeyDictionary[InteractiveShell, Memory] = WeakKeyDictionary()


def shell() -> InteractiveShell | None:
    """The running IPython, or None in plain Python."""
    return get_ipython()  # type: ignore[no-any-return, no-untyped-call, unused-ignore]


def memory(of: InteractiveShell) -> Memory:
    """What is remembered for this kernel."""
    return _MEMORIES.setdefault(of, Memory())


def history(of: InteractiveShell) -> list[str]:
    """The cells as they were typed; the place in the list is the number in `In [...]`."""
    manager = of.history_manager
    return list(manager.input_hist_raw) if manager else []


def listen(warm_up: Callable[[], object]) -> None:
    """Keep the ids of notebook cells from now on, and load by `warm_up` what the first check needs."""
    running = shell()
    if running is None or memory(running).listening:
        return
    warm_up()
    kept = memory(running)
    kept.listening = True

    def keep(info: ExecutionInfo) -> None:
        if info.store_history and info.cell_id:
            kept.cells[running.execution_count - 1] = str(info.cell_id)

    def keep_end(result: ExecutionResult) -> None:
        if result.execution_count and not result.success:
            kept.raised.add(result.execution_count)

    running.events.register("pre_run_cell", keep)
    running.events.register("post_run_cell", keep_end)
