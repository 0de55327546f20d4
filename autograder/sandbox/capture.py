"""Run notebook cells as a kernel would, and keep what they print, show and raise.

Plain Python is compiled and run directly; cells with magics go through IPython's transformer first. Figures, rich
displays and tracebacks are IPython's own, so an autograded notebook looks like the student's.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import io
import linecache
import os
import re
import sys
import types
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from traitlets import Type
from traitlets.config import Config

from autograder.sandbox.wire import MAX_OUTPUTS, Output
from lab.magics import once

CUT = "\n[The output was longer than is kept; the rest is left out.]\n"
MOST_TEXT = 10_000
"""Characters of an exception's text, and of one entry of its traceback."""


class Sink:
    """Collects the outputs of one cell in order, up to a number of them and of bytes; drops them when not `keeping`."""

    def __init__(self) -> None:
        self.keeping = False
        self.most = 0
        self._outputs: list[dict[str, Any]] = []
        self._used = 0
        self._clear_next = self._is_cut = False
        self._earlier: dict[int, list[dict[str, Any]]] = {}
        self._changed: set[int] = set()

    @property
    def takes_more(self) -> bool:
        """Whether anything that is shown now would be kept."""
        return self.keeping and (self._clear_next or not self._is_cut)

    def text(self, name: str, text: str) -> None:
        """Add to a stream; pieces of one stream in a row are one output."""
        if not text or not self.keeping or not self._room(0):
            return
        text = text[: self.most - self._used]
        last = self._outputs[-1] if self._outputs else None
        if last and last["kind"] == "stream" and last["name"] == name:
            last["parts"].append(text)
        else:
            self._outputs.append({"kind": "stream", "name": name, "parts": [text]})
        self._room(len(text))

    def add(self, size: int, **output: Any) -> None:
        """Add a result, a display or an error."""
        if self.keeping and self._room(size):
            self._outputs.append(output)

    def update(self, display_id: str, data: dict[str, str]) -> None:
        """Replace what displays of this name showed, in this cell and in earlier ones."""
        if not display_id or not self.keeping or not self._room(_size(data)):
            return
        for cell, outputs in [(-1, self._outputs), *self._earlier.items()]:
            for output in outputs:
                if output.get("display_id") == display_id:
                    output["data"] = data
                    self._changed.add(cell)

    def clear(self, wait: bool) -> None:
        """Forget the cell's outputs, at once or when the next one comes."""
        self._clear_next = wait
        if not wait:
            self._outputs.clear()
            self._is_cut = False

    def take(self, cell: int) -> dict[int, list[Output]]:
        """The outputs of this cell, which has ended, and those of earlier cells that it changed; then start anew."""
        if any("display_id" in output for output in self._outputs):
            self._earlier[cell] = self._outputs
        taken = {earlier: self._earlier[earlier] for earlier in self._changed if earlier in self._earlier}
        taken[cell] = self._outputs
        self._outputs, self._used, self._clear_next, self._is_cut, self._changed = [], 0, False, False, set()
        return {place: [_output(one) for one in outputs] for place, outputs in taken.items()}

    def _room(self, size: int) -> bool:
        if self._clear_next:
            self.clear(wait=False)
        self._used += size
        if self._used < self.most and len(self._outputs) < MAX_OUTPUTS - 1:
            return True
        if not self._is_cut:
            self._is_cut = True
            self._outputs.append({"kind": "stream", "name": "stderr", "parts": [CUT]})
        return False


def _output(parts: dict[str, Any]) -> Output:
    known = {key: value for key, value in parts.items() if key not in ("parts", "display_id")}
    return Output(**known, text="".join(parts.get("parts", ())))


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
        name = (transient or {}).get("display_id", "")
        SINK.update(name, texts)
        if not update:
            SINK.add(_size(texts), kind="display_data", data=texts, **({"display_id": name} if name else {}))

    def clear_output(self, wait: bool = False) -> None:
        SINK.clear(wait)


class _Hook(DisplayHook):
    def quiet(self) -> bool:
        """A result that a semicolon hides has not been asked for."""
        return False

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: object = None) -> None:
        texts = _texts(format_dict)
        SINK.add(_size(texts), kind="execute_result", data=texts)


class _Compiler(CachingCompiler):
    def format_code_name(self, name: str) -> tuple[str, str] | None:
        """How a traceback names a cell."""
        number = re.fullmatch(r"<cell (\d+)>", name)
        return ("Cell", f"In[{number[1]}]") if number else super().format_code_name(name)


class _Formatter(DisplayFormatter):
    """Formats nothing that would not be kept: drawing a figure takes longer than a whole notebook."""

    def format(self, obj: object, include: object = None, exclude: object = None) -> Any:
        return super().format(obj, include, exclude) if SINK.takes_more else ({}, {})


class Shell(InteractiveShell):
    """IPython without a terminal, a history file, threads or other programs."""

    compiler_class = Type(_Compiler)
    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        config.InteractiveShell.colors = "nocolor"
        # Without a folder and a profile, IPython would make some: in the user's home, or left behind in /tmp.
        super().__init__(config=config, ipython_dir="/nonexistent", profile_dir=ProfileDir())
        self.display_formatter.active = True  # type: ignore[union-attr]  # a traitlet, typed by its class
        InteractiveShell._instance = self  # type: ignore[assignment]  # what `get_ipython()` gives

    def init_display_formatter(self) -> None:
        """Ours in place of IPython's."""
        self.display_formatter = _Formatter(parent=self)
        self.configurables.append(self.display_formatter)  # type: ignore[arg-type]  # a list of any configurables

    @property
    def user_global_ns(self) -> dict[str, Any]:
        """Of the twin: a cell below `%%capture` finds the names that it sets."""
        return self.user_ns  # type: ignore[no-any-return]

    def count(self, source: str) -> None:
        """Take a cell into the history, as `In` and the numbers of `Out` show it."""
        self.history_manager.input_hist_parsed.append(source)  # type: ignore[union-attr]
        self.execution_count += 1

    def enable_gui(self, gui: object = None) -> None:
        """There is none."""

    def ask_exit(self) -> None:
        """The notebook goes on, as in a kernel."""

    def system(self, cmd: str) -> None:
        """There are no other programs."""
        sys.stderr.write("Other programs cannot be started while a notebook is graded.\n")

    system_raw = system_piped = system

    def getoutput(self, cmd: str, *_arguments: object, **_keywords: object) -> list[str]:
        """There are no other programs."""
        self.system(cmd)
        return []

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> Any:
        """As IPython does; a timing loop runs once."""
        return super().run_line_magic(magic_name, once(magic_name, line), _stack_depth + 1)

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> Any:
        """As IPython does; a timing loop runs once."""
        return super().run_cell_magic(magic_name, once(magic_name, line), cell)

    def showtraceback(self, exc_tuple: Any = None, *_args: Any, **_keywords: Any) -> None:
        """Keep a traceback as an error output, without the frames that are ours."""
        kind, error, trace = self._get_exc_info(exc_tuple)
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        if kind is UsageError:
            SINK.text("stderr", f"UsageError: {_text_of(error)}\n")
            return
        try:
            if issubclass(kind, SyntaxError):
                lines = self.SyntaxTB.structured_traceback(kind, error, None)
            elif kind is SystemExit:
                lines = self.InteractiveTB.get_exception_only(kind, error)
            else:
                lines = self.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=0)
        except BaseException:  # an exception object of the student may raise while it is shown
            lines = [kind.__name__]
        lines = [line[:MOST_TEXT] for line in lines]
        text = _text_of(error)[:MOST_TEXT]
        SINK.add(sum(map(len, lines)), kind="error", ename=kind.__name__, evalue=text, traceback=lines)

    def show_error(self, error: BaseException) -> None:
        """Keep an error of the compiler as an error output."""
        self.showtraceback((type(error), error, None))


def _no_input(prompt: object = "") -> str:
    raise EOFError("input() has nobody to ask here: give the value in the cell instead")


def describe(error: BaseException) -> str:
    """Type and text of an exception in one line, whatever its `__str__` does."""
    text = " ".join(_text_of(error).split())
    return f"{type(error).__name__}{': ' if text else ''}{text}"[:500]


def _text_of(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # the student's own exception class
        return "(its text cannot be shown)"


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
        _keep_off_disk(matplotlib.figure.Figure)
    sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
    SINK.keeping, SINK.most = True, 1000
    for source in ("1 + 1", "%%time\nprint(1)", "import numpy as np\nnp.ones(2)", "1 / 0"):
        run(shell, source, "<warm>", shell.user_ns)
    SINK.take(0)
    SINK.keeping = False
    shell.reset(new_session=True)
    return shell


def _keep_off_disk(figure: type) -> None:
    """A cell that saves its figure as a file shall not fail because there is no disk here."""
    savefig = figure.savefig  # type: ignore[attr-defined]

    def save(self: object, fname: object, *arguments: object, **keywords: object) -> None:
        if not isinstance(fname, str | os.PathLike):
            savefig(self, fname, *arguments, **keywords)

    figure.savefig = save  # type: ignore[attr-defined]


def draw_nothing() -> None:
    """Have this process draw no figure: in a replay nobody looks, and one takes longer than a whole notebook."""
    agg, figure = (sys.modules.get(f"matplotlib.{name}") for name in ("backends.backend_agg", "figure"))
    if agg is not None and figure is not None:
        agg.FigureCanvasAgg.draw = agg.FigureCanvasAgg.print_figure = figure.Figure.tight_layout = _nothing
        sys.modules["matplotlib"].interactive(False)


def _nothing(*_arguments: object, **_keywords: object) -> None:
    """Stands for what would measure or draw."""


def _forget_figures() -> None:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is not None:
        helpers.Gcf.figs.clear()


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled cell: its statements, and its last expression if that may be displayed."""

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
    if show:
        shell.count(source)
    try:
        return _compile(shell, source, name, show)
    except BaseException as error:  # a SyntaxError, or what nesting too deep for the compiler raises
        return error


def execute(shell: Shell, code: Code, namespace: dict[str, Any]) -> BaseException | None:
    """Run a compiled cell in `namespace`, and show nothing; what it raised, or None.

    Args:
        shell: IPython, for magics and the history.
        code: The compiled cell.
        namespace: The notebook's variables; changed in place.
    """
    shell.user_ns = namespace  # for magics
    try:
        if code.statements is not None:
            exec(code.statements, namespace)
        if code.last is not None:
            eval(code.last, namespace)
        return None
    except BaseException as error:  # the student's code, SystemExit and KeyboardInterrupt included
        return error
    finally:
        _forget_figures()


def execute_shown(shell: Shell, code: Code, namespace: dict[str, Any]) -> BaseException | None:
    """Run a compiled cell in `namespace`; display its value, its figures, and what it raised.

    Args:
        shell: IPython, which displays and keeps the outputs.
        code: The compiled cell.
        namespace: The notebook's variables; changed in place.
    """
    shell.user_ns = namespace
    try:
        with shell.display_trap:
            if code.statements is not None:
                exec(code.statements, namespace)
            if code.last is not None:
                sys.displayhook(eval(code.last, namespace))
        return None
    except BaseException as error:  # as above
        shell.showtraceback()
        return error
    finally:
        shell.events.trigger("post_execute")


def run(shell: Shell, source: str, name: str, namespace: dict[str, Any]) -> None:
    """Run one cell and keep what it shows.

    Args:
        shell: IPython, which keeps the outputs.
        source: The cell's text.
        name: Of the cell in tracebacks.
        namespace: The notebook's variables; changed in place.
    """
    code = compiled(shell, source, name, show=True)
    if isinstance(code, Code):
        execute_shown(shell, code, namespace)
    else:
        shell.show_error(code)


def _compile(shell: Shell, source: str, name: str, show: bool) -> Code:
    if not show:
        with contextlib.suppress(SyntaxError):
            return Code(
                _code(shell, source + "\n", name, "exec"), None
            )  # a tree as Python objects costs three times this
    try:
        tree = ast.parse(source, name)
    except SyntaxError:
        source = shell.transform_cell(source)
        tree = ast.parse(source, name)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    last = None
    if show and tree.body and isinstance(tree.body[-1], ast.Expr) and not _is_quiet(source):
        expression = tree.body.pop()
        assert isinstance(expression, ast.Expr)
        last = _code(shell, ast.Expression(expression.value), name, "eval")
    return Code(_code(shell, tree, name, "exec") if tree.body else None, last)


def _code(shell: Shell, source: str | ast.AST, name: str, mode: str) -> types.CodeType:
    """Compiled as IPython does: `from __future__` holds for all later cells, and ours for none."""
    return shell.compile(source, name, mode)  # type: ignore[arg-type]  # a tree does as well as a text


def _is_quiet(source: str) -> bool:
    """Whether the last expression's value is not to be shown."""
    return ";" in source and DisplayHook.semicolon_at_end_of_expression(source)


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
