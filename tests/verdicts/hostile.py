"""What grading says of attacks: each handed in by a student of a class of its own, as in `tests/hostile`.

Nobody asks `check` about them: a kernel holds nothing back, and an attack on one's own kernel has no verdict.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from ..hostile.engine import Engine
from ..hostile.entries import Entry, entries
from ..hostile.scene import Listeners, Scene
from .graded import said_of
from .kit import Record
from .said import Said

ENDED = ("stopped", "died")
"""What is said of these, and of their notebook, depends on which limit they met first."""
TIMED = ("R03_when_it_was_restarted",)
"""Attacks whose answers hold the time, or how often something was tried."""
LEFT_OUT = "left out of the grading"
"""What a remark says of a cell that met a limit."""
PLAIN = ("right", "untouched")


def attacked(secret: str, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Said]]]:
    """Each entry with what is said of its notebook (under "") and of every gap that is not plainly what it was."""
    chosen = [entry for entry in entries() if entry.id in ids]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)  # the sandbox holds, not the folder's permissions
        scene = Scene.make(folder, secret)
        with Listeners(folder) as listeners:
            scene.places |= listeners.places
            engine = Engine(scene, listeners)
            try:
                engine.warm_up(sorted({entry.notebook for entry in chosen}))
                for entry in chosen:
                    yield entry.id, _said(engine, entry)
            finally:
                engine.close()


def _said(engine: Engine, entry: Entry) -> dict[str, Said]:
    seen = engine.attack(entry)
    if seen.fault:
        raise RuntimeError(f"{entry.id} stopped the grading: {seen.fault}")
    record = msgspec.json.decode(seen.visible.partition("\n")[0], type=Record)
    found = said_of(record)
    ended = any(said.status in ENDED for said in found.values())
    remarks = "" if entry.any_status or ended else _remarks(found.pop("", Said()).text)
    whole = {"": Said(status="in all", points=f"{seen.score:g}", text=_without_places(remarks, engine.scene.places))}
    if entry.any_status:
        return whole
    gaps = {gap: said for gap, said in found.items() if said.status not in PLAIN}
    return whole | {gap: _fixed(entry, said, engine.scene.places) for gap, said in gaps.items()}


def _remarks(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if LEFT_OUT not in line)


def _fixed(entry: Entry, said: Said, places: Mapping[str, str]) -> Said:
    """What is the same in every run."""
    text = "" if said.status in ENDED or entry.id in TIMED else _without_places(said.text, places)
    return msgspec.structs.replace(said, text=text)


def _without_places(text: str, places: Mapping[str, str]) -> str:
    """A text with `@NAME@` for what is another path, port or token in every run."""
    for name, place in sorted(places.items(), key=lambda item: -len(item[1])):
        text = text.replace(place, f"@{name}@")
    return text
