"""The class under attack: a throw-away course with canaries in it, listeners, and what must not change.

Whatever of this turns up in something that a student may read, or is different afterwards, is a hole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

import autograder
from autograder.course.course import Course
from autograder.course.data import copy_course, folders_of
from autograder.model import Plan, Transcript

REPOSITORY = Path(__file__).parents[2]
SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")
VICTIM = "victim"
DIGITS = 6
"""How much of a number gives it away: "1.2345"; texts round to six digits."""
TOOLS = """
import sys
frame = sys._getframe()
while type(frame.f_locals.get("self")).__name__ != "Replay":
    frame = frame.f_back
replay = frame.f_locals["self"]
grader = replay._grader
from autograder.sandbox import wire
""".strip()
"""What an attacker begins with: the runner's own objects."""


def token() -> str:
    """A string that occurs nowhere else."""
    return "canary" + secrets.token_hex(8)


@dataclass
class Scene:
    """A course directory under attack.

    Attributes:
        root: The course directory.
        secret: Its twins' secret.
        canaries: Where each forbidden string was planted, by the string.
        hidden: Where each forbidden number is from, by its first digits.
        places: What `@NAME@` stands for in an entry.
    """

    root: Path
    secret: str = field(default_factory=token)
    mark: str = field(default_factory=token)
    canaries: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, secret: str = "") -> Scene:
        """A course below `folder`, which everybody may read: permissions are not what is on trial.

        Its secret is one that only this run knows, unless one is given.
        """
        scene = cls(folder / "course", secret or token())
        copy_course(REPOSITORY, scene.root)
        scene._plant(folder)
        kit = Path(autograder.__file__).parent
        loot = token()
        scene.places |= {
            "COURSE": str(scene.root),
            "CHECKS": str(folders_of(scene.root).checks),
            "KIT": str(kit),
            "MARK": scene.mark,
            "PID": str(os.getpid()),
            "TMP": str(folder),
            "TOOLS": TOOLS,
            "LOOT_A": loot[:12],
            "LOOT_B": loot[12:],
        }
        scene.canaries[loot] = "what only hidden twins or another student's run has seen"
        scene.canaries["31337, 4242"] = "the sizes of an array on a hidden twin"
        return scene

    def _plant(self, folder: Path) -> None:
        def canary(where: str) -> str:
            made = token()
            self.canaries[made] = where
            return made

        self.canaries[self.secret] = "the secret"
        (self.root / ".autograder-secret").write_text(self.secret + "\n", encoding="ascii")
        host = folder / "host.txt"
        host.write_text(canary("a file of the host"), encoding="ascii")
        other = self.root / "submitted" / VICTIM / "1_neuron"
        other.mkdir(parents=True)
        release = json.loads((REPOSITORY / "release/1_neuron/02_chain.ipynb").read_bytes())
        release["cells"][0]["source"] = canary("another student's notebook")
        (other / "02_chain.ipynb").write_text(json.dumps(release), encoding="utf-8")
        os.environ["HOSTILE_CANARY"] = canary("the environment")
        for path in self.root.glob("source/1_neuron/*.ipynb"):
            notebook = json.loads(path.read_bytes())
            for cell in notebook["cells"]:
                text = "".join(cell["source"])
                cell["source"] = re.sub(
                    "( *)### BEGIN SOLUTION\n",
                    lambda found: f"{found[0]}{found[1]}# {canary('a solution')}\n",
                    text,
                    count=1,
                )
            path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")
        with sqlite3.connect(self.root / "other.db") as book:
            book.execute("create table student (name text)")
            book.execute("insert into student values (?)", (canary("a gradebook"),))
        book.close()
        (folders_of(self.root).checks / "canary.txt").write_text(canary("the checks"), encoding="ascii")
        planted = Path(autograder.__file__).parent / "judging" / "canary.txt"
        if planted.exists():
            self.canaries[planted.read_text(encoding="ascii").strip()] = "an installed kit"
        self.canaries["rng.normal(size=(2, 3)).tolist()"] = "a file of the checks"
        self.places |= {"HOST_FILE": str(host), "OTHER": str(other / "02_chain.ipynb")}

    def course(self) -> Course:
        """The course, to be graded with."""
        return Course(self.root, self.secret)

    def forbid_hidden_numbers(self, plan: Plan, reference: Transcript) -> None:
        """Add the numbers of hidden twins, as text, to what no student may read."""
        shown = set(_texts(plan.page.givens))
        open_twins = {name for gap in plan.gaps for name in gap.open_twins}
        hidden = []
        for twin in plan.twins:
            values = [twin.givens, *twin.probes.values(), *twin.before.values()]
            values += [reference.answer(twin.name, gap.name).values for gap in plan.gaps]
            texts = [text for part in values for text in _texts(part)]
            if twin.kind == "page" or twin.name in open_twins:
                shown.update(texts)
            else:
                hidden += [(text, f"{plan.notebook}, twin {twin.name}") for text in texts]
        self.hidden |= {text: where for text, where in hidden if text not in shown}

    def leaks(self, text: str) -> list[str]:
        """Where the forbidden strings in a text come from."""
        found = {where for canary, where in self.canaries.items() if canary in text}
        numbers = {number[:DIGITS] for number in re.findall(r"\d+\.\d+", text)}
        return sorted(found | {self.hidden[number] for number in numbers & set(self.hidden)})

    def fingerprint(self) -> dict[str, str]:
        """Content, kind and mode of every file of the course and the kit."""
        kit = Path(autograder.__file__).parent
        return {str(path): _fingerprint(path) for top in (self.root, kit) for path in _files(top)}

    def left_behind(self) -> list[str]:
        """Files with this run's mark in the folders that everybody may write."""
        folders = [*SHARED_FOLDERS, str(self.root.parent)]
        return [
            str(path) for folder in folders if os.path.isdir(folder) for path in Path(folder).glob(f"*{self.mark}*")
        ]


def _texts(values: Mapping[str, object]) -> Iterator[str]:
    """The distinctive numbers in values, cut to their first digits: drawn ones, not 0.5."""
    for value in values.values():
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            continue
        for number in array.flat:
            text = repr(abs(float(number)))
            if len(text) >= 12 and "e" not in text:
                yield text[:DIGITS]


def _files(top: Path) -> Iterator[Path]:
    skipped = {"autograded", "feedback", "__pycache__", "gradebook.db", ".nbgrader.log", "gradebook.db-journal"}
    for path in sorted(top.rglob("*")):
        if not skipped.intersection(path.relative_to(top).parts):
            yield path


def _fingerprint(path: Path) -> str:
    found = path.lstat()
    is_hole = found.st_size > 1 << 30  # nobody has written so much
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not is_hole else ""
    return f"{found.st_mode:o} {found.st_uid} {found.st_size} {content}"


class Listeners:
    """Counts who connects: TCP, UDP, a socket with a path, an abstract one."""

    def __init__(self, folder: Path) -> None:
        self.connections: list[str] = []
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        by_path, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        path, name = str(folder / "s"), f"hostile-{secrets.token_hex(8)}"
        by_path.bind(path)
        abstract.bind(f"\0{name}")
        for listener in (by_path, abstract):
            listener.listen()
        self._sockets = {"TCP": tcp, "UDP": udp, "unix": by_path, "abstract": abstract}
        self.places = {
            "PORT": str(tcp.getsockname()[1]),
            "UDP_PORT": str(udp.getsockname()[1]),
            "SOCKET": path,
            "ABSTRACT": name,
        }
        for kind, listener in self._sockets.items():
            threading.Thread(target=self._count, args=(kind, listener), daemon=True).start()

    def _count(self, kind: str, listener: socket.socket) -> None:
        while True:
            try:
                if kind == "UDP":
                    listener.recvfrom(100)
                else:
                    listener.accept()[0].close()
            except OSError:
                return
            self.connections.append(kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listener in self._sockets.values():
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            listener.close()
