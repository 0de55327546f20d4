"""What `check` says of answers: each run in a real IPython, where the student has solved everything before it."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import NoReturn

import msgspec
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from lab import data, front, kernel, texts
from lab.checks import judge_gap
from lab.view import verdict_shown

from ..engine.notebooks import grade_id, notebook
from ..lab.conftest import Student
from .answers import Answer, filled
from .kit import Plan
from .said import Said

COMMON = {"{RIGHT}": texts.RIGHT, "{HIDDEN}": texts.HIDDEN}
"""Sentences that stand in thousands of verdicts, and how they are kept."""
PATIENCE_S, AGAIN_S = 300.0, 1.0
"""CPU time after which a student interrupts, and interrupts again if it goes on: `%timeit` alone takes a minute."""


def checked(plan: Plan, answers: Iterable[Answer]) -> Iterator[tuple[Answer, dict[str, Said]]]:
    """Each answer with what `check` says of the gap that is looked at, or of all.

    Every answer has a process of its own, forked where its gap's turn has come, so that none meets another.
    """
    student = _student()
    left = [answer for answer in answers if answer.in_kernel]
    for answer in [answer for answer in left if not answer.gap]:
        yield answer, _apart(answer, partial(_through, student, plan, answer))
    for cell, source in _cells(plan, Answer(kind="", name="", notebook=plan.notebook)):
        for answer in [answer for answer in left if answer.gap and answer.gap == cell]:
            yield answer, _apart(answer, partial(_here, student, answer))
        if not cell.startswith("check_"):
            student.run(source, cell)


def _student() -> Student:
    """Somebody at a new kernel."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    kernel.listen(front.warm_up)  # as the first `import lab` of a kernel does
    return Student(shell)


def _cells(plan: Plan, answer: Answer) -> list[tuple[str, str]]:
    """grade_id and source of every code cell."""
    cells = notebook(plan.notebook, filled(plan, answer), answer.own)["cells"]
    return [(grade_id(cell), "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]


def _through(student: Student, plan: Plan, answer: Answer) -> dict[str, Said]:
    """The notebook from its first cell to its last."""
    found = {}
    for cell, source in _cells(plan, answer):
        if cell.startswith("check_"):
            found[cell.removeprefix("check_")] = _said(student, cell.removeprefix("check_"))
        elif cell not in answer.not_run:
            student.run(source, cell)
    return found


def _here(student: Student, answer: Answer) -> dict[str, Said]:
    """The answer's own cells and its gap, where the notebook has come to it."""
    for _, source in answer.own:
        student.run(source)
    student.run(answer.sources[answer.gap], answer.gap)
    return {answer.gap: _said(student, answer.gap)}


def _said(student: Student, gap: str) -> Said:
    """The verdict but for the number of the judged cell, which says only how many cells ran before it."""
    verdict = judge_gap(data.gap(gap), student.shell)
    text = verdict_shown(replace(verdict, entry=0)).text.partition("\n")[2]
    for name, common in COMMON.items():
        text = text.replace(common, name)
    return Said(status=str(verdict.status), mistake=verdict.mistake, text=text)


def _apart(answer: Answer, work: Callable[[], Mapping[str, Said]]) -> dict[str, Said]:
    """Do it in a process of its own, and in a folder that goes with it."""
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if not child:
            _in_child(work, folder, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
    if not told:
        raise RuntimeError(
            f"{answer.notebook}, {answer.kind} {answer.name}: the kernel ended; set `in_kernel = false`."
        )
    return msgspec.json.decode(told, type=dict[str, Said])


def _in_child(work: Callable[[], Mapping[str, Said]], folder: str, writing: int) -> NoReturn:
    status = 1
    try:
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        signal.signal(signal.SIGPROF, _interrupt)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE_S, AGAIN_S)
        found = work()
        signal.setitimer(signal.ITIMER_PROF, 0)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(msgspec.json.encode(found))
        status = 0
    finally:
        os._exit(status)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
