"""Grade a class: find what was handed in, grade it on several cores, keep the records as they come.

A record is written as soon as it is made, one JSON object a line. A run that was killed goes on where it stopped:
records whose submission and suite agree are used again, a torn last line is dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from autograder.course import Course
from autograder.grading import Graded, Grader
from autograder.model import KitError, Record

ALONE = "-"
"""Stands for the student of a notebook that lies in no student's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One notebook to grade; `path` is None for one that was not handed in."""

    student: str
    notebook: str
    path: Path | None


def jobs_in(course: Course, path: Path) -> list[Job]:
    """The notebooks below `path`: a notebook file, or a folder <student>/<assignment>/<notebook>.ipynb.

    Within an assignment's folder every notebook of the assignment counts, handed in or not.

    Raises:
        KitError: There is nothing to grade.
    """
    if path.is_file():
        if path.stem not in course.sources:
            names = ", ".join(course.sources)
            raise KitError(
                f"{path} has no name of a notebook of this course ({names}). Rename it to the one it answers."
            )
        return [Job(student=ALONE, notebook=path.stem, path=path)]
    by_assignment: dict[str, list[str]] = {}
    for source in course.sources.values():
        by_assignment.setdefault(source.assignment, []).append(source.name)
    folders = sorted(folder for name in by_assignment for folder in path.glob(f"*/{name}") if folder.is_dir())
    if not folders:
        raise KitError(f"{path} holds no submissions. Expected: {path}/<student>/{next(iter(by_assignment))}/*.ipynb")
    return [_job(folder, name) for folder in folders for name in by_assignment[folder.name]]


def _job(folder: Path, name: str) -> Job:
    path = folder / f"{name}.ipynb"
    handed_in = path.is_file() and path.resolve().is_relative_to(
        folder.resolve()
    )  # a link out of it counts for nothing
    return Job(student=folder.parent.name, notebook=name, path=path if handed_in else None)


def read_records(path: Path) -> dict[tuple[str, str], Record]:
    """The records of an earlier run by student and notebook; lines that are no record are dropped."""
    found: dict[tuple[str, str], Record] = {}
    if path.exists():
        for line in path.read_bytes().split(b"\n"):
            try:
                record = msgspec.json.decode(line, type=Record)
            except msgspec.MsgspecError:
                continue
            found[record.student, record.notebook] = record
    return found


def grade_all(
    grader: Grader,
    jobs: Sequence[Job],
    *,
    workers: int,
    results: Path | None,
    keep: Callable[[Graded], object],
    told: Callable[[Record], object],
) -> list[Record]:
    """Grade all jobs, in any order; the records in the order of the jobs.

    Args:
        grader: Shared by the workers.
        jobs: What to grade.
        workers: How many notebooks at once.
        results: Where records are written as they come, and found again; None for nowhere.
        keep: Called with each notebook graded anew, before its record is written.
        told: Called with each record.
    """
    earlier = read_records(results) if results else {}
    isolation = grader.isolation  # refuses before anything is written
    assert isolation
    found: dict[Job, Record] = {}
    with _writer(results, earlier) as write, ThreadPoolExecutor(workers) as pool:
        waiting = {pool.submit(_grade, grader, job, earlier, keep): job for job in jobs}
        for done in as_completed(waiting):
            record, is_new = done.result()
            found[waiting[done]] = record
            if is_new:
                write(record)
            told(record)
    return [found[job] for job in jobs]


def _grade(
    grader: Grader, job: Job, earlier: dict[tuple[str, str], Record], keep: Callable[[Graded], object]
) -> tuple[Record, bool]:
    if job.path is None:
        missing = grader.not_handed_in(job.student, job.notebook)
        keep(missing)
        return missing.record, False
    data = job.path.read_bytes()
    before = earlier.get((job.student, job.notebook))
    if before and (before.submission, before.suite) == (hashlib.sha256(data).hexdigest(), grader.course.suite):
        return before, False
    graded = grader.grade(data, student=job.student, name=job.notebook)
    keep(graded)
    return graded.record, True


class _writer:  # noqa: N801  # used as a context manager only
    """Appends records to a results file, whole lines only; first drops what is torn or out of date."""

    def __init__(self, path: Path | None, earlier: dict[tuple[str, str], Record]) -> None:
        self._path, self._earlier = path, earlier
        self._file: TextIO | None = None

    def __enter__(self) -> Callable[[Record], None]:
        if self._path is not None:
            part = self._path.with_name(self._path.name + ".part")
            part.write_text("".join(_lines(self._earlier.values())), encoding="utf-8")
            part.replace(self._path)
            self._file = self._path.open("a", encoding="utf-8")
        return self._write

    def _write(self, record: Record) -> None:
        if self._file is not None:
            self._file.write("".join(_lines([record])))
            self._file.flush()

    def __exit__(self, *_problem: object) -> None:
        if self._file is not None:
            self._file.close()


def _lines(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        yield msgspec.json.encode(record).decode() + "\n"
