"""What lies in a folder, in a zip, and in zips inside it. Nothing is ever unpacked to disk, and no name becomes a path.

Students and learning platforms zip what they send: a zip in a zip, a folder too deep, a Mac's resource forks. Whatever
may not be read (a link, a password, a path out of the archive, more than anybody hands in) is an entry that says so.
"""

from __future__ import annotations

import contextlib
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

MOST_DEPTH = 3
"""Zips in zips, and folders below the one that is asked for."""
MOST_ENTRIES = 20_000
MOST_BYTES = 4 << 30
"""What all members of one archive may hold together: more is no class's work."""
MOST_INNER = 100 << 20
"""Bytes of zips inside a zip that are held at once: in an archive of a class for each upload, else in all."""
JUNK = frozenset(["__macosx", ".ds_store", "thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__"])
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".tgz", ".gz", ".bz2", ".xz")

NO_ARCHIVE = "it cannot be opened as a zip: it is damaged, or of another kind"
NO_ROOM = "it holds more than anybody hands in"
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What reading a damaged, encrypted or strange zip raises."""


class RefusedError(Exception):
    """An entry that may not or cannot be read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file in a folder or an archive.

    Attributes:
        name: Its path below what was asked for, with `/`; a zip on the way is a part of it.
        size: In bytes, as declared.
        when: When it was last changed, by the clock of whoever made the archive; None if that is not known.
        refused: Why it is not read; empty otherwise.
        open: Its bytes, at most so many; RefusedError if they cannot be read, OSError if the disk fails.
    """

    name: str
    size: int
    when: datetime | None
    refused: str
    open: Callable[[int], bytes]

    @property
    def parts(self) -> list[str]:
        """The names on the way to it."""
        return self.name.split("/")


@dataclass(slots=True)
class _Room:
    """How many bytes of zips inside zips may still be held."""

    left: int = MOST_INNER


def entries(path: Path, opened: ExitStack) -> Iterator[Entry]:
    """Every file in a folder or a zip, and in the zips inside, by name; what a Mac adds is left out.

    Args:
        path: The folder or the zip.
        opened: Holds what was opened on the way; entries can be read until it is closed.

    Raises:
        OSError: The folder or the file cannot be read.
    """
    if path.is_dir():
        found = _of_folder(path, "", 0, opened, _Room())
    else:
        found = _of_zip(opened.enter_context(path.open("rb")), "", path.name, 0, opened, None)
    for count, entry in enumerate(found):
        if count == MOST_ENTRIES:
            yield _refused(path.name, f"it holds more than {MOST_ENTRIES} files; the rest was not looked at")
            return
        yield entry


def _of_folder(folder: Path, above: str, depth: int, opened: ExitStack, room: _Room) -> Iterator[Entry]:
    for path in sorted(folder.iterdir()):
        name = above + path.name
        if _is_junk(path.name):
            continue
        if path.is_symlink():
            yield _refused(name, "it is a link")
        elif path.is_dir() and depth == MOST_DEPTH:
            yield _refused(name, f"it lies more than {MOST_DEPTH} folders deep")
        elif path.is_dir():
            yield from _of_folder(path, f"{name}/", depth + 1, opened, room)
        elif path.is_file() and path.suffix.lower() == ".zip":
            yield from _of_zip(opened.enter_context(path.open("rb")), f"{name}/", name, 1, opened, room)
        elif path.is_file():
            yield _of_file(path, name)


def _of_file(path: Path, name: str) -> Entry:
    def read(most: int) -> bytes:
        with path.open("rb") as file:
            return file.read(most)

    about = path.stat()
    when = datetime.fromtimestamp(about.st_mtime)
    return Entry(name=name, size=about.st_size, when=when, refused=_other(name), open=read)


def _of_zip(
    file: BinaryIO, above: str, called: str, depth: int, opened: ExitStack, room: _Room | None
) -> Iterator[Entry]:
    """The members of a zip; if it cannot be opened, one entry that says so. Without `room` each member has its own."""
    try:
        archive = opened.enter_context(zipfile.ZipFile(file))
    except _DAMAGED:
        yield _refused(called, NO_ARCHIVE)
        return
    members = [member for member in archive.infolist() if not member.is_dir()]
    if sum(member.file_size for member in members) > MOST_BYTES or len(members) > MOST_ENTRIES:
        yield _refused(called, NO_ROOM)
        return
    for member in sorted(members, key=_name):
        if not any(_is_junk(part) for part in _name(member).split("/")):
            yield from _with_inner(_of_member(archive, member, above), depth, opened, room or _Room())


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, above: str) -> Entry:
    def read(most: int) -> bytes:
        try:
            with archive.open(member) as inside:
                return inside.read(most)
        except _DAMAGED:
            raise RefusedError("it is damaged") from None

    refused = _why_not(member, _name(member))
    return Entry(name=above + _name(member), size=member.file_size, when=_when(member), refused=refused, open=read)


def _with_inner(entry: Entry, depth: int, opened: ExitStack, room: _Room) -> Iterator[Entry]:
    """A member of a zip, or what is in it if it is a zip itself."""
    if entry.refused or not entry.name.lower().endswith(".zip"):
        yield entry
    elif depth == MOST_DEPTH:
        yield _refused(entry.name, f"it lies more than {MOST_DEPTH} zips deep")
    elif entry.size > room.left:
        yield _refused(entry.name, NO_ROOM)
    else:
        room.left -= entry.size
        try:
            inner = BytesIO(entry.open(entry.size))
        except RefusedError as error:
            yield _refused(entry.name, str(error))
            return
        yield from _of_zip(inner, f"{entry.name}/", entry.name, depth + 1, opened, room)


def _why_not(member: zipfile.ZipInfo, name: str) -> str:
    """Why a member is not read; empty if it is."""
    parts = name.split("/")
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a link"
    if member.flag_bits & 1:
        return "it has a password"
    if ".." in parts or not parts[0] or parts[0].endswith(":"):
        return "its path leads out of the archive"
    return _other(name)


def _other(name: str) -> str:
    return "archives of this kind are not opened; a zip would be" if name.lower().endswith(OTHER_ARCHIVES) else ""


def _name(member: zipfile.ZipInfo) -> str:
    """A member's path; Windows' separators, and a Mac's UTF-8 that does not say so, are put right."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name.replace("\\", "/")


def _when(member: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*member.date_time)
    except ValueError:
        return None


def _is_junk(part: str) -> bool:
    return part.lower() in JUNK or part.startswith(("._", "~$"))


def _refused(name: str, why: str) -> Entry:
    def read(_most: int) -> bytes:
        raise RefusedError(why)

    return Entry(name=name, size=0, when=None, refused=why, open=read)
