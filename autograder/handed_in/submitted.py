"""What lies in a student's folder: which file is which notebook of an assignment. Both routes ask here.

A notebook counts under its own name. Where there is none, or nothing that can be read, a file under another name whose
cells are those of the notebook counts instead.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.course.notebook import Repaired, SourceNotebook, is_untouched, stub_of
from autograder.handed_in.repair import repair
from autograder.model import KitError

MOST_FILES = 20
"""Files under other names that are looked at in one folder."""
MOST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A notebook file that was handed in; `remark` says so if it was found under another name."""

    data: bytes
    remark: str = ""


def find(folder: Path, name: str, sources: Mapping[str, SourceNotebook], *, most_bytes: int) -> HandedIn | None:
    """The file in a student's folder that answers a notebook; None if there is none.

    Args:
        folder: Of one student and assignment; may not exist. A link to another folder holds nothing of the student's.
        name: The notebook, such as "02_chain".
        sources: Every notebook of the course, by name.
        most_bytes: Of a longer file just enough is read to see that it is too long; files under other names are looked
            at as long as they are no longer together.

    Raises:
        OSError: A file or the folder is there and cannot be read.
    """
    if folder.is_symlink() or folder.parent.is_symlink() or not _is_there(folder):
        return None
    own = read(folder / f"{name}.ipynb", most_bytes)
    if own is not None and not repair(own, sources[name]).unreadable:
        return HandedIn(data=own)
    found = [
        (_answered(repaired, sources[name]), other, data)
        for other, data in _under_other_names(folder, name, most_bytes)
        if not _is_its_own(other, data, sources) and not (repaired := repair(data, sources[name])).unreadable
    ]
    if found:
        _, other, data = max(found)
        remark = f"{name}.ipynb was found under the name {_shown(other)}. Hand it in as {name}.ipynb next time."
        return HandedIn(data=data, remark=remark)
    return None if own is None else HandedIn(data=own)


def which(data: bytes, sources: Mapping[str, SourceNotebook]) -> str:
    """The notebook that a file answers, by its cells; empty if it is none of them."""
    repaired = {name: repair(data, source) for name, source in sources.items()}
    readable = [name for name in sources if not repaired[name].unreadable]
    return max(readable, key=lambda name: _answered(repaired[name], sources[name]), default="")


def check_name(student: str) -> None:
    """Refuse a student's folder that no gradebook could hold.

    Raises:
        KitError: Its name has characters that are no text.
    """
    if not student.isprintable():
        raise KitError(
            f"The submission folder {student!r} has a name with characters that are no text, so nothing was graded. "
            "Rename the folder to the student's id and start again."
        )


def _is_there(folder: Path) -> bool:
    """Whether there is such a folder; PermissionError if that, or what is in it, may not be known."""
    try:
        os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def read(path: Path, most_bytes: int) -> bytes | None:
    """A file's bytes, at most one more than asked for; None if it is no file, or a link out of its folder."""
    if not path.is_file() or not path.resolve().is_relative_to(path.parent.resolve()):
        return None
    with path.open("rb") as file:
        return file.read(most_bytes + 1)


def _under_other_names(folder: Path, name: str, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of other notebook files, in the order of their names; no more than one notebook may take."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    others = (path for path in paths if path.suffix == ".ipynb" and path.stem != name and not path.name.startswith("."))
    left = most_bytes
    for path in itertools.islice(others, MOST_FILES):
        data = read(path, left)
        if data is not None and len(data) <= left:
            left -= len(data)
            yield path.name, data


def _is_its_own(file: str, data: bytes, sources: Mapping[str, SourceNotebook]) -> bool:
    """Whether a file is the notebook that its name says."""
    name = file.removesuffix(".ipynb")
    return name in sources and not repair(data, sources[name]).unreadable


def _answered(repaired: Repaired, source: SourceNotebook) -> int:
    """How many gaps have an answer: of several copies the one with most counts."""
    stubs = {cell.grade_id: stub_of(cell.source) for cell in source.graded if cell.role == "gap"}
    gaps = [cell for cell in repaired.cells if cell.grade_id in stubs]
    return sum(not is_untouched(cell.source, stubs[cell.grade_id]) for cell in gaps)


def _shown(name: str) -> str:
    """A file's name as it can be written into a text."""
    text = name.encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:MOST_NAME]
