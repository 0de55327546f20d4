"""From what a learning platform hands over into `submitted/`: whose a file is, which notebook it answers, which counts.

Nothing is guessed: who could be two people, or is called otherwise in the roster, is named and left out. A second run
takes only what is newer. What a newer attempt has taken the place of is kept in the student's folder `earlier/`.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

from autograder.course.notebook import SourceNotebook
from autograder.course.times import TimeError, as_nbgrader, read_time
from autograder.handed_in import labels
from autograder.handed_in.archives import Entry, RefusedError, entries
from autograder.handed_in.folder import (
    EARLIER,
    TIMESTAMP,
    Candidate,
    candidate_of,
    check_student,
    choose,
    is_like_notebook,
    notebook_of,
    passed_over,
)
from autograder.handed_in.labels import Label
from autograder.handed_in.repair import repair
from autograder.handed_in.roster import Person, Roster
from autograder.model import KitError

MOST_TIMESTAMP = 100
"""Bytes of a `timestamp.txt`."""
NO_ROSTER = {
    "moodle": "Moodle numbers the participants of each assignment anew. Give the grading worksheet of this assignment "
    "(View all submissions, Download grading worksheet)",
    "canvas": "Canvas names files by its own numbers. Give the gradebook (Grades, Export entire gradebook)",
    "blackboard": "In Blackboard's names title and username cannot be told apart. Give the gradebook (Work offline, "
    "Download grades)",
    "ilias": "In ILIAS's names last name and login cannot be told apart. Give a list of the course's members",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A notebook that counts.

    Attributes:
        file: Where it was found.
        upload: The file in what was read now that says the same, or else the last one.
        is_new: It is not in `submitted/` yet.
        over: Its student's other files for the notebook that have answers, and why they do not count.
        when: When it was handed in; None if nobody says.
        late: The platform has marked it as late.
    """

    student: str
    source: SourceNotebook
    file: str
    upload: str
    data: bytes
    changed: datetime | None
    is_new: bool
    over: tuple[tuple[Candidate, str], ...]
    when: datetime | None
    late: bool


@dataclass(slots=True)
class Collected:
    """What is to be written, and what is said of everything else: files with reasons."""

    systems: list[tuple[str, str]] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)
    doubtful: list[tuple[str, str]] = field(default_factory=list)
    nobodys: list[tuple[str, str]] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A notebook file of a student."""

    candidate: Candidate
    when: datetime | None
    late: bool


class Collector:
    """Reads archives of one class.

    Attributes:
        root: Of the course.
        sources: The notebooks that are wanted.
        roster: The class; None where folders are named after students.
        zone: The course's, for times of a platform.
        most_bytes: Of one notebook.
    """

    def __init__(
        self, root: Path, sources: Mapping[str, SourceNotebook], roster: Roster | None, zone: tzinfo, most_bytes: int
    ) -> None:
        self.root, self.sources, self.roster, self.zone, self.most_bytes = root, sources, roster, zone, most_bytes
        self._names = [source.name for source in sources.values()]
        self._report = Collected()
        self._found: dict[tuple[str, str], list[_Found]] = {}

    def read(self, path: Path, system: str = "") -> None:
        """Look through one archive or folder.

        Args:
            path: What was downloaded.
            system: One of `labels.SYSTEMS`; empty to tell it by the names of the files.

        Raises:
            KitError: It cannot be read, or its platform needs a roster.
        """
        try:
            with ExitStack() as opened:
                self._read(path, list(entries(path, opened)), system)
        except OSError as error:
            raise KitError(f"{path} cannot be read: {error.strerror}.") from None

    def _read(self, path: Path, found: Sequence[Entry], system: str) -> None:
        if found and found[0].refused and found[0].name == path.name and not path.is_dir():
            raise KitError(f"{path}: {found[0].refused}. Download it again, or unpack it and give the folder.")
        like = [entry for entry in found if entry.refused or is_like_notebook(entry.name)]
        self._report.others += len(found) - len(like)
        system = system or labels.system_of([entry.parts for entry in like], self._names)
        if self.roster is None and system in NO_ROSTER:
            platform = labels.PLATFORMS[system]
            raise KitError(f"{path} is named as {platform} names files. {NO_ROSTER[system]} with --roster FILE.csv.")
        self._report.systems.append((path.name, labels.PLATFORMS[system]))
        shared = os.path.commonpath([entry.name for entry in like]).split("/") if len(like) > 1 else []
        stamps = {entry.name.rpartition("/")[0]: entry for entry in like if entry.parts[-1] == TIMESTAMP}
        for entry in like:
            if entry.parts[-1] != TIMESTAMP:
                self._take(entry, system, [part for part in shared if part], self._stamped(stamps, entry))

    def _stamped(self, stamps: Mapping[str, Entry], entry: Entry) -> datetime | None:
        """What a `timestamp.txt` beside a file says."""
        stamp = stamps.get(entry.name.rpartition("/")[0])
        try:
            text = stamp.open(MOST_TIMESTAMP).decode() if stamp else ""
            return read_time(text, self.zone) if text else None
        except (RefusedError, UnicodeDecodeError, TimeError) as error:
            self._report.passed_over.append((stamp.name if stamp else "", f"it does not say when: {error}"))
            return None

    def _take(self, entry: Entry, system: str, shared: Sequence[str], stamped: datetime | None) -> None:
        label = labels.label_of(system, entry.parts, self._names)
        if label is None:
            self._report.nobodys.append((entry.name, f"it is not named as {labels.PLATFORMS[system]} names files"))
            return
        student, person = self._whose(entry, label, shared)
        if not student:
            return
        source, candidate, why = self._read_notebook(entry)
        if source is None or candidate is None:
            if entry.refused or entry.name.lower().endswith(".ipynb"):
                self._report.passed_over.append((f"{student}: {entry.name}", why))
            else:
                self._report.others += 1
            return
        on_clock = label.when or (person.handed_in if person else None)
        when = on_clock.replace(tzinfo=self.zone) if on_clock else stamped
        found = _Found(candidate=candidate, when=when, late=label.late)
        self._found.setdefault((student, source.name), []).append(found)

    def _whose(self, entry: Entry, label: Label, shared: Sequence[str]) -> tuple[str, Person | None]:
        """The student a file belongs to; empty if it is doubtful or nobody's, which has been noted then."""
        if self.roster is None:
            return self._by_folder(entry, label, shared), None
        people = self.roster.known_by(label.ids)
        if not people:
            ids = ", ".join(dict.fromkeys(value for _, value in label.ids)) or "nothing"
            self._report.nobodys.append((entry.name, f"the roster knows nobody by {ids}"))
        elif len(people) > 1:
            students = " or ".join(person.student for person in people)
            self._report.doubtful.append((entry.name, f"it could be {students}"))
        elif people[0].contradicts(label.name):
            text = f'the roster calls {people[0].student} "{people[0].name}": it may belong to another download'
            self._report.doubtful.append((entry.name, text))
        else:
            return people[0].student, people[0]
        return "", None

    def _by_folder(self, entry: Entry, label: Label, shared: Sequence[str]) -> str:
        """By the one folder that is neither an assignment's nor around all of them; else by the file's name."""
        assignments = {source.assignment.casefold() for source in self.sources.values()}
        parts = [*itertools.takewhile(lambda part: not part.lower().endswith(".zip"), entry.parts[:-1])]
        folders = [part for part in parts if part.strip().casefold() not in assignments]
        own = folders[len(shared) :] if len(shared) < len(folders) else folders[-1:]
        names = own or [value for _, value in label.ids if value not in parts]
        if not names:
            self._report.nobodys.append((entry.name, "neither a folder nor the file is named after a student"))
        elif len(names) > 1:
            self._report.doubtful.append((entry.name, f"it could be {' or '.join(names)}; --roster FILE.csv says who"))
        else:
            return names[0].strip()
        return ""

    def _read_notebook(self, entry: Entry) -> tuple[SourceNotebook | None, Candidate | None, str]:
        """Which notebook a file answers, by its cells; or why it answers none."""
        try:
            data = b"" if entry.refused else entry.open(self.most_bytes + 1)
        except RefusedError as error:
            return None, None, str(error)
        if entry.refused or len(data) > self.most_bytes:
            return None, None, entry.refused or f"it has more than {self.most_bytes >> 20} MB"
        hinted = [source for source in self.sources.values() if source.name in entry.parts[-1]]
        source = next((one for one in hinted if not repair(data, one).unreadable), None)
        source = source or self.sources.get(notebook_of(data, self.sources))
        if source is None:
            return None, None, "its cells are those of no notebook that is asked for"
        return source, candidate_of(entry.name, data, source, entry.when), ""

    def result(self) -> Collected:
        """What is to be written, and what is to be said."""
        self._report.taken = [self._chosen(*key, found) for key, found in sorted(self._found.items())]
        everybody = [person.student for person in self.roster.people] if self.roster else []
        took = {taken.student for taken in self._report.taken}
        self._report.without = [student for student in everybody if student not in took]
        return self._report

    def _chosen(self, student: str, name: str, found: Sequence[_Found]) -> Taken:
        source = next(one for one in self.sources.values() if one.name == name)
        path = self._path(student, source)
        there = _there(path, source)
        candidates = [one.candidate for one in found] + ([there] if there else [])
        counts = choose(candidates)
        its = next((one for one in found if one.candidate.data == counts.data), None)
        others = [(one, passed_over(one, counts)) for one in candidates if one is not counts]
        return Taken(
            student=student,
            source=source,
            file=counts.name,
            upload=(its or found[-1]).candidate.name,
            data=counts.data,
            changed=counts.when,
            is_new=there is None or there.data != counts.data,
            over=tuple((one, why) for one, why in others if why),
            when=its.when if its else None,
            late=its.late if its else False,
        )

    def _path(self, student: str, source: SourceNotebook) -> Path:
        return self.root / "submitted" / student / source.assignment / f"{source.name}.ipynb"


def write(root: Path, taken: Iterable[Taken]) -> None:
    """Put what counts into `submitted/`, with its time, and what does not into `earlier/`; what is there stays.

    Raises:
        KitError: A file cannot be written, or a student's name is no name of a folder.
    """
    times: dict[Path, datetime] = {}
    for one in taken:
        folder = root / "submitted" / folder_name(one.student) / one.source.assignment
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if one.is_new:
                _replace(folder / f"{one.source.name}.ipynb", one.data, one.changed)
            for candidate, _ in one.over:
                _keep(folder / EARLIER, one.source.name, candidate)
            if one.when:
                times[folder] = max(one.when, times.get(folder, one.when))
                _write_if_new(folder / TIMESTAMP, (as_nbgrader(times[folder]) + "\n").encode())
        except OSError as error:
            raise KitError(f"{error.filename or folder} cannot be written: {error.strerror}.") from None


def folder_name(student: str) -> str:
    """A student's name, if a folder can have it.

    Raises:
        KitError: It cannot.
    """
    check_student(student)
    if not student or student.startswith(".") or "/" in student or "\\" in student or student != student.strip():
        raise KitError(f'A student cannot be called "{student}", since a folder in submitted/ has that name.')
    return student


def _there(path: Path, source: SourceNotebook) -> Candidate | None:
    """What an earlier run has left."""
    if not path.is_file() or path.is_symlink():
        return None
    when = datetime.fromtimestamp(path.stat().st_mtime)
    return candidate_of(f"submitted/{path.name}", path.read_bytes(), source, when)


def _keep(folder: Path, name: str, candidate: Candidate) -> None:
    digest = hashlib.sha256(candidate.data).hexdigest()[:8]
    path = folder / f"{name}.{digest}.ipynb"
    if not path.exists():
        folder.mkdir(exist_ok=True)
        _replace(path, candidate.data, candidate.when)


def _write_if_new(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        _replace(path, data, None)


def _replace(path: Path, data: bytes, changed: datetime | None) -> None:
    """Write a file as a whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    if changed:
        os.utime(part, (changed.timestamp(), changed.timestamp()))
    os.replace(part, path)
