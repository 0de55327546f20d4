"""A course: its folder, its notebooks with their plans, and the fingerprint of all that decides a mark."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.course import notebook as files
from autograder.course.data import CHECKS
from autograder.course.notebook import SourceNotebook
from autograder.course.plan import plan_of
from autograder.course.worth import worth_of
from autograder.model import KitError, Plan, Record


@dataclass(frozen=True)
class Course:
    """A course directory (the one with `nbgrader_config.py` and `source/`), and the secret its twins come from."""

    root: Path
    secret: str

    @cached_property
    def sources(self) -> dict[str, SourceNotebook]:
        """The instructor's notebooks by name, in the order of the course."""
        paths = sorted(self.root.glob("source/*/*.ipynb"))
        if not paths:
            raise KitError(f"There are no notebooks in {self.root / 'source'}. Run this in the course's directory.")
        return {path.stem: files.read_source(path.read_bytes(), path.parent.name, path.stem) for path in paths}

    @property
    def submitted(self) -> Path:
        """Where nbgrader puts what students hand in: <student>/<assignment>/<notebook>.ipynb."""
        return self.root / "submitted"

    @cached_property
    def _plans(self) -> dict[str, Plan]:
        return {}

    def plan(self, notebook: str) -> Plan:
        """The plan of one notebook; made at the first call.

        Raises:
            KitError: The checks of this notebook are missing or do not fit it.
        """
        if notebook not in self._plans:
            self._plans[notebook] = plan_of(self.sources[notebook], self.secret)
        return self._plans[notebook]

    def autograded(self, record: Record) -> Path:
        """Where a notebook lies once it is graded, for formgrader and nbgrader's feedback."""
        return self.root / "autograded" / record.student / record.assignment / f"{record.notebook}.ipynb"

    @cached_property
    def worth(self) -> Mapping[str, float]:
        """The share of a gap's points that a named mistake earns, by slug."""
        return worth_of(self.root)

    @cached_property
    def suite(self) -> str:
        """Fingerprint of all that decides a mark: source notebooks, kit, what mistakes are worth, secret."""
        digest = hashlib.sha256(importlib.metadata.version("backprop-exercise-kit").encode())
        for source in self.sources.values():
            digest.update(source.sha256.encode())
        package = CHECKS.parent
        for path in sorted([*package.rglob("*.py"), *package.rglob("*.toml"), *package.parent.glob("lab/*.py")]):
            digest.update(path.read_bytes())
        digest.update(repr(sorted(self.worth.items())).encode())
        digest.update(hashlib.sha256(f"fingerprint {self.secret}".encode()).digest())
        return digest.hexdigest()[:16]


def find_root(start: Path) -> Path:
    """The course directory at or above `start`.

    Raises:
        KitError: There is none.
    """
    for folder in [start.resolve(), *start.resolve().parents]:
        if (folder / "nbgrader_config.py").is_file() and (folder / "source").is_dir():
            return folder
    raise KitError(
        f"{start} is not inside a course: no folder from there upwards has nbgrader_config.py and source/. "
        "Run the command in the course's directory, or give it with --course."
    )
