"""Hints, results, progress, and what holds for all of `lab`."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import wire
from lab import data, texts
from lab.values import identical, plain

ROOT = Path(__file__).parents[2]
EVERY_GAP = [name for gaps in data.notebooks().values() for name in gaps]


def test_an_older_python_is_told_what_lab_needs(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    monkeypatch.setattr(sys, "version", "3.10.4 (main)")
    with pytest.raises(ImportError, match=r"lab needs Python 3\.11 or newer, and this notebook runs on 3\.10\.4"):
        runpy.run_path(str(ROOT / "lab" / "__init__.py"))


# ---- hints -----------------------------------------------------------------------------------------------------------


def test_hints_come_one_at_a_time_and_the_kernel_remembers(student):
    student.run("from lab import hint")
    hints = data.hints(data.gap("dmul"))
    for number, text in enumerate(hints, start=1):
        shown = student.run('hint("dmul")').replace("\n  ", " ")
        assert f"dmul, hint {number} of {len(hints)}" in shown
        assert text.split(".")[0] in shown
        assert not any(other in shown for other in hints if other != text)
    assert f"hint {len(hints)} of {len(hints)}" in student.run('hint("dmul")')
    assert "hint 1 of" in student.run('hint("drelu_dx")')


@pytest.mark.parametrize("gap", EVERY_GAP)
def test_every_gap_has_hints(gap):
    assert len(data.hints(data.gap(gap))) == 3


def test_a_hint_for_no_gap_lists_close_names(student):
    assert "`drelu_dsum`" in student.run('from lab import hint\nhint("drelu_dsun")')


# ---- results ---------------------------------------------------------------------------------------------------------


def test_numbers_are_shown_in_one_line_as_the_documents_print_them(in_chain):
    shown = in_chain("drelu_dw").run('show("drelu_dx0", "drelu_dw0", "drelu_dx1", "drelu_db")')
    assert shown == "drelu_dx0, drelu_dw0, drelu_dx1, drelu_db = -3.0, 1.0, -1.0, 1.0\n"


def test_what_is_missing_or_none_is_not_there_yet(student):
    student.run("from lab import show\na, c = None, 1.5")
    assert student.run('show("a", "b", "c")') == "a, b, c = not there yet, not there yet, 1.5\n"


def test_arrays_are_shown_as_numpy_prints_them(student):
    student.run("import numpy as np\nfrom lab import show\nW, v = np.array([[1.5, 2], [3, 4]]), np.array([0.25, 1])")
    assert student.run('show("W", "v")') == "W =\n[[1.5 2. ]\n [3.  4. ]]\nv = [0.25 1.  ]\n"


def test_numpy_numbers_are_shown_without_the_name_of_their_type(student):
    student.run("import numpy as np\nfrom lab import show\nn, m = np.float64(6), [np.float64(1), (np.int64(2), True)]")
    assert student.run('show("n", "m")') == "n, m = 6.0, [1.0, (2, True)]\n"


def test_any_object_can_be_shown(student):
    student.run("from lab import show\nclass Odd:\n    def __repr__(self):\n        1 / 0\nodd = Odd()")
    assert student.run('show("odd")') == "odd = <Odd>\n"
    assert student.result.success


# ---- progress --------------------------------------------------------------------------------------------------------


def test_progress_counts_gaps_points_and_minutes_by_the_last_check(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum="# drelu_dsum:\ndrelu_dsum = 3")
    student.run("from lab import progress")
    student.check("relu_dz")
    student.check("drelu_dsum")
    gaps = data.notebooks()["02_chain"]
    left = sum(gap.minutes for gap in gaps.values()) - gaps["relu_dz"].minutes
    points = sum(gap.points for gap in gaps.values())
    line = f"02_chain: 1 of {len(gaps)} gaps right, {gaps['relu_dz'].points:g} of {points:g} points"
    shown = student.run("progress()")
    assert f"{line}, about {left} minutes to go. Next: drelu_dsum." in shown
    student.run("# relu_dz:\nrelu_dz = 9")
    student.check("relu_dz")
    assert "02_chain: 0 of" in student.run("progress()")


def test_progress_reads_well_aloud(in_chain):
    student = in_chain("relu_dz")
    student.check("relu_dz")
    student.run("from lab import progress\nprogress()")
    html = student.displayed[0]["text/html"]
    assert 'role="status"' in html
    assert re.search(r'<progress max="\d+" value="1" aria-label="02_chain: 1 of', html)


def test_progress_without_ipywidgets_stands_still_and_says_so(in_chain, monkeypatch):
    student = in_chain("dmul")
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr(student.shell, "kernel", object(), raising=False)
    shown = student.run("from lab import progress\nprogress()")
    assert "02_chain: " in shown
    assert "Without ipywidgets" in " ".join(shown.split())


def test_progress_of_a_named_notebook_and_of_no_notebook(student):
    student.run("from lab import progress")
    assert student.run('progress("03_step")').startswith("03_step: 0 of 5 gaps right")
    assert "There is no notebook `3`" in student.run("progress(3)")
    assert student.run("progress()").count("gaps right") == len(data.notebooks())


def test_progress_knows_the_notebook_from_the_server(student, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/somewhere/1_neuron/02_chain.ipynb")
    assert student.run("from lab import progress\nprogress()").startswith("02_chain:")


def test_all_done_says_so(student):
    student.run_notebook("03_step")
    for gap in data.notebooks()["03_step"]:
        student.check(gap)
    assert "03_step: all 5 gaps right" in student.run("from lab import progress\nprogress()")


# ---- in a kernel, with only what a release folder holds --------------------------------------------------------------


def test_in_a_kernel_the_released_files_are_enough_and_progress_is_a_live_widget(tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    _release_lab(tmp_path, "02_chain")
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    cells = [
        "import lab\nfrom lab import check, hint, progress, show\nlab.__file__",
        "z, dvalue = 6.0, 1.0\nprogress()",
        "# relu_dz: from z\nrelu_dz = 1.0 * (z > 0)",
        'check("relu_dz")',
        "# drelu_dsum: from dvalue, z\npass  # YOUR CODE HERE",
        'check("drelu_dsum")',
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(
        notebook, resources={"metadata": {"path": str(tmp_path)}}, allow_errors=True, timeout=60, kernel_name="python3"
    )
    client.execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert str(tmp_path) in outputs[0][0]["data"]["text/plain"]
    bundle = outputs[1][0]["data"]
    assert {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"} <= set(bundle)
    model = bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert "02_chain: 1 of 9 gaps right" in client.widget_state[model]["value"]
    assert "right here" in outputs[3][0]["data"]["text/plain"]
    (error,) = [one for one in outputs[5] if one["output_type"] == "error"]
    assert error["ename"] == "NotRight"
    assert error["traceback"] == [error["evalue"]]
    assert "not filled in yet" in error["evalue"]


def _release_lab(folder: Path, notebook: str) -> None:
    lab = folder / "lab"
    for part in ("open", "hints"):
        (lab / part).mkdir(parents=True)
    for path in (ROOT / "lab").glob("*.py"):
        shutil.copy(path, lab)
    shutil.copytree(ROOT / "lab" / "drawing", lab / "drawing")
    shutil.copy(ROOT / "lab" / "open" / f"{notebook}.json", lab / "open")
    shutil.copy(ROOT / "lab" / "hints" / f"{notebook}.toml", lab / "hints")


# ---- what is loaded --------------------------------------------------------------------------------------------------


def test_importing_needs_nothing_but_numpy_and_ipython():
    program = """
import sys
import numpy, IPython
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
before = set(sys.modules)
import lab
new = {name.partition(".")[0] for name in set(sys.modules) - before}
foreign = {name for name in new - set(sys.stdlib_module_names) if not name.startswith("_")}
print(*sorted(foreign))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert set(done.stdout.split()) <= {"lab", "numpy", "IPython", "cython_runtime"}  # the last is numpy.random's


def test_nothing_is_loaded_in_plain_python():
    program = "import sys, lab; print('numpy' in sys.modules or 'IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ---- the same as the grader ------------------------------------------------------------------------------------------


class _Listy(list):
    pass


VALUES = {
    "None": None,
    "bool": True,
    "int": 3,
    "int of more than 64 bits": 2**70,
    "float": 1.5,
    "NaN": float("nan"),
    "text": "text",
    "bytes": b"bytes",
    "Fraction": Fraction(1, 4),
    "numpy number": np.float64(2.5),
    "numpy bool": np.bool_(True),
    "long double": np.longdouble(1),
    "transposed array": np.arange(6).reshape(2, 3).T,
    "array of objects": np.array([1, None]),
    "array of texts": np.array(["a"]),
    "masked array": np.ma.masked_array([1, 2], [0, 1]),
    "nested": [1, [2.0, (3, np.ones(2))]],
    "nested too deep": [[[[[1]]]]],
    "subclass of list": _Listy([1]),
    "dict": {"a": 1},
    "set": {1, 2},
    "range": range(3),
    "generator": (one for one in ()),
    "function": len,
    "module": np,
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_is_taken_as_it_travels_to_the_grader(kind):
    value = VALUES[kind]
    assert _seen(plain(value)) == _seen(wire.unpack(wire.pack(value)))
    assert identical(plain(value), plain(value)) == (wire.pack(value) == wire.pack(value))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_matrix_is_taken_as_an_array():
    assert type(plain(np.matrix([[1.0, 2.0]]))) is np.ndarray


def _seen(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tolist()
    if isinstance(value, list | tuple):
        return type(value), [_seen(item) for item in value]
    return repr(value)


def test_the_data_holds_no_solution_line_and_no_hidden_number():
    """Of the source, only the drivers and the stubs are in it; of the twins, the page and the open ones."""
    for path in (ROOT / "lab" / "open").glob("*.json"):
        content = path.read_text(encoding="utf-8")
        assert '"solution"' not in content
        for gap in data.notebooks()[path.stem].values():
            assert 2 <= len(gap.numbers) <= 6
            assert texts.HEADS["right"] not in gap.stub
