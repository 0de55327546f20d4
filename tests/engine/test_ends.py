"""Whatever ends, hangs or floods in one cell: in a gap it costs that gap, in a cell of one's own it costs nothing."""

from __future__ import annotations

import re
import time

import pytest

from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.model import Outcome, Record, Status
from autograder.sandbox.confine import Limits
from autograder.sandbox.pool import Sandbox

from .conftest import LIMITS, ROOT
from .notebooks import handed_in, solutions
from .tiny import Tiny, by_twin, gap, twin

NOTEBOOK, GAP = "02_chain", "drelu_dsum"

ENDS: dict[str, tuple[str, Status, str]] = {
    "a SyntaxError": ("y = (1 +", Status.RAISED, "SyntaxError came up in line 1 of the cell: '\\(' was never closed"),
    "an exception": ("1 / 0", Status.RAISED, "ZeroDivisionError came up in line 1 of the cell: division by zero"),
    "a loop without end": ("while True: pass", Status.STOPPED, "(ran|waited) for more than [0-9.]+ s"),
    "a sleep": ("import time\ntime.sleep(1000)", Status.STOPPED, "waited for more than 4 s"),
    "os._exit": ("import os\nos._exit(0)", Status.DIED, "ended the process"),
    "a segmentation fault": ("import ctypes\nctypes.string_at(0)", Status.DIED, "Python itself crashed .SIGSEGV"),
    "an abort": ("import os\nos.abort()", Status.DIED, "Python itself crashed .SIG"),
    "a C stack overflow": (
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class Deep:\n    def __getattr__(self, name): return getattr(self, name)\nDeep().x",
        Status.DIED,
        "Python itself crashed .SIGSEGV",
    ),
    "an endless recursion": ("def f(): return f()\nf()", Status.RAISED, "RecursionError came up in line 1"),
    "100 GB of bytes": ("hundred = bytearray(100 << 30)", Status.RAISED, "MemoryError came up in line 1 of the cell"),
    "100 GB of numbers": ("import numpy as np\nnp.ones(100 << 27)", Status.RAISED, "MemoryError.*Unable to allocate"),
    "200 MB printed": ("for _ in range(200): print('x' * 10**6)", Status.WRONG, "`drelu_dsum` was never set"),
    "200 MB to the terminal": (
        "import os\nfor _ in range(200): os.write(1, b'x' * 10**6)",
        Status.WRONG,
        "`drelu_dsum` was never set",
    ),
    "a loop in C": ("sum(iter(int, 1))", Status.STOPPED, "(ran|waited) for more than"),
    "a long division in C": (
        "import sys\nsys.set_int_max_str_digits(0)\nint('9' * 10**7)",
        Status.STOPPED,
        "(ran|waited) for more than",
    ),
    "a loop deaf to signals": (
        "import signal\nfor n in (2, 10, 12, 14, 15): signal.signal(n, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        Status.STOPPED,
        "(ran|waited) for more than",
    ),
    "input()": ("input('x? ')", Status.RAISED, "EOFError.*nobody to ask"),
    "sys.exit": ("import sys\nsys.exit()", Status.RAISED, "SystemExit came up in line 2"),
    "exit, quit": ("exit()\nquit()", Status.WRONG, "`drelu_dsum` was never set"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", Status.RAISED, "KeyboardInterrupt came up in line 1"),
    "GeneratorExit": ("raise GeneratorExit", Status.RAISED, "GeneratorExit came up in line 1"),
    "an exception that cannot be shown": (
        "class Mine(BaseException):\n    def __str__(self): raise SystemExit\nraise Mine",
        Status.RAISED,
        "Mine came up in line 3 of the cell: .its text cannot be shown",
    ),
    "a value that cannot be compared": (
        "class Odd:\n    def __eq__(self, other): raise SystemExit\n    __abs__ = __sub__ = __array__ = __eq__\n"
        "drelu_dsum = Odd()",
        Status.WRONG,
        "On the page's numbers, `drelu_dsum` ",
    ),
    "a thread": ("import threading\nthreading.Thread(target=print).start()", Status.RAISED, "can't start new thread"),
    "a process": ("import os\nos.fork()", Status.RAISED, "PermissionError"),
    "nothing to print on": ("import sys\nsys.stdout = sys.stderr = None", Status.WRONG, "was never set"),
    "builtins that are gone": (
        "import builtins\nfor name in ('print', 'len', 'zip', 'sum'): delattr(builtins, name)",
        Status.WRONG,
        "was never set",
    ),
}
# "waited" instead of "ran" on a machine with more to do than cores.
LEFT_OUT = {Status.STOPPED, Status.DIED}
SPOILS_THE_NOTEBOOK = {"builtins that are gone"}
"""What a student does to Python itself, it does to the whole notebook in a kernel, too."""


def graded(grader: Grader, data: bytes) -> tuple[Record, float]:
    started = time.monotonic()
    record = grader.grade(data, student="s", name=NOTEBOOK).record
    return record, time.monotonic() - started


@pytest.mark.parametrize("end", [end for end in ENDS if end not in SPOILS_THE_NOTEBOOK])
def test_what_ends_badly_in_a_gap_costs_that_gap_and_says_so(grader, end):
    source, status, message = ENDS[end]
    plan = grader.course.plan(NOTEBOOK)
    record, seconds = graded(grader, handed_in(NOTEBOOK, {**solutions(plan), GAP: source}))
    found = {result.gap: result for result in record.gaps}
    assert found.pop(GAP).status is status
    assert {result.status for result in found.values()} == {Status.RIGHT}
    result = next(result for result in record.gaps if result.gap == GAP)
    assert re.search(message, result.message), result.message
    assert result.score == 0
    assert record.score == record.max_score - result.points
    assert seconds < 2 * LIMITS.notebook_wall_s


@pytest.mark.parametrize("end", [end for end in ENDS if end not in SPOILS_THE_NOTEBOOK])
def test_what_ends_badly_in_a_cell_of_ones_own_costs_nothing(grader, end):
    source, status, message = ENDS[end]
    plan = grader.course.plan(NOTEBOOK)
    record, seconds = graded(grader, handed_in(NOTEBOOK, solutions(plan), [(GAP, source)]))
    assert {result.gap: result.status for result in record.gaps if result.status is not Status.RIGHT} == {}
    assert record.score == record.max_score
    if status in LEFT_OUT:
        told = [remark for remark in record.remarks if remark.startswith("Your own cell at position ")]
        assert len(told) == 1
        assert re.search(message, told[0])
    assert seconds < 2 * LIMITS.notebook_wall_s


def test_builtins_that_are_gone_cost_no_earlier_gap_and_end_in_no_fault(grader):
    source, _, _ = ENDS["builtins that are gone"]
    plan = grader.course.plan(NOTEBOOK)
    record, _ = graded(grader, handed_in(NOTEBOOK, {**solutions(plan), GAP: source}))
    found = {result.gap: result.status for result in record.gaps}
    assert found["relu_dz"] is Status.RIGHT
    assert Status.REVIEW not in found.values()


FUNCTION = "neuron_backward"
IN_A_FUNCTION = {
    "1 / 0": (Status.RAISED, "ZeroDivisionError came up in line 2"),
    "import os; os._exit(3)": (Status.DIED, "ended the process"),
    "import ctypes; ctypes.string_at(0)": (Status.DIED, "SIGSEGV"),
    "while True: pass": (Status.STOPPED, "for more than"),
    "raise SystemExit": (Status.RAISED, "SystemExit came up in line 2"),
    "return input()": (Status.RAISED, "EOFError"),
}


@pytest.mark.parametrize("line", IN_A_FUNCTION)
def test_a_function_that_ends_badly_when_it_is_called_costs_its_gap_only(grader, line):
    status, message = IN_A_FUNCTION[line]
    source = f"def {FUNCTION}(x, w, b, dvalue):\n    {line}"
    record, _ = graded(grader, handed_in(NOTEBOOK, {**solutions(grader.course.plan(NOTEBOOK)), FUNCTION: source}))
    found = {result.gap: result for result in record.gaps}
    assert found[FUNCTION].status is status
    assert message in found[FUNCTION].message
    assert {result.status for gap, result in found.items() if gap != FUNCTION} == {Status.RIGHT}


@pytest.mark.parametrize("source", ["import os\nos._exit(0)", "while True: pass", "def ReLU(", None], ids=str)
def test_gaps_that_call_anothers_function_do_not_need_its_cell(grader, source):
    """In notebook 01, two gaps call the function of the gap ReLU."""
    plan = grader.course.plan("01_neuron")
    answers = {**solutions(plan), "ReLU": source or ""}
    record = grader.grade(handed_in("01_neuron", answers), student="s", name="01_neuron").record
    assert {result.gap for result in record.gaps if result.status is not Status.RIGHT} == {"ReLU"}


def test_several_bad_ends_in_one_notebook_cost_their_own_gaps(grader):
    plan = grader.course.plan(NOTEBOOK)
    bad = {
        "relu_dz": ENDS["os._exit"],
        "drelu_dxw": ENDS["a loop without end"],
        "dmul": ENDS["a SyntaxError"],
        "drelu_dx0_one_line": ENDS["a segmentation fault"],
        "dw_termwise": ENDS["a C stack overflow"],
    }
    answers = {**solutions(plan), **{gap: source for gap, (source, *_) in bad.items()}}
    record, _ = graded(grader, handed_in(NOTEBOOK, answers, [("drelu_dw", "import os\nos._exit(1)")]))
    found = {result.gap: result.status for result in record.gaps}
    assert found == {gap.name: bad[gap.name][1] if gap.name in bad else Status.RIGHT for gap in plan.gaps}


def test_a_notebook_in_which_everything_hangs_ends_in_the_stated_time():
    limits = Limits(cell_cpu_s=0.5, cell_wall_s=0.5, runner_cpu_s=5, notebook_wall_s=2.0)
    with Grader(Course(ROOT, "engine"), limits) as grader:
        plan = grader.course.plan(NOTEBOOK)
        grader.reference(NOTEBOOK)
        answers = {gap.name: "import time\ntime.sleep(100)" for gap in plan.gaps[1:]}
        record, seconds = graded(grader, handed_in(NOTEBOOK, {**solutions(plan), **answers}))
    found = {result.gap: result for result in record.gaps}
    assert found[plan.gaps[0].name].status is Status.RIGHT
    assert {result.status for gap, result in found.items() if gap != plan.gaps[0].name} == {Status.STOPPED}
    assert "as a whole took longer than 2 s" in found["dw_termwise"].message
    assert seconds < 2 * limits.notebook_wall_s + 3


def test_a_gap_that_ended_its_runner_has_ended_so_on_every_twin_even_if_the_notebook_is_stopped_later():
    limits = Limits(cell_cpu_s=0.5, cell_wall_s=1.5, runner_cpu_s=5, notebook_wall_s=2.0)
    parts = ["x = 1.0", *(gap(name, f"{name}_y = x", outputs=f"{name}_y") for name in ("dies", "hangs", "comes_late"))]
    with Sandbox(limits) as sandbox:
        tiny = Tiny(sandbox, parts, twin("P", x=1.0), twin("A", x=2.0), twin("H", x=3.0))
        hangs = "import time\ntime.sleep(100)"
        transcript = tiny.replay(dies="import os\nos._exit(1)", hangs=hangs, comes_late=hangs)
    assert {answer.outcome for answer in by_twin(transcript, "dies").values()} == {Outcome.DIED}
    assert {answer.outcome for answer in by_twin(transcript, "hangs").values()} == {Outcome.STOPPED}
    assert "as a whole" in transcript.answer("P", "comes_late").problem


def test_a_notebook_that_uses_little_by_little_too_much_is_ended_by_the_kernel():
    limits = Limits(cell_cpu_s=0.9, runner_cpu_s=1, notebook_wall_s=20)
    busy = "import time\nuntil = time.process_time() + 0.03\nwhile time.process_time() < until: pass\n"
    with Grader(Course(ROOT, "engine"), limits) as grader:
        plan = grader.course.plan(NOTEBOOK)
        right = solutions(plan)
        answers = {gap: busy + right[gap] for gap in list(right)[:4]}
        record, _ = graded(grader, handed_in(NOTEBOOK, {**right, **answers}))
    ended = [result for result in record.gaps if result.status is not Status.RIGHT]
    assert ended
    assert {result.status for result in ended} == {Status.STOPPED}
    assert all("more than 1 s of computing time" in result.message for result in ended)


def test_two_hundred_megabytes_of_output_are_cut_in_the_graded_notebook(grader):
    plan = grader.course.plan(NOTEBOOK)
    flood = "for _ in range(200): print('x' * 10**6)"
    shown = grader.grade(handed_in(NOTEBOOK, solutions(plan), [("", flood)]), student="s", name=NOTEBOOK).shown
    text = "".join(output.text for output in shown[0])
    assert LIMITS.output_bytes / 2 < len(text) < LIMITS.output_bytes + 100
    assert text.endswith("[The output was longer than is kept; the rest is left out.]\n")
