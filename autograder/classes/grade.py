"""Grade a class on several cores, with what an earlier run has left.

Records whose submission and suite agree are used again. A fault while one notebook is graded leaves that notebook for
review and everybody else alone; a file that cannot be written ends the run.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec

from autograder.classes.jobs import Job
from autograder.classes.records import RecordKey, Results, cannot_write
from autograder.handed_in.folder import HandedIn, read_file
from autograder.judging.grading import Graded, Grader
from autograder.model import Record


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
        KitError: Student code cannot be confined, the course's files are not in order, or something cannot be
            written; what has been graded is kept.
    """
    grader.hold_course(sorted({job.notebook for job in jobs}))
    found: dict[Job, Record] = {}
    with _workers(grader, workers) as pool, Results(results) as earlier:
        waiting = {
            pool.submit(_grade, grader, job, earlier.records.get(_record_key(grader, job)), keep, is_kept): job
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


def _record_key(grader: Grader, job: Job) -> RecordKey:
    source = grader.course.sources[job.notebook]
    return job.student, source.assignment, source.name


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
    graded = dataclasses.replace(graded, record=_counted(graded.record, before))
    try:
        keep(graded)
    except OSError as error:
        raise cannot_write(error.filename, error) from error
    return graded.record, True


def _counted(record: Record, before: Record | None) -> Record:
    """A record with the number of its attempt: another file than the last one that was graded is another attempt."""
    if before is None:
        return record
    both = record.submission and before.submission
    is_another = bool(both) and record.submission != before.submission
    return msgspec.structs.replace(record, attempt=before.attempt + is_another)


def _still_holds(grader: Grader, job: Job, before: Record) -> bool:
    """Whether an earlier record is of the same file and the same checks; what was up for review is tried again."""
    if before.score is None or before.suite != grader.course.suite(job.notebook):
        return False
    try:
        handed_in = _handed_in(grader, job)
    except OSError:
        return False
    if not set(handed_in.remarks) <= set(before.remarks):
        return False
    if handed_in.data is None or not before.handed_in:
        return handed_in.data is None and not before.handed_in
    return hashlib.sha256(handed_in.data).hexdigest() == before.submission


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
    return handed_in.data or b""


def _graded(grader: Grader, job: Job) -> Graded:
    handed_in = _handed_in(grader, job)
    if handed_in.data is None:
        graded = grader.not_handed_in(job.student, job.notebook)
    else:
        graded = grader.grade(handed_in.data, student=job.student, name=job.notebook)
    record = msgspec.structs.replace(graded.record, remarks=(*graded.record.remarks, *handed_in.remarks))
    return dataclasses.replace(graded, record=record)


def _handed_in(grader: Grader, job: Job) -> HandedIn:
    if job.path.is_file():
        return HandedIn(data=read_file(job.path, grader.limits.submission_bytes))
    return grader.handed_in(job.path, job.notebook)
