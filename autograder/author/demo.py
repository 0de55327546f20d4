"""A class of synthetic students through the whole pipeline: release, grading, gradebook, feedback."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from autograder.classes.jobs import jobs_in
from autograder.classes.report import page
from autograder.classes.run import grade_class
from autograder.course.course import Course
from autograder.course.data import copy_course
from autograder.course.secret import SECRET_FILE
from autograder.gradebook.commands import nbgrader
from autograder.gradebook.keeper import GradebookKeeper
from autograder.judging.grading import Grader
from autograder.judging.mistakes import known_mistakes
from autograder.model import KitError, Plan

SECRET = "demo"
HANDED_IN = datetime(2026, 1, 12, 18, 0, tzinfo=UTC)

CRASHES = {
    "a SyntaxError": "{gap} = (1 +",
    "an exception": "{gap} = 1 / 0",
    "a loop without end": "while True: pass",
    "os._exit(0)": "import os\nos._exit(0)",
    "a segmentation fault": "import ctypes\nctypes.string_at(0)",
}

Answers = Mapping[str, str]
"""Source of a gap's cell by the gap's name; gaps not named stay as handed out."""


def run(root: Path, folder: Path, console: Console) -> None:
    """Make the class, grade it, and say where to look.

    Args:
        root: The course whose source notebooks the class works on.
        folder: Where its own course is made anew; what an earlier demo left there goes.
        console: Gets what is done, and the class's tables.
    """
    folder = folder.resolve()
    console.print(f"A course in {folder.name}/: release by nbgrader ...")
    _make_course(root, folder)
    course = Course(folder, SECRET)
    assignment = _assignment(course)
    nbgrader(folder, "generate_assignment", assignment, secret=SECRET)
    students = class_of(course)
    for student, answers in students.items():
        _hand_in(course, student, answers)
    console.print(f"Grading {len(students)} students, {assignment} ...")
    with Grader(course) as grader:
        jobs = jobs_in(course, course.submitted)
        graded = grade_class(
            grader,
            jobs,
            workers=os.cpu_count() or 1,
            results=folder / "results.jsonl",
            keeper=GradebookKeeper(course),
            console=console,
        )
    console.print("Feedback by nbgrader ...")
    nbgrader(folder, "generate_feedback", assignment, secret=SECRET)
    wrong = next(record for record in graded.records if record.student == "ben" and record.score != record.max_score)
    here = _near(folder)
    summary = page.read(folder / "results.jsonl")
    page.write(folder / "report.html", page.page(summary, names=False, late=None))
    jupyter, autograder = (
        os.path.relpath(Path(sys.executable).parent / one, folder) for one in ("jupyter", "autograder")
    )
    feedback = f"{here}/feedback/{wrong.student}/{assignment}/{wrong.notebook}.html"
    console.print(
        f"\nWhat a student reads: [bold]{feedback}[/bold]\n"
        f"The gradebook: [bold]cd {here} && {jupyter} lab[/bold], then menu Nbgrader, Formgrader\n"
        f"Every record: {here}/results.jsonl\n"
        f"Questions for each: [bold]cd {here} && {autograder} questions {assignment}[/bold]\n"
        f"What the class got wrong, and what to say: [bold]{here}/report.html[/bold]",
        highlight=False,
    )


def _assignment(course: Course) -> str:
    """The first one of the course."""
    return next(iter(course.sources.values())).assignment


def _near(folder: Path) -> str:
    return os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)


def _make_course(root: Path, folder: Path) -> None:
    if folder.exists():
        if not (folder / "results.jsonl").exists() and any(folder.iterdir()):
            raise KitError(f"{folder} exists and is no earlier demo. Give another folder: autograder demo FOLDER")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    copy_course(root, folder)
    (folder / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    (folder / "results.jsonl").touch()


def class_of(course: Course) -> dict[str, dict[str, Answers]]:
    """The class: student, notebook, answers. The same at every run."""
    rng = random.Random(7)
    plans = [course.plan(name) for name, source in course.sources.items() if source.assignment == _assignment(course)]
    makers: dict[str, Callable[[Plan], Answers]] = {
        "ada": _right,
        "alan": _right,
        "amir": _untouched,
        "anna": _typed_in,
        "ben": lambda plan: _mistaken(course, plan, rng, share=0.35),
        "bo": lambda plan: _mistaken(course, plan, rng, share=0.25),
        "carla": lambda plan: _mistaken(course, plan, rng, share=0.2),
        "chen": _right,
        "dario": lambda plan: _begun(plan, rng),
        "dina": lambda plan: _mistaken(course, plan, rng, share=0.15),
        "emil": lambda plan: _mistaken(course, plan, rng, share=0.5),
        "eva": lambda plan: _begun(plan, rng),
        "farid": lambda plan: _mistaken(course, plan, rng, share=0.3),
        "finn": lambda plan: _crashing(plan, "a SyntaxError"),
        "grete": lambda plan: _crashing(plan, "an exception"),
        "hana": lambda plan: _crashing(plan, "a loop without end"),
        "ida": lambda plan: _crashing(plan, "os._exit(0)"),
        "ivan": lambda plan: _crashing(plan, "a segmentation fault"),
        "jana": lambda plan: _mistaken(course, plan, rng, share=0.2),
        "jonas": lambda plan: _mistaken(course, plan, rng, share=0.1),
        "kemal": _right,
        "lea": lambda plan: _mistaken(course, plan, rng, share=0.25),
        "lin": lambda plan: _mistaken(course, plan, rng, share=0.4),
        "mia": lambda plan: _mistaken(course, plan, rng, share=0.2),
    }
    return {student: {plan.notebook: make(plan) for plan in plans} for student, make in makers.items()}


def _right(plan: Plan) -> Answers:
    return {gap.name: gap.solution for gap in plan.gaps}


def _untouched(plan: Plan) -> Answers:
    return {}


def _typed_in(plan: Plan) -> Answers:
    """The page's numbers typed in, wherever a gap asks for numbers."""
    values = [value for value in plan.documents if value.twin == plan.page.name and isinstance(value.value, float)]
    page = {value.output: value.value for value in values}
    return {
        gap.name: "\n".join([gap.stub.split("\n")[0], *(f"{name} = {page.get(name, 1.0)}" for name in gap.outputs)])
        for gap in plan.gaps
        if gap.outputs and not gap.driver
    }


def _mistaken(course: Course, plan: Plan, rng: random.Random, *, share: float) -> Answers:
    """Right, but for known mistakes in a share of the gaps; the first mistake of a gap is the commonest."""
    answers = dict(_right(plan))
    known = known_mistakes(course, plan.notebook)
    for gap in plan.gaps:
        own = [mistake for mistake in known if mistake.gap == gap.name]
        if own and rng.random() < share:
            weights = [1 / (place + 1) for place in range(len(own))]
            answers[gap.name] = f"{gap.stub.split(chr(10))[0]}\n{rng.choices(own, weights)[0].source}"
    return answers


def _begun(plan: Plan, rng: random.Random) -> Answers:
    """Right as far as it goes."""
    done = plan.gaps[: rng.randint(2, max(2, len(plan.gaps) - 2))]
    return {gap.name: gap.solution for gap in done}


def _crashing(plan: Plan, how: str) -> Answers:
    """Right, but one gap ends badly."""
    victim = plan.gaps[1]
    return {**_right(plan), victim.name: f"{victim.stub.split(chr(10))[0]}\n{CRASHES[how].format(gap=victim.name)}"}


def _hand_in(course: Course, student: str, notebooks: Mapping[str, Answers]) -> None:
    """Fill a student's answers into the released notebooks, and put them where nbgrader looks for submissions."""
    folder = course.submitted / student / _assignment(course)
    folder.mkdir(parents=True)
    for name, answers in notebooks.items():
        content = json.loads(
            (course.root / "release" / _assignment(course) / f"{name}.ipynb").read_text(encoding="utf-8")
        )
        for cell in content["cells"]:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            if grade_id in answers:
                cell["source"] = answers[grade_id]
        (folder / f"{name}.ipynb").write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    stamp = HANDED_IN + timedelta(minutes=len(student))
    (folder / "timestamp.txt").write_text(stamp.strftime("%Y-%m-%d %H:%M:%S.%f UTC") + "\n", encoding="utf-8")
