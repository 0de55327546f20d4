"""Both routes' observations of every attack, made once a session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from .engine import Engine, Seen
from .entries import Entry, entries
from .scene import Listeners, Scene

HERE = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for every entry."""
    if "entry" in metafunc.fixturenames:
        metafunc.parametrize("entry", entries(), ids=[entry.id for entry in entries()], scope="session")


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
def attacked(engine: Engine) -> dict[str, Seen]:
    """What the engine's attacks left, by entry; filled as the tests go."""
    return {}


@pytest.fixture
def seen(entry: Entry, engine: Engine, attacked: dict[str, Seen]) -> Seen:
    """What one attack left behind, by way of the kit's engine."""
    if entry.id not in attacked:
        attacked[entry.id] = engine.attack(entry)
    return attacked[entry.id]


@pytest.fixture(scope="session")
def nbgraded(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Seen]:
    """What each attack left behind, by way of one `nbgrader autograde` for all; under "" what the whole run did."""
    folder = tmp_path_factory.mktemp("nbgraded")
    out = folder / "seen.json"
    script = [sys.executable, str(HERE / "by_nbgrader.py"), str(folder), str(out), "no"]
    done = subprocess.run(
        script, check=False, capture_output=True, text=True, timeout=900, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    if not out.exists():
        pytest.fail(f"nbgrader's route ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return msgspec.json.decode(out.read_bytes(), type=dict[str, Seen])
