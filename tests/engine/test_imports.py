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
    """The floors of the house as ARCHITECTURE.md lists them, from the ground up: wings, or modules beside them."""
    section = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("\n## Imports")[2].partition("\n## ")[0]
    floors = re.findall(r"^\d+\. .*$", section, re.MULTILINE)
    return tuple(set(re.findall(r"`([\w.]+)`", floor.partition(":")[0])) for floor in floors)


FLOORS = described()
"""A module imports from its own wing and from those on the floors below."""
NBGRADER = (
    *(
        f"gradebook.{name}"
        for name in ("autograded", "book", "exchange", "feedback_page", "forget", "guard", "late", "marks")
    ),
    "gradebook.plugins",
    "gradebook.exports.by_nbgrader",
    "author.config",
    "author.hand_out",
)


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


def wing(module: str) -> str:
    """The wing of a module, or the module itself where it stands beside them."""
    return module.partition(".")[0]


def floor(module: str) -> int:
    found = [at for at, wings in enumerate(FLOORS) if wing(module) in wings]
    assert len(found) == 1, (
        f"{module} has no floor yet: give its wing one in ARCHITECTURE.md, as low as its imports allow"
    )
    return found[0]


def own_imports(path: Path, package: str = "autograder") -> set[str]:
    """Modules of the package that a file imports, by their names below it."""
    base = ROOT / package
    found = set()
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != package or len(parts) < 2:
            continue
        longest = max(at for at in range(1, len(parts) + 1) if at == 1 or _is_module(base.joinpath(*parts[1:at])))
        found.add(".".join(parts[1:longest]))
    return found - {""}


def _is_module(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def test_the_architecture_names_every_wing_and_none_that_is_gone():
    assert set().union(*FLOORS) == {wing(name) for name in modules()}


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_its_wing_and_from_floors_below(module):
    above = {
        name for name in own_imports(modules()[module]) if wing(name) != wing(module) and floor(name) >= floor(module)
    }
    assert not above, f"{module} imports {above}"


@pytest.mark.parametrize("package", ["autograder", "lab"])
def test_no_module_imports_what_imports_it(package):
    paths = {
        ".".join(path.relative_to(ROOT / package).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / package).rglob("*.py")
        if path.parent != ROOT / package or path.name != "__init__.py"
    }
    waiting = {name: own_imports(path, package) & paths.keys() - {name} for name, path in paths.items()}
    while leaves := [name for name, imports in waiting.items() if not imports & waiting.keys()]:
        for name in leaves:
            del waiting[name]
    assert not waiting, f"a circle of imports: {waiting}"


@pytest.mark.parametrize("module", modules())
def test_only_what_writes_for_nbgrader_imports_it(module):
    names = {name.partition(".")[0] for name in imported(modules()[module])}
    heavy = names & {"nbgrader", "nbformat", "nbconvert", "sqlalchemy"}
    assert not heavy or module in {*NBGRADER, "gradebook.markup"}, f"{module} imports {heavy}"
    assert "nbgrader" not in names or module in NBGRADER


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("sandbox.")])
def test_the_sandbox_imports_nothing_of_the_package_but_itself(module):
    runs_there = module.removeprefix("sandbox.") in {"", *RUNS_WITH_STUDENT_CODE}
    allowed = {"sandbox"} if runs_there else {"sandbox", "model"}
    assert {wing(name) for name in own_imports(modules()[module])} <= allowed


RUNS_WITH_STUDENT_CODE = ["capture", "replay", "wire", "place", "confine", "zygote"]


SHARED_WITH_STUDENTS = {"lab", "lab.judge", "lab.magics", "lab.outside", "lab.values"}
"""What the check in the notebook and a runner both use; students have it, and no number is in it."""


def test_what_runs_beside_student_code_knows_nothing_of_the_course():
    code = "import sys\n" + "\n".join(f"import autograder.sandbox.{name}" for name in RUNS_WITH_STUDENT_CODE)
    loaded = {name for name in loaded_after(code) if name.startswith(("autograder", "lab"))}
    own = {f"autograder.sandbox.{name}" for name in RUNS_WITH_STUDENT_CODE}
    assert loaded <= {"autograder", "autograder.sandbox"} | own | SHARED_WITH_STUDENTS


def loaded_after(code: str) -> set[str]:
    """Modules of a fresh Python in which this code has run."""
    shown = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True, cwd="/")
    return set(done.stdout.split())


def test_the_command_line_starts_without_the_seconds_that_nbgrader_takes():
    loaded = loaded_after("import autograder.cli")
    assert "autograder.judging.grading" in loaded
    heavy = {"nbgrader", "nbformat", "nbconvert", "jupyter_client", "IPython", "matplotlib", "sqlalchemy"}
    assert not heavy & loaded
