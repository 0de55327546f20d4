"""What a graded notebook shows is what a kernel would have shown: compared with nbclient, cell by cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.judging import feedback
from autograder.model import Cell, CellKind, Plan, Submission, Twin, TwinKind
from autograder.sandbox.capture import CUT
from autograder.sandbox.pool import Sandbox
from autograder.sandbox.speech import Speech
from autograder.sandbox.wire import MAX_OUTPUTS

from .tiny import Tiny, gap, twin

SAME: dict[str, list[str]] = {
    "streams and results": [
        "print('a')\nprint('b', end='')\nprint(' c', flush=True)",
        "import sys\nprint('to stderr', file=sys.stderr)",
        "sys.stdout.write('x')",
        "print('before')\n1 + 1",
        "_",
        "_ + 1",
        "None",
        "x = 3",
        "x;",
        "x; # quiet, too",
        "x  # not quiet",
        "'text'",
        "[1, 2,\n 3]",
        "_2, __, ___",
        "Out",
        "In[6]",
        "import numpy as np\nnp.arange(30.0).reshape(3, 10)",
        "1; 2",
        "if True:\n    5",
        "f'{x=}'",
        "(y := 5)",
        "list(range(2000))",
        "'é' + '日本'",
        "lambda: 0",
        "sys.displayhook(5)",
        "__name__, '__file__' in globals()",
        "print('\\x1b[31mred\\x1b[0m')",
        "print(''.join(['many\\n'] * 500))",
        "help(len)",
        "import pprint\npprint.pprint({'b': 1, 'a': 2})",
        "sys.stdout.isatty(), sys.stdout.encoding.lower()",
        "get_ipython().execution_count",
        "from __future__ import annotations\ndef f(v: undefined_type): pass",
        "def g(v: undefined_type_too): pass",
    ],
    "errors": [
        "1 / 0",
        "print('a')\nraise ValueError('bad\\nin two lines')",
        "def f():\n    return g()\n\n\ndef g():\n    raise KeyError('k')\nf()",
        "undefined_name",
        "import nothing_of_this_name",
        "assert 1 == 2, 'm'",
        "raise KeyboardInterrupt",
        "class Mine(Exception):\n    pass\nraise Mine('mine')",
        "import numpy as np\nnp.ones((2, 3)) @ np.ones((2, 3))",
        "{}['key']",
        "int('x')",
        "None.attribute",
        "print('on it goes')",
        "%nothing_of_this_name",
    ],
    "logging and warnings": [
        "import logging\nlogging.warning('w')",
        "logging.getLogger('x').error('e')",
        "logging.info('not shown')",
        "import warnings\nwarnings.warn('careful')",
        "warnings.warn('old', DeprecationWarning)",
        "import numpy as np\nnp.array([1.0]) / 0",
        "def f():\n    warnings.warn('inside', UserWarning)\nf()\nf()",
        "warnings.simplefilter('ignore')\nwarnings.warn('not shown')",
    ],
    "displays": [
        "from IPython.display import HTML, Markdown, Image, clear_output, display, update_display",
        "display(1, 'two')",
        "print('before')\ndisplay(2)\nprint('after')\n3",
        "display({'text/plain': 'raw'}, raw=True)",
        "class Bold:\n    def _repr_html_(self): return '<b>b</b>'\nBold()",
        "display(Bold(), HTML('<i>i</i>'), Markdown('**m**'))",
        "class Bundle:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/plain': 'p', 'text/html': 'q'}\nBundle()",
        "class Shown:\n    def _ipython_display_(self): print('by itself')\nShown()",
        "class Broken:\n    def __repr__(self): return 'broken ' + str(1 / len([1]))\nBroken()",
        "Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + b'0' * 30)",
        "h = display('a', display_id='one')\nprint('between')\nh.update('b')",
        "other = display('c', display_id=True)",
        "other.update('d')\nprint('later')",
        "update_display('e', display_id='one')",
        "for i in range(3):\n    clear_output(wait=True)\n    print(i)",
        "print('gone')\nclear_output()\nprint('kept')",
        "print('stays')\nclear_output(wait=True)",
        "display('f', display_id='one');",
        "print('end')",
    ],
    "magics": [
        "%%capture c\nprint(1)\n5",
        "c.stdout",
        "%%capture\ndef doubled():\n    return 2 * k\nk = 4\nlisted = [k for _ in range(2)]",
        "doubled(), listed",
        "%precision 3\n1 / 3",
        "%who_ls function",
        "%pwd;",
        "get_ipython().run_line_magic('precision', '')",
        "%env NOT_SET_ANYWHERE=1",
    ],
    "figures": [
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "plt.plot([1, 2]);\nprint('after')",
        "fig, ax = plt.subplots()\nax.plot([1])\nplt.show()\nprint('after show')",
        "fig",
        "one = plt.figure()\ntwo = plt.figure()\n5",
        "plt.plot([1])\nplt.close()",
        "plt.plot([1])\n1 / 0",
        "display(fig)",
        "plt.hist([1, 2, 2])\nplt.title('t')\nNone",
        "%matplotlib inline\nplt.plot([3]); plt.show(); print('between'); plt.plot([4]); plt.show()",
        "plt.gcf().number, plt.get_fignums()",
    ],
}
"""Notebooks that show the same here and there, up to `_as_kept`."""

DIFFERENT: dict[str, tuple[str, str]] = {
    "print('a')\nimport sys\nprint('b', file=sys.stderr)\nprint('c')": (
        "stream stdout: a\n | stream stderr: b\n | stream stdout: c\n",
        "both streams in their true order; a kernel buffers each and loses it",
    ),
    "x = (1 +": (
        "SyntaxError: '(' was never closed (<cell 2>, line 1)",
        "Python's own words; IPython 9 says `incomplete input`, and names a file that nobody knows",
    ),
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('r') from error": (
        "RuntimeError: r",
        "the first error with its own line; IPython 9 gives it the line of the second",
    ),
    "eval('1 +* 2')": ("SyntaxError: invalid syntax (<string>, line 1)", "without the frames that are IPython's own"),
    "raise SystemExit(3)": ("SystemExit: 3", "the kernel adds a warning on how to leave a terminal"),
    "exit()": ("", "the notebook goes on; a kernel ends after the cell"),
    "class Odd(Exception):\n    def __str__(self): raise TypeError\nraise Odd": (
        "Odd: (its text cannot be shown)",
        "the error itself, and not the two that IPython runs into while it shows it",
    ),
    "input('x')": (
        "EOFError: input() has nobody to ask here: give the value in the cell instead",
        "the text is for students; a kernel without a front end raises StdinNotImplementedError",
    ),
    "await __import__('asyncio').sleep(0)": (
        "SyntaxError: 'await' outside function (<cell 9>, line 1)",
        "an event loop needs sockets, which the sandbox refuses",
    ),
    "!echo hi": (
        "stream stderr: Other programs cannot be started while a notebook is graded.\n",
        "the sandbox starts no programs",
    ),
    "import threading\nthreading.Thread(target=print).start()": (
        "RuntimeError: can't start new thread",
        "the sandbox starts no threads",
    ),
    "open('notes.txt', 'w')": (
        "PermissionError: [Errno 1] Operation not permitted: 'notes.txt'",
        "the sandbox writes no files",
    ),
    "%timeit 1 + 1": ("1 run, 1 loop each", "a timing loop of seconds is run once: nobody reads the time"),
    "?sum": ("Docstring:", "a kernel sends help to a pager, which nbclient leaves out"),
    "from IPython.display import JSON\nJSON({'a': 1})": (
        "execute_result text/plain: <IPython.core.display.JSON object>",
        "structured formats do not travel: outputs are text and pictures",
    ),
}
"""Cells that show something else here, with a part of what they show, and the reason."""


@pytest.fixture(scope="module")
def box(sandbox: Sandbox) -> Sandbox:
    return sandbox


def captured(box: Sandbox, cells: list[str]) -> list[list[dict[str, Any]]]:
    """Outputs of these cells in the sandbox, as nbformat has them."""
    own = tuple(Cell(kind=CellKind.OWN, source=source) for source in cells)
    submission = Submission(assignment="a", notebook="n", sha256="", cells=own)
    page = Twin(name="P", kind=TwinKind.PAGE, givens={})
    plan = Plan(assignment="a", notebook="n", gaps=(), twins=(page,), source=submission)
    shown = box.capture(Speech(plan, None), submission)
    return [feedback.cell_outputs(shown.get(at, []), at + 1) for at in range(len(cells))]


def in_a_kernel(folder: Path, cells: list[str]) -> list[list[dict[str, Any]]]:
    """Outputs of these cells in a real kernel, through nbclient."""
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells], metadata={"kernelspec": kernelspec}
    )
    client = NotebookClient(made, allow_errors=True, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return [_joined(json.loads(json.dumps(cell["outputs"]))) for cell in made.cells]


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Streams of one name that follow each other as one: a kernel under load sends one print in two messages."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        if found and output["output_type"] == "stream" and output.get("name") == found[-1].get("name"):
            found[-1]["text"] += output["text"]
        else:
            found.append(output)
    return found


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_PLACES = [
    (re.compile(r"(/tmp/ipykernel_\d+/\d+\.py|<cell \d+>|\d+\.py)"), "CELL"),
    (re.compile(r"0x[0-9a-f]+"), "ADDRESS"),
    (re.compile(r"^File .*?([^/]+\.py):", re.M), r"File \1:"),
]


def _plain(text: str, *, of_error: bool = False) -> str:
    text = _ANSI.sub("", text) if of_error else text
    for pattern, instead in _PLACES:
        text = pattern.sub(instead, text)
    return text


def _as_kept(outputs: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """What must be the same: kinds, names, order, texts, of tracebacks the lines at fault, pictures by being there.

    Only plain text and PNG pictures are kept of a display, since markup could hold a script; cells are named by number.
    """
    kept: list[tuple[str, ...]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            kept.append(("stream", output["name"], _plain(output["text"])))
        elif output["output_type"] == "error":
            lines = _plain("\n".join(output["traceback"]), of_error=True).split("\n")
            where = [line for line in lines if line.startswith(("Cell In", "File ", "---", output["ename"]))]
            kept.append(("error", output["ename"], _plain(output["evalue"]), *where))
        else:
            data = {key: part for key, part in output["data"].items() if key in ("text/plain", "image/png")}
            texts = [f"{key}: {'' if key == 'image/png' else _plain(part)}" for key, part in sorted(data.items())]
            kept.append((output["output_type"], *texts))
    return kept


@pytest.mark.filterwarnings("ignore:.*")  # the kernel's own
@pytest.mark.parametrize("name", SAME)
def test_cells_show_what_they_show_in_a_kernel(box, name, tmp_path):
    cells = SAME[name]
    differ = {
        source: (_as_kept(here), _as_kept(there))
        for source, here, there in zip(cells, captured(box, cells), in_a_kernel(tmp_path, cells), strict=True)
        if _as_kept(here) != _as_kept(there)
    }
    assert not differ


def _in_one_line(outputs: list[dict[str, Any]]) -> str:
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append(f"stream {output['name']}: {output['text']}")
        elif output["output_type"] == "error":
            parts.append(f"{output['ename']}: {output['evalue']}")
        else:
            texts = [f"{key}: {part}" for key, part in output["data"].items()]
            parts.append(f"{output['output_type']} {' '.join(texts)}")
    return " | ".join(parts)


def test_what_differs_from_a_kernel_differs_for_a_reason(box):
    for source, outputs in zip(DIFFERENT, captured(box, list(DIFFERENT)), strict=True):
        shown, reason = DIFFERENT[source]
        assert shown in _in_one_line(outputs), (source, outputs, reason)


def test_a_traceback_shows_the_students_frames_only(box):
    (outputs,) = captured(box, ["def f():\n    return 1 / 0\n\n\nf()"])
    text = "\n".join(outputs[0]["traceback"])
    assert "Cell In[1], line 5" in text
    assert "Cell In[1], line 2, in f()" in text
    assert "autograder" not in text
    assert "capture" not in text


def test_figures_come_as_png_where_the_kernel_shows_them(box):
    (outputs,) = captured(box, ["import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('x')"])
    picture = outputs[-1]["data"]["image/png"]
    assert picture.startswith("iVBORw0KGgo")
    assert [output["output_type"] for output in outputs] == ["stream", "display_data"]


def test_a_long_text_of_an_error_is_cut_and_the_error_stays(box):
    (outputs,) = captured(box, ["raise ValueError('x' * 10**6)"])
    assert outputs[0]["ename"] == "ValueError"
    assert 1000 < len(outputs[0]["evalue"]) < 20_000


def test_what_is_updated_over_and_over_stays_within_the_limit(box):
    cells = [
        "from IPython.display import display\nh = display('a', display_id=True)",
        "for i in range(1000): h.update('x' * 10**5)",
        "print('end')",
    ]
    first, second, third = captured(box, cells)
    assert sum(len(output["data"]["text/plain"]) for output in first) <= 10**5 + 2
    assert [output["text"] for output in second] == [CUT]
    assert third == [{"output_type": "stream", "name": "stdout", "text": "end\n"}]


def test_of_thousands_of_outputs_the_first_ones_are_kept(box):
    first, second = captured(box, ["for i in range(3000): display({}, raw=True)", "print('end')"])
    assert len(first) == MAX_OUTPUTS
    assert first[-1]["text"] == CUT
    assert second == [{"output_type": "stream", "name": "stdout", "text": "end\n"}]


# ---- replays draw nothing --------------------------------------------------------------------

COUNTING = """
import matplotlib.pyplot as plt
from matplotlib.backends import backend_agg
from matplotlib import text
drawn = []
for kind, name in ((backend_agg.RendererAgg, "__init__"), (backend_agg.RendererAgg, "draw_path"), (text.Text, "draw")):
    def counted(*arguments, real=getattr(kind, name), **keywords):
        drawn.append(1)
        return real(*arguments, **keywords)
    setattr(kind, name, counted)
"""
DRAWING = """
fig, axes = plt.subplots(1, 2)
axes[0].plot([1, 2], label="a")
axes[1].imshow([[1, 2], [3, 4]])
axes[0].legend()
fig.suptitle("both")
fig.tight_layout()
plt.savefig("a.png")
fig.canvas.draw()
plt.show()
plt.plot([1, 2, 3])
display(plt.gcf())
count = len(drawn)
fig
"""


@pytest.fixture(scope="module")
def plotting(sandbox: Sandbox) -> Iterator[Tiny]:
    return Tiny(sandbox, ["x = 1.0", gap("count", "count = 0", outputs="count")], twin("P", x=1.0), twin("A", x=2.0))


def test_a_replay_draws_no_figure(plotting):
    assert plotting.values(count=COUNTING + DRAWING) == {"P": {"count": 0}, "A": {"count": 0}}


def test_the_same_counter_counts_when_a_figure_is_shown(box):
    first, second = captured(box, [COUNTING + "plt.plot([1, 2])", "print(len(drawn) > 10)  # matplotlib"])
    assert "image/png" in first[-1]["data"]
    assert second[0]["text"] == "True\n"


def test_figures_of_one_twin_or_cell_are_not_there_in_the_next(plotting):
    source = "import matplotlib.pyplot as plt\ncount = len(plt.get_fignums())\nplt.figure(); plt.figure()"
    own = {"count": "import matplotlib.pyplot as plt\nplt.plot([1])"}
    assert plotting.values(own=own, count=source) == {"P": {"count": 0}, "A": {"count": 0}}


def test_nothing_is_formatted_for_show_in_a_replay(plotting):
    source = "class Slow:\n    shown = 0\n    def __repr__(self):\n        Slow.shown += 1\n        return ''\n"
    assert plotting.values(count=source + "display(Slow())\ncount = Slow.shown\nSlow()")["A"]["count"] == 0
