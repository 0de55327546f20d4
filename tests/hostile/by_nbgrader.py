"""Run every attack through `nbgrader autograde`: one class in which each entry is a student. A script.

`python by_nbgrader.py FOLDER OUT.json [ID...]`
"""

from __future__ import annotations

import json
import os
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import msgspec

sys.path.insert(0, str(Path(__file__).parent))

from engine import LIMITS, Seen, handed_in, left_processes, put, warm_processes
from entries import ASSIGNMENT, entries, id_of
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderApp
from scene import REPOSITORY, Listeners, Scene
from sqlalchemy import event
from sqlalchemy.engine import Engine as SqlEngine

from autograder.course.course import Course
from autograder.gradebook.book import database_url, load_config, register_assignments
from autograder.judging import grading
from autograder.judging.grading import Grader


def main(folder: Path, out: Path, wanted: list[str]) -> None:
    """Make the class, grade it, write down what was seen."""
    scene = Scene.make(folder)
    chosen = [entry for entry in entries() if not wanted or entry.id.startswith(tuple(wanted))]
    os.chdir(scene.root)
    os.environ["AUTOGRADER_SECRET"] = scene.secret
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    grading.Limits = lambda: LIMITS  # type: ignore[assignment,misc]  # as short as in the other route
    _hurry()
    course = scene.course()
    config = load_config(scene.root)
    url = database_url(scene.root, config)
    register_assignments(course, url, config)
    with Gradebook(url) as book:
        canary = "canarybook0123456789"
        scene.canaries[canary] = "the gradebook"
        book.update_or_create_student("somebody", first_name=canary, email=canary)
    with Listeners(folder) as listeners:
        scene.places |= listeners.places
        honest = Course(REPOSITORY, scene.secret)
        for entry in chosen:
            put(scene, entry, handed_in(scene, honest, entry))
        before = scene.fingerprint()
        started = time.monotonic()
        code = _nbgrader("autograde", ASSIGNMENT)
        seconds = time.monotonic() - started
        after, warm, processes = scene.fingerprint(), warm_processes(), left_processes()
        connections = list(listeners.connections)
    _nbgrader("generate_feedback", ASSIGNMENT)
    with Grader(course) as grader:
        for name in {entry.notebook for entry in chosen}:
            scene.forbid_hidden_numbers(course.plan(name), grader.reference(name))
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    everything = Seen(
        score=float(code),
        statuses={},
        remarks="",
        seconds=seconds,
        changed=changed,
        left=scene.left_behind(),
        processes=processes if warm else ["there is no warm process, so nobody has looked"],
        connections=connections,
    )
    found = {"": everything}
    with Gradebook(url) as book:
        for entry in chosen:
            found[entry.id] = _seen(scene, book, entry.id, entry.notebook)
    out.write_bytes(msgspec.json.encode(found))


def _hurry() -> None:
    """Half of nbgrader's time goes into waiting for the disk and into checking a JSON schema for being one."""

    @event.listens_for(SqlEngine, "connect")
    def do_not_wait(connection: Any, _record: object) -> None:
        connection.execute("pragma synchronous = off")

    validators: dict[int, Any] = {}

    def validate(instance: object, schema: dict[str, Any], *_arguments: object, **_keywords: object) -> None:
        made = validators.setdefault(id(schema), jsonschema.validators.validator_for(schema)(schema))
        made.validate(instance)

    jsonschema.validate = validate


def _nbgrader(*arguments: str) -> int:
    """One of nbgrader's commands, as typed; its exit code."""
    NbGraderApp.clear_instance()
    try:
        NbGraderApp.launch_instance([*arguments, "--force"])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _seen(scene: Scene, book: Gradebook, student: str, notebook: str) -> Seen:
    try:
        grades = book.find_submission_notebook(notebook, ASSIGNMENT, student).grades
        marks = {grade.name.removeprefix("check_"): grade.auto_score for grade in grades}
        flagged = [grade.name for grade in grades if grade.needs_manual_grade]
    except MissingEntry:
        marks, flagged = {}, []
    pages = sorted((scene.root / "feedback" / student).rglob(f"{notebook}.html"))
    visible = ""
    for top in ("autograded", "feedback"):
        for path in sorted((scene.root / top / student).rglob("*")):
            if path.is_file():
                visible += f"\n{path.relative_to(scene.root)}\n" + path.read_text(encoding="utf-8", errors="replace")
    return Seen(
        score=sum(mark or 0.0 for mark in marks.values()),
        statuses=_verdicts(scene.root / "autograded" / student / ASSIGNMENT / f"{notebook}.ipynb"),
        remarks="",
        seconds=0.0,
        fault=f"flagged: {flagged}" if flagged else "",
        leaks=scene.leaks(visible),
        markup=sorted({found for page in pages for found in _active(page)}),
        visible=visible[:3_000_000],
    )


ACTIVE = frozenset(
    [
        "script",
        "iframe",
        "object",
        "embed",
        "applet",
        "form",
        "input",
        "button",
        "base",
        "link",
        "meta",
        "template",
        "foreignobject",
        "animate",
        "set",
        "use",
        "video",
        "audio",
        "frame",
        "frameset",
        "portal",
        "style",
    ]
)


class _Active(HTMLParser):
    """Collects what can do something in a page: active elements, handlers, addresses, styles."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE:
            self.found.add(f"<{tag}>")
        for name, value in attrs:
            address = name in ("href", "src", "action", "data", "srcdoc", "formaction", "xlink:href", "background")
            if name.startswith("on") or name == "style" or address:
                scheme = (value or "").partition(":")[0] if ":" in (value or "") else "#"
                self.found.add(f"<{tag} {name}={scheme}>")


def _active(page: Path) -> set[str]:
    parser = _Active()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def _verdicts(path: Path) -> dict[str, str]:
    """What the checks' outputs say of each gap, such as "Right."."""
    if not path.exists():
        return {}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = [(id_of(cell), cell["outputs"][0]["text"]) for cell in cells if id_of(cell).startswith("check_")]
    lines = [(grade_id, "".join(text).partition("\n")[0]) for grade_id, text in first]
    return {grade_id.removeprefix("check_"): line.partition("points. ")[2] for grade_id, line in lines}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
