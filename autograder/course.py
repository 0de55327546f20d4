"""The course's files into a plan: gaps and points from the source notebooks, twins from the checks and the secret."""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import importlib.metadata
import io
import os
import secrets
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from autograder import notebook as files
from autograder.model import (
    Cell,
    CellKind,
    DocumentValue,
    Gap,
    KitError,
    Plan,
    Record,
    Submission,
    Twin,
    TwinKind,
    Value,
)
from autograder.notebook import FoundCell, Repaired, SourceNotebook

CHECKS = Path(__file__).parent / "checks"
SECRET_VARIABLE, SECRET_FILE = "AUTOGRADER_SECRET", ".autograder-secret"
PAGE = "P"
MOST_DRAWS = 10_000


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

    @cached_property
    def _plans(self) -> dict[str, Plan]:
        return {}

    def plan(self, notebook: str) -> Plan:
        """The plan of one notebook; made at the first call.

        Raises:
            KitError: The checks of this notebook are missing or do not fit it.
        """
        if notebook not in self._plans:
            self._plans[notebook] = _plan(self.sources[notebook], self.secret)
        return self._plans[notebook]

    def autograded(self, record: Record) -> Path:
        """Where a notebook lies once it is graded, for formgrader and nbgrader's feedback."""
        return self.root / "autograded" / record.student / record.assignment / f"{record.notebook}.ipynb"

    @cached_property
    def suite(self) -> str:
        """Fingerprint of all that decides a mark: source notebooks, kit, secret."""
        digest = hashlib.sha256(importlib.metadata.version("backprop-exercise-kit").encode())
        for source in self.sources.values():
            digest.update(source.sha256.encode())
        package = CHECKS.parent
        for path in sorted([*package.rglob("*.py"), *package.rglob("*.toml"), *package.parent.glob("lab/*.py")]):
            digest.update(path.read_bytes())
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


def secret_of(root: Path) -> str:
    """The course's secret: from AUTOGRADER_SECRET, or a private file that the first grading makes."""
    given = os.environ.get(SECRET_VARIABLE)
    if given:
        return given
    path = root / SECRET_FILE
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise KitError(f"{path} is empty. Remove it; the next grading makes a new secret.")
    return secret


def submission_of(repaired: Repaired, plan_or_source: Plan | SourceNotebook, sha256: str) -> Submission:
    """A repaired notebook as cells to replay."""
    name = plan_or_source.notebook if isinstance(plan_or_source, Plan) else plan_or_source.name
    givens = _page(plan_or_source) if isinstance(plan_or_source, SourceNotebook) else plan_or_source.page.givens
    cells = [
        _cell(cell, kind, givens)
        for cell in repaired.cells
        if (kind := files.kinds(cell.role)) and cell.grade_id not in repaired.missing
    ]
    return Submission(
        assignment=plan_or_source.assignment,
        notebook=name,
        sha256=sha256,
        cells=tuple(cells),
        remarks=repaired.remarks,
        unreadable=repaired.unreadable,
    )


def _cell(cell: FoundCell, kind: CellKind, givens: Mapping[str, Value]) -> Cell:
    sets = _assigned(cell.source) if kind is CellKind.LOCKED else frozenset()
    return Cell(
        kind=kind,
        source=cell.source,
        grade_id=cell.grade_id,
        givens=tuple(name for name in givens if name in sets),
        index=cell.index,
    )


def with_answers(plan: Plan, answers: Mapping[str, str]) -> Submission:
    """The source notebook with other answers in some gaps: how known mistakes and the reference are graded."""
    cells = [
        Cell(kind=cell.kind, source=answers.get(cell.grade_id, cell.source), grade_id=cell.grade_id, givens=cell.givens)
        for cell in plan.source.cells
    ]
    return Submission(assignment=plan.assignment, notebook=plan.notebook, sha256="", cells=tuple(cells))


def documents() -> tuple[DocumentValue, ...]:
    """Every reference value of the documents."""
    rows = read_toml(CHECKS / "documents.toml").get("value", [])
    return tuple(
        DocumentValue(
            gap=row["gap"],
            output=row["output"],
            twin=row.get("twin", PAGE),
            value=row["value"],
            printed=row.get("printed", ""),
            cells=tuple(row["cells"]),
        )
        for row in rows
    )


def read_toml(path: Path) -> dict[str, Any]:
    """A data file of the checks; KitError if it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KitError(f"{path} is missing. Each source notebook needs its checks there.") from None
    except tomllib.TOMLDecodeError as error:
        raise KitError(f"{path} is no valid TOML: {error}.") from None


def _plan(source: SourceNotebook, secret: str) -> Plan:
    path = CHECKS / f"{source.name}.toml"
    spec = read_toml(path)
    gaps = tuple(_gap(row, source, spec["open"]) for row in spec["gap"])
    in_notebook = tuple(cell.grade_id for cell in source.cells if cell.role == "gap")
    if tuple(gap.name for gap in gaps) != in_notebook:
        raise KitError(
            f"{path} lists the gaps {', '.join(gap.name for gap in gaps)}; "
            f"source/{source.assignment}/{source.name}.ipynb has {', '.join(in_notebook)}. Make the order the same."
        )
    page = _page(source)
    twins = (
        Twin(name=PAGE, kind=TwinKind.PAGE, givens=page),
        *(_twin(row, page, spec) for row in spec.get("twin", [])),
        *(twin for row in spec.get("draw", []) for twin in _draw(row, page, spec, source.name, secret)),
    )
    for gap in gaps:
        if not isinstance(gap.results, dict):
            raise KitError(
                f"{path}: `results` of gap {gap.name} must be a table of names and what students know them as, "
                'such as { activation = "ReLU(z)" }.'
            )
        missing = set(gap.open_twins) - {twin.name for twin in twins if twin.judges(gap.name)}
        if missing or not gap.open_twins:
            wrong = ", ".join(sorted(missing)) or "an empty list"
            raise KitError(f"{path}: `open` of gap {gap.name} must list twins that judge it; {wrong} does not.")
    reference = Repaired(cells=tuple(_solved(source)))
    return Plan(
        assignment=source.assignment,
        notebook=source.name,
        gaps=gaps,
        twins=twins,
        source=submission_of(reference, source, source.sha256),
    )


def _solved(source: SourceNotebook) -> list[FoundCell]:
    return [
        FoundCell(role=cell.role, source=files.solution_of(cell.source), grade_id=cell.grade_id)
        for cell in source.cells
        if cell.role != "own"
    ]


def _gap(row: Mapping[str, Any], source: SourceNotebook, open_twins: Sequence[str]) -> Gap:
    name = row["name"]
    cells = {cell.grade_id: cell for cell in source.graded}
    try:
        cell, check = cells[name], cells[f"check_{name}"]
    except KeyError as missing:
        raise KitError(
            f"checks/{source.name}.toml has a gap {name}, but source/{source.assignment}/{source.name}.ipynb "
            f"has no cell with grade_id {missing}."
        ) from None
    return Gap(
        name=name,
        notebook=source.name,
        points=float(check.metadata["nbgrader"]["points"]),
        edge_points=float(row.get("edge", 0)),
        conduct_points=float(row.get("conduct", 0)),
        inputs=tuple(row["inputs"]),
        outputs=tuple(row["outputs"]),
        driver=row.get("driver", ""),
        results=row.get("results", {}),
        supplies=tuple(row.get("supplies", ())),
        closed=row.get("closed", False),
        accepts_row=tuple(row.get("accepts", {})),
        tolerance=float(row.get("tolerance", 1e-9)),
        open_twins=tuple(row.get("open", open_twins)),
        minutes=row["minutes"],
        difficulty=row["difficulty"],
        solution=files.solution_of(cell.source),
        stub=files.stub_of(cell.source),
    )


@lru_cache(maxsize=1024)  # the same locked cells in every submission
def _assigned(source: str) -> frozenset[str]:
    """Names that a cell's statements set at the top level; none if it is no plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return frozenset()
    nodes = [node for statement in tree.body for node in _outside_functions(statement)]
    return frozenset(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def _outside_functions(node: ast.AST) -> list[ast.AST]:
    if isinstance(
        node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ):
        return []
    return [node, *(found for child in ast.iter_child_nodes(node) for found in _outside_functions(child))]


def _page(source: SourceNotebook) -> dict[str, Value]:
    """The documents' numbers: what the locked cells set. They are ours, so they run here, without `lab`."""
    space: dict[str, Any] = {}
    for cell in source.cells:
        if cell.role == "locked":
            tree = ast.parse(cell.source)
            tree.body = [statement for statement in tree.body if isinstance(statement, _SETTING)]
            tree.body = [statement for statement in tree.body if not _imports_lab(statement)]
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(tree, f"{source.name}, {cell.grade_id}", "exec"), space)
    data = (int, float, list, tuple, np.ndarray)
    return {name: value for name, value in space.items() if isinstance(value, data) and not name.startswith("_")}


_SETTING = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)
"""Statements of a locked cell that can set a name; the others show something."""


def _imports_lab(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "lab"


def _like(value: Any, page: Any) -> Value:
    """A value from TOML in the kind that the page has: an array stays an array."""
    if isinstance(value, dict):
        return np.array(value["array"])
    if isinstance(page, np.ndarray):
        return np.array(value)
    return copy.deepcopy(value)  # type: ignore[no-any-return]


@cache
def _compiled(code: str) -> CodeType:
    return compile(code, "<twin>", "exec")


def _completed(roots: Mapping[str, Value], page: Mapping[str, Value], spec: Mapping[str, Any]) -> dict[str, Value]:
    """All givens of a twin: its roots, the page for the rest, and what follows from them."""
    givens = {**copy.deepcopy(dict(page)), **roots}
    derive = spec.get("derive")
    if derive:
        space: dict[str, Any] = {"np": np, **givens}
        exec(_compiled(textwrap.dedent(derive)), space)
        givens |= {name: space[name] for name in _assigned(derive) if name in page}
    return givens


def _twin(row: Mapping[str, Any], page: Mapping[str, Value], spec: Mapping[str, Any]) -> Twin:
    def values(part: Mapping[str, Any]) -> dict[str, Value]:
        return {name: _like(value, page.get(name)) for name, value in part.items()}

    def arrays(part: Mapping[str, Any]) -> dict[str, Value]:
        return {name: _like(value, page.get(name, np.array(0))) for name, value in part.items()}

    return Twin(
        name=row["name"],
        kind=TwinKind(row["kind"]),
        givens=_completed(values(row.get("givens", {})), page, spec),
        probes={gap: values(part) for gap, part in row.get("probe", {}).items()},
        before={gap: arrays(part) for gap, part in row.get("before", {}).items()},
        only=frozenset(row["only"]) if "only" in row else None,
    )


def _draw(
    row: Mapping[str, Any], page: Mapping[str, Value], spec: Mapping[str, Any], notebook: str, secret: str
) -> list[Twin]:
    return [_drawn(row, at, page, spec, notebook, secret) for at in range(1, row.get("count", 1) + 1)]


def _drawn(
    row: Mapping[str, Any], number: int, page: Mapping[str, Value], spec: Mapping[str, Any], notebook: str, secret: str
) -> Twin:
    """One twin from the course's secret, drawn again until `keep` holds."""
    name = f"{row['name']}_{number}"
    seed = hashlib.sha256(f"{secret}/{notebook}/{name}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:16], "big"))
    keep = compile(row.get("keep", "True"), f"keep of {name}", "eval")
    for _ in range(MOST_DRAWS):
        givens = _completed(_snippet(row.get("givens", ""), rng, page), page, spec)
        probes = {gap: _snippet(code, rng, givens) for gap, code in row.get("probe", {}).items()}
        before = {gap: _snippet(code, rng, givens) for gap, code in row.get("before", {}).items()}
        overlaid = {key: value for part in before.values() for key, value in part.items()}
        if eval(keep, {"np": np, **givens, **overlaid}):
            return Twin(
                name=name,
                kind=TwinKind(row["kind"]),
                givens=givens,
                probes=probes,
                before=before,
                only=frozenset(row["only"]) if "only" in row else None,
            )
    raise KitError(f"checks/{notebook}.toml: {MOST_DRAWS} draws of twin {name} did not meet `{row['keep']}`.")


def _snippet(code: str, rng: np.random.Generator, known: Mapping[str, Value]) -> dict[str, Value]:
    code = textwrap.dedent(code)
    space: dict[str, Any] = {"np": np, "rng": rng, **copy.deepcopy(dict(known))}
    exec(_compiled(code), space)
    return {name: space[name] for name in _assigned(code) if not name.startswith("_")}
