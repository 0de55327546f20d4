"""What an author gets wrong in the course's data, a notebook or a check ends in one text that says what to do.

Every field of every table is misspelt, left out and given a value of another kind: the rows are made of the examples
that the fields' own texts give. Other slips are made in a copy of the course.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from autograder.author.inventory import inventory
from autograder.author.missing import missing
from autograder.course import tables
from autograder.course.course import Course
from autograder.course.data import copy_course, folders_of
from autograder.course.settings import SETTINGS, Settings, settings_of
from autograder.course.typed import read_typed
from autograder.judging.checking import checks_in
from autograder.judging.grading import Grader
from autograder.model import KitError

from .conftest import ROOT

FILES = (Settings, tables.Checks, tables.Mistakes, tables.Documents, tables.Equivalents, tables.Honest, tables.Wrong)


def meta_of(field: msgspec.structs.FieldInfo) -> msgspec.Meta:
    found: msgspec.Meta = field.type.__metadata__[-1]
    return found


def rows_of(field: msgspec.structs.FieldInfo) -> type[msgspec.Struct] | None:
    """What the rows of a field are, if it is a table."""
    inner = getattr(field.type.__origin__, "__args__", (None,))[0]
    return inner if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def lines_of(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The example of each field that is no table of rows; required ones and others."""
    fields = msgspec.structs.fields(kind)
    return {
        field.name: meta_of(field).examples[0] for field in fields if not meta_of(field).examples[0].startswith("[")
    }


def places() -> Iterator[tuple[type[msgspec.Struct], str, type[msgspec.Struct]]]:
    """Every table: the file, the table's name in it (empty for the file's own fields), what its rows are."""
    for file in FILES:
        yield file, "", file
        for field in msgspec.structs.fields(file):
            rows = rows_of(field)
            if rows and meta_of(field).examples == [f"[[{field.name}]]"]:
                yield file, field.name, rows


FIELDS = [
    pytest.param(file, table, field, id=f"{file.__name__}-{table or 'top'}-{field.name}")
    for file, table, kind in places()
    for field in msgspec.structs.fields(kind)
    if field.name in lines_of(kind)
]


def text_of(file: type[msgspec.Struct], table: str, changed: dict[str, str]) -> str:
    """A file with one row in each of its tables; in one of them some lines are other ones, or left out."""
    parts = []
    for _, name, kind in (place for place in places() if place[0] is file):
        lines = lines_of(kind) | {"until": ""} | (changed if name == table else {})  # an extension has days or `until`
        parts.append("\n".join([*([f"[[{name}]]"] if name else []), *(line for line in lines.values() if line)]))
    return "\n\n".join(parts) + "\n"


def refused(tmp_path: Path, file: type[msgspec.Struct], text: str) -> str:
    """What is said of a file."""
    path = tmp_path / "data.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KitError) as error:
        read_typed(path, file)
    assert str(error.value).startswith(f"{path}")
    return str(error.value)


@pytest.mark.parametrize("file", FILES)
def test_the_examples_are_allowed_themselves(tmp_path: Path, file: type[msgspec.Struct]) -> None:
    path = tmp_path / "data.toml"
    path.write_text(text_of(file, "", {}), encoding="utf-8")
    assert all(getattr(read_typed(path, file), table) for _, table, _ in places() if _ is file and table)


@pytest.mark.parametrize(("file", "table", "field"), FIELDS)
def test_a_misspelt_field_is_told_with_the_right_one(
    tmp_path: Path, file: type[msgspec.Struct], table: str, field: msgspec.structs.FieldInfo
) -> None:
    kind = next(kind for one, name, kind in places() if (one, name) == (file, table))
    line = lines_of(kind)[field.name]
    slip = f"{field.name[:-1]}_{field.name[-1]}"
    said = refused(tmp_path, file, text_of(file, table, {field.name: slip + line.removeprefix(field.name)}))
    assert f"there is no field `{slip}`. Did you mean `{field.name}`?" in said
    assert not table or f"row 1 of {table}" in said


@pytest.mark.parametrize(("file", "table", "field"), [one for one in FIELDS if one.values[2].required])  # type: ignore[attr-defined]
def test_a_missing_field_is_told_with_what_it_is_and_a_line_to_add(
    tmp_path: Path, file: type[msgspec.Struct], table: str, field: msgspec.structs.FieldInfo
) -> None:
    said = refused(tmp_path, file, text_of(file, table, {field.name: ""}))
    assert f"the field `{field.name}` is missing: {meta_of(field).description}. Add `" in said
    assert not table or f"row 1 of {table}" in said


@pytest.mark.parametrize(("file", "table", "field"), FIELDS)
def test_a_value_of_another_kind_is_told_with_what_is_allowed(
    tmp_path: Path, file: type[msgspec.Struct], table: str, field: msgspec.structs.FieldInfo
) -> None:
    wrong = {"closed": "7", "pseudonyms": "7", "value": '"0.5"'}.get(field.name, "true")
    said = refused(tmp_path, file, text_of(file, table, {field.name: f"{field.name} = {wrong}"}))
    assert f"`{field.name} = {wrong}` is not what is allowed: {meta_of(field).description}. Write it like `" in said
    assert not table or f"row 1 of {table}" in said


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("gap", "tolerance", "nan"),
        ("gap", "tolerance", "-1"),
        ("gap", "edge", "-0.5"),
        ("gap", "minutes", "0"),
        ("gap", "name", '"my gap"'),
        ("gap", "accepts", '{ y = ["column"] }'),
        ("twin", "kind", '"general "'),
        ("twin", "givens", "{ x = { arr = [1.0] } }"),
        ("draw", "count", "0"),
        ("draw", "keep", "true"),
    ],
)
def test_a_value_out_of_bounds_is_refused(tmp_path: Path, table: str, field: str, value: str) -> None:
    said = refused(tmp_path, tables.Checks, text_of(tables.Checks, table, {field: f"{field} = {value}"}))
    assert f", row 1 of {table}" in said
    assert f"`{field} = " in said


# ---- slips in a copy of the course -----------------------------------------------------------------------------------

ASSIGNMENT, NAME = "1_neuron", "02_chain"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the course with one notebook."""
    folder = tmp_path_factory.mktemp("slips") / "course"
    copy_course(ROOT, folder)
    for part in ("honest", "wrong"):
        shutil.copytree(getattr(folders_of(ROOT), part), getattr(folders_of(folder), part))
    for path in (folder / "source").glob("*/*.ipynb"):
        if path.stem != NAME:
            path.unlink()
    for part in ("checks", "mistakes", "hints", "honest", "wrong"):
        for path in getattr(folders_of(folder), part).glob("0*.toml"):
            if path.stem != NAME:
                path.unlink()
    equivalent_file(folder).write_text("", encoding="utf-8")
    gaps = {gap.name for gap in Course(folder, "slips").plan(NAME).gaps}
    head, *rows = re.split(r"^(?=\[\[value\]\])", documents(folder).read_text(encoding="utf-8"), flags=re.MULTILINE)
    own = [row for row in rows if re.search(r'^gap = "(\w+)"', row, re.MULTILINE)[1] in gaps]  # type: ignore[index]
    documents(folder).write_text(head + "".join(own), encoding="utf-8")
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole, tmp_path / "course")


def data(part: str) -> Callable[[Path], Path]:
    """The data file of the notebook in one of the course's folders."""
    return lambda folder: getattr(folders_of(folder), part) / f"{NAME}.toml"


def replace(file: Callable[[Path], Path], old: str, new: str) -> Callable[[Path], object]:
    """The slip of writing one text instead of another."""

    def change(folder: Path) -> None:
        text = file(folder).read_text(encoding="utf-8")
        assert old in text
        file(folder).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def add(file: Callable[[Path], Path], text: str) -> Callable[[Path], object]:
    """The slip of a row too many."""

    def change(folder: Path) -> None:
        with file(folder).open("a", encoding="utf-8") as opened:
            opened.write(text)

    return change


def take_out(file: Callable[[Path], Path], table: str, gap: str) -> Callable[[Path], object]:
    """The slip of no row for a gap."""

    def change(folder: Path) -> None:
        text = file(folder).read_text(encoding="utf-8")
        head, *rows = re.split(rf"^(?=\[\[{table}\]\])" if table else r"^(?=\[)", text, flags=re.MULTILINE)
        wanted = f'gap = "{gap}"' if table else f"[{gap}]"
        file(folder).write_text(head + "".join(row for row in rows if wanted not in row), encoding="utf-8")

    return change


def in_cell(
    grade_id: str, change: Callable[[dict[str, Any], list[dict[str, Any]]], object]
) -> Callable[[Path], object]:
    """The slip of changing a cell of the source notebook."""

    def spoil(folder: Path) -> None:
        path = folder / "source" / ASSIGNMENT / f"{NAME}.ipynb"
        content = json.loads(path.read_bytes())
        cells = content["cells"]
        cell = next(one for one in cells if one["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
        change(cell, cells)
        path.write_text(json.dumps(content), encoding="utf-8")

    return spoil


def solution(grade_id: str, code: str) -> Callable[[Path], object]:
    """The slip of another solution."""
    lines = [f"# {grade_id}: from x\n", "### BEGIN SOLUTION\n", *code.splitlines(keepends=True), "\n### END SOLUTION"]
    return in_cell(grade_id, lambda cell, cells: cell.update(source=lines))


def check_file(folder: Path) -> Path:
    return next(folders_of(folder).checks.glob("test_*.py"))


CHECKS, MISTAKES, HONEST, WRONG, HINTS = (data(part) for part in ("checks", "mistakes", "honest", "wrong", "hints"))


def documents(folder: Path) -> Path:
    return folders_of(folder).checks / "documents.toml"


def equivalent_file(folder: Path) -> Path:
    return folders_of(folder).checks / "equivalents.toml"


VALUE = '\n[[value]]\ngap = "{gap}"\noutput = "{output}"\ntwin = "{twin}"\nvalue = 1.0\ncells = ["004 C1"]\n'

SLIPS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "a keep that is no Python": (
        replace(CHECKS, 'keep = """0.05 < z', 'keep = """0.05 < < z'),
        ('row 2 of draw ("seeded_low"): `keep`: SyntaxError', "line 1", "Write an expression of Python."),
    ),
    "a keep with an unknown name": (
        replace(CHECKS, 'keep = """0.05 < z', 'keep = """0.05 < zz'),
        ("row 2 of draw (\"seeded_low\"): `keep`: NameError: name 'zz' is not defined", "Mend the expression"),
    ),
    "a keep that nothing meets": (
        replace(CHECKS, 'keep = """0.05 < z', 'keep = """1 < 0 < z'),
        ("10000 draws of seeded_low_1 did not meet `keep`", "Ask for less."),
    ),
    "givens that raise": (
        replace(CHECKS, "x, w = (rng.normal(", "x, w = (rng.nrmal("),
        ('row 1 of draw ("seeded_near"): `givens`: AttributeError', "nrmal", "line 1. Mend that line."),
    ),
    "a given that does not exist": (
        replace(CHECKS, "dvalue = -0.7", "dvalues = -0.7"),
        ('row 1 of twin ("A"): `givens` names dvalues, which is none of the givens of', "x, w, b"),
    ),
    "a twin for a gap that does not exist": (
        replace(CHECKS, 'only = ["neuron_backward"]', 'only = ["neuron_backwards"]'),
        ('row 6 of twin ("G4"): `only` names neuron_backwards, which is none of the gaps of', "Correct the name."),
    ),
    "a probe for a gap without a driver": (
        replace(CHECKS, "[twin.probe.neuron_backward]", "[twin.probe.relu_dz]"),
        ('row 6 of twin ("G4"): `probe` names relu_dz, which is none of the gaps with a driver of',),
    ),
    "two twins of one name": (
        replace(CHECKS, 'name = "B" ', 'name = "A" '),
        ("two twins are called A. Give one of them another name.",),
    ),
    "an open twin that does not exist": (
        replace(CHECKS, 'open = ["A", "B", "G4", ', 'open = ["A", "B", "G5", '),
        ('row 8 of gap ("neuron_backward"): `open` must list twins that judge the gap', "G5 does not."),
    ),
    "a driver that is no Python": (
        replace(CHECKS, "dx, dw, db = neuron_backward(", "dx, dw, db == = neuron_backward("),
        ('row 8 of gap ("neuron_backward"): `driver`: SyntaxError', "Write statements of Python."),
    ),
    "a driver without results": (
        replace(CHECKS, 'results = { dx = "dx", dw = "dw", db = "db" }', ""),
        ('row 8 of gap ("neuron_backward"): a `driver` leaves `results`', "Write both"),
    ),
    "a gap of which nothing is read": (
        replace(CHECKS, 'outputs = ["relu_dz"]', "outputs = []"),
        ('row 1 of gap ("relu_dz"): nothing is read after the gap has run.', "List its `outputs`"),
    ),
    "a derive that raises": (
        replace(CHECKS, "y = max(z, 0.0)", "y = max(z, 0.0) / 0"),
        ("`derive`: ZeroDivisionError", "line 3. Mend that line."),
    ),
    "an input that the notebook does not have": (
        replace(CHECKS, 'inputs = ["z"]', 'inputs = ["zed"]'),
        ('row 1 of gap ("relu_dz"): `inputs` names zed, which stands in no cell of', "Correct the name."),
    ),
    "points for corner cases without a twin": (
        replace(
            CHECKS, 'difficulty = 2\n\n[[gap]]\nname = "dmul"', 'difficulty = 2\nedge = 1\n\n[[gap]]\nname = "dmul"'
        ),
        ('row 3 of gap ("drelu_dxw"): `edge` has 1 points, but no twin of kind edge judges the gap.',),
    ),
    "more points for corner cases than there are": (
        replace(CHECKS, "edge = 0.5", "edge = 5"),
        ("gap relu_dz has 2 points in the notebook, and edge and conduct take 5", "leave something for the value"),
    ),
    "a row for a gap that the notebook does not have": (
        replace(CHECKS, 'name = "dmul"', 'name = "dmull"'),
        ('row 4 of gap ("dmull"): ', "has no cell with the grade_id dmull", "or take the row out"),
    ),
    "no row for a gap of the notebook": (
        replace(CHECKS, '[[gap]]\nname = "dw_termwise"', '[[gap]]\nname = "dw_term"'),
        ('row 9 of gap ("dw_term")',),
    ),
    "settings with a misspelt field": (
        replace(lambda folder: folder / SETTINGS, "id = ", "ids = "),
        (f"{SETTINGS}: there is no field `ids`. Did you mean `id`?",),
    ),
    "settings with a slip in a table": (
        add(lambda folder: folder / SETTINGS, "\n[late]\nrat = 0.1\n"),
        (f"{SETTINGS}, [late]: there is no field `rat`. Did you mean `rate`?",),
    ),
    "settings with a share above 1": (
        add(lambda folder: folder / SETTINGS, "\n[late]\nrate = 10\n"),
        (f"{SETTINGS}, [late]: rate and cap are shares from 0 to 1",),
    ),
    "no TOML": (replace(CHECKS, "[[gap]]", "[[gap]"), ("is no valid TOML", "line 9", "Mend that place.")),
    "a mistake for a gap that does not exist": (
        replace(MISTAKES, 'gap = "relu_dz"', 'gap = "relu_dzz"'),
        ('row 1 of mistake ("relu_dz_greater_than_one"): `gap` is relu_dzz; the notebook has relu_dz, ',),
    ),
    "a mistake of a family that does not exist": (
        replace(MISTAKES, 'family = "threshold"', 'family = "treshold"'),
        (
            'row 1 of mistake ("relu_dz_greater_than_one"): `family` is treshold; families.toml has ',
            "Correct or add it.",
        ),
    ),
    "two mistakes of one slug": (
        replace(MISTAKES, 'slug = "relu_dz_one_at_the_kink"', 'slug = "relu_dz_greater_than_one"'),
        ("two mistakes have the slug relu_dz_greater_than_one.",),
    ),
    "a gap without mistakes": (
        take_out(MISTAKES, "mistake", "dmul"),
        ("gap dmul has 0 of 3 known mistakes. One looks like this:", "[[mistake]]", 'slug = "dmul_what_is_wrong"'),
    ),
    "a gap without honest styles": (
        take_out(HONEST, "honest", "dmul"),
        ("gap dmul has 0 of 2 honest styles. One looks like this:", "[[honest]]", 'gap = "dmul"'),
    ),
    "no honest styles at all": (
        lambda folder: HONEST(folder).unlink(),
        (f"honest/{NAME}.toml: gap relu_dz has 0 of 2 honest styles. One looks like this:",),
    ),
    "a gap without hints": (
        take_out(HINTS, "", "dmul"),
        ("gap dmul has 0 of 3 hints. One looks like this:", "[dmul]", "hints = ["),
    ),
    "hints for a gap that does not exist": (
        replace(HINTS, "[dmul]", "[dmull]"),
        ("there are hints for dmull, which is no gap of", "Take them out."),
    ),
    "hints that are misspelt": (
        replace(HINTS, "hints = [", "hint = ["),
        ("[relu_dz]: there is no field `hint`. Did you mean `hints`?",),
    ),
    "an honest style for a gap that does not exist": (
        replace(HONEST, 'gap = "relu_dz"', 'gap = "relu_dzz"'),
        ('row 1 of honest ("bool to float"): the notebook has no gap relu_dzz',),
    ),
    "a wrong answer of a mistake that does not exist": (
        replace(WRONG, 'mistake = "relu_dz_greater_than_one"', 'mistake = "relu_dz_greater"'),
        ('row 1 of wrong ("an if below another number"): relu_dz_greater is no known mistake',),
    ),
    "a rewriting without its family": (
        replace(WRONG, 'family = "threshold"\n', ""),
        ('row 1 of wrong ("an if below another number"): `family` is missing',),
    ),
    "a document's value for an output that does not exist": (
        add(documents, VALUE.format(gap="relu_dz", output="relu_dzz", twin="P")),
        ("the value of relu_dzz at gap relu_dz: `output` is relu_dzz; it must be one of relu_dz. Correct it.",),
    ),
    "a document's value on a twin that does not exist": (
        add(documents, VALUE.format(gap="relu_dz", output="relu_dz", twin="Q")),
        ("the value of relu_dz at gap relu_dz: `twin` is Q; it must be one of P, A, B",),
    ),
    "a document's value for a gap that does not exist": (
        add(documents, VALUE.format(gap="relu_dzz", output="relu_dz", twin="P")),
        ('("relu_dzz"): the course has no gap relu_dzz, so the value is never looked at.',),
    ),
    "a change without effect that is not made": (
        add(equivalent_file, '\n[[equivalent]]\nreason = "None."\nchanges = [{ gap = "dmul", change = "x -> x" }]\n'),
        ("`x -> x` is no change that is made to gap dmul. Take it out, or correct it.",),
    ),
    "a given that is the same on all twins": (
        in_cell("02_upstream", lambda cell, cells: cell.update(source=["dvalue = 1.0\n", "rate = 0.1"])),
        ("the given rate is the same on all twins, so its number could be typed in.", 'constant = ["rate"]'),
    ),
    "a constant that is none": (
        replace(CHECKS, "derive = ", 'constant = ["dvalue"]\nderive = '),
        ("`constant` names dvalue, which is no given that is the same on all twins. Take it out.",),
    ),
    "a file that is no notebook": (
        lambda folder: (folder / "source" / ASSIGNMENT / f"{NAME}.ipynb").write_text("{}", encoding="utf-8"),
        (f"source/{ASSIGNMENT}/{NAME}.ipynb is no notebook of nbformat 4", "Open it in JupyterLab and save it."),
    ),
    "a cell without a grade_id": (
        in_cell("dmul", lambda cell, cells: cell["metadata"]["nbgrader"].pop("grade_id")),
        (f"source/{ASSIGNMENT}/{NAME}.ipynb, cell ", "# dmul: ", "has nbgrader's metadata, but no grade_id"),
    ),
    "two cells of one grade_id": (
        in_cell("dmul", lambda cell, cells: cells.append(cell)),
        ("two cells have the grade_id dmul. Give one of them another one.",),
    ),
    "a check without points": (
        in_cell("check_dmul", lambda cell, cells: cell["metadata"]["nbgrader"].pop("points")),
        ("the check check_dmul has no points.",),
    ),
    "a check of another name": (
        in_cell("check_dmul", lambda cell, cells: cell["metadata"]["nbgrader"].update(grade_id="check_dmull")),
        ("the check check_dmull belongs to no gap.", "correct the grade_id"),
    ),
    "a solution without its markers": (
        in_cell("dmul", lambda cell, cells: cell.update(source="# dmul: from x, w\ndmul_dx0 = w[0]")),
        ("the gap dmul has no solution between ### BEGIN SOLUTION and ### END SOLUTION", "goes to the students"),
    ),
    "a solution in a cell that is no gap": (
        in_cell(
            "02_upstream", lambda cell, cells: cell.update(source="### BEGIN SOLUTION\ndvalue = 1.0\n### END SOLUTION")
        ),
        ("a solution stands in a cell that is no gap, and would go to the students.",),
    ),
    "a locked cell that raises": (
        in_cell("02_upstream", lambda cell, cells: cell.update(source="dvalue = 1.0\ndvalue = 1 / 0")),
        (f"source/{ASSIGNMENT}/{NAME}.ipynb, locked cell 02_upstream: ZeroDivisionError", "line 2. Mend that line."),
    ),
    "a check without a marker": (
        lambda folder: check_file(folder).write_text("def test_nothing(case):\n    pass\n", encoding="utf-8"),
        ("test_nothing", "@pytest.mark.value"),
    ),
    "a check that is no Python": (
        lambda folder: check_file(folder).write_text("import pytest\n\ndef test_nothing(case)\n", encoding="utf-8"),
        (", line 3: SyntaxError", "Mend it; no gap can be checked."),
    ),
    "a check for a gap that does not exist": (
        add(
            check_file,
            '\n\nimport pytest\n\n\n@pytest.mark.value\n@pytest.mark.gap("dmull")\ndef test_more(case):\n    pass\n',
        ),
        ("The check test_more is marked for gap dmull, which the course does not have.",),
    ),
}

WITH_CONSEQUENCES = {
    "a gap without mistakes": "the wrong answers that are to get their names",
    "no honest styles at all": "every gap lacks them",
    "hints for a gap that does not exist": "the gap that was meant has none",
}
"""Slips that show in several places, each with a text of its own."""


def found(folder: Path) -> list[str]:
    """What `verify` finds before it grades anything."""
    try:
        settings_of(folder)
        course = Course(folder, "slips")
        return [*inventory(course, checks_in(course.folders.checks)), *missing(course, NAME)]
    except KitError as error:
        return [str(error)]


def test_the_copy_of_the_course_has_no_slip(folder: Path) -> None:
    assert found(folder) == []


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_ends_in_one_text_with_its_place_and_the_next_step(folder: Path, slip: str) -> None:
    make, parts = SLIPS[slip]
    make(folder)
    said = found(folder)
    assert [text for text in said if all(part in text for part in parts)], said
    assert len(said) == 1 or slip in WITH_CONSEQUENCES


@pytest.mark.parametrize(
    ("code", "said"),
    [("relu_dzz = 1.0", "does not set relu_dz"), ("relu_dz = 1 / 0", "ended as raised (ZeroDivisionError")],
)
def test_a_solution_that_does_not_set_its_output_is_told_before_anything_is_graded(
    folder: Path, code: str, said: str
) -> None:
    solution("relu_dz", code)(folder)
    with Grader(Course(folder, "slips")) as grader, pytest.raises(KitError) as error:
        grader.reference(NAME)
    assert f"{NAME}.ipynb: on twin P the solution of gap relu_dz {said}" in str(error.value)


COMMANDS = {
    "verify": ("autograder", "verify"),
    "generate": ("autograder", "generate"),
    "grade": ("autograder", "grade", "submitted"),
    "nbgrader autograde": ("nbgrader", "autograde", ASSIGNMENT),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_slip_in_what_names_mistakes_ends_every_command_before_anything_is_graded(folder: Path, command: str) -> None:
    replace(MISTAKES, "seen = ", "sene = ")(folder)
    shutil.copytree(folder / "source" / ASSIGNMENT, folder / "submitted" / "ann" / ASSIGNMENT)
    programs = Path(sys.executable).parent
    program, *words = COMMANDS[command]
    done = subprocess.run(
        [programs / program, *words],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == (1 if command.startswith("nbgrader") else 2), said
    assert 'row 1 of mistake ("relu_dz_greater_than_one"): there is no field `sene`. Did you mean `seen`?' in said
    assert not (folder / "autograded").exists()
    assert "Traceback" not in said
