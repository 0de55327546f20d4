"""A small class for the feedback pages: every kind of answer once, graded by the kit, the pages made by nbgrader.

Also a script: `python tests/feedback/classroom.py FOLDER` makes the course in FOLDER, to look at its pages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import nbgrader.api as api
from rich.console import Console

from autograder.classes.jobs import jobs_in
from autograder.classes.run import grade_class
from autograder.course import notebook
from autograder.course.course import Course
from autograder.course.data import copy_course
from autograder.course.secret import SECRET_FILE
from autograder.gradebook.autograded import handed_out
from autograder.gradebook.keeper import GradebookKeeper
from autograder.judging.grading import Grader

ROOT = Path(__file__).parents[2]
SECRET = "feedback"
ASSIGNMENTS = ("1_neuron", "2_layer", "3_together")
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel

NAMED = {  # ben: mistakes that have names
    "weighted_sum": "# weighted_sum: z from xw0, xw1, xw2, b\nz = xw0 + xw1 + xw2",
    "ReLU": '# ReLU: write ReLU(z)\ndef ReLU(z):\n    """The slope, not the value."""\n'
    "    return 1.0 if z > 0 else 0.0\n\n\ny = ReLU(z)",
    "relu_dz": "relu_dz = 1.0",
    "drelu_dxw": "# drelu_dxw\n"
    + "\n".join(f"dsum_d{name} = 0.25" for name in ("xw0", "xw1", "xw2", "b"))
    + "\n"
    + "\n".join(f"drelu_d{name} = drelu_dsum * dsum_d{name}" for name in ("xw0", "xw1", "xw2", "b")),
    "dw_termwise": "dw_termwise = [dvalue * (1.0 if p * q > 0 else 0.0) for p, q in zip(x, w)]",
    "gradient_step": "# gradient_step\ndef gradient_step(w, b, dw, db, lr):\n"
    "    return [p + lr * g for p, g in zip(w, dw)], b + lr * db\n\n\nnew_w, new_b = gradient_step(w, b, dw, db, lr)",
}
ENDED = {  # cem: cells that do not get to their end
    "products": "# products\nxw0 = x[0] * w[0]\nxw1 = x[1] * w[1]\nxw2 = x[3] * w[3]",
    "weighted_sum": "# weighted_sum\nz = (xw0 + xw1 +",
    "y_nested": "while True:\n    pass",
    "bias_outside": "import os\nos._exit(0)",
    "nudge_slopes": "# nudge_slopes\ndef nudge_slopes(f, values, h):\n"
    "    slope = (f(values) - f(value)) / h\n    return [slope]",
}
SHAPES = {  # fay: arrays that are transposed, flat, scaled, or wrong in some entries
    "shapes_dinputs": "N, M = dvalues.shape\nD = weights.shape[0]\ndinputs_shape = (D, N)",
    "dinputs_sample": "dinputs_sample = weights * dvalues_sample",
    "dinputs_batch": "dinputs = np.dot(dvalues, weights.T).T",
    "dX_columns": "dX = np.zeros((3, 5, 2))",
    "dweights": "dweights = inputs.T @ dvalues / len(inputs)",
    "dbiases": "dbiases = np.sum(dvalues, axis=0)",
    "relu_mask": "relu_dz = np.where(z >= -1, 1.0, 0.0)",
    "drelu_array": "drelu = dvalues\ndrelu[z < 0] = 0",
}
SPIES = {  # ian: code that would carry hidden numbers out through its feedback
    "products": "xw0, xw1, xw2 = x[0] * w[0], x[1] * w[1], x[2] * w[2]\n"
    "hidden = x not in ([1.0, -2.0, 3.0], [0.7, -1.3, 2.1])\nif hidden:\n    raise ValueError(f'carried {x!r} {w!r}')",
    "weighted_sum": "z = xw0 + xw1 + xw2 + b\nif x not in ([1.0, -2.0, 3.0], [0.7, -1.3, 2.1]):\n"
    "    z = type(f'Carried {z!r}', (), {})()",
    "y_nested": "y_nested = y\nif x not in ([1.0, -2.0, 3.0], [0.7, -1.3, 2.1]):\n"
    "    raise type(f'Carried {y!r}', (Exception,), {})(y)",
    "neuron_forward": "def neuron_forward(x, w, b):\n    print('carried', x, w, b)\n    return [*x, *w, b]",
}
RIGHT_TO_LEFT, ISOLATE, CUT = "\u202e", "\u2066", "\x1b[31m\x1b]0;title\x07"
HOSTILE = {  # eve: whatever a browser might obey
    "products": f"# products: <script>alert('code')</script> {RIGHT_TO_LEFT}\n"
    "xw0 = 1\nxw1 = '</pre><b onclick=x>'\nxw2 = '\u2067'",
    "weighted_sum": "class Nasty(Exception):\n    pass\n\n\nraise Nasty('<img src=x onerror=alert(1)>\\x1b[2J\\u202e')",
    "y_nested": "print('<script>alert(2)</script>', '\\x1b[31mred\\x1b[0m', 'half\\rwritten', '\\u202eflip', chr(0))\n"
    "y_nested = '\"><svg/onload=alert(3)>'",
}
HOSTILE_CELLS = [
    "from IPython.display import HTML, SVG, Javascript, Image, display\n"
    "display(HTML('<script>alert(4)</script><a href=\"https://evil.example\">x</a>'))",
    "from IPython.display import display\n"
    "display({'image/svg+xml': '<svg onload=\"alert(5)\"/>', 'application/javascript': 'alert(6)',"
    " 'text/html': '<img src=https://evil.example/x.png>', 'text/plain': '<b>plain</b>'}, raw=True)",
    "from IPython.display import display\n"
    f"display({{'image/png': '{PNG}'}}, raw=True)\n"
    "display({'image/png': '\"><script>alert(7)</script>', 'text/plain': 'no picture'}, raw=True)\n"
    "display({'image/png': 'PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+', 'text/plain': 'svg in base64'}, raw=True)",
    "print('x' * 50_000)",
]
HOSTILE_TEXT = f"""##### Deep heading

# Shallow

<script>alert(8)</script> <img src=x onerror=alert(9)>

[click](javascript:alert(10)) ![p](https://evil.example/p.png) <https://evil.example> [here](https://evil.example)

$\\text{{<img src=x onerror=alert(11)>}}$ $\\href{{javascript:alert(12)}}{{x}}$ $\\frac{{$ $a_1^2$

<iframe src=https://evil.example></iframe>

| a | b |
|:--|--:|
| <b>1</b> | 2 |

- [x] <u>done</u>

{RIGHT_TO_LEFT}flipped{ISOLATE} {CUT}
"""


def content(course: Course, name: str, answers: Mapping[str, str]) -> dict[str, Any]:
    """A notebook as handed out, with answers in its gaps."""
    made = notebook.as_json(handed_out(course, name), {})
    for cell in made["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    return made


def hostile(course: Course, name: str) -> dict[str, Any]:
    """A notebook full of what a browser might obey, in code, text and outputs."""
    made = content(course, name, HOSTILE)
    own = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in HOSTILE_CELLS]
    text = {"cell_type": "markdown", "metadata": {}, "source": HOSTILE_TEXT}
    made["cells"] = [text, *made["cells"], *own]
    return made


def hand_in(course: Course, student: str, name: str, data: bytes | dict[str, Any]) -> None:
    """Put a notebook where nbgrader looks for submissions."""
    folder = course.root / "submitted" / student / course.sources[name].assignment
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    (folder / f"{name}.ipynb").write_bytes(data)
    (folder / "timestamp.txt").write_text("2026-01-12 18:03:00.000000 UTC\n", encoding="utf-8")


def make(folder: Path) -> Course:
    """The course with its class, graded; the pages are not made yet."""
    copy_course(ROOT, folder)
    (folder / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    course = Course(folder, SECRET)
    names = {of: [one.name for one in course.sources.values() if one.assignment == of] for of in ASSIGNMENTS}
    right = {gap.name: gap.solution for of in names.values() for name in of for gap in course.plan(name).gaps}
    for name in course.sources:
        hand_in(course, "ada", name, content(course, name, right))
    for name in names["1_neuron"]:
        hand_in(course, "ben", name, content(course, name, {**right, **NAMED}))
        hand_in(course, "gil", name, content(course, name, {**right, **NAMED}))
        hand_in(course, "eve", name, hostile(course, name))
        hand_in(course, "ian", name, content(course, name, {**right, **SPIES}))
    hand_in(course, "cem", "01_neuron", content(course, "01_neuron", {**right, **ENDED}))
    hand_in(course, "cem", "02_chain", content(course, "02_chain", {"relu_dz": right["relu_dz"]}))
    hand_in(course, "dora", "01_neuron", b'{"cells": [')
    hand_in(course, "dora", "03_step", content(course, "03_step", right))
    for name in names["2_layer"]:
        hand_in(course, "fay", name, content(course, name, {**right, **SHAPES}))
    with Grader(course) as grader:
        jobs, quiet = jobs_in(course, folder / "submitted"), Console(file=StringIO())
        grade_class(
            grader, jobs, workers=2, results=folder / "results.jsonl", keeper=GradebookKeeper(course), console=quiet
        )
    _by_hand(folder)
    return course


def _by_hand(folder: Path) -> None:
    """What an instructor does in formgrader: another score, extra credit, a comment; and lateness gets a price."""
    with api.Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        grade = book.find_grade("check_weighted_sum", "01_neuron", "1_neuron", "gil")
        grade.manual_score, grade.extra_credit = 1.5, 0.5
        said = book.find_comment("weighted_sum", "01_neuron", "1_neuron", "gil")
        said.manual_comment = "# Nearly\n\nThe *bias* belongs to $z$, <b>see</b> section 2."
        book.find_assignment("1_neuron").duedate = datetime(2026, 1, 13)
        book.find_submission("1_neuron", "gil").extension = timedelta(days=-1)
        book.db.commit()
    (folder / "course.toml").write_text("[late]\nrate = 0.125\n", encoding="utf-8")


def nbgrader(course: Course, *command: str) -> None:
    """One of nbgrader's own commands, in the course's folder."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command, "--force"],
        cwd=course.root,
        env={**os.environ, "AUTOGRADER_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def make_pages(course: Course) -> None:
    """The students' pages, by the real command."""
    for assignment in ASSIGNMENTS:
        nbgrader(course, "generate_feedback", assignment)


def put_on_path() -> None:
    """nbgrader calls alembic by its bare name."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


if __name__ == "__main__":
    put_on_path()
    make_pages(make(Path(sys.argv[1])))
