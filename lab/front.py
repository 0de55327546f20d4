"""What `check`, `hint`, `ask`, `show` and `progress` do when called. Nothing here raises, but under validation."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from IPython.core.display_functions import display
from IPython.core.interactiveshell import InteractiveShell

from lab import board, data, kernel, texts
from lab.asking import question_about
from lab.checks import judge_gap
from lab.gaps import Gap
from lab.kernel import NotRight
from lab.results import results_shown
from lab.verdict import Status
from lab.view import Shown, headline, message, verdict_shown


def warm_up() -> None:
    """Read the numbers now, so that the first check is as quick as the others; what is missing is said there."""
    with contextlib.suppress(data.NoData):
        data.notebooks()


def check(name: object) -> None:
    """Show the verdict on a gap; raise it, in one line, under `nbgrader validate` if the gap is not right."""
    problem = _told(lambda shell: _check(name, shell))
    if problem and os.environ.get("NBGRADER_EXECUTION") == "validate":
        raise NotRight(problem)


def _check(name: object, shell: InteractiveShell) -> str:
    gap = _gap(name)
    memory = kernel.memory(shell)
    memory.busy = True
    try:
        verdict = judge_gap(gap, shell)
    finally:
        memory.busy = False
    memory.right[gap.name] = verdict.status is Status.RIGHT
    _put(verdict_shown(verdict))
    board.refresh(memory)
    return "" if verdict.status is Status.RIGHT else " ".join([headline(verdict) + ".", *verdict.says[:1]])


def hint(name: object) -> None:
    """Show the next hint for a gap."""
    _told(lambda shell: _hint(name, shell))


def _hint(name: object, shell: InteractiveShell) -> str:
    gap = _gap(name)
    hints = data.hints(gap)
    counts = kernel.memory(shell).hints
    counts[gap.name] = number = min(counts[gap.name] + 1, len(hints))
    head = texts.HINT.format(gap=gap.name, number=number, count=len(hints))
    more = texts.LAST_HINT if number == len(hints) else texts.NEXT_HINT.format(gap=gap.name)
    _put(message(hints[number - 1], more, head=head))
    return ""


def ask(name: object) -> None:
    """Ask a question about a right gap, or answer the one that waits."""
    _told(lambda shell: _ask(name, shell))


def _ask(name: object, shell: InteractiveShell) -> str:
    gap = _gap(name)
    memory = kernel.memory(shell)
    question = memory.open_questions.pop(gap.name, None)
    if question:
        answers = [f"`{result}` {said}" for result, said in question.key]
        head = texts.ANSWER.format(gap=gap.name, number=memory.asked[gap.name])
        _put(message(*answers, texts.ASK_MORE.format(gap=gap.name), head=head))
        return ""
    memory.busy = True
    try:
        is_right = judge_gap(gap, shell).status is Status.RIGHT
        question = question_about(gap, shell, memory.asked[gap.name]) if is_right else None
    finally:
        memory.busy = False
    if question is None:
        return _said(message(texts.NOTHING_TO_ASK if is_right else texts.ASK_RIGHT_ONLY.format(gap=gap.name)))
    memory.asked[gap.name] += 1
    memory.open_questions[gap.name] = question
    given = [texts.WORK_WITH.format(name=one, value=value) for one, value in question.given]
    head = texts.ASK.format(gap=gap.name, number=memory.asked[gap.name])
    _put(message(question.text, *given, texts.THINK.format(gap=gap.name), head=head))
    return ""


def card() -> None:
    """Show the course's card."""
    _told(_card)


def _card(_shell: InteractiveShell) -> str:
    title, rules = data.card()
    _put(message(*rules, head=title))
    return ""


def show(*names: object) -> None:
    """Print named results."""
    _told(lambda shell: _show(names, shell))


def _show(names: tuple[object, ...], shell: InteractiveShell) -> str:
    print(results_shown([str(name) for name in names], shell.user_ns))
    return ""


def progress(notebook: object) -> None:
    """Show how far the student is."""
    _told(lambda shell: _progress(notebook, shell))


def _progress(notebook: object, shell: InteractiveShell) -> str:
    _put(board.shown(notebook, shell))
    return ""


def _gap(name: object) -> Gap:
    named = name if isinstance(name, str) else getattr(name, "__name__", None)
    if not isinstance(named, str):
        raise _Unclear
    return data.gap(named)


class _Unclear(Exception):  # noqa: N818 (never leaves this file)
    """The name of the gap is not in quotes."""


def _told(call: Callable[[InteractiveShell], str]) -> str:
    """Do what was called, or say why it cannot be done; what stands against it, in one line, or nothing."""
    shell = kernel.shell()
    if shell is None:
        print(texts.NO_NOTEBOOK)
        return texts.NO_NOTEBOOK
    if kernel.memory(shell).busy:
        return ""
    try:
        return call(shell)
    except _Unclear:
        example = next(iter(next(iter(data.notebooks().values()))))
        return _said(message(texts.NO_NAME.format(example=example)))
    except data.NoSuchGap as unknown:
        close = " " + texts.CLOSE.format(names=texts.listed(unknown.close)) if unknown.close else ""
        return _said(message(texts.NO_GAP.format(name=unknown) + close))
    except data.NoData:
        return _said(message(texts.NO_DATA))
    except Exception as fault:  # a fault of ours must not stop a student's notebook
        return _said(message(texts.FAULT.format(type=type(fault).__name__)))


def _put(shown: Shown | board.Board) -> None:
    """Display something here."""
    display(shown)  # type: ignore[no-untyped-call]


def _said(shown: Shown) -> str:
    _put(shown)
    return shown.text.replace("\n", " ")
