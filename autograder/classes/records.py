"""The records of a class in a file, one JSON object a line.

A record is written as soon as it is made. A run that was killed goes on where it stopped; a torn last line is dropped.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from autograder.model import SCHEMA, KitError, Record

RecordKey = tuple[str, str, str]
"""Student, assignment and notebook of a record."""


def read_records(path: Path) -> dict[RecordKey, Record]:
    """The records of an earlier run; lines that are no record of this schema are dropped."""
    found: dict[RecordKey, Record] = {}
    if path.exists():
        for line in path.read_bytes().split(b"\n"):
            try:
                record = msgspec.json.decode(line, type=Record)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            if record.schema == SCHEMA:
                found[record.student, record.assignment, record.notebook] = record
    return found


def told_apart(records: Iterable[Record]) -> tuple[Record, ...]:
    """Records for people to read: of two notebooks of one name, each is called "assignment/name"."""
    kept = tuple(records)
    names = Counter(name for _, name in {(record.assignment, record.notebook) for record in kept})
    return tuple(
        msgspec.structs.replace(record, notebook=f"{record.assignment}/{record.notebook}")
        if names[record.notebook] > 1
        else record
        for record in kept
    )


def cannot_write(path: object, error: OSError) -> KitError:
    """What is said when a file cannot be written."""
    return KitError(
        f"{path or 'A file'} cannot be written: {error.strerror}. Free some space, or set the permissions right, and "
        "run the same command again. No mark is lost; what has been graded is not graded again."
    )


class Results:
    """A results file: its records of an earlier run, and new ones appended, whole lines only.

    What is torn or out of date is dropped first. While one run writes, another one is refused.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: TextIO | None = None
        self.records: dict[RecordKey, Record] = {}

    def __enter__(self) -> Results:
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


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records to a file, in place of what it held."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(_lines(records))
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def drop_student(path: Path, student: str) -> None:
    """Take a student's records out of a results file."""
    with path.open("a", encoding="utf-8") as old:
        _lock(old, path)
        write_records(path, [record for record in read_records(path).values() if record.student != student])


def _lock(file: TextIO, path: Path) -> None:
    """Hold a file until it is closed or this process has ended, however it ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise KitError(f"Another run is writing {path}. Wait until it has ended, and start again.") from None


def _lines(records: Iterable[Record]) -> Iterator[str]:
    for record in records:
        yield msgspec.json.encode(record).decode() + "\n"
