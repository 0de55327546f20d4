"""Measure the grader beside stock nbgrader: `make bench`, or `python tests/bench.py [--repetitions N] [--only kit]`.

The same class hands in notebooks 02 and 07. Stock nbgrader grades them as its documentation teaches, by hidden tests
in the notebooks' own cells; the kit grades them with `autograder grade submitted`. Both write a gradebook. CPU time is
the figure to trust: user and system time of the command and all its processes, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import gradebook
from autograder.course import SECRET_FILE, Course, with_answers
from autograder.grading import Grader
from autograder.mistakes import known_mistakes
from autograder.model import Cell, CellKind, Plan, Submission, Twin, TwinKind
from autograder.sandbox import pool
from autograder.sandbox.pool import Speech

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
ASSIGNMENT, NOTEBOOKS, SECRET = "bench", ("02_chain", "07_all_together"), "bench"
FEW, MANY, FOR_WALL = 10, 40, 120


# ---- a class, in both courses ----------------------------------------------------------------


def sources() -> dict[str, dict[str, Any]]:
    """The instructor's notebooks."""
    paths = {name: next(ROOT.glob(f"source/*/{name}.ipynb")) for name in NOTEBOOKS}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items()}


def grade_id(cell: Mapping[str, Any]) -> str:
    """Of a cell; empty if it has none."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def text_of(cell: Mapping[str, Any]) -> str:
    """The source of a cell."""
    return "".join(cell["source"])


def make_kit_course(folder: Path) -> Course:
    """The course of these two notebooks alone, in one assignment."""
    (folder / "source" / ASSIGNMENT).mkdir(parents=True)
    for name, content in sources().items():
        (folder / "source" / ASSIGNMENT / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    return Course(folder, SECRET)


def make_stock_course(folder: Path, grader: Grader) -> None:
    """The same notebooks for stock nbgrader: no kit, hidden tests in the grade cells, nbgrader's own settings."""
    (folder / "source" / ASSIGNMENT).mkdir(parents=True)
    for name, content in sources().items():
        tests = hidden_tests(grader, name)
        for cell in content["cells"]:
            if grade_id(cell).startswith("check_"):
                cell["source"] = tests[grade_id(cell).removeprefix("check_")]
            elif cell["cell_type"] == "code":
                lines = text_of(cell).split("\n")
                cell["source"] = "\n".join(line for line in lines if not line.startswith(("from lab", "show(")))
        (folder / "source" / ASSIGNMENT / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    (folder / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")


def hidden_tests(grader: Grader, name: str) -> dict[str, str]:
    """One grade cell a gap: its values on the page, compared with the reference's."""
    plan, reference = grader.course.plan(name), grader.reference(name)
    cells = {}
    for gap in plan.gaps:
        want = reference.answer(plan.page.name, gap.name).values
        lines = [f"np.testing.assert_allclose({answer}, {expression(want[answer])})" for answer in gap.answers]
        if name == "07_all_together" and gap.name == "backward_chain":  # a list of lists of different lengths
            lines = [line for line in lines if "handed" not in line]
        cells[gap.name] = "\n".join(
            ["import numpy as np", "### BEGIN HIDDEN TESTS", gap.driver.strip("\n"), *lines, "### END HIDDEN TESTS"]
        )
    return cells


def expression(value: object) -> str:
    """Python that gives a value."""
    return repr(value.tolist()) if isinstance(value, np.ndarray | np.generic) else repr(value)


def answers(plan: Plan, number: int) -> dict[str, str]:
    """What one student answers: right, but for a known mistake in every fourth gap, another one for each student."""
    known = known_mistakes(plan.notebook)
    given = {}
    for at, gap in enumerate(plan.gaps):
        own = [mistake for mistake in known if mistake.gap == gap.name]
        wrong = own and (at + number) % 4 == 0
        given[gap.name] = own[number % len(own)].source if wrong else gap.solution
    return given


def hand_in(course: Course, folder: Path, count: int) -> None:
    """Put so many students' notebooks into a course that has a release."""
    for number in range(count):
        target = folder / "submitted" / f"student_{number:03}" / ASSIGNMENT
        target.mkdir(parents=True)
        for name in NOTEBOOKS:
            released = folder / "release" / ASSIGNMENT / f"{name}.ipynb"
            content = json.loads(released.read_text(encoding="utf-8"))
            given = answers(course.plan(name), number)
            for cell in content["cells"]:
                cell["source"] = given.get(grade_id(cell), cell["source"])
            (target / f"{name}.ipynb").write_text(json.dumps(content), encoding="utf-8")


# ---- running and measuring -------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """What a command took, in seconds; `cpu` with all its processes."""

    cpu: float
    wall: float


def run(folder: Path, *command: str, cores: int = 0) -> Cost:
    """Run a command of the virtual environment in a folder, on so many cores (0: all); it must succeed."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment.pop("AUTOGRADER_SECRET", None)
    before = os.sched_getaffinity(0)
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        try:
            if cores:
                os.sched_setaffinity(0, sorted(before)[:cores])
            process = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]], cwd=folder, env=environment, stdout=said, stderr=said
            )
        finally:
            os.sched_setaffinity(0, before)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed in {folder}:\n{said.read().decode()[-3000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)


@dataclass(frozen=True)
class Line:
    """CPU seconds over submissions: what the first costs, and what each further one does."""

    start: float
    slope: float

    @classmethod
    def through(cls, few: float, many: float) -> Line:
        """From the costs of FEW and of MANY submissions."""
        slope = (many - few) / (MANY - FEW)
        return cls(few - FEW * slope, slope)


Command = tuple[str, ...]
STOCK: Command = ("nbgrader", "autograde", ASSIGNMENT)
KIT: Command = ("autograder", "grade", "submitted", "--jobs", "1")


class Bench:
    """Both courses, released, with classes of several sizes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course = make_kit_course(folder / "kit")
        with Grader(self.course) as grader:
            make_stock_course(folder / "stock", grader)
        for which in ("kit", "stock"):
            run(folder / which, "nbgrader", "generate_assignment", ASSIGNMENT)

    @contextmanager
    def a_class(self, which: str, count: int) -> Iterator[Path]:
        """A fresh copy of a course with so many submissions."""
        folder = self.folder / f"{which}_{count}"
        shutil.copytree(self.folder / which, folder)
        hand_in(self.course, folder, count)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def cost(self, which: str, command: Command, count: int, *, cores: int = 0) -> Cost:
        """What grading so many submissions takes."""
        with self.a_class(which, count) as folder:
            cost = run(folder, *command, cores=cores)
            graded = len(list(folder.glob("autograded/*/*/*.ipynb")))
            assert graded == count * len(NOTEBOOKS), f"{command[0]} graded {graded} notebooks"
        return cost

    def line(self, which: str, command: Command, repetitions: int) -> tuple[Line, list[Line]]:
        """Medians of start and slope, and each repetition's."""
        lines = []
        for _ in range(repetitions):
            few, many = (self.cost(which, command, count).cpu for count in (FEW, MANY))
            lines.append(Line.through(few, many))
        starts, slopes = [line.start for line in lines], [line.slope for line in lines]
        return Line(statistics.median(starts), statistics.median(slopes)), lines


# ---- the floor -------------------------------------------------------------------------------


def floor(course: Course, rounds: int = 15) -> float:
    """CPU seconds of a submission at the least: a fork of a warm process, and plain exec of its cells on all twins.

    A gap that defines a function is called once on each twin, by the same driver: else nobody would know what it gives.
    Measured in a fresh process that has imported numpy and nothing else; the same students as everywhere.
    """
    work = [_plain_work(course.plan(name), number) for number in range(FEW) for name in NOTEBOOKS]
    with tempfile.NamedTemporaryFile() as data:
        pickle.dump((work, rounds), data)
        data.flush()
        done = subprocess.run(
            [sys.executable, "-c", FLOOR, data.name],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
    return float(done.stdout) / FEW


def _plain_work(plan: Plan, number: int) -> tuple[list[Any], list[Any]]:
    """Cells as (source, names that a twin replaces, driver); twins as (givens, probes by driver)."""
    submission = with_answers(plan, answers(plan, number))
    drivers = {gap.name: gap.driver for gap in plan.gaps}
    cells = [(cell.source, cell.givens, drivers.get(cell.grade_id, "")) for cell in submission.cells]
    twins = [
        (dict(twin.givens), {drivers[gap.name]: dict(twin.probes.get(gap.name, {})) for gap in plan.gaps if gap.driver})
        for twin in plan.twins
    ]
    return cells, twins


FLOOR = """
import copy, gc, os, pickle, sys, types
import numpy as np
import numpy.linalg
import numpy.random
(np.ones((4, 4)) @ np.ones((4, 4))).sum()
lab = types.ModuleType("lab")
lab.__getattr__ = lambda name: lambda *names: None
sys.modules["lab"] = lab
with open(sys.argv[1], "rb") as data:
    work, rounds = pickle.load(data)
gc.collect()
gc.freeze()
gc.disable()
costs = []


def run(cells, twins):
    null = os.open("/dev/null", os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    spaces = [{"np": np} for _ in twins]
    for source, names, driver in cells:
        code = compile(source, "<cell>", "exec")
        calls = compile(driver, "<driver>", "exec") if driver else None
        for space, (givens, probes) in zip(spaces, twins):
            try:
                exec(code, space)
                if calls:
                    exec(calls, {**space, **copy.deepcopy(probes[driver])})
            except Exception:
                pass
            for name in names:
                space[name] = copy.copy(givens[name])


for _ in range(rounds):
    before = sum(os.times()[:4])
    for cells, twins in work:
        pid = os.fork()
        if pid == 0:
            try:
                run(cells, twins)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
    costs.append(sum(os.times()[:4]) - before)
print(sorted(costs)[len(costs) // 2])
"""


# ---- the parts -------------------------------------------------------------------------------


def parts(bench: Bench, repetitions: int) -> dict[str, float]:
    """CPU milliseconds of a submission (both notebooks) by part; medians over students and repetitions."""
    found: dict[str, list[float]] = {}
    ended: list[float] = []
    stop = pool._Warm.stop

    def noted(self: pool._Warm) -> Any:
        answer = stop(self)
        ended.append(answer.cpu_s)
        return answer

    pool._Warm.stop = noted  # type: ignore[method-assign]
    try:
        with bench.a_class("kit", FEW) as folder, Grader(Course(folder, SECRET)) as grader:
            for name in NOTEBOOKS:
                grader.reference(name)
                grader.known_mistakes(name)
            for _ in range(repetitions):
                for number in range(FEW):
                    for part, cost in _one_submission(grader, folder, number, ended).items():
                        found.setdefault(part, []).append(cost)
    finally:
        pool._Warm.stop = stop  # type: ignore[method-assign]
    medians = {part: statistics.median(costs) for part, costs in found.items()}
    return {**medians, "gradebook": 1000 * _gradebook(bench)}


def _one_submission(grader: Grader, folder: Path, number: int, ended: list[float]) -> dict[str, float]:
    """CPU milliseconds by part."""
    sums: dict[str, float] = {}

    def count(part: str, seconds: float) -> None:
        sums[part] = sums.get(part, 0.0) + 1000 * seconds

    for name in NOTEBOOKS:
        path = folder / "submitted" / f"student_{number:03}" / ASSIGNMENT / f"{name}.ipynb"
        speech, sandbox = grader._speech(name), grader._sandbox
        empty = _empty(grader.course.plan(name))
        zygote = sandbox._process(plotting=False)._process.pid
        del ended[:]
        forks = pool.cpu_seconds(zygote)
        for _ in range(5):
            sandbox.capture(Speech(empty, None), empty.source, frozenset())
        fork = statistics.mean(ended) + (pool.cpu_seconds(zygote) - forks) / 5
        clock = time.process_time()
        data = path.read_bytes()
        _, submission = grader.read(data, name)
        count("reading", time.process_time() - clock)
        del ended[:]
        clock = time.process_time()
        transcript = sandbox.replay(speech, submission)
        count("wire", time.process_time() - clock)
        count("fork and confinement", len(ended) * fork)
        count("replay", sum(ended) - len(ended) * statistics.mean([fork]))
        del ended[:]
        clock = time.process_time()
        grader._shown(submission, transcript)
        count("wire", time.process_time() - clock)
        count("fork and confinement", len(ended) * fork)
        count("capture", sum(ended) - len(ended) * fork)
        plan = grader.course.plan(name)
        clock = time.process_time()
        for gap in plan.gaps:
            grader._gap_result(plan, gap, submission, transcript)
        count("checks", time.process_time() - clock)
        graded = grader.grade(data, student=f"student_{number:03}", name=name)
        clock = time.process_time()
        gradebook.write_autograded(grader.course, graded)
        count("writing the graded notebook", time.process_time() - clock)
    return sums


def _empty(plan: Plan) -> Plan:
    """A notebook with one cell that does nothing."""
    source = Submission(
        assignment=plan.assignment,
        notebook=plan.notebook,
        sha256="",
        cells=(Cell(kind=CellKind.OWN, source="pass"),),
    )
    page = Twin(name="P", kind=TwinKind.PAGE, givens={})
    return Plan(assignment=plan.assignment, notebook=plan.notebook, gaps=(), twins=(page,), source=source)


def _gradebook(bench: Bench) -> float:
    """CPU seconds of writing one further submission into the gradebook."""
    costs = {}
    for count in (FEW, MANY):
        with bench.a_class("kit", count) as folder:
            course = Course(folder, SECRET)
            config = gradebook.load_config(folder)
            with Grader(course) as grader:
                path = folder / "submitted" / "student_000" / ASSIGNMENT
                one = {
                    name: grader.grade((path / f"{name}.ipynb").read_bytes(), student="student_000", name=name).record
                    for name in NOTEBOOKS
                }
            records = [
                type(record)(**{**{key: getattr(record, key) for key in record.__struct_fields__}, "student": student})
                for student in (f"student_{number:03}" for number in range(count))
                for record in one.values()
            ]
            clock = time.process_time()
            gradebook.write(course, records, url=f"sqlite:///{folder / 'gradebook.db'}", config=config)
            costs[count] = time.process_time() - clock
    return (costs[MANY] - costs[FEW]) / (MANY - FEW)


# ---- the report ------------------------------------------------------------------------------


def main() -> None:
    """Measure, and print what was found; the last lines are `name: value`."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--repetitions", type=int, default=5, help="of the kit's runs")
    options.add_argument("--stock", type=int, default=2, help="repetitions of nbgrader's runs; 0 leaves them out")
    options.add_argument("--walls", type=int, default=3, help="repetitions of the runs on one and two cores")
    chosen = options.parse_args()
    for package in ("autograder", "lab"):
        compileall.compile_dir(ROOT / package, quiet=2)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as folder:
        report(Bench(Path(folder)), chosen.repetitions, chosen.stock, chosen.walls)


def report(bench: Bench, repetitions: int, stock_repetitions: int, walls: int) -> None:
    """All measurements, as lines."""
    bench.cost("kit", KIT, 1)  # whatever is compiled or cached at first
    kit, kits = bench.line("kit", KIT, repetitions)
    say("kit", kit, kits)
    least = floor(bench.course)
    print(f"floor: {1000 * least:.1f} ms of CPU a submission")
    print("parts of a submission (both notebooks), ms of CPU:")
    for part, cost in parts(bench, max(1, repetitions // 2)).items():
        print(f"  {part:28} {cost:6.1f}")
    one, two = (
        statistics.median(
            [bench.cost("kit", (*KIT[:-1], str(cores)), FOR_WALL, cores=cores).wall for _ in range(walls)]
        )
        for cores in (1, 2)
    )
    print(f"{FOR_WALL} submissions, wall: {one:.1f} s on one core, {two:.1f} s on two (load {os.getloadavg()[0]:.1f})")
    if stock_repetitions:
        bench.cost("stock", STOCK, 1)
        stock, stocks = bench.line("stock", STOCK, stock_repetitions)
        say("stock nbgrader", stock, stocks)
        print(f"slope_ratio_vs_nbgrader: {stock.slope / kit.slope:.1f}")
    print(f"slope_over_floor: {kit.slope / least:.1f}")
    if stock_repetitions:
        print(f"startup_ratio: {kit.start / stock.start:.2f}")
    print(f"two_core_speedup: {one / two:.2f}")


def say(name: str, line: Line, lines: Sequence[Line]) -> None:
    """One line on a route's costs."""
    slopes = ", ".join(f"{1000 * one.slope:.0f}" for one in lines)
    starts = ", ".join(f"{one.start:.1f}" for one in lines)
    print(f"{name}: start {line.start:.2f} s of CPU ({starts}), {1000 * line.slope:.1f} ms a submission ({slopes})")


if __name__ == "__main__":
    main()
