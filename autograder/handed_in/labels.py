"""How learning platforms name what they hand over: whose a file is, and when it came.

Moodle (mod/assign/classes/downloader.php): `Ada Lovelace_1234_assignsubmission_file/02_chain.ipynb`, where 1234 is the
participant's number in this one assignment; older versions end the folder with `_`, or have no folder at all.
Canvas (lib/content_zipper.rb): `lovelaceada_LATE_501_9001_02_chain-1.ipynb`: the name in small letters, LATE or not,
the user's and the file's number, and `-1` for a second attempt.
Blackboard: `1_first_ada_attempt_2026-01-12-18-30-00_01_slope.ipynb`, beside a text file for each attempt.
ILIAS: `Lovelace_Ada_ada_4711/20260112183000_02_chain.ipynb`.
Anything else is plain: `ada/1_first/01_slope.ipynb`, `ada_01_slope.ipynb`, or `ada.zip`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

PARTICIPANT, CANVAS_ID, LOGIN = "participant number", "Canvas id", "login"
"""Kinds of ids by which a roster knows people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What the name of a file says.

    Attributes:
        ids: Kinds and values of the ids that it may give, the likeliest first.
        name: The person's, as the platform writes it; empty if it does not.
        when: When it was handed in, on the platform's clocks; None if the name does not say.
        late: The platform has marked it as late.
    """

    ids: tuple[tuple[str, str], ...]
    name: str = ""
    when: datetime | None = None
    late: bool = False


_MOODLE = re.compile(r"(?P<name>[^_]*)_(?P<id>\d+)_assignsubmission_[a-z]+(_.*)?")
_CANVAS = re.compile(r"(?P<name>.*?)(?P<late>_LATE)?_(?P<id>\d+)_\d+_.+", re.DOTALL)
_BLACKBOARD = re.compile(r"(?P<who>.+)_attempt_(?P<when>\d{4}(-\d\d){5})(_.+|\.txt)")
_ILIAS = re.compile(r"(?P<name>[^_]+_[^_]+)_(?P<login>.+)_(?P<id>\d+)")
_ILIAS_FILE = re.compile(r"(?P<when>\d{14})_.+")


def _moodle(parts: Sequence[str], _notebooks: Iterable[str]) -> Label | None:
    found = _first(_MOODLE, parts)
    return found and Label(ids=((PARTICIPANT, found["id"]),), name=found["name"])


def _canvas(parts: Sequence[str], _notebooks: Iterable[str]) -> Label | None:
    found = _first(_CANVAS, parts)
    return found and Label(ids=((CANVAS_ID, found["id"]),), name=found["name"], late=bool(found["late"]))


def _blackboard(parts: Sequence[str], _notebooks: Iterable[str]) -> Label | None:
    """Title and login both may have underscores: every end of what stands before `_attempt_` may be the login."""
    found = _first(_BLACKBOARD, parts)
    if not found:
        return None
    words = found["who"].split("_")
    logins = tuple((LOGIN, "_".join(words[at:])) for at in range(1, len(words)))
    return Label(ids=logins, when=_time(found["when"], "%Y-%m-%d-%H-%M-%S"))


def _ilias(parts: Sequence[str], _notebooks: Iterable[str]) -> Label | None:
    found = _first(_ILIAS, parts[:-1])
    if not found:
        return None
    dated = _ILIAS_FILE.fullmatch(parts[-1])
    words = found["login"].split("_")  # a name of three parts is no different from a login of two
    logins = tuple((LOGIN, "_".join(words[at:])) for at in range(len(words)))
    return Label(ids=logins, when=_time(dated["when"], "%Y%m%d%H%M%S") if dated else None)


def _plain(parts: Sequence[str], notebooks: Iterable[str]) -> Label | None:
    """By the folders, the innermost first, and by what stands before the notebook's name; a zip's inside is its own."""
    zips = [at for at, part in enumerate(parts) if part.lower().endswith(".zip")]
    folders, file = (parts[: zips[0]], parts[zips[0]]) if zips else (parts[:-1], parts[-1])
    names = "|".join(re.escape(name) for name in notebooks)
    before = re.fullmatch(rf"(?P<who>.+?)(?:[_ -]+(?:{names})\b.*|\.zip)", file, re.IGNORECASE)
    own = [(LOGIN, before["who"])] if before else []
    return Label(ids=(*own, *((LOGIN, part) for part in reversed(folders))))


Reader = Callable[[Sequence[str], Iterable[str]], Label | None]
SYSTEMS: dict[str, Reader] = {
    "moodle": _moodle,
    "blackboard": _blackboard,
    "canvas": _canvas,
    "ilias": _ilias,
    "plain": _plain,
}

PLATFORMS = {
    "moodle": "Moodle",
    "blackboard": "Blackboard",
    "canvas": "Canvas",
    "ilias": "ILIAS",
    "plain": "a plain folder",
}
"""What each of them is called."""


def system_of(names: Iterable[Sequence[str]], notebooks: Sequence[str]) -> str:
    """The platform that most of an archive's files are named by, the surest first; "plain" if it is none.

    Args:
        names: The parts of each file's path.
        notebooks: The course's notebooks.
    """
    paths = list(names)
    for system, read in SYSTEMS.items():
        if sum(read(parts, notebooks) is not None for parts in paths) * 2 > len(paths):
            return system
    return "plain"


def label_of(system: str, parts: Sequence[str], notebooks: Sequence[str]) -> Label | None:
    """What a file's name says, as a platform names files; None if it is not named so.

    Args:
        system: One of SYSTEMS.
        parts: Of the file's path.
        notebooks: The course's notebooks.
    """
    return SYSTEMS[system](parts, notebooks)


def _first(form: re.Pattern[str], parts: Sequence[str]) -> re.Match[str] | None:
    return next((found for part in parts if (found := form.fullmatch(part))), None)


def _time(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None
