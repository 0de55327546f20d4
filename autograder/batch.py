"""Grade a class: find what was handed in, grade it on several cores, keep the records as they come.

A record is written as soon as it is made, one JSON object a line. A run that was killed goes on where it stopped:
records whose submission and suite agree are used again, a torn last line is dropped. A fault while one notebook is
graded leaves that notebook for review and everybody else alone; a file that cannot be written ends the run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from autograder import submitted
from autograder.course import Course
from autograder.grading import Graded, Grader
from autograder.model import KitError, Record
from autograder.sandbox.confine import Limits
from autograder.submitted import HandedIn

ALONE = "-"
"""Stands for the student of a notebook that lies in no student's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One notebook to grade: what answers it in a student's folder, or a file by itself."""

    student: str
    notebook: str
    path: Path


def jobs_in(course: Course, path: Path) -> list[Job]:
    """The notebooks below `path`: a notebook file, or a folder <student>/<assignment>/<notebook>.ipynb.

    Within an assignment's folder every notebook of the assignment counts, handed in or not.

    Raises:
        KitError: There is nothing to grade.
    """
    if path.is_file():
        return [Job(student=ALONE, notebook=_notebook_in(course, path), path=path)]
    by_assignment: dict[str, list[str]] = {}
    for source in course.sources.values():
        by_assignment.setdefault(source.assignment, []).append(source.name)
    folders = _folders(path, by_assignment)
    if not folders:
        raise KitError(f"{path} holds no submissions. Expected: {path}/<student>/{next(iter(by_assignment))}/*.ipynb")
    for folder in folders:
        submitted.check_name(folder.parent.name)
    return [
        Job(student=folder.parent.name, notebook=name, path=folder)
        for folder in folders
        for name in by_assignment[folder.name]
    ]


def _folders(path: Path, assignments: Iterable[str]) -> list[Path]:
    """Folders <student>/<assignment>; of a student's folder that may not be read, those that the others have.

    Grading meets these again, and leaves them for review: somebody has to look at what lies there.
    """
    found = {folder for name in assignments for folder in path.glob(f"[!.]*/{name}") if folder.is_dir()}
    students = [student for student in path.glob("[!.]*") if student.is_dir()]
    closed = [student for student in students if not os.access(student, os.R_OK | os.X_OK)]
    return sorted(found | {student / folder.name for student in closed for folder in found})


def _notebook_in(course: Course, path: Path) -> str:
    """Which notebook a file answers: the one it is named after, else the one whose cells it has."""
    data = submitted.read(path, Limits().submission_bytes)
    if data is None:
        raise KitError(
            f"{path} is a link to a file in another folder. Give the file itself, if it is what you want graded."
        )
    if path.stem in course.sources:
        return path.stem
    name = submitted.which(data, course.sources)
    if not name:
        names = ", ".join(course.sources)
        raise KitError(f"{path} is none of the notebooks of this course ({names}). Rename it to the one it answers.")
    return name


def read_records(path: Path) -> dict[tuple[str, str], Record]:
    """The records of an earlier run by student and notebook; lines that are no record are dropped."""
    found: dict[tuple[str, str], Record] = {}
    if path.exists():
        for line in path.read_bytes().split(b"\n"):
            try:
                record = msgspec.json.decode(line, type=Record)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
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
    is_kept: Callable[[Record], bool],
    told: Callable[[Record], object],
) -> list[Record]:
    """Grade all jobs, in any order; the records in the order of the jobs.

    Args:
        grader: Shared by the workers.
        jobs: What to grade.
        workers: How many notebooks at once.
        results: Where records are written as they come, and found again; None for nowhere.
        keep: Called with each notebook graded anew, before its record is written.
        is_kept: Whether what `keep` has made for an earlier record is still there; if not, the notebook is graded anew.
        told: Called with each record.

    Raises:
        KitError: Student code cannot be confined, or something cannot be written; what has been graded is kept.
    """
    found: dict[Job, Record] = {}
    with _workers(grader, workers) as pool, _Results(results) as earlier:
        waiting = {
            pool.submit(_grade, grader, job, earlier.records.get((job.student, job.notebook)), keep, is_kept): job
            for job in jobs
        }
        try:
            for done in as_completed(waiting):
                record, is_new = done.result()
                found[waiting[done]] = record
                if is_new:
                    earlier.add(record)
                told(record)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [found[job] for job in jobs]


def _workers(grader: Grader, count: int) -> ThreadPoolExecutor:
    """So many threads; one has seen, in the sandbox it goes on with, that student code can be held. KitError if not.

    If there are enough for all cores, each keeps to one, with the processes that it starts. A worker and its runner
    take turns: on one core each wakes the other at once, while an idle core has to be woken first, a hundred times a
    notebook.
    """
    cores = sorted(os.sched_getaffinity(0))
    turns = itertools.cycle([{core} for core in cores] if count >= len(cores) else [set(cores)])
    pool = ThreadPoolExecutor(count, initializer=lambda: os.sched_setaffinity(0, next(turns)))
    assert pool.submit(lambda: grader.isolation).result()
    return pool


def _grade(
    grader: Grader,
    job: Job,
    before: Record | None,
    keep: Callable[[Graded], object],
    is_kept: Callable[[Record], bool],
) -> tuple[Record, bool]:
    """The record of a job, and whether it is a new one to be written."""
    if before and is_kept(before) and _still_holds(grader, job, before):
        return before, False
    graded = grade_one(grader, job)
    try:
        keep(graded)
    except OSError as error:
        raise cannot_write(error.filename, error) from error
    return graded.record, bool(graded.record.submission)


def _still_holds(grader: Grader, job: Job, before: Record) -> bool:
    """Whether an earlier record is of the same file and the same checks; what was up for review is tried again."""
    if before.score is None or before.suite != grader.course.suite:
        return False
    try:
        handed_in = _handed_in(grader, job)
    except OSError:
        return False
    return handed_in is not None and hashlib.sha256(handed_in.data).hexdigest() == before.submission


def grade_one(grader: Grader, job: Job) -> Graded:
    """Grade one notebook. Nothing raises: after a fault of ours it is tried once more, and then left for review."""
    try:
        return _graded(grader, job)
    except Exception:  # a warm process may have been ended from outside
        grader.start_afresh()
    try:
        return _graded(grader, job)
    except Exception as fault:
        grader.start_afresh()
        return grader.for_review(_bytes(grader, job), student=job.student, name=job.notebook, fault=fault)


def _bytes(grader: Grader, job: Job) -> bytes:
    """What was handed in; nothing if that is what fails."""
    try:
        handed_in = _handed_in(grader, job)
    except Exception:
        return b""
    return handed_in.data if handed_in else b""


def _graded(grader: Grader, job: Job) -> Graded:
    handed_in = _handed_in(grader, job)
    if handed_in is None:
        return grader.not_handed_in(job.student, job.notebook)
    graded = grader.grade(handed_in.data, student=job.student, name=job.notebook)
    if not handed_in.remark:
        return graded
    record = msgspec.structs.replace(graded.record, remarks=(*graded.record.remarks, handed_in.remark))
    return dataclasses.replace(graded, record=record)


def _handed_in(grader: Grader, job: Job) -> HandedIn | None:
    if job.path.is_file():
        data = submitted.read(job.path, grader.limits.submission_bytes)
        return None if data is None else HandedIn(data=data)
    return grader.handed_in(job.path, job.notebook)


def cannot_write(path: object, error: OSError) -> KitError:
    """What is said when a file cannot be written."""
    return KitError(
        f"{path or 'A file'} cannot be written: {error.strerror}. Free some space, or set the permissions right, and "
        "run the same command again. No mark is lost; what has been graded is not graded again."
    )


class _Results:
    """A results file: its records of an earlier run, and new ones appended, whole lines only.

    What is torn or out of date is dropped first. While one run writes, another one is refused.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self.records: dict[tuple[str, str], Record] = {}

    def __enter__(self) -> _Results:
        if self._path is not None:
            try:
                self._open(self._path)
            except KitError:
                self.__exit__()
                raise
            except OSError as error:
                self.__exit__()
                raise cannot_write(error.filename or self._path, error) from error
        return self

    def _open(self, path: Path) -> None:
        with path.open("a", encoding="utf-8") as old:
            _lock(old, path)
            self.records = read_records(path)
            part = path.with_name(path.name + ".part")
            self._file = part.open("w", encoding="utf-8")
            _lock(self._file, path)
            self._file.writelines(_lines(self.records.values()))
            self._file.flush()
            part.replace(path)

    def add(self, record: Record) -> None:
        """Append a record."""
        if self._file is not None:
            try:
                self._file.writelines(_lines([record]))
                self._file.flush()
            except OSError as error:
                raise cannot_write(self._path, error) from error

    def __exit__(self, *_problem: object) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk, which has been said
                self._file.close()


def _lock(file: TextIO, path: Path) -> None:
    """Hold a file until it is closed or this process has ended, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise KitError(f"Another run is writing {path}. Wait until it has ended, and start again.") from None


def _lines(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        yield msgspec.json.encode(record).decode() + "\n"
