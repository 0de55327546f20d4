"""A class of records without grading: students of known ability, gaps of known difficulty, known mistakes.

Also a script, which measures: `python -m tests.report.classes` writes 1,000 students × 7 notebooks and times the page.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np

from autograder.course.course import Course
from autograder.judging import stories
from autograder.judging.mistakes import Mistake, known_mistakes
from autograder.model import CheckResult, Comparison, GapResult, Numbers, Record, Status, Story, TwinKind

ROOT = Path(__file__).parents[2]
NOTEBOOKS = {
    "01_neuron": "1_neuron",
    "02_chain": "1_neuron",
    "03_step": "1_neuron",
    "04_layer_inputs": "2_layer",
    "05_layer_parameters": "2_layer",
    "06_relu_arrays": "2_layer",
    "07_all_together": "3_together",
}
POINTS = 2.0
FEW = Comparison(
    output="dx",
    twin=TwinKind.PAGE,
    yours=Numbers(shape=(3,), entries=("1", "−2", "0.5")),
    wanted=Numbers(shape=(3,), entries=("1", "2", "0.5")),
    differs=(1,),
)


def result(
    gap: str, status: Status, mistake: Mistake | None = None, *, score: float | None = None, source: str = ""
) -> GapResult:
    """What one gap earned; a mistake brings its own story and source."""
    earned = POINTS * (status is Status.RIGHT) if score is None else score
    checked = status in (Status.RIGHT, Status.WRONG, Status.PARTLY)
    return GapResult(
        gap=gap,
        points=POINTS,
        score=earned,
        status=status,
        mistake=mistake.slug if mistake else "",
        message=mistake.seen if mistake else "",
        checks=(CheckResult(check="values", passed=status is Status.RIGHT),) if checked else (),
        story=stories.of_mistake(mistake) if mistake else Story(),
        compared=(FEW,) if mistake else (),
        source=(source or mistake.source) if mistake else "",
    )


def record(student: str, notebook: str, *gaps: GapResult, submission: str = "0" * 64) -> Record:
    """One notebook of one student."""
    review = any(one.status is Status.REVIEW for one in gaps)
    return Record(
        student=student,
        assignment=NOTEBOOKS[notebook],
        notebook=notebook,
        submission=submission,
        suite="0" * 16,
        score=None if review else sum(one.score for one in gaps),
        max_score=sum(one.points for one in gaps),
        isolation="Landlock, seccomp",
        gaps=gaps,
    )


def many(students: int, *, seed: int = 1, notebooks: tuple[str, ...] = tuple(NOTEBOOKS)) -> list[Record]:
    """A class in which ability decides (a Rasch model): who is weak at one gap is so at the others, too."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(1.0, 1.2, students)
    records = []
    for notebook in notebooks:
        known: dict[str, list[Mistake]] = {}
        for mistake in known_mistakes(Course(ROOT, ""), notebook):
            known.setdefault(mistake.gap, []).append(mistake)
        hardness = rng.normal(0.0, 0.8, len(known))
        for student in range(students):
            chance = 1 / (1 + np.exp(hardness - ability[student]))
            gaps = [
                _answer(gap, own, rng, right=bool(rng.random() < chance[at]))
                for at, (gap, own) in enumerate(known.items())
            ]
            records.append(record(f"student{student:04}", notebook, *gaps))
    return records


def _answer(gap: str, known: list[Mistake], rng: np.random.Generator, *, right: bool) -> GapResult:
    if right:
        return result(gap, Status.RIGHT)
    kind = rng.random()
    if kind < 0.6:
        mistake = known[min(int(rng.geometric(0.4)) - 1, len(known) - 1)]
        return result(gap, Status.WRONG, mistake, source=f"# {rng.integers(10**6)}\n{mistake.source}")
    return result(gap, Status.WRONG if kind < 0.75 else Status.RAISED if kind < 0.85 else Status.UNTOUCHED)


def write(path: Path, records: list[Record]) -> None:
    """The records as a results file."""
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in records))


def measure(students: int) -> None:
    """Time the command for a class, and print one line."""
    with tempfile.TemporaryDirectory() as folder:
        results, page = Path(folder) / "results.jsonl", Path(folder) / "report.html"
        write(results, many(students))
        command = ["autograder", "report", "--results", str(results), "--out", str(page)]
        took = []
        for _ in range(5):
            start, before = time.perf_counter(), os.times()
            subprocess.run(
                [sys.executable, "-c", "from autograder.cli import main; main()", *command[1:]],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            after = os.times()
            busy = after.children_user + after.children_system - before.children_user - before.children_system
            took.append((time.perf_counter() - start, busy))
        sizes = [f"{path.stat().st_size / 1e6:.1f} MB" for path in (results, page)]
    print(
        f"class report: {students} students x 7 notebooks ({sizes[0]}) in {min(took)[0]:.2f} s, "
        f"{min(took)[1]:.2f} s of it CPU; a page of {sizes[1]}"
    )


if __name__ == "__main__":
    measure(1000)
