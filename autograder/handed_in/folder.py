"""What lies in a student's folder: which file is which notebook of an assignment. Both routes ask here.

A file answers a notebook if it has its cells, whatever it is called and however deep it lies. Of several, one with
answers counts before one without, then the newest; the student is told which was passed over, and why.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from autograder.course.notebook import Repaired, SourceNotebook, is_untouched, stub_of
from autograder.handed_in.archives import Entry, RefusedError, entries
from autograder.handed_in.repair import repair
from autograder.model import KitError

MOST_FILES = 20
"""Files under other names that are looked at in one folder."""
MOST_NAME, MOST_NAMED = 80, 3
SEVERAL = "; passed over: "
"""Stands in a remark on several files for one notebook."""
LIKE_NOTEBOOKS = (".ipynb", ".json", ".txt")
"""Endings of files that may hold a notebook: browsers and mail programs add the last two."""
AT_ONCE = timedelta(minutes=1)
"""Files that were changed so soon after each other were copied together: their times tell nothing."""
TIMESTAMP = "timestamp.txt"
EARLIER = "earlier"
"""The folder of attempts that a newer one has taken the place of."""
HANDED_OUT = frozenset(["lab", "START.md", TIMESTAMP])
"""What lies in a student's folder besides notebooks, since it was handed out with them or says when they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """What answers a notebook: the bytes of the file that counts, None if there is none; and what is said of it."""

    data: bytes | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that answers a notebook.

    Attributes:
        name: Its path in the student's folder or in the archive.
        answered: Gaps that are not as handed out.
        attempt: Canvas's number of it, 0 for the first; -1 for one that a newer one has taken the place of.
        when: When it was last changed.
    """

    name: str
    data: bytes
    answered: int
    attempt: int
    when: datetime | None


def find_file(folder: Path, key: str, sources: Mapping[str, SourceNotebook], *, most_bytes: int) -> HandedIn:
    """The file in a student's folder that answers a notebook, and what is to be said of it.

    Args:
        folder: Of one student and assignment; may not exist. A link to another folder holds nothing of the student's.
        key: Of the notebook, such as "02_chain".
        sources: Every notebook of the course, by key.
        most_bytes: Of a longer file just enough is read to see that it is too long; files under other names are looked
            at as long as they are no longer together.

    Raises:
        OSError: A file or the folder is there and cannot be read.
    """
    if folder.is_symlink() or folder.parent.is_symlink() or not _is_there(folder):
        return HandedIn(data=None)
    name, sources = sources[key].name, _by_name(sources, sources[key].assignment)
    own = read_file(folder / f"{name}.ipynb", most_bytes)
    with ExitStack() as opened:
        others = [entry for entry in entries(folder, opened) if entry.refused or entry.name != f"{name}.ipynb"]
        candidates = _candidates(folder, name, own, others, sources, most_bytes)
    if candidates:
        counts = choose(candidates)
        return HandedIn(data=counts.data, remarks=_remarks(name, counts, candidates))
    return HandedIn(data=own, remarks=() if own is not None else _in_vain(name, others, sources))


def _by_name(sources: Mapping[str, SourceNotebook], assignment: str) -> dict[str, SourceNotebook]:
    """The notebooks by the names of their files; of two of one name, the one of this assignment."""
    first = sorted(sources.values(), key=lambda source: source.assignment == assignment)
    return {source.name: source for source in first}


def candidate_of(name: str, data: bytes, source: SourceNotebook, when: datetime | None) -> Candidate | None:
    """A file as what answers a notebook; None if it does not.

    Args:
        name: Its path in the student's folder or the archive.
        data: Its bytes.
        source: The notebook.
        when: When it was last changed, if that is known.
    """
    repaired = repair(data, source)
    if repaired.unreadable:
        return None
    return Candidate(name=name, data=data, answered=_answered(repaired, source), attempt=_attempt(name), when=when)


def choose(candidates: Sequence[Candidate]) -> Candidate:
    """The file that counts: one with answers before one without, then the newest, then the fullest, then the first.

    Args:
        candidates: At least one.
    """
    left = [one for one in candidates if one.answered] or list(candidates)
    last = max(one.attempt for one in left)
    left = [one for one in left if one.attempt == last]
    newest = max((one.when for one in left if one.when), default=None)
    recent = [one for one in left if not newest or not one.when or newest - one.when < AT_ONCE]
    return max(recent, key=lambda one: one.answered)


def passed_over(one: Candidate, counts: Candidate) -> str:
    """Why a file does not count; empty if nothing is lost by it."""
    if not one.answered or one.data == counts.data:
        return ""
    if one.attempt < counts.attempt:
        return "is an earlier attempt"
    if one.when and counts.when and counts.when - one.when >= AT_ONCE:
        return "is older"
    if one.answered < counts.answered:
        return "has fewer answers"
    return "may be as new"


def notebook_of(data: bytes, sources: Mapping[str, SourceNotebook]) -> str:
    """The key of the notebook that a file answers, by its cells; empty if it is none of them."""
    repaired = {name: repair(data, source) for name, source in sources.items()}
    readable = [name for name in sources if not repaired[name].unreadable]
    return max(readable, key=lambda name: _answered(repaired[name], sources[name]), default="")


def check_student(student: str) -> None:
    """Refuse a student's folder that no gradebook could hold.

    Raises:
        KitError: Its name has characters that are no text.
    """
    if not student.isprintable():
        raise KitError(
            f"The submission folder {student!r} has a name with characters that are no text, so nothing was graded. "
            "Rename the folder to the student's id and start again."
        )


def is_like_notebook(name: str) -> bool:
    """Whether a file may hold a notebook, by its name: not hidden, and with an ending that notebooks are given."""
    parts = name.lower().split("/")
    return parts[-1].endswith(LIKE_NOTEBOOKS) and not any(part.startswith(".") for part in parts)


def shown(name: str) -> str:
    """A file's name as it can be written into a text."""
    text = name.encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:MOST_NAME]


def read_file(path: Path, most_bytes: int) -> bytes | None:
    """A file's bytes, at most one more than asked for; None if it is no file, or a link out of its folder."""
    if not path.is_file() or not path.resolve().is_relative_to(path.parent.resolve()):
        return None
    with path.open("rb") as file:
        return file.read(most_bytes + 1)


def _is_there(folder: Path) -> bool:
    """Whether there is such a folder; PermissionError if that, or what is in it, may not be known."""
    try:
        os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _candidates(
    folder: Path,
    name: str,
    own: bytes | None,
    others: Sequence[Entry],
    sources: Mapping[str, SourceNotebook],
    most_bytes: int,
) -> list[Candidate]:
    """The files that answer a notebook, the one under its own name first."""
    found = []
    if own is not None:
        when = datetime.fromtimestamp((folder / f"{name}.ipynb").stat().st_mtime)
        candidate = candidate_of(f"{name}.ipynb", own, sources[name], when)
        found += [candidate] if candidate else []
    is_answered = any(candidate.answered for candidate in found)
    if is_answered:  # then a file that is named after another notebook is that one
        others = [entry for entry in others if _stem(entry.name) not in sources]
    for entry, data in _read_each(others, most_bytes):
        if is_answered or not _is_its_own(entry.name, data, sources):
            candidate = candidate_of(entry.name, data, sources[name], entry.when)
            found += [candidate] if candidate else []
    return found


def _read_each(others: Iterable[Entry], most_bytes: int) -> Iterator[tuple[Entry, bytes]]:
    """Files that may hold a notebook, and their bytes: notebooks first; no more than one notebook may take."""
    wanted = [entry for entry in others if entry.parts[-1] not in HANDED_OUT]
    like = [entry for entry in wanted if not entry.refused and is_like_notebook(entry.name)]
    like.sort(key=lambda entry: (not entry.name.lower().endswith(".ipynb"), len(entry.parts)))
    left = most_bytes
    for entry in like[:MOST_FILES]:
        with contextlib.suppress(RefusedError):
            data = entry.open(left + 1)
            if len(data) <= left:
                left -= len(data)
                yield entry, data


def _is_its_own(file: str, data: bytes, sources: Mapping[str, SourceNotebook]) -> bool:
    """Whether a file is the notebook that its name says."""
    name = _stem(file)
    return name in sources and not repair(data, sources[name]).unreadable


def _stem(file: str) -> str:
    """The name of a notebook file at the top of its folder, without its ending."""
    return file.removesuffix(".ipynb")


def _attempt(name: str) -> int:
    """Canvas names a student's second attempt `02_chain-1.ipynb`; -1 for one that is kept for the record only."""
    if EARLIER in name.split("/")[:-1]:
        return -1
    found = re.search(r"-(\d{1,3})\.\w+$", name)
    return int(found[1]) if found else 0


def _answered(repaired: Repaired, source: SourceNotebook) -> int:
    """How many gaps have an answer."""
    stubs = {cell.grade_id: stub_of(cell.source) for cell in source.graded if cell.role == "gap"}
    gaps = [cell for cell in repaired.cells if cell.grade_id in stubs]
    return sum(not is_untouched(cell.source, stubs[cell.grade_id]) for cell in gaps)


def _remarks(name: str, counts: Candidate, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """What is said of a file that was found under another name, and of those that were passed over."""
    remarks = []
    if counts.name != f"{name}.ipynb":
        found = f"{name}.ipynb was found under the name {shown(counts.name)}."
        remarks.append(f"{found} Hand it in as {name}.ipynb next time.")
    over = [(one, why) for one in candidates if one is not counts and (why := passed_over(one, counts))]
    if over:
        texts = _listed([f"{shown(one.name)} ({why})" for one, why in over])
        remarks.append(f"{shown(counts.name)} counts for {name}{SEVERAL}{texts}.")
    return tuple(remarks)


def _in_vain(name: str, others: Iterable[Entry], sources: Mapping[str, SourceNotebook]) -> tuple[str, ...]:
    """What is said where no file answers a notebook, but others were handed in that are not the course's."""
    own = [entry for entry in others if entry.refused or not _is_known(entry, sources)]
    names = [f"{shown(entry.name)} ({entry.refused})" if entry.refused else shown(entry.name) for entry in own]
    return (f"Not {name} by their cells, or not read: {_listed(names)}.",) if names else ()


def _is_known(entry: Entry, sources: Mapping[str, SourceNotebook]) -> bool:
    return entry.parts[0] in HANDED_OUT or _stem(entry.name) in sources


def _listed(texts: Sequence[str]) -> str:
    more = [f"and {len(texts) - MOST_NAMED} more"] if len(texts) > MOST_NAMED else []
    return ", ".join([*texts[:MOST_NAMED], *more])
