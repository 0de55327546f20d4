"""The package as students get it: light, without a solution in it, and the same files on every machine."""

from __future__ import annotations

import ast
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from autograder.author.leaks import secrets_of
from autograder.course.course import Course
from lab.pictures import static

ROOT = Path(__file__).parents[2]
MODULES = sorted([*(ROOT / "lab" / "drawing").glob("*.py"), *(ROOT / "lab" / "pictures").glob("*.py")])
DRAWING = [path for path in MODULES if path.name != "training.py"]
"""All but what the film shows: it draws nothing, and trains classes that work on numpy's arrays."""


def imported_by(code: str) -> set[str]:
    """Modules that a fresh interpreter has after running this code."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r})"
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"{start}\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_importing_the_pictures_brings_no_picture_with_it():
    assert {name for name in imported_by("from lab import pictures") if name.startswith("lab.")} == {"lab.pictures"}


def test_no_picture_needs_numpy_and_none_loads_ipywidgets_before_it_is_shown():
    calls = """
from lab import drawing, pictures
pictures.bench([1, 2], [3, 4], 5).html
pictures.circuit([1, 2], [3, 4], 5).html
pictures.stairs([1, 2], [3, 4], 5).html
pictures.fan_out([[1, 2]], [[3, 4]]).html
pictures.loom([[1, 2]], [[3, 4]], [[5, 6]]).html
pictures.gates([[1, 2]], [[3, 4]]).html
pictures.step([[1, 2]], [[3], [4]], [[5]], 0.1, [[1]]).html
drawing.mirror([[1, 2]], [[3, 4]]).html"""
    assert not {"numpy", "ipywidgets", "IPython", "traitlets"} & imported_by(calls)


@pytest.mark.parametrize("path", DRAWING, ids=[f"{path.parent.name}-{path.stem}" for path in DRAWING])
def test_a_module_uses_nothing_that_a_browser_lacks(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name.split(".")[0] for name in names} & {"threading", "signal", "subprocess", "asyncio", "numpy", "os"}


@pytest.mark.parametrize("path", DRAWING, ids=[f"{path.parent.name}-{path.stem}" for path in DRAWING])
def test_a_module_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250


def test_no_solution_line_can_be_read_here():
    lines = secrets_of(Course(ROOT, "one")).lines
    assert len(lines) > 50
    found = {
        (path.name, line)
        for path in MODULES
        for line in path.read_text(encoding="utf-8").splitlines()
        if "".join(line.split()) in lines
    }
    assert found == set()


def test_no_expression_of_a_solution_can_be_read_here():
    """Right-hand sides as Python sees them, however they are laid out, and whatever they are assigned to."""
    wanted = {shape for source in _solutions() for shape in _expressions(ast.parse(source))}
    assert len(wanted) > 30
    here = {shape for path in MODULES for shape in _expressions(ast.parse(path.read_text(encoding="utf-8")))}
    assert here & wanted == set()


def _solutions() -> list[str]:
    """The solution regions of all source notebooks."""
    from textwrap import dedent

    import nbformat

    regions = []
    for path in sorted((ROOT / "source").glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for region in cell.source.split("### BEGIN SOLUTION\n")[1:]:
                body = dedent(region.split("### END SOLUTION")[0].rsplit("\n", 1)[0])
                regions.append("def gap():\n" + "\n".join(f"    {line}" for line in body.splitlines()))
    return regions


def _expressions(tree: ast.AST) -> set[str]:
    """Expressions that compute something: longer than a name, a call of one name, or a simple comparison."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.IfExp | ast.Compare | ast.ListComp) or (
            isinstance(node, ast.Call) and node.args and not isinstance(node.args[0], ast.Name | ast.Constant)
        ):
            parts = list(ast.walk(node))
            if len(parts) < 60 and sum(isinstance(one, ast.Name) for one in parts) >= 2:
                found.add(ast.unparse(node))
    return found


# ---- the files ------------------------------------------------------------------------------------------------------


def test_the_files_are_those_that_the_pictures_make():
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "lab" / "static").glob("*.svg")}
    assert written == static.files(), "run `python -m lab.pictures.static lab/static`"


def test_there_is_a_file_for_each_notebook():
    assert sorted(static.files()) == sorted(f"{path.stem}.svg" for path in (ROOT / "source").glob("*/*.ipynb"))


@pytest.mark.parametrize("name", sorted(static.files()))
def test_a_file_stands_alone(name):
    content = static.files()[name]
    root = ElementTree.fromstring(content)
    assert root.find("{http://www.w3.org/2000/svg}desc").text
    assert "prefers-color-scheme:dark" in content
    for outside in ("http://", "https://", "url(", "@import", "<script", "href", "var(--jp"):
        assert outside not in content.replace('xmlns="http://www.w3.org/2000/svg"', "")
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    smallest = min(float(node.attrib["font-size"]) for node in root.iter() if "font-size" in node.attrib)
    assert smallest * 360 / width >= 10.9
    assert abs(float(root.attrib["height"]) / float(root.attrib["width"]) - height / width) < 0.01
    assert len(content.encode()) < 30_000


def test_the_files_hold_the_numbers_of_the_notebooks(tmp_path):
    static.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(static.files())
