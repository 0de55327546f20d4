"""How far the student is: gaps, points, minutes; as text, as HTML, and as a widget that follows later checks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from html import escape
from pathlib import PurePath
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from lab import data, kernel, texts
from lab.gaps import Gap
from lab.kernel import Memory
from lab.view import Shown, message

WIDGET = "application/vnd.jupyter.widget-view+json"


class Board:
    """The progress of some notebooks: a widget where there is a kernel, HTML and text everywhere."""

    def __init__(self, still: Shown, widget: Any) -> None:
        self._still, self._widget = still, widget

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, Any]:
        bundle: dict[str, Any] = dict(self._still._repr_mimebundle_())
        if self._widget is not None:
            bundle[WIDGET] = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return bundle


def shown(notebook: object, shell: InteractiveShell) -> Shown | Board:
    """The progress in one notebook: the one named, or the one that the student is in."""
    known = data.notebooks()
    if notebook is not None and str(notebook) not in known:
        return message(texts.NO_SUCH_NOTEBOOK.format(name=notebook, names=texts.listed(known)))
    memory = kernel.memory(shell)
    names = [str(notebook)] if notebook is not None else _where(known, shell)
    key = " ".join(names)
    still = _still([known[name] for name in names], memory)
    if not hasattr(shell, "kernel"):
        return Board(still, None)
    try:
        import ipywidgets
    except ImportError:
        return Board(_still([known[name] for name in names], memory, texts.PROGRESS_STANDS), None)

    widget = ipywidgets.HTML(value=still.html)
    memory.boards[key] = widget
    return Board(still, widget)


def refresh(memory: Memory) -> None:
    """Bring the widgets up to date after a check."""
    known = data.notebooks() if memory.boards else {}
    for key, widget in memory.boards.items():
        widget.value = _still([known[name] for name in key.split(" ") if name in known], memory).html


def _where(known: Mapping[str, Mapping[str, Gap]], shell: InteractiveShell) -> list[str]:
    """The notebook that this kernel runs, by what the server says or by the gaps seen; all of the folder otherwise."""
    told = os.environ.get("JPY_SESSION_NAME") or str(shell.user_ns.get("__vsc_ipynb_file__", ""))
    if PurePath(told).stem in known:
        return [PurePath(told).stem]
    mentioned = {name for source in kernel.history(shell) for name in re.findall(r"check\(\s*[\"'](\w+)[\"']", source)}
    seen = [name for name, gaps in known.items() if mentioned & gaps.keys()]
    return seen or list(known)


def _still(notebooks: list[Mapping[str, Gap]], memory: Memory, rule: str = texts.PROGRESS_RULE) -> Shown:
    lines, parts = [], []
    for gaps in notebooks:
        line, bar = _of_notebook(gaps, memory)
        lines.append(line)
        parts.append(f"<p style='margin:0.3em 0'>{escape(line)}<br>{bar}</p>")
    inner = "".join(parts)
    html = f'<div class="lab-progress" role="status" aria-live="polite">{inner}<p>{rule}</p></div>'
    return Shown("\n".join([*lines, rule]), html)


def _of_notebook(gaps: Mapping[str, Gap], memory: Memory) -> tuple[str, str]:
    """The line of one notebook, and a bar that says the same to a screen reader."""
    done = [gap for gap in gaps.values() if memory.right.get(gap.name)]
    open_ones = [gap for gap in gaps.values() if not memory.right.get(gap.name)]
    every = sum(gap.points for gap in gaps.values())
    facts = {
        "notebook": next(iter(gaps.values())).notebook,
        "done": len(done),
        "gaps": len(gaps),
        "points": f"{sum(gap.points for gap in done):g}",
        "all_points": f"{every:g}",
        "minutes": sum(gap.minutes for gap in open_ones),
    }
    line = (texts.PROGRESS if open_ones else texts.PROGRESS_DONE).format(**facts)
    if open_ones:
        line = f"{line}. {texts.PROGRESS_NEXT.format(gap=open_ones[0].name)}."
    bar = f'<progress max="{len(gaps)}" value="{len(done)}" aria-label="{escape(line)}" style="width:20em"></progress>'
    return line, bar
