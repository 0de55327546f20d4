"""Replay a notebook on one twin. Runs inside the sandbox, in the same process as student code: nothing here is trusted.

After a locked cell the twin's givens are put in. Before a gap, and again once it has answered, every name of the
reference's state whose value differs is set right; what is equal is left alone, so that aliases and values which the
student derived stay. A slip costs its own gap and nothing else.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np

from autograder.sandbox.capture import SINK, Shell, describe, line_of, run
from autograder.sandbox.wire import (
    After,
    At,
    Before,
    End,
    Frame,
    Frames,
    Got,
    Need,
    OddFrame,
    RunCell,
    RunnerEnd,
    Shown,
    Start,
    pack,
    unpack,
    unpack_all,
)


class _Nothing:
    """What everything of `lab` is during grading: may be called, indexed, entered and iterated, and does nothing."""

    def __call__(self, *_args: object, **_keywords: object) -> _Nothing:
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Any:
        return iter(())

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_problem: object) -> None:
        return None

    def __repr__(self) -> str:
        return ""


class _Stand(ModuleType):
    """The module `lab` during grading: widgets cost no time and can break nothing."""

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


def stand_in_for_lab() -> None:
    """Put a stand-in in the place of the students' package `lab`."""
    stand = _Stand("lab")
    stand.__path__ = []
    sys.modules["lab"] = stand


def _equal(value: object, frame: Frame) -> bool:
    """Whether a name still holds the right value, be it as list or array, int or float."""
    if pack(value) == frame:
        return True
    if isinstance(frame, OddFrame):
        return False
    try:
        want, got = np.asarray(unpack(frame)), np.asarray(value)
        return got.shape == want.shape and bool(np.all(np.abs(got - want) <= 1e-9 * np.maximum(1, np.abs(want))))
    except Exception:  # any object may stand under the name; numpy then raises what it likes
        return False


class Replay:
    """One run of one notebook on one twin."""

    def __init__(self, shell: Shell, grader: RunnerEnd) -> None:
        self._shell, self._grader = shell, grader
        self._namespace: dict[str, Any] = shell.user_ns
        self._state: Frames = {}
        self._number = 0

    def run(self) -> None:
        """Run all cells, answer at the gaps, and say that it is done."""
        start = self._grader.receive()
        assert isinstance(start, Start)
        SINK.keeping, SINK.most = start.capture, start.output_bytes
        self._cell(start.imports, show=False)
        for index, cell in enumerate(start.cells):
            self._grader.send(At(index))
            if cell.gap >= 0:
                self._gap(cell)
                continue
            self._cell(cell.source, show=start.capture)
            if start.capture:
                self._grader.send(Shown(index, SINK.take()))
            self._state.update(cell.givens)
            self._namespace.update(unpack_all(cell.givens))
        self._grader.send(End())

    def _cell(
        self, source: str, *, show: bool, namespace: dict[str, Any] | None = None
    ) -> tuple[BaseException | None, int]:
        self._number += 1
        name = f"<cell {self._number}>"
        space = self._namespace if namespace is None else namespace
        error = run(self._shell, source, name, space, show=show)
        return error, line_of(error, name) if error else 0

    def _gap(self, cell: RunCell) -> None:
        self._grader.send(Need(cell.gap))
        before = self._grader.receive()
        assert isinstance(before, Before)
        if before.closed:
            modules = {name: value for name, value in self._namespace.items() if isinstance(value, ModuleType)}
            namespace, state = {**modules, **unpack_all(before.state)}, before.state
        else:
            self._state.update(before.state)
            self._set_right()
            namespace, state = self._namespace, self._state
        error, line = self._cell(cell.source, show=False, namespace=namespace)
        touched = [
            name
            for name, frame in state.items()
            if name not in before.outputs and not (name in namespace and _equal(namespace[name], frame))
        ]
        values = {name: pack(namespace[name]) for name in before.outputs if name in namespace}
        repeats, needs_globals = True, False
        if before.driver and error is None:
            try:
                results, changed = self._drive(before, namespace)
                values.update(results)
                touched += changed
                repeats, needs_globals = self._drive_again(before, namespace, results)
            except BaseException as raised:  # the student's function
                error, line = raised, self._line_in_gap(raised)
        text = describe(error) if error else ""
        self._grader.send(Got(cell.gap, values, text, line, tuple(touched), repeats, needs_globals))
        after = self._grader.receive()
        assert isinstance(after, After)
        self._state.update(after.state)
        if not before.closed:
            self._set_right()
        if after.source:
            scope: dict[str, Any] = {"np": np, **unpack_all(self._state)}
            exec(after.source, scope)
            self._namespace.update({name: scope[name] for name in after.supplies})

    def _line_in_gap(self, error: BaseException) -> int:
        return line_of(error, f"<cell {self._number}>")

    def _set_right(self) -> None:
        for name, frame in self._state.items():
            if not (name in self._namespace and _equal(self._namespace[name], frame)):
                self._namespace[name] = unpack(frame)

    def _drive(self, before: Before, namespace: dict[str, Any]) -> tuple[Frames, list[str]]:
        """Call the function or class of the gap; its results, and which of the values it was given it changed."""
        frames = {**self._state, **before.probes}
        given = unpack_all(frames)
        defined = {name: namespace[name] for name in before.defines if name in namespace}
        space: dict[str, Any] = {"np": np, **given, **defined}
        exec(before.driver, space)
        results = {name: pack(space[name]) for name in before.results if name in space}
        changed = [
            name
            for name, value in given.items()
            if name not in before.defines and space[name] is value and not _equal(value, frames[name])
        ]
        return results, changed

    def _drive_again(self, before: Before, namespace: dict[str, Any], first: Frames) -> tuple[bool, bool]:
        """Whether a second call gives the same, and whether one needs the notebook's variables."""
        try:
            repeats = self._drive(before, namespace)[0] == first
        except BaseException:  # the student's function
            repeats = False
        kept = {name: namespace[name] for name in self._state if name in namespace and name not in before.defines}
        namespace.update(dict.fromkeys(kept))
        try:
            needs_globals = self._drive(before, namespace)[0] != first
        except BaseException:  # the student's function
            needs_globals = True
        namespace.update(kept)
        return repeats, needs_globals and repeats
