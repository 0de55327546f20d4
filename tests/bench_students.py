"""Measure what students wait for: `make bench`, or `python -m tests.bench_students`.

A check in the kernel, the import of `lab`, and a drag in the browser. Medians; the times are of this machine, and
whatever else it does.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

from autograder.course.course import Course
from autograder.judging.mistakes import known_mistakes
from lab import data, front, kernel
from tests.lab.conftest import Student

ROOT = Path(__file__).parents[1]
ROUNDS = 9

IMPORT = """
import time
import numpy, ipywidgets
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
start = time.perf_counter()
import lab
from lab import check, pictures, show
print(time.perf_counter() - start)
"""


def checks() -> Iterator[tuple[str, float]]:
    """Milliseconds of each gap's check, on the solution and on its first known mistake."""
    shell = InteractiveShell.instance()
    kernel.listen(front.warm_up)  # as the first `import lab` of a kernel does
    student = Student(shell)
    for name, gaps in data.notebooks().items():
        shell.reset(new_session=True)
        student.run_notebook(name)
        student.run("from lab import check")
        for gap in gaps:
            yield f"{gap} (right)", _median_ms(student, gap)
        mistakes = {one.gap: one.source for one in reversed(known_mistakes(Course(ROOT, ""), name))}
        for gap, source in mistakes.items():
            student.run(f"{gaps[gap].first_line}\n{source}")
            yield f"{gap} (wrong)", _median_ms(student, gap)


def _median_ms(student: Student, gap: str) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        student.check(gap)
        taken.append(time.perf_counter() - start)
    return 1000 * statistics.median(taken)


def import_ms() -> float:
    """Milliseconds that `lab` takes beyond numpy, IPython and ipywidgets, each time in a new process."""
    command = [sys.executable, "-c", IMPORT]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(ROUNDS)]
    return 1000 * statistics.median(float(run.stdout) for run in runs)


def drags() -> dict[str, float]:
    """Milliseconds from a mouse move to the new drawing, by picture, as the browser tests measure them."""
    command = ["-m", "pytest", "-q", "-s", "tests/pictures/test_in_browser.py", "-k", "dragged"]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"The browser tests failed:\n{done.stdout[-3000:]}")
    found = re.findall(r"(\w+): drag to drawing, \d+ moves, median (\d+) ms", done.stdout)
    return {name: float(middle) for name, middle in found}


def main() -> None:
    """Measure, and print what was found; the last lines are `name: value`."""
    of_checks = dict(checks())
    slowest = max(of_checks, key=of_checks.__getitem__)
    of_drags = drags()
    print(f"{len(of_checks)} checks, the slowest that of {slowest}")
    print("drags:", ", ".join(f"{name} {middle:.0f} ms" for name, middle in of_drags.items()) or "no browser here")
    print(f"check_ms: {statistics.median(of_checks.values()):.1f}")
    print(f"check_ms_slowest: {of_checks[slowest]:.1f}")
    print(f"import_lab_ms: {import_ms():.0f}")
    if of_drags:
        print(f"drag_ms: {statistics.median(of_drags.values()):.0f}")
        print(f"drag_ms_slowest: {max(of_drags.values()):.0f}")


if __name__ == "__main__":
    main()
