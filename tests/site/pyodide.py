"""Pyodide for the tests of the site: its runtime from npm, the pure wheels that its lock names from PyPI.

`python -m tests.site.pyodide` puts all of it into `.venv/pyodide`. numpy's wheel is on neither of the two, only
on Pyodide's CDN: a site with this distribution starts, draws widgets and imports `lab` up to its need of numpy.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder.author.site import WHEELS

from ..jupyter import ROOT

VERSION = "314.0.6"
PLACE = ROOT / ".venv" / "pyodide"
DISTRIBUTION, OF_THE_SITE = PLACE / "distribution", PLACE / "wheels"
NEEDED = ("micropip", "packaging", "ipython", "jedi")
"""What JupyterLite's kernel takes of the distribution."""


def fetch(place: Path) -> None:
    """Make the two folders, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        work = Path(folder)
        subprocess.run(["npm", "pack", "--silent", f"pyodide@{VERSION}"], cwd=work, check=True, capture_output=True)
        # Not tarfile: the first releases of Python 3.11 cannot refuse members that lie elsewhere; tar does.
        subprocess.run(["tar", "-xzf", next(work.glob("*.tgz")).name], cwd=work, check=True)
        distribution = work / "package"
        _complete(distribution)
        _download(work / "wheels", [f"{name}=={version(name)}" for name in WHEELS])
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        distribution.rename(place / DISTRIBUTION.name)
        (work / "wheels").rename(place / OF_THE_SITE.name)


def _complete(distribution: Path) -> None:
    """Fetch the wheels that are needed; the lock then says the hashes of PyPI's, since Pyodide builds its own."""
    path = distribution / "pyodide-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    needed = sorted(set(_closure(lock["packages"], NEEDED)))
    _download(distribution, [f"{name}=={lock['packages'][name]['version']}" for name in needed])
    for name in needed:
        entry = lock["packages"][name]
        wheel = next(distribution.glob(f"{entry['file_name'].split('-')[0]}-{entry['version']}-*.whl"))
        entry |= {"file_name": wheel.name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    path.write_text(json.dumps(lock), encoding="utf-8")


def _closure(packages: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        key = name.lower().replace("_", "-")
        yield key
        yield from _closure(packages, tuple(packages[key]["depends"]))


def _download(folder: Path, pinned: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--python-version=3.14", "--platform=any", f"--dest={folder}"]
    subprocess.run([*command, *pinned], check=True)


if __name__ == "__main__":
    fetch(PLACE)
