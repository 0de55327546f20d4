"""A course: its folder, its notebooks with their plans, and the fingerprint of all that decides a mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.course import notebook as files
from autograder.course import suite
from autograder.course.data import Folders, documents, families, folders_of
from autograder.course.notebook import SourceNotebook
from autograder.course.plan import plan_of
from autograder.course.tables import MistakeRow, Mistakes
from autograder.course.typed import read_if_there, read_toml
from autograder.course.worth import worth_of
from autograder.model import DocumentValue, KitError, Plan, Record


@dataclass(frozen=True)
class Course:
    """A course directory (the one with `nbgrader_config.py` and `source/`), and the secret its twins come from.

    A notebook goes by its *key*: the name of its file, which is also the name of its data files. Where two assignments
    have a notebook of one name, the data of one of them or of both lie in a folder named after the assignment, and its
    key is "assignment/name".
    """

    root: Path
    secret: str

    @cached_property
    def folders(self) -> Folders:
        """Where its data lie."""
        return folders_of(self.root)

    @cached_property
    def families(self) -> dict[str, str]:
        """Kinds of mistakes by the name that known mistakes use, in a few words."""
        return families(self.folders)

    @cached_property
    def sources(self) -> dict[str, SourceNotebook]:
        """The instructor's notebooks that have checks, by key, in the order of the course.

        Raises:
            KitError: There are none, or two gaps have one name.
        """
        keys = {path: key for path in self._paths if (key := self._key(path))}
        if not keys:
            raise KitError(
                f"There are no notebooks in {self.root / 'source'} that have checks in {self.folders.checks}. "
                "Run this in the course's directory; `autograder init FOLDER` makes a course to begin with."
            )
        found = {key: self.read(path, key) for path, key in keys.items()}
        _refuse_gaps_of_one_name(found)
        return found

    @cached_property
    def _paths(self) -> list[Path]:
        paths = sorted(self.root.glob("source/*/*.ipynb"))
        return [path for path in paths if not any(part.startswith(".") for part in path.parts[-2:])]

    @cached_property
    def unchecked(self) -> tuple[Path, ...]:
        """The notebooks in `source/` that have no checks: nobody's work on them is graded."""
        return tuple(path for path in self._paths if not self._key(path))

    def read(self, path: Path, key: str) -> SourceNotebook:
        """A notebook of `source/`, with or without checks."""
        return files.read_source(path.read_bytes(), path.parent.name, path.stem, key)

    def _key(self, path: Path) -> str:
        """The key of a notebook; empty if it has no checks."""
        if self._has_own_folder(path):
            return f"{path.parent.name}/{path.stem}"
        checks = self.folders.checks / f"{path.stem}.toml"
        if not checks.is_file():
            return ""
        namesakes = [one for one in self._paths if one.stem == path.stem and not self._has_own_folder(one)]
        return path.stem if path == self._owner(checks, namesakes) else ""

    def _has_own_folder(self, path: Path) -> bool:
        return (self.folders.checks / path.parent.name / f"{path.stem}.toml").is_file()

    def _owner(self, checks: Path, namesakes: list[Path]) -> Path | None:
        """Of several notebooks of one name, the one whose gaps a file of checks lists."""
        if len(namesakes) == 1:
            return namesakes[0]
        gaps = [row.get("name") for row in read_toml(checks).get("gap", [])]
        return next((path for path in namesakes if self._gaps_in(path) == gaps), None)

    def _gaps_in(self, path: Path) -> list[str]:
        """The gaps of a notebook that may have no checks; none if it cannot be read."""
        try:
            return list(self.read(path, path.stem).gaps)
        except KitError:
            return []

    def key(self, assignment: str, name: str) -> str:
        """The key of a notebook by assignment and name, as nbgrader, records and folders know it.

        Raises:
            KitError: There is no such notebook, or it has no checks.
        """
        for key, source in self.sources.items():
            if (source.assignment, source.name) == (assignment, name):
                return key
        raise KitError(
            f"source/{assignment}/{name}.ipynb has no checks, or is not there. Its checks belong into "
            f"{self.folders.checks / name}.toml."
        )

    @cached_property
    def documents(self) -> tuple[DocumentValue, ...]:
        """Every reference value of the course's documents."""
        return documents(self.folders)

    @property
    def submitted(self) -> Path:
        """Where nbgrader puts what students hand in: <student>/<assignment>/<notebook>.ipynb."""
        return self.root / "submitted"

    @cached_property
    def _plans(self) -> dict[str, Plan]:
        return {}

    def plan(self, notebook: str) -> Plan:
        """The plan of one notebook, by its key; made at the first call.

        Raises:
            KitError: The checks of this notebook do not fit it.
        """
        if notebook not in self._plans:
            source = self.sources[notebook]
            self._plans[notebook] = plan_of(source, self.folders, self._documents_of(source), self.secret)
        return self._plans[notebook]

    @cached_property
    def _mistake_rows(self) -> dict[str, tuple[MistakeRow, ...]]:
        return {}

    def mistake_rows(self, notebook: str) -> tuple[MistakeRow, ...]:
        """The known mistakes of one notebook, by its key, as they stand in its data file; read at the first call.

        Raises:
            KitError: A field is misspelt, missing or of another kind.
        """
        if notebook not in self._mistake_rows:
            path = self.folders.mistakes / f"{notebook}.toml"
            self._mistake_rows[notebook] = read_if_there(path, Mistakes).mistake
        return self._mistake_rows[notebook]

    def _documents_of(self, source: SourceNotebook) -> tuple[DocumentValue, ...]:
        return tuple(value for value in self.documents if value.gap in source.gaps)

    def autograded(self, record: Record) -> Path:
        """Where a notebook lies once it is graded, for formgrader and nbgrader's feedback."""
        return self.root / "autograded" / record.student / record.assignment / f"{record.notebook}.ipynb"

    def stills(self, assignment: str) -> dict[str, Path]:
        """The still pictures of an assignment's notebooks, by the address that the notebooks use."""
        sources = [source for source in self.sources.values() if source.assignment == assignment]
        return {f"lab/static/{source.name}.svg": self.folders.static / f"{source.key}.svg" for source in sources}

    @cached_property
    def worth(self) -> Mapping[str, float]:
        """The share of a gap's points that a named mistake earns, by slug."""
        return worth_of(self.root)

    @cached_property
    def _suites(self) -> dict[str, str]:
        return {}

    def suite(self, notebook: str) -> str:
        """Fingerprint of all that decides a mark in this notebook: it, its data, checks, kit, secret, settings."""
        if notebook not in self._suites:
            source, checks = self.sources[notebook], self.folders.checks
            data = [checks / f"{notebook}.toml", self.folders.mistakes / f"{notebook}.toml"]
            decide = [*suite.deciding(), *sorted(checks.glob("*.py")), *data]
            values = repr((self._documents_of(source), self.families, self.worth))
            self._suites[notebook] = suite.fingerprint(self.secret, decide, source.sha256, values)
        return self._suites[notebook]


def _refuse_gaps_of_one_name(sources: Mapping[str, SourceNotebook]) -> None:
    places: dict[str, str] = {}
    for source in sources.values():
        for gap in source.gaps:
            if gap in places:
                raise KitError(
                    f"{places[gap]} and {source.path} both have a gap {gap}. A gap's name stands for one gap of the "
                    "course: give one of them another name, in the notebook, its checks, mistakes and hints."
                )
            places[gap] = source.path


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
