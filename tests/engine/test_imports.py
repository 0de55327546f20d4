"""Imports go one way, and what costs seconds to import is imported only where it is needed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

PACKAGE = ROOT / "autograder"


def described() -> tuple[set[str], ...]:
    """The layers as ARCHITECTURE.md numbers them; ", then" begins one, too."""
    section = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("\n## Imports")[2].partition("\n## ")[0]
    layers = "\n".join(re.findall(r"^\d+\. .*$", section, re.MULTILINE)).replace(", then", "\n")
    return tuple(set(re.findall(r"`([\w.]+)`", layer)) for layer in layers.split("\n"))


LAYERS = described()
"""A module imports from its own layer and from those before it."""
NBGRADER = {"gradebook", "autograded", "marks", "feedback_page", "nbgrader_plugin"}


def modules() -> dict[str, Path]:
    """Every module of the package, by its name below `autograder`."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in sorted(paths)}


def imported(path: Path) -> dict[str, bool]:
    """Full names of what a file imports; whether all of it is inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    found: dict[str, bool] = {}
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports are not used in the package"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            found[name] = found.get(name, True) and id(node) in inside
    return found


def layer(module: str) -> int:
    top = module if any(module in names for names in LAYERS) else module.partition(".")[0]
    found = [at for at, names in enumerate(LAYERS) if top in names]
    assert len(found) == 1, f"{module} has no layer yet: give it one in ARCHITECTURE.md, as low as its imports allow"
    return found[0]


def own_imports(path: Path) -> set[str]:
    """Top modules of the package that a file imports."""
    found = set()
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "autograder" and len(parts) > 1:
            found.add(parts[1])
    return found


def test_the_architecture_names_no_module_that_is_gone():
    packages = {name.partition(".")[0] for name in modules()}
    assert set().union(*LAYERS) <= modules().keys() | packages


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_layers_before_it(module):
    behind = {name for name in own_imports(modules()[module]) if layer(name) > layer(module)}
    assert not behind, f"{module} imports {behind}"


@pytest.mark.parametrize("module", modules())
def test_only_what_writes_for_nbgrader_imports_it(module):
    names = {name.partition(".")[0] for name in imported(modules()[module])}
    heavy = names & {"nbgrader", "nbformat", "nbconvert", "sqlalchemy"}
    assert not heavy or module in {*NBGRADER, "markup"}, f"{module} imports {heavy}"
    assert "nbgrader" not in names or module in NBGRADER


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("sandbox.")])
def test_the_sandbox_imports_nothing_of_the_package_but_itself(module):
    runs_there = module.removeprefix("sandbox.") in {"", *RUNS_WITH_STUDENT_CODE}
    allowed = {"sandbox"} if runs_there else {"sandbox", "model"}
    assert own_imports(modules()[module]) <= allowed


RUNS_WITH_STUDENT_CODE = ["capture", "replay", "wire", "place", "confine", "zygote"]


def test_what_runs_beside_student_code_knows_nothing_of_the_course():
    code = "import sys\n" + "\n".join(f"import autograder.sandbox.{name}" for name in RUNS_WITH_STUDENT_CODE)
    loaded = {name for name in loaded_after(code) if name.startswith(("autograder", "lab"))}
    allowed = {"autograder", "autograder.sandbox", *(f"autograder.sandbox.{name}" for name in RUNS_WITH_STUDENT_CODE)}
    assert loaded <= allowed


def loaded_after(code: str) -> set[str]:
    """Modules of a fresh Python in which this code has run."""
    shown = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd="/")
    return set(done.stdout.split())


def test_the_command_line_starts_without_the_seconds_that_nbgrader_takes():
    loaded = loaded_after("import autograder.cli")
    assert "autograder.grading" in loaded
    heavy = {"nbgrader", "nbformat", "nbconvert", "jupyter_client", "IPython", "matplotlib", "sqlalchemy"}
    assert not heavy & loaded
