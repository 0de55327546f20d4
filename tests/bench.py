"""Measure the grader beside stock nbgrader: `make bench`, or `python -m tests.bench [--repetitions N] [--only-kit]`.

The same classes hand in notebooks 02 and 07: a clean one, of which everybody hands in right answers but for some known
mistakes, and one like a real one (`classes/real.py`). Stock nbgrader grades them as its documentation teaches, by
hidden tests in the notebooks' own cells; the kit grades them with `autograder grade submitted`. Both write a gradebook.
CPU time is the figure to trust: user and system time of the command and all its processes, whatever else the machine
does.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import pickle
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from traitlets.config import Config

from autograder.course.cells import with_answers
from autograder.course.course import Course
from autograder.course.data import copy_data
from autograder.course.secret import SECRET_FILE
from autograder.gradebook import autograded
from autograder.gradebook import book as gradebook
from autograder.gradebook.feedback_page import FeedbackPage
from autograder.judging.grading import Grader
from autograder.judging.mistakes import known_mistakes
from autograder.model import Cell, CellKind, Plan, Record, Submission, Twin, TwinKind
from autograder.sandbox.speech import Speech

from .classes.real import HandedIn, real_class, without_loops, write

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
ASSIGNMENT, NOTEBOOKS, SECRET = "bench", ("02_chain", "07_all_together"), "bench"
FEW, MANY, FOR_WALL, IN_REAL_CLASS = 10, 40, 300, 50
SHORT_RUNS = 3
"""Of the kit, for each one of nbgrader: a difference of seconds is more easily disturbed than one of minutes."""


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
    copy_data(ROOT, folder)
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
    known = known_mistakes(Course(ROOT, ""), plan.notebook)
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


def run(folder: Path, *command: str, cores: int = 0, may_fail: bool = False) -> Cost:
    """Run a command of the virtual environment in a folder, on so many cores (0: all); it must succeed, or may fail."""
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
        if process.returncode and not may_fail:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed in {folder}:\n{said.read().decode()[-3000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)


Command = tuple[str, ...]
STOCK: Command = ("nbgrader", "autograde", ASSIGNMENT)
KIT: Command = ("autograder", "grade", "submitted", "--jobs")


class Bench:
    """Both courses, released, with classes of several sizes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.course = make_kit_course(folder / "kit")
        with Grader(self.course) as grader:
            make_stock_course(folder / "stock", grader)
        for which in ("kit", "stock"):
            run(folder / which, "nbgrader", "generate_assignment", ASSIGNMENT)

    @property
    def gaps(self) -> int:
        """How many gaps both notebooks have."""
        return sum(len(self.course.plan(name).gaps) for name in NOTEBOOKS)

    @contextmanager
    def a_class(self, which: str, hand_in: Callable[[Path], object]) -> Iterator[Path]:
        """A fresh copy of a course with what is handed in, of which nothing has been graded."""
        folder = self.folder / f"{which}_class"
        shutil.copytree(self.folder / which, folder)
        hand_in(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def clean(self, count: int) -> Callable[[Path], None]:
        """What hands in so many clean submissions."""
        return lambda folder: hand_in(self.course, folder, count)

    def graded(
        self, command: Command, hand_in: Callable[[Path], object], *, cores: int = 0, may_fail: bool = False
    ) -> tuple[Cost, int]:
        """What grading a class takes, and how many gaps have got a mark."""
        with self.a_class("stock" if command is STOCK else "kit", hand_in) as folder:
            cost = run(folder, *command, cores=cores, may_fail=may_fail)
            with closing(sqlite3.connect(folder / "gradebook.db")) as book:
                return cost, int(book.execute("SELECT count(auto_score) FROM grade").fetchone()[0])

    def cost(self, command: Command, count: int, *, cores: int = 0) -> Cost:
        """What grading so many clean submissions takes; every gap of theirs must have got its mark."""
        cost, marks = self.graded(command, self.clean(count), cores=cores)
        assert marks == count * self.gaps, f"{command[0]} gave {marks} marks, not {count} x {self.gaps}"
        return cost

    def line(self, command: Command) -> tuple[float, float]:
        """CPU seconds of the start (a class of one, less one further submission), and of each further submission."""
        one, few, many = (self.cost(command, count).cpu for count in (1, FEW, MANY))
        slope = (many - few) / (MANY - FEW)
        return one - slope, slope

    def wall(self, cores: int) -> float:
        """Seconds that the kit takes for a larger class on so many cores."""
        return self.cost((*KIT, str(cores)), FOR_WALL, cores=cores).wall

    def real(self) -> list[HandedIn]:
        """A class like a real one."""
        return real_class([self.course.plan(name) for name in NOTEBOOKS], IN_REAL_CLASS)

    def cost_of(self, command: Command, handed_in: Sequence[HandedIn]) -> tuple[Cost, int]:
        """What grading such a class takes, and how many gaps have got a mark: the kit's all.

        nbgrader ends with an error, and without some marks, when a cell of a student's has ended the kernel.
        """
        stock = command is STOCK
        cost, marks = self.graded(command, lambda folder: write(handed_in, folder, ASSIGNMENT), may_fail=stock)
        gaps = self.gaps * len({one.student for one in handed_in})
        assert stock or marks == gaps, f"{command[0]} gave {marks} marks, not {gaps}"
        return cost, marks


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
import copy, gc, os, pickle, resource, sys, types
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


def cpu():
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


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
    before = cpu()
    for cells, twins in work:
        pid = os.fork()
        if pid == 0:
            try:
                run(cells, twins)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
    costs.append(cpu() - before)
print(sum(costs) / len(costs))
"""


# ---- the parts -------------------------------------------------------------------------------


class Clock:
    """CPU seconds of this process and of its warm processes with their runners, since the last look."""

    def __init__(self) -> None:
        self._us = self._warm = 0.0
        self.look()

    def look(self) -> tuple[float, float]:
        """Ours, and theirs."""
        us = time.process_time()
        warm = sum(sum(child.cpu_times()[:4]) for child in psutil.Process().children())
        passed = us - self._us, warm - self._warm
        self._us, self._warm = us, warm
        return passed


def parts(bench: Bench) -> dict[str, float]:
    """CPU seconds of MANY submissions (both notebooks) by part."""
    with bench.a_class("kit", bench.clean(MANY)) as folder, Grader(Course(folder, SECRET)) as grader:
        for name in NOTEBOOKS:
            grader.known_mistakes(name)
        sandbox, plans = grader._sandbox, {name: grader.course.plan(name) for name in NOTEBOOKS}
        paths = [path for name in NOTEBOOKS for path in sorted(folder.glob(f"submitted/*/*/{name}.ipynb"))]
        files = [(path.stem, path.parts[-3], path.read_bytes()) for path in paths]
        empty = _empty(plans[NOTEBOOKS[0]])
        clock = Clock()
        for _ in files:
            sandbox.capture(Speech(empty, None), empty.source)
        fork = clock.look()[1]  # one a notebook
        submissions = [grader.read(data, name)[1] for name, _, data in files]
        reading, _ = clock.look()
        transcripts = [grader.replay(submission) for submission in submissions]
        _, replay = clock.look()
        for submission in submissions:
            sandbox.run(grader._speech(submission.notebook), submission)
        wire, with_capture = clock.look()  # no further fork
        for submission, transcript in zip(submissions, transcripts, strict=True):
            plan = plans[submission.notebook]
            for gap in plan.gaps:
                grader._gap_result(plan, gap, submission, transcript)
        checks, _ = clock.look()
        graded = [grader.grade(data, student=student, name=name) for name, student, data in files]
        clock.look()
        for one in graded:
            autograded.write_autograded(grader.course, one)
        notebooks, _ = clock.look()
        records = [one.record for one in graded]
        book = _gradebook(grader.course, records)
        pages = _pages(grader.course, records)
        forks = fork * statistics.mean(len(grader._speech(name).groups) for name in NOTEBOOKS)
    return {
        "fork and confinement": forks,
        "capture": with_capture - replay,
        "replay": replay - forks,
        "wire": wire,
        "checks": checks,
        "reading": reading,
        "writing notebooks": notebooks,
        "writing the gradebook": book,
        "feedback, apart": pages,
    }


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


def _gradebook(course: Course, records: Sequence[Record]) -> float:
    """CPU seconds of writing MANY further submissions, start-up apart."""
    config = gradebook.load_config(course.root)
    few = sorted({record.student for record in records})[:FEW]
    costs = []
    for chosen in ([record for record in records if record.student in few], records):
        copy = shutil.copy(course.root / "gradebook.db", course.root / f"{len(chosen)}.db")
        clock = time.process_time()
        gradebook.write(course, chosen, url=f"sqlite:///{copy}", config=config)
        costs.append(time.process_time() - clock)
    return (costs[1] - costs[0]) / (MANY - FEW) * MANY


def _pages(course: Course, records: Sequence[Record]) -> float:
    """CPU seconds of a page of feedback for each record, as `nbgrader generate_feedback` makes it."""
    url, settings = f"sqlite:///{course.root / 'gradebook.db'}", Config({"Exporter": {"default_preprocessors": []}})
    gradebook.write(course, records, url=url, config=gradebook.load_config(course.root))
    clock = time.process_time()
    for record in records:
        path = course.root / "autograded" / record.student / record.assignment / f"{record.notebook}.ipynb"
        names = {"student": record.student, "assignment": record.assignment, "notebook": record.notebook}
        FeedbackPage(config=settings).from_filename(str(path), resources={"nbgrader": {**names, "db_url": url}})
    return time.process_time() - clock


# ---- the report ------------------------------------------------------------------------------


def main() -> None:
    """Measure, and print what was found; the last lines are `name: value`."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--repetitions", type=int, default=3, help="of everything, in turn; of the kit's runs, three times as many"
    )
    options.add_argument("--only-kit", action="store_true", help="leave nbgrader out, and with it two of the ratios")
    chosen = options.parse_args()
    for package in ("autograder", "lab"):
        compileall.compile_dir(ROOT / package, quiet=2)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as folder:
        report(Bench(Path(folder)), chosen.repetitions, with_stock=not chosen.only_kit)


@dataclass
class Route:
    """The runs of one command: lines as (start, further submission), and of the real class; CPU in seconds.

    Attributes:
        marks: Gaps of the real class that have got a mark.
        loopless: The real class again without its loops; the kit only.
    """

    command: Command
    lines: list[tuple[float, float]] = field(default_factory=list)
    real: list[float] = field(default_factory=list)
    loopless: list[float] = field(default_factory=list)
    marks: int = 0

    def measure(self, bench: Bench, handed_in: Sequence[HandedIn]) -> None:
        """One run of each."""
        self.lines.append(bench.line(self.command))
        cost, self.marks = bench.cost_of(self.command, handed_in)
        self.real.append(cost.cpu)
        if self.command is not STOCK:
            self.loopless.append(bench.cost_of(self.command, without_loops(handed_in))[0].cpu)

    @property
    def start(self) -> float:
        """CPU seconds of the start, the median."""
        return statistics.median(start for start, _ in self.lines)

    @property
    def slope(self) -> float:
        """CPU seconds of a further submission, the median."""
        return statistics.median(slope for _, slope in self.lines)

    def over_clean(self, real: Sequence[float], handed_in: Sequence[HandedIn]) -> float:
        """CPU of a notebook of a class by that of a clean one, starts apart; each run with its neighbour in time."""
        notebooks = sum(bool(one.file) for one in handed_in)
        pairs = zip(self.lines, real, strict=True)
        return statistics.median((cpu - start) / notebooks / (slope / len(NOTEBOOKS)) for (start, slope), cpu in pairs)

    def __str__(self) -> str:
        lines = ", ".join(f"{start:.1f} s + {1000 * slope:.0f} ms" for start, slope in self.lines)
        real = ", ".join(f"{cpu:.1f}" for cpu in self.real)
        return (
            f"CPU {self.start:.1f} s, and {1000 * self.slope:.1f} ms a submission ({lines})\n"
            f"  the real class: CPU {statistics.median(self.real):.1f} s ({real}), {self.marks} gaps with a mark"
        )


def report(bench: Bench, repetitions: int, *, with_stock: bool) -> None:
    """All measurements, as lines."""
    kit, stock, handed_in = Route((*KIT, "1")), Route(STOCK), bench.real()
    routes = [kit, stock] if with_stock else [kit]
    for route in routes:
        bench.cost(route.command, 1)  # whatever is compiled or cached at first
    floors, walls = [], []
    for _ in range(repetitions):
        for _ in range(SHORT_RUNS):
            kit.measure(bench, handed_in)
            floors.append(floor(bench.course))
        if with_stock:
            stock.measure(bench, handed_in)
        walls.append((bench.wall(1), bench.wall(2)))
    for route in routes:
        print(f"{route.command[0]}: {route}")
    print(f"  of {bench.gaps * IN_REAL_CLASS} in {sum(bool(one.file) for one in handed_in)} notebooks of that class")
    least = statistics.median(floors)
    print(f"floor: {1000 * least:.1f} ms a submission ({', '.join(f'{1000 * one:.1f}' for one in floors)})")
    print("parts of a submission (both notebooks), ms of CPU:")
    for part, cost in parts(bench).items():
        print(f"  {part:24}{1000 * cost / MANY:6.1f}")
    one, two = map(statistics.median, zip(*walls, strict=True))
    print(f"{FOR_WALL} submissions: {one:.1f} s on one core, {two:.1f} s on two; load {os.getloadavg()[0]:.1f}")
    over_floor = [slope / least for (_, slope), least in zip(kit.lines, floors, strict=True)]  # neighbours in time
    if with_stock:
        print(f"slope_ratio_vs_nbgrader: {stock.slope / kit.slope:.1f}")
        print(f"class_cpu_ratio_vs_nbgrader: {statistics.median(stock.real) / statistics.median(kit.real):.1f}")
        print(f"startup_ratio: {kit.start / stock.start:.2f}")
    print(f"slope_over_floor: {statistics.median(over_floor):.1f}")
    print(f"real_over_clean: {kit.over_clean(kit.real, handed_in):.2f}")
    print(f"real_over_clean_without_loops: {kit.over_clean(kit.loopless, without_loops(handed_in)):.2f}")
    print(f"two_core_speedup: {statistics.median(one / two for one, two in walls):.2f}")


if __name__ == "__main__":
    main()
