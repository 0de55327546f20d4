"""Both routes' observations of every attack, made once a session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec
import pytest

from .engine import Engine, Seen
from .entries import Entry, entries
from .scene import Listeners, Scene

HERE = Path(__file__).parent
NBGRADERS_PART = "ADEG"
"""Classes in which nbgrader's own code has a part: files, outputs, texts. The others reach the same engine unchanged,
and go through nbgrader in the long run."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for every entry."""
    if "entry" in metafunc.fixturenames:
        metafunc.parametrize("entry", entries(), ids=[entry.id for entry in entries()], scope="session")
    if "student" in metafunc.fixturenames:
        students = [
            pytest.param(entry, id=entry.id, marks=[] if entry.id[0] in NBGRADERS_PART else pytest.mark.long)
            for entry in entries()
        ]
        metafunc.parametrize("student", students, scope="session")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The kit's engine on a class of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    scene = Scene.make(folder)
    with Listeners(folder) as listeners:
        scene.places |= listeners.places
        made = Engine(scene, listeners)
        made.warm_up(sorted({entry.notebook for entry in entries()}))
        yield made
        made.close()


@pytest.fixture(scope="session")
def attacked(engine: Engine) -> Callable[[Entry], Seen]:
    """What an attack leaves behind by way of the kit's engine; each is made once."""
    return cache(engine.attack)


@pytest.fixture
def seen(entry: Entry, attacked: Callable[[Entry], Seen]) -> Seen:
    """What one attack left behind by way of the kit's engine."""
    return attacked(entry)


@pytest.fixture(scope="session")
def nbgraded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Mapping[str, Seen]]:
    """What attacks leave behind by way of one `nbgrader autograde` for all; under "" what the whole run did.

    Called with whether nbgrader has a part in them.
    """

    @cache
    def run(nbgraders_part: bool) -> Mapping[str, Seen]:
        folder = tmp_path_factory.mktemp("nbgraded")
        out = folder / "seen.json"
        wanted = [entry.id for entry in entries() if (entry.id[0] in NBGRADERS_PART) is nbgraders_part]
        done = subprocess.run(
            [sys.executable, str(HERE / "by_nbgrader.py"), str(folder), str(out), *wanted],
            check=False,
            capture_output=True,
            text=True,
            timeout=900,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},  # nbgrader's own
        )
        if not out.exists():
            pytest.fail(f"nbgrader's route ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return msgspec.json.decode(out.read_bytes(), type=dict[str, Seen])

    return run
