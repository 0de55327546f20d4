"""Whether the tests see small changes of the engine: `make mutate`, or `python -m tests.mutants [--sample N] ...`.

Cosmic Ray makes the mutants of five wings of the kit (`sample.py`); each is put into a copy of the repository, and the
tests that `tests.toml` names for its module run until one fails. What no test has seen is listed, with its reason from
`survivors.toml`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .sample import ROOT, WINGS, Mutant, sample

HERE = Path(__file__).parent
NOT_COPIED = (".git", ".venv", "demo", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")
ENOUGH = 0.95
"""Share of the mutants that must be seen, those aside that change nothing that anybody could see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of tests.

    Attributes:
        code: pytest's exit code; None if time was up.
        said: The end of what pytest printed.
    """

    code: int | None
    seconds: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """A mutant that no test sees, and why; `equivalent` if nobody could see a difference."""

    module: str
    before: str
    after: str
    equivalent: bool
    reason: str


def survivors() -> list[Survivor]:
    """The known ones."""
    rows = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
    return [Survivor(**row) for row in rows.get("survivor", [])]


def listed_tests(module: str) -> list[str]:
    """The test files that are run for a module, in order: its own, or those of its wing."""
    rows: dict[str, list[str]] = tomllib.loads((HERE / "tests.toml").read_text(encoding="utf-8"))
    wing = "/".join(module.split("/")[:2])
    return rows.get(module) or rows[wing]


class Worker:
    """A copy of the repository, and a process that runs tests in it."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        environment = {**os.environ, "PYTHONPATH": str(folder), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "tests/mutants/worker.py"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._process.communicate()

    def run(self, module: str, source: str, tests: Sequence[str], seconds: float) -> Run:
        """Run tests on a changed module until one fails.

        Args:
            module: Path below the root.
            source: Of the module as it is to be.
            tests: Files or node ids.
            seconds: The most that may be taken.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"module": module, "source": source, "tests": tests, "seconds": seconds}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Run(**json.loads(self._process.stdout.readline()))


@contextmanager
def workers(count: int) -> Iterator[list[Worker]]:
    """So many workers, each with a copy of its own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield [stack.enter_context(Worker(Path(folder) / str(number))) for number in range(count)]


class Runs:
    """Runs of all mutants, shared by the workers: each takes the next one."""

    def __init__(self, mutants: Sequence[Mutant], seconds: float) -> None:
        self._waiting, self._lock, self._seconds = iter(mutants), threading.Lock(), seconds
        self.done: list[tuple[Mutant, Run]] = []

    def work(self, worker: Worker) -> None:
        """Run one mutant after the other."""
        while mutant := self._next():
            run = worker.run(mutant.module, mutant.source, listed_tests(mutant.module), self._seconds)
            with self._lock:
                self.done.append((mutant, run))
                print(f"{len(self.done):4} {told(mutant, run)}", flush=True)

    def _next(self) -> Mutant | None:
        with self._lock:
            return next(self._waiting, None)


def check(worker: Worker, mutants: Sequence[Mutant]) -> None:
    """Run all tests in question without any change; they must pass, or what they see would mean nothing."""
    tests = sorted({test for mutant in mutants for test in listed_tests(mutant.module)})
    module = mutants[0].module
    run = worker.run(module, (ROOT / module).read_text(encoding="utf-8"), tests, 3600)
    if run.code != 0:
        raise SystemExit(f"Without any change these tests do not pass: {' '.join(tests)}\n{run.said}")


def told(mutant: Mutant, run: Run) -> str:
    """A line on one run."""
    how = {None: "time was up", 0: "NOT SEEN", 1: "seen"}.get(run.code, f"seen ({run.code})")
    return f"{how}, {run.seconds:.0f} s: {mutant.module}:{mutant.line}: {mutant.before}  =>  {mutant.after}"


def report(done: Sequence[tuple[Mutant, Run]], known: Sequence[Survivor]) -> bool:
    """Print what was not seen, with reasons, and the shares by wing; whether it is enough."""
    reasons = {(one.module, one.before, one.after): one for one in known}
    unseen = [mutant for mutant, run in done if run.code == 0]
    found = {mutant: reasons.get((mutant.module, mutant.before, mutant.after)) for mutant in unseen}
    print("\nNot seen:")
    for mutant, survivor in found.items():
        print(f"{mutant.module}:{mutant.line}\n  - {mutant.before}\n  + {mutant.after}")
        print(f"  {survivor.reason if survivor else 'NO REASON is given in tests/mutants/survivors.toml.'}")
    wings = Counter(Path(mutant.module).parts[1] for mutant, _ in done)
    lost = Counter(Path(mutant.module).parts[1] for mutant in unseen)
    print("\n" + "".join(f"{wing}: {wings[wing] - lost[wing]} of {wings[wing]} seen\n" for wing in WINGS))
    equivalent = sum(survivor is not None and survivor.equivalent for survivor in found.values())
    without_reason = sum(survivor is None for survivor in found.values())
    seen = len(done) - len(unseen)
    share = seen / (len(done) - equivalent)
    print(f"mutants: {len(done)}\nmutants_seen: {seen}\nmutants_equivalent: {equivalent}")
    print(f"survivors_without_reason: {without_reason}\nseen_share: {share:.3f}")
    return share >= ENOUGH and not without_reason


def main() -> None:
    """Run a sample, and say what no test has seen; the last lines are `name: value`."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sample", type=int, default=500, help="how many mutants (500)")
    options.add_argument("--seed", type=int, default=1, help="another one draws another sample (1)")
    options.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    options.add_argument("--seconds", type=float, default=200, help="after which a mutant counts as seen (200)")
    options.add_argument("--only", default="", help="only mutants of modules whose path has this in it")
    chosen = options.parse_args()
    started = time.monotonic()
    mutants = sample(chosen.sample, chosen.seed, chosen.only)
    runs = Runs(mutants, chosen.seconds)
    with workers(chosen.jobs) as made:
        check(made[0], mutants)
        threads = [threading.Thread(target=runs.work, args=(worker,)) for worker in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    enough = report(runs.done, survivors())
    print(f"minutes: {(time.monotonic() - started) / 60:.0f}")
    sys.exit(not enough)


if __name__ == "__main__":
    main()
