"""Run the student's cell as grading does, on one set of numbers, and put the notebook back as it was.

The cell runs in the notebook's own namespace, since the student's helper functions look their names up there; what
stood in it is kept and put back, whatever happens.
"""

from __future__ import annotations

import builtins
import copy
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import CodeType, ModuleType
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from lab.errors import line_of, text_of
from lab.gaps import Answer, Gap, Numbers, fresh, fresh_all
from lab.judge import narrowed
from lab.magics import once
from lab.names import Needs
from lab.outside import Kept
from lab.values import all_identical, coarsest, equal, in_the_form_of, plain, shared


def answer_on(numbers: Numbers, gap: Gap, code: CodeType, needs: Needs, shell: InteractiveShell, name: str) -> Answer:
    """What the cell gives on one set of numbers.

    Args:
        numbers: Right values of all that stands before the gap.
        gap: What is asked for.
        code: The student's cell, compiled under the file name `name`.
        needs: What it reads besides.
        shell: Its namespace is as before when this returns.
        name: To find the line of an error.
    """
    state = {key: value for key, value in numbers.state.items() if not gap.closed or key in gap.inputs}
    with _on_stage(shell, _space(numbers, gap, state, needs, shell.user_ns)) as (space, undo):
        narrow = coarsest(space.values())
        try:
            exec(code, space)
            undo()
            touched = {key for key, value in state.items() if key not in gap.outputs and not _holds(space, key, value)}
            values = {key: plain(space[key]) for key in gap.outputs if key in space}
            others = {key: space[key] for key in state if key not in gap.outputs and key in space}
            one = frozenset(shared([space[key] for key in values], others))
            answer = Answer(values=values, touched=frozenset(touched), shared=one)
            answer = _driven(numbers, gap, space, answer) if gap.driver else answer
            return replace(answer, values={key: narrowed(value, narrow) for key, value in answer.values.items()})
        except BaseException as error:  # the student's code, SystemExit and KeyboardInterrupt included
            return Answer(values={}, raised=type(error).__name__, problem=text_of(error), line=line_of(error, name))


def _holds(space: Mapping[str, Any], name: str, stored: Any) -> bool:
    return name in space and equal(space[name], fresh(stored))


def _space(
    numbers: Numbers, gap: Gap, state: Mapping[str, Any], needs: Needs, user: Mapping[str, Any]
) -> dict[str, Any]:
    """A namespace for the cell: the state, and underneath what the student has besides it."""
    imported: dict[str, Any] = {}
    exec(gap.imports, imported)
    modules = {name: value for name, value in imported.items() if isinstance(value, ModuleType)}
    user = {name: value for name, value in user.items() if name not in needs.taken}
    if gap.closed:
        return {**_dunders(user), **modules, **fresh_all(state)}
    stale = (needs.own | needs.missing | {*gap.sets}) - needs.computed.keys()
    space = {**modules, **{name: value for name, value in user.items() if name not in stale}}
    memo: dict[int, Any] = {}
    space |= {name: _copied(user[name], memo) for name in needs.computed}
    space |= {name: eval(expression, dict(user)) for name, expression in needs.constants.items()}
    page = gap.numbers[0]
    for name, stored in state.items():
        on_page = fresh(page.state[name])
        if name not in user or not equal(user[name], on_page):
            space[name] = fresh(stored)
        elif numbers is page:  # an alias that the student made, such as `params = [w, b]`, stays one
            space[name] = _copied(user[name], memo)
        else:
            space[name] = in_the_form_of(user[name], on_page, fresh(stored))
    return space


def _dunders(user: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name.startswith("__") and name.endswith("__")}


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # any object of the student's may refuse; then it is used as it is
        return value


def _driven(numbers: Numbers, gap: Gap, space: dict[str, Any], answer: Answer) -> Answer:
    """Call the function or class of the gap three times: for its results, again, and without the notebook's values."""
    given = fresh_all({**numbers.state, **numbers.probe})
    results, left = _drive(given, gap, space)
    changed = {
        name
        for name, stored in {**numbers.state, **numbers.probe}.items()
        if name in given and left.get(name) is given[name] and not equal(given[name], fresh(stored))
    }
    repeats = all_identical(_again(numbers, gap, space), results)
    kept = {name: space[name] for name in numbers.state if name in space and name not in gap.sets}
    space.update(dict.fromkeys(kept))
    needs_globals = repeats and not all_identical(_again(numbers, gap, space), results)
    return Answer(
        values={**answer.values, **results},
        touched=answer.touched | changed,
        shared=answer.shared,
        repeats=repeats,
        needs_globals=needs_globals,
    )


def _drive(given: dict[str, Any], gap: Gap, space: Mapping[str, Any]) -> tuple[dict[str, object], dict[str, Any]]:
    """Results of one call, and the namespace it leaves; `given` loses what the student has defined."""
    defined = {name: space[name] for name in (gap.name, *gap.supplies) if name in space}
    for name in defined:
        given.pop(name, None)
    inner: dict[str, Any] = {"np": np, **given, **defined}
    exec(gap.driver, inner)
    return {name: plain(inner[name]) for name in gap.results if name in inner}, inner


def _again(numbers: Numbers, gap: Gap, space: Mapping[str, Any]) -> dict[str, object]:
    """Results of another call; none if it raised."""
    try:
        return _drive(fresh_all({**numbers.state, **numbers.probe}), gap, space)[0]
    except KeyboardInterrupt:
        raise
    except BaseException:  # the student's function
        return {}


def supplied_right(function: str, gap: Gap, shell: InteractiveShell) -> bool:
    """Whether the notebook's own function does what the earlier gap that defines it asks for.

    Args:
        function: Its name.
        gap: The earlier gap, with its driver and its numbers.
        shell: The notebook's.
    """
    defined = {function: shell.user_ns[function]}
    with _on_stage(shell, dict(shell.user_ns)):  # its functions look their names up there
        for numbers in gap.numbers:
            results = _again(numbers, gap, defined)
            if not all(name in results and equal(results[name], fresh(numbers.want[name])) for name in gap.results):
                return False
    return True


@contextmanager
def _on_stage(shell: InteractiveShell, space: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
    """Exchange what is in the notebook's namespace, quietly, and put it back at the end.

    Yields:
        The namespace, and what undoes all that has been changed besides it.
    """
    user: dict[str, Any] = shell.user_ns
    before, names, figures = Kept(), dict(user), _figures()
    try:
        user.clear()
        user.update(space)
        with capture_output(), warnings.catch_warnings(), np.errstate(), _timed_once(shell):
            warnings.simplefilter("ignore")
            builtins.input = _nobody
            inside = Kept()
            try:
                yield user, inside.undo
            finally:
                inside.undo()
    finally:
        user.clear()
        user.update(names)
        before.undo()
        _close(_figures() - figures)


@contextmanager
def _timed_once(shell: InteractiveShell) -> Iterator[None]:
    """Timing loops run once, as in grading."""
    runs: Any = shell
    line_magic, cell_magic = runs.run_line_magic, runs.run_cell_magic

    def of_line(magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        return line_magic(magic_name, once(magic_name, line), _stack_depth + 1)

    def of_cell(magic_name: str, line: str, cell: str) -> Any:
        return cell_magic(magic_name, once(magic_name, line), cell)

    runs.run_line_magic, runs.run_cell_magic = of_line, of_cell
    try:
        yield
    finally:
        runs.run_line_magic, runs.run_cell_magic = line_magic, cell_magic


def _nobody(prompt: object = "") -> str:
    raise EOFError("input() has nobody to ask here: give the value in the cell instead")


def _figures() -> set[int]:
    plots = sys.modules.get("matplotlib.pyplot")
    return set(plots.get_fignums()) if plots else set()


def _close(figures: set[int]) -> None:
    for figure in figures:
        sys.modules["matplotlib.pyplot"].close(figure)
