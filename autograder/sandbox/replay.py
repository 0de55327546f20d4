"""Replay a notebook on a group of twins. Runs inside the sandbox, in one process with student code: nothing is trusted.

After a locked cell the twin's givens are put in. Before a gap, and again once it has answered, every name of the
reference's state whose value differs is set right, in place and in its own type where that can hold the right value;
what is equal is left alone, so that aliases and values which the student derived stay. What a gap changed outside its
outputs is undone. A slip costs its own gap and nothing else.
"""

from __future__ import annotations

import contextvars
import marshal
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import CodeType, ModuleType
from typing import Any

import numpy as np
from numpy import float64, ndarray

from autograder.sandbox.capture import (
    SINK,
    Code,
    Shell,
    compiled,
    describe,
    draw_nothing,
    execute,
    execute_shown,
    line_of,
)
from autograder.sandbox.place import Place
from autograder.sandbox.wire import (
    DTYPES,
    MAX_NAMES,
    After,
    ArrayFrame,
    Before,
    Case,
    End,
    Frame,
    Frames,
    Gave,
    Got,
    OddFrame,
    Ready,
    RunCell,
    RunnerEnd,
    SequenceFrame,
    Shown,
    Start,
    pack,
    unpack,
    unpack_all,
)
from lab.outside import Kept, Taken
from lab.values import coarsest, in_own_type, set_in_place, shared

NARROW = re.compile(r"float(16|32)|half|single|f[24]\b")
"""What a notebook must say somewhere to make numbers of fewer digits; then they are looked for before every gap."""


class _Nothing:
    """What everything of `lab` is during grading: may be called, indexed, entered and iterated, and does nothing."""

    def __call__(self, *_args: object, **_keywords: object) -> _Nothing:
        return self

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def _ipython_display_(self) -> None:
        """Show nothing."""

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


def stand_in_for_lab(shell: Shell, printed: Callable[[Sequence[str], Mapping[str, object]], str]) -> None:
    """Put a stand-in in the place of the students' package `lab`; only `show` does what it says, by `printed`."""

    def show(*names: str) -> None:
        if SINK.keeping:
            print(printed(names, shell.user_ns))

    stand = _Stand("lab")
    stand.__path__ = []
    vars(stand)["show"] = show
    sys.modules["lab"] = stand


def _equal(value: object, frame: Frame) -> bool:
    """Whether a name still holds the right value, be it as list or array, int or float."""
    packed = pack(value)
    if packed == frame:
        return True
    if isinstance(frame, OddFrame) or isinstance(packed, OddFrame):  # a list of millions would take seconds below
        return False
    try:
        want, got = np.asarray(unpack(frame)), np.asarray(unpack(packed))
        return got.shape == want.shape and bool(np.all(np.abs(got - want) <= 1e-9 * np.maximum(1, np.abs(want))))
    except Exception:  # any object may stand under the name; numpy then raises what it likes
        return False


def _is_exact(value: object, frame: Frame) -> bool:
    """Whether a value that is right is so to the last digit of its own type; an inexact one would cost a later gap."""
    try:
        want, got = unpack(frame), np.asarray(unpack(pack(value)))
        entries = in_own_type(want, got.dtype) if type(value) is ndarray else np.asarray(want)
        return entries is not None and got.shape == entries.shape and bool(np.all(got == entries))
    except Exception:  # as above
        return False


def _is_as_given(value: object, frame: Frame) -> bool:
    """Whether a value is right down to its type: the usual case, and quick to tell. A list is not looked into.

    Types are compared by identity: a class of the student's could answer `==` as it likes.
    """
    if value is frame:
        return True
    kind = type(value)
    if kind is float or kind is int or kind is bool or kind is str:
        return kind is type(frame) and value == frame
    if type(frame) is ArrayFrame and (kind is ndarray or kind is float64):
        return _is_same_array(value, frame)  # type: ignore[arg-type]  # its type has just been looked at
    return False


def _is_right(value: object, frame: Frame) -> bool:
    return _is_as_given(value, frame) or _equal(value, frame)


def _is_same_array(value: ndarray | float64, frame: ArrayFrame) -> bool:
    if value.tobytes() != frame.data:
        return False
    return value.dtype == DTYPES[frame.element] and value.shape == frame.shape


class Twin:
    """One namespace: the notebook on one twin's numbers.

    `state` holds the right value of every name that locked cells and answered gaps have set, `supplied` the reference's
    functions of answered gaps.
    """

    def __init__(self, namespace: dict[str, Any], givens: Frames) -> None:
        self.namespace = namespace
        self.givens = givens
        self.state: Frames = {}
        self.supplied: dict[str, Any] = {}
        self._known: dict[str, object] = {}
        self._sequences: dict[str, object] = {}

    def learn(self, frames: Frames) -> None:
        """Take in right values; the namespace stays as it is."""
        self.state.update(frames)
        for name in frames:
            self._known.pop(name, None)
            self._sequences.pop(name, None)

    def give(self, names: tuple[str, ...]) -> None:
        """Put in the givens that a locked cell has just set to the page's values."""
        frames = {name: self.givens[name] for name in names}
        self.learn(frames)
        self.namespace.update(unpack_all(frames))

    def set_right(self, names: Iterable[str]) -> None:
        """Set right those of these names whose value differs, however little; in place where nothing else lies."""
        differing = self.differing(names, exactly=True)
        for name in differing:
            value, right = self.namespace.get(name), unpack(self.state[name])
            keeps_form = type(value) is ndarray or _equal(value, self.state[name])  # a wrong list may be of any form
            if not keeps_form or self._is_shared(name) or not set_in_place(value, right):
                self.namespace[name] = right

    def _is_shared(self, name: str) -> bool:
        """Whether another name of the state stands for the same array or list, or for a part of it."""
        value, space = self.namespace.get(name), self.namespace
        others = [space[other] for other in self.state if other != name and other in space]
        if type(value) is not ndarray:
            return any(other is value for other in others)
        return any(type(other) is ndarray and np.may_share_memory(value, other) for other in others)

    def differing(self, names: Iterable[str], *, exactly: bool = False) -> list[str]:
        """Those of these names that no longer hold their right value, or do not hold it `exactly`."""
        namespace, known = self.namespace, self._known  # what cannot change and was right is right: one look for each
        return [
            name
            for name in names
            if namespace.get(name, namespace) is not known.get(name, known) and not self._holds(name, exactly)
        ]

    def _holds(self, name: str, exactly: bool) -> bool:
        """Whether a name holds its right value."""
        if name not in self.namespace:
            return False
        value, frame = self.namespace[name], self.state[name]
        if _is_as_given(value, frame):
            if type(value) is not ndarray:
                self._known[name] = value
            return True
        if isinstance(frame, SequenceFrame) and self._is_same_list(name, value, frame):
            return True
        return _is_exact(value, frame) if exactly else _equal(value, frame)

    def _is_same_list(self, name: str, value: object, frame: SequenceFrame) -> bool:
        if name not in self._sequences:
            self._sequences[name] = unpack(frame)
        want = self._sequences[name]
        try:
            return type(value) is type(want) and bool(value == want)
        except BaseException:  # arrays in it, or objects of the student
            return False

    def closed(self, frames: Frames) -> Twin:
        """A namespace with these values and what is there before any cell has run: what the notebook imports."""
        twin = Twin({**self.namespace, **unpack_all(frames)}, {})
        twin.learn(frames)
        return twin


class Replay:
    """Runs a notebook on a group of its twins, cell by cell, and then the next one.

    A gap answers on every twin before a right value of it is shown on any: what a correction tells comes too late.
    """

    def __init__(self, shell: Shell, grader: RunnerEnd, place: Place) -> None:
        self._shell, self._grader, self._place = shell, grader, place
        self._fresh = dict(shell.user_ns)
        self._codes: dict[str, tuple[str, Code | BaseException]] = {}
        self._name = ""
        self._twins: list[Twin] = []
        self._number = self._index = self._turn = 0
        self._before: Before | None = None
        self._own_cells_ran = self._looks_for_narrow = False

    def run(self) -> None:
        """Run notebooks until the grader wants no more; numpy's and Python's settings are as at first in each."""
        while True:
            try:
                start = self._grader.receive()
            except EOFError:
                return
            assert isinstance(start, Start)
            self._shell.compile.reset_compiler_flags()
            with warnings.catch_warnings():
                contextvars.copy_context().run(self._notebook, start)

    def _notebook(self, start: Start) -> None:
        """Run all cells, answer at the gaps, and say that it is done."""
        SINK.keeping, SINK.most = start.capture, start.output_bytes
        if not start.capture:
            draw_nothing()
        self._before, self._own_cells_ran = start.first, False
        self._twins = [Twin(dict(self._fresh), givens) for givens in start.twins]
        self._looks_for_narrow = any(NARROW.search(cell.source) for cell in start.cells)
        if start.imports:
            self._cell(start.imports, self._twins, show=False)
        self._number = 0
        self._grader.send(Ready())
        for index, cell in enumerate(start.cells):
            self._index, self._turn = index, 0
            self._place.set(index)
            if cell.gap >= 0:
                self._gap(cell)
                continue
            if not cell.skipped:
                self._cell(cell.source, self._twins, show=start.capture)
                self._own_cells_ran = True
            if start.capture:
                for place, outputs in SINK.take(index).items():
                    self._grader.send(Shown(place, outputs))
            for twin in self._twins:
                twin.give(cell.givens)
        self._grader.send(End())

    def _cell(self, source: str, twins: Sequence[Twin], *, show: bool) -> list[BaseException | None]:
        """Run one cell on each of these twins; what it raised on each."""
        self._number += 1
        if show or source not in self._codes:
            name = f"<cell {self._number}>"
            self._codes[source] = name, compiled(self._shell, source, name, show=show)
        self._name, code = self._codes[source]  # compiled for its outputs, or for the notebook before, it serves again
        if isinstance(code, Code):
            return [self._execute(code, twin, execute_shown if show else execute) for twin in twins]
        if show:
            self._shell.show_error(code)
        return [code for _ in twins]

    def _execute(self, code: Code, twin: Twin, by: Callable[..., BaseException | None]) -> BaseException | None:
        self._next_turn()
        return by(self._shell, code, twin.namespace)

    def _next_turn(self) -> None:
        """From here on the student's code runs for another twin: its computing time is counted anew."""
        self._turn += 1
        self._place.set(self._index, self._turn)

    def _gap(self, cell: RunCell) -> None:
        before = self._before
        assert before is not None
        twins = self._ready(before)
        if cell.skipped:
            twins = {}
        kept, taken = Kept(), [Taken(twin.namespace) for twin in twins.values()]
        narrow = [coarsest(twin.namespace.values()) if self._looks_for_narrow else "" for twin in twins.values()]
        errors = self._cell(cell.source, list(twins.values()), show=False)
        kept.undo()
        gave = {
            place: self._observe(before, before.cases[place], twin, error, given)
            for (place, twin), error, given in zip(twins.items(), errors, narrow, strict=True)
        }
        kept.undo()
        for names in taken:
            names.give_back(before.outputs)
        self._grader.send(Got(cell.gap, gave))
        after = self._grader.receive()
        assert isinstance(after, After)
        self._before = after.next
        for place, (twin, state) in enumerate(zip(self._twins, after.states, strict=False)):
            twin.learn(state)
            touched = [name for name in gave[place].touched if name in twin.state] if gave else []
            twin.set_right(twin.state if before.driver else [*state, *touched])
            if after.code:
                _supply(twin, after)

    def _ready(self, before: Before) -> dict[int, Twin]:
        """The twins as the gap is to find them."""
        if before.closed:
            return {place: self._twins[place].closed(case.state) for place, case in before.cases.items()}
        for place, case in before.cases.items():
            twin = self._twins[place]
            twin.learn(case.state)
            twin.set_right(twin.state if self._own_cells_ran else case.state)
        self._own_cells_ran = False
        return {place: self._twins[place] for place in before.cases}

    def _observe(self, before: Before, case: Case, twin: Twin, error: BaseException | None, narrow: str) -> Gave:
        """Read what the gap gave; call its function or class if it has one."""
        self._next_turn()
        touched = twin.differing([name for name in twin.state if name not in before.outputs])
        namespace = twin.namespace
        values = {name: pack(namespace[name]) for name in before.outputs if name in namespace}
        others = {name: namespace[name] for name in twin.state if name not in before.outputs and name in namespace}
        one = shared([namespace[name] for name in values], others)
        repeats, needs_globals = True, False
        if case.calls and error is None:
            try:
                results, changed = _drive(before, case, twin)
                values.update(results)
                touched += changed
                if case.calls > 1:
                    repeats, needs_globals = _drive_again(before, case, twin, results)
            except BaseException as raised:  # the student's function
                error = raised
        text = describe(error) if error else ""
        line = line_of(error, self._name) if error else 0
        return Gave(
            values, text, line, tuple(touched[:MAX_NAMES]), repeats, needs_globals, narrow, tuple(one[:MAX_NAMES])
        )


def _supply(twin: Twin, after: After) -> None:
    """Put the reference's functions in place of the student's, for later gaps to call."""
    scope: dict[str, Any] = {"np": np, **unpack_all(twin.state), **twin.supplied}
    exec(_loaded(after.code), scope)
    twin.supplied.update({name: scope[name] for name in after.supplies})
    twin.namespace.update({name: scope[name] for name in after.supplies})


@cache
def _loaded(code: bytes) -> CodeType:
    """Code as `marshal` has written it."""
    return marshal.loads(code)  # type: ignore[no-any-return]


@cache
def _names(code: CodeType) -> frozenset[str]:
    """Names that a driver's code uses, in its functions, too."""
    inner = [part for part in code.co_consts if isinstance(part, CodeType)]
    return frozenset(code.co_names).union(*map(_names, inner))


def _drive(before: Before, case: Case, twin: Twin) -> tuple[Frames, list[str]]:
    """Call the function or class of the gap; its results, and which of the values it was given it changed."""
    code = _loaded(before.driver)
    used = _names(code)
    frames = {**{name: frame for name, frame in twin.state.items() if name in used}, **case.probes}
    given = unpack_all(frames)
    defined = {name: twin.namespace[name] for name in before.defines if name in twin.namespace}
    space: dict[str, Any] = {"np": np, **given, **defined}
    exec(code, space)
    results = {name: pack(space[name]) for name in before.results if name in space}
    changed = [
        name
        for name, value in given.items()
        if name not in before.defines and space[name] is value and not _is_right(value, frames[name])
    ]
    return results, changed


def _drive_again(before: Before, case: Case, twin: Twin, first: Frames) -> tuple[bool, bool]:
    """Whether a second call gives the same, and whether one needs the notebook's variables."""
    try:
        repeats = _drive(before, case, twin)[0] == first
    except BaseException:  # the student's function
        repeats = False
    namespace = twin.namespace
    kept = {name: namespace[name] for name in twin.state if name in namespace and name not in before.defines}
    namespace.update(dict.fromkeys(kept))
    try:
        needs_globals = _drive(before, case, twin)[0] != first
    except BaseException:  # the student's function
        needs_globals = True
    namespace.update(kept)
    return repeats, needs_globals and repeats
