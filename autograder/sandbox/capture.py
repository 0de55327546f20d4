"""Run notebook cells as a kernel would, and keep what they print, show and raise.

Plain Python is compiled and run directly; cells with magics go through IPython's transformer first. Figures, rich
displays and tracebacks are IPython's own, so an autograded notebook looks like the student's.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import sys
import types
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox.wire import Output

CUT = "\n[The output was longer than is kept; the rest is left out.]\n"


class Sink:
    """Collects the outputs of one cell in order, up to a number of bytes; drops them when not `keeping`."""

    def __init__(self) -> None:
        self.keeping = False
        self.most = 0
        self._outputs: list[dict[str, Any]] = []
        self._used = 0
        self._clear_next = False

    def text(self, name: str, text: str) -> None:
        """Add to a stream; pieces of one stream in a row are one output."""
        if not self.keeping or not self._room(0):
            return
        text = text[: self.most - self._used]
        last = self._outputs[-1] if self._outputs else None
        if last and last["kind"] == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self._outputs.append({"kind": "stream", "name": name, "parts": [text]})
        if not self._room(len(text)):
            self._outputs.append({"kind": "stream", "name": "stderr", "parts": [CUT]})

    def add(self, size: int, **output: Any) -> None:
        """Add a result, a display or an error."""
        if self.keeping and self._room(size):
            self._outputs.append(output)

    def update(self, display_id: str, data: dict[str, str]) -> None:
        """Replace what an earlier display of this cell showed."""
        for output in self._outputs:
            if output.get("display_id") == display_id:
                output["data"] = data

    def clear(self, wait: bool) -> None:
        """Forget the cell's outputs, at once or when the next one comes."""
        self._clear_next = wait
        if not wait:
            self._outputs.clear()

    def take(self) -> list[Output]:
        """The outputs so far, and start anew."""
        taken = []
        for output in self._outputs:
            output.pop("display_id", None)
            parts = output.pop("parts", None)
            if parts is not None:
                output["text"] = "".join(parts)
            taken.append(Output(**output))
        self._outputs, self._used, self._clear_next = [], 0, False
        return taken

    def _room(self, size: int) -> bool:
        if self._clear_next:
            self.clear(wait=False)
        self._used += size
        return self._used < self.most


SINK = Sink()


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of the student's code."""

    def __init__(self, name: str) -> None:
        self.name = name

    encoding = "utf-8"

    def writable(self) -> bool:  # noqa: D102 (as in io)
        return True

    def isatty(self) -> bool:  # noqa: D102 (as in io)
        return False

    def write(self, text: str) -> int:  # noqa: D102 (as in io)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        SINK.text(self.name, text)
        return len(text)


def _texts(data: Mapping[str, object]) -> dict[str, str]:
    """The parts of a display that a notebook stores as text; bytes as base64."""
    coded = {mime: b64encode(part).decode() if isinstance(part, bytes) else part for mime, part in data.items()}
    return {mime: part for mime, part in coded.items() if isinstance(part, str)}


def _size(data: Mapping[str, str]) -> int:
    return sum(map(len, data.values()))


class _Publisher(DisplayPublisher):
    def publish(  # type: ignore[no-untyped-def]
        self, data, metadata=None, source=None, *, transient=None, update=False, **_ignored
    ) -> None:
        texts = _texts(data)
        display_id = (transient or {}).get("display_id", "")
        if update:
            SINK.update(display_id, texts)
        else:
            SINK.add(_size(texts), kind="display_data", data=texts, display_id=display_id)

    def clear_output(self, wait: bool = False) -> None:
        SINK.clear(wait)


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: object = None) -> None:
        texts = _texts(format_dict)
        SINK.add(_size(texts), kind="execute_result", data=texts)


class Shell(InteractiveShell):
    """IPython without a terminal, a history file or threads."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        config.InteractiveShell.colors = "nocolor"
        super().__init__(config=config)
        self.display_formatter.active = True  # type: ignore[union-attr]  # a traitlet, typed by its class
        InteractiveShell._instance = self  # type: ignore[assignment]  # what `get_ipython()` gives

    def enable_gui(self, gui: object = None) -> None:
        """There is none."""

    def showtraceback(self, exc_tuple: Any = None, *_args: Any, **_keywords: Any) -> None:
        """Keep a traceback as an error output."""
        kind, error, trace = self._get_exc_info(exc_tuple)
        try:
            lines = self.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=1)
        except BaseException:  # an exception object of the student may raise while it is shown
            lines = [kind.__name__]
        text = describe(error)
        SINK.add(len(text), kind="error", ename=kind.__name__, evalue=text.partition(": ")[2], traceback=lines)

    def show_error(self, error: BaseException) -> None:
        """Keep an error of the compiler as an error output."""
        kind = type(error)
        lines = self.SyntaxTB.structured_traceback(kind, error, None)
        SINK.add(1000, kind="error", ename=kind.__name__, evalue=describe(error).partition(": ")[2], traceback=lines)


def _no_input(prompt: object = "") -> str:
    raise EOFError("input() has nobody to ask here: give the value in the cell instead")


def describe(error: BaseException) -> str:
    """Type and text of an exception in one line, whatever its `__str__` does."""
    try:
        text = str(error)
    except BaseException:  # the student's own exception class
        text = "(its text cannot be shown)"
    return f"{type(error).__name__}: {' '.join(text.split())}"[:500]


def make_shell(*, plotting: bool) -> Shell:
    """A shell that has run a little of everything, so that nothing is imported for the first time in a runner."""
    shell = Shell()
    builtins.input = _no_input
    if plotting:
        import matplotlib

        matplotlib.use("module://matplotlib_inline.backend_inline")
        import matplotlib.pyplot
        from matplotlib_inline.backend_inline import configure_inline_support

        configure_inline_support(shell, "module://matplotlib_inline.backend_inline")
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    SINK.keeping, SINK.most = True, 1000
    for source in ("1 + 1", "%%time\nprint(1)", "import numpy as np\nnp.ones(2)", "1 / 0"):
        run(shell, source, "<warm>", shell.user_ns)
    SINK.take()
    SINK.keeping = False
    shell.reset(new_session=True)
    return shell


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled cell: its statements, and its last expression if that is to be displayed."""

    statements: types.CodeType | None
    last: types.CodeType | None


def compiled(shell: Shell, source: str, name: str, *, show: bool) -> Code | BaseException:
    """Compile one cell; the error if that fails.

    Args:
        shell: Its transformer takes cells with magics apart.
        source: As the student wrote it.
        name: Stands for a file name in tracebacks.
        show: Whether the value of a last expression will be displayed.
    """
    try:
        return _compile(shell, source, name, show)
    except BaseException as error:  # a SyntaxError, or what nesting too deep for the compiler raises
        return error


def execute(shell: Shell, code: Code, namespace: dict[str, Any], *, show: bool) -> BaseException | None:
    """Run a compiled cell in `namespace`; what it raised, or None. With `show`, display its value and figures."""
    shell.user_ns = namespace  # for magics
    try:
        if code.statements is not None:
            exec(code.statements, namespace)
        if code.last is not None:
            shell.displayhook(eval(code.last, namespace))
        if show:
            shell.events.trigger("post_execute")
        return None
    except BaseException as error:  # the student's code, SystemExit and KeyboardInterrupt included
        if show:
            shell.showtraceback()
        return error


def run(shell: Shell, source: str, name: str, namespace: dict[str, Any]) -> None:
    """Run one cell and keep what it shows."""
    code = compiled(shell, source, name, show=True)
    if isinstance(code, Code):
        execute(shell, code, namespace, show=True)
    else:
        shell.show_error(code)


def _compile(shell: Shell, source: str, name: str, show: bool) -> Code:
    try:
        tree = ast.parse(source, name)
    except SyntaxError:
        source = shell.transform_cell(source)
        tree = ast.parse(source, name)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    last = None
    if show and tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        expression = tree.body.pop()
        assert isinstance(expression, ast.Expr)
        last = compile(ast.Expression(expression.value), name, "eval")
    return Code(compile(tree, name, "exec") if tree.body else None, last)


def line_of(error: BaseException, name: str) -> int:
    """Line of the cell `name` in which `error` came up, from 1; 0 if it cannot be told."""
    if isinstance(error, SyntaxError) and error.filename == name:
        return error.lineno or 0
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
