"""Run every attack through the kit's engine and write down what could be seen: also as another user, as a script.

`python engine.py FOLDER OUT.json [ID...]` makes a class below FOLDER and attacks it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

if __package__:
    from .entries import ASSIGNMENT, Entry, HandedIn, entries, hand_in
    from .scene import REPOSITORY, Listeners, Scene
else:  # as a script of another user or of an installed kit, which has no tests
    sys.path.insert(0, str(Path(__file__).parent))
    from entries import ASSIGNMENT, Entry, HandedIn, entries, hand_in  # type: ignore[no-redef,import-not-found]
    from scene import REPOSITORY, Listeners, Scene  # type: ignore[no-redef,import-not-found]

import autograder
from autograder.classes.grade import grade_one
from autograder.classes.jobs import jobs_in
from autograder.course.course import Course
from autograder.judging import feedback
from autograder.judging.grading import Graded, Grader
from autograder.sandbox.confine import Limits

LIMITS = Limits(
    cell_cpu_s=0.6,
    cell_wall_s=1.5,
    runner_cpu_s=3,
    notebook_wall_s=6,
    memory_bytes=1 << 30,
)
"""Small, so that what hangs does not take long."""
MOST_SECONDS = 3 * LIMITS.notebook_wall_s + 10  # two groups of twins and the display have a deadline each
HONEST = "honest"


class Seen(msgspec.Struct):
    """What one entry left behind.

    Attributes:
        fault: An exception that came out of the grader: it would have stopped the class.
        leaks: Canaries in what the student may read.
        changed: Files of the course and the kit that are not as before.
        left: Files in shared folders.
        processes: Processes left of the sandbox, besides the warm ones.
        connections: Kinds of connections that arrived.
        markup: Elements and attributes of the pages of feedback that can do something.
    """

    score: float | None
    statuses: dict[str, str]
    remarks: str
    seconds: float
    fault: str = ""
    leaks: list[str] = []
    changed: list[str] = []
    left: list[str] = []
    processes: list[str] = []
    connections: list[str] = []
    markup: list[str] = []
    visible: str = ""


def handed_in(scene: Scene, course: Course, entry: Entry) -> HandedIn:
    """What the entry's student hands in."""
    release = (REPOSITORY / "release" / ASSIGNMENT / f"{entry.notebook}.ipynb").read_bytes()
    return hand_in(entry, release, course.plan(entry.notebook), scene.places)


def put(scene: Scene, entry: Entry, what: HandedIn) -> Path:
    """Put a submission where graders look for it; `link:PATH` as a file's content makes a link, `size:N` a hole."""
    folder = scene.root / "submitted" / entry.id / ASSIGNMENT
    if what.link:
        folder.parent.symlink_to(what.link)
        return folder
    folder.mkdir(parents=True)
    (folder / f"{entry.notebook}.ipynb").write_bytes(what.data)
    for name, content in what.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if content == b"folder:":
            path.mkdir()
        elif content.startswith(b"link:"):
            path.symlink_to(content.removeprefix(b"link:").decode())
        elif content.startswith(b"size:"):
            path.write_bytes(content)
            os.truncate(path, int(content.split()[0].removeprefix(b"size:")))
        else:
            path.write_bytes(content)
    return folder


class Engine:
    """The kit's engine on a scene: one grader for all entries, as in a class."""

    def __init__(self, scene: Scene, listeners: Listeners) -> None:
        self.scene, self.listeners = scene, listeners
        self.course = Course(REPOSITORY, scene.secret)  # for the honest solutions, which hold no canary
        self.grader = Grader(scene.course(), LIMITS)

    def warm_up(self, notebooks: Iterable[str]) -> None:
        """References and known mistakes once; what they hold is forbidden from here on."""
        for name in notebooks:
            self.scene.forbid_hidden_numbers(self.grader.course.plan(name), self.grader.reference(name))
            self.grader.known_mistakes(name)

    def attack(self, entry: Entry) -> Seen:
        """Hand one entry in, have it graded, look at what is different."""
        folder = put(self.scene, entry, handed_in(self.scene, self.course, entry))
        before = self.scene.fingerprint()
        known = len(self.listeners.connections)
        started = time.monotonic()
        try:
            jobs = jobs_in(self.grader.course, folder.parents[1])
            job = next(job for job in jobs if (job.student, job.notebook) == (entry.id, entry.notebook))
            graded = grade_one(self.grader, job)
        except BaseException as error:  # whatever it is, it would have stopped the class
            return Seen(
                score=None,
                statuses={},
                remarks="",
                seconds=time.monotonic() - started,
                fault=f"{type(error).__name__}: {error}"[:300],
            )
        seconds = time.monotonic() - started
        visible, record = _visible(graded), graded.record
        after = self.scene.fingerprint()
        return Seen(
            score=record.score,
            statuses={result.gap: str(result.status) for result in record.gaps},
            remarks=" ".join([*record.remarks, *(text for result in record.gaps for text in result.remarks)]),
            seconds=seconds,
            leaks=self.scene.leaks(visible),
            changed=sorted(path for path in {*before, *after} if before.get(path) != after.get(path)),
            left=self.scene.left_behind(),
            processes=left_processes(),
            connections=self.listeners.connections[known:],
            visible=visible,
        )

    def close(self) -> None:
        """End the warm processes."""
        self.grader.close()


def warm_processes() -> set[str]:
    """Children of this process that lead a session: the warm ones."""
    return {pid for pid, text in _processes() if text.split()[1] == str(os.getpid()) and text.split()[-1] == pid}


def left_processes() -> list[str]:
    """Processes that the warm ones or their runners have started, in whatever session: the warm ones adopt orphans."""
    warm, found = warm_processes(), _processes()
    started, before = set(warm), set[str]()
    while started != before:
        before = set(started)
        started |= {pid for pid, text in found if text.split()[1] in before or text.split()[2] in warm}
    return [text for pid, text in found if pid in started - warm]


def _processes() -> list[tuple[str, str]]:
    """Every process: its id; and name, parent, session."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            text = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        comm, _, rest = text.rpartition(")")
        fields = rest.split()
        found.append((name, f"{comm.partition('(')[2].replace(' ', '_') or '-'} {fields[1]} {fields[3]}"))
    return found


def _visible(graded: Graded) -> str:
    """All that may reach the student: the record, the autograded notebook, its verdicts."""
    outputs = feedback.outputs_of(graded.record, graded.repaired, graded.shown)
    parts = [
        msgspec.json.encode(graded.record).decode(),
        *(feedback.verdict(result) for result in graded.record.gaps),
        *(cell.source for cell in graded.repaired.cells),
        json.dumps(outputs, ensure_ascii=False),
    ]
    return "\n".join(parts)


def run(folder: Path, wanted: Sequence[str] = ()) -> dict[str, Seen]:
    """Attack a class of its own with all entries, or with those whose id starts with one of `wanted`.

    Under "" stands who did it: the user, the kit's place, and where canaries were.
    """
    chosen = [entry for entry in entries() if not wanted or entry.id.startswith(tuple(wanted))]
    scene = Scene.make(folder)
    with Listeners(folder) as listeners:
        scene.places |= listeners.places
        engine = Engine(scene, listeners)
        try:
            engine.warm_up(sorted({entry.notebook for entry in chosen}))
            found = {entry.id: engine.attack(entry) for entry in chosen}
        finally:
            engine.close()
    who = f"{os.geteuid()} {autograder.__file__} {', '.join(scene.canaries.values())}"
    return {"": Seen(score=None, statuses={}, remarks=who, seconds=0.0), **found}


if __name__ == "__main__":
    found = run(Path(sys.argv[1]), sys.argv[3:])
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(found))
