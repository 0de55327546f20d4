"""The generated folders: what they hold, what they must not hold, and that every notebook in them runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.author.leaks import leaks, secrets_of
from autograder.course import notebook as files
from autograder.course.course import Course
from autograder.course.data import documents, folders_of
from autograder.judging.grading import Grader
from autograder.model import Plan, Status

from .conftest import ROOT

RELEASED = sorted(path.relative_to(ROOT / "release") for path in ROOT.glob("release/*/*.ipynb"))
SOLVED = sorted(path.relative_to(ROOT / "solutions") for path in ROOT.glob("solutions/*/*.ipynb"))
A_MINUTE = 60


def named(path: Path) -> str:
    return path.stem


@pytest.fixture
def release(root: Path, tmp_path: Path) -> Path:
    """A copy to plant things in."""
    return shutil.copytree(root / "release", tmp_path / "release", ignore=shutil.ignore_patterns("__pycache__"))


def run_all(notebook: Path, folder: Path) -> Any:
    """Run a notebook in a kernel of its own, as Jupyter's Run All does: it stops at the first error."""
    content = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        content, timeout=A_MINUTE, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return client.execute()


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


# ---- running ---------------------------------------------------------------------------------------------------------


def test_there_is_a_release_and_a_solution_of_every_source_notebook(course: Course) -> None:
    wanted = [Path(source.assignment, f"{source.name}.ipynb") for source in course.sources.values()]
    assert RELEASED == SOLVED == sorted(wanted)


@pytest.mark.parametrize("inside", RELEASED, ids=named)
def test_an_untouched_notebook_runs_from_top_to_bottom_in_its_own_folder(inside: Path, release: Path) -> None:
    ran = run_all(release / inside, (release / inside).parent)
    assert [cell.execution_count for cell in ran.cells if cell.cell_type == "code" and not cell.execution_count] == []


@pytest.mark.parametrize("inside", SOLVED, ids=named)
def test_a_solved_notebook_runs_from_top_to_bottom_and_every_check_finds_it_right(
    inside: Path, root: Path, release: Path, course: Course
) -> None:
    ran = run_all(root / "solutions" / inside, (release / inside).parent)
    gaps = [gap.name for gap in course.plan(inside.stem).gaps]
    checks = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in ran.cells if is_check(cell)}
    assert list(checks) == [f"check_{gap}" for gap in gaps]
    assert [gap for gap in gaps if f"{gap}: right here" not in said(checks[f"check_{gap}"])] == []


def is_check(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def said(cell: Mapping[str, Any]) -> str:
    """All text that a cell shows."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell["outputs"]]
    return "\n".join("".join(text) for text in texts)


@pytest.mark.parametrize("inside", SOLVED, ids=named)
def test_a_solution_earns_full_marks(inside: Path, root: Path, grader: Grader) -> None:
    record = grader.grade((root / "solutions" / inside).read_bytes(), student="reference", name=inside.stem).record
    assert [(gap.gap, gap.message) for gap in record.gaps if gap.status is not Status.RIGHT] == []
    assert record.score == record.max_score


@pytest.mark.parametrize("inside", RELEASED, ids=named)
def test_an_untouched_notebook_earns_nothing_and_says_why(inside: Path, root: Path, grader: Grader) -> None:
    record = grader.grade((root / "release" / inside).read_bytes(), student="nobody", name=inside.stem).record
    assert {gap.status for gap in record.gaps} == {Status.UNTOUCHED}
    assert record.score == 0


# ---- what they hold --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", SOLVED, ids=named)
def test_solutions_have_no_markers_and_no_stubs(inside: Path, root: Path) -> None:
    text = (root / "solutions" / inside).read_text(encoding="utf-8")
    assert [mark for mark in (files.BEGIN, files.END, files.STUB) if mark in text.replace("`" + files.STUB, "")] == []


@pytest.mark.parametrize("inside", SOLVED, ids=named)
def test_solutions_have_the_outputs_of_a_run_and_no_error(inside: Path, root: Path) -> None:
    cells = [cell for cell in read(root / "solutions" / inside)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells if cell["source"]].count(None) == len(
        [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]
    )
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert outputs
    assert [output for output in outputs if output["output_type"] == "error"] == []


def test_solutions_print_the_documents_tables_as_the_documents_do(root: Path, plans: tuple[Plan, ...]) -> None:
    shown = " ".join(
        said(cell)
        for inside in SOLVED
        for cell in read(root / "solutions" / inside)["cells"]
        if cell["cell_type"] == "code"
    )
    plain = {gap.name for plan in plans for gap in plan.gaps if not gap.driver}
    values = documents(folders_of(root))
    tables = [value for value in values if value.gap in plain and value.printed.strip().startswith("[")]
    others = [f"{value.gap}.{value.output}" for value in tables if squeezed(value.printed) not in squeezed(shown)]
    assert others == ["relu_mask.relu_dz"], "the document's mask is of whole numbers, which is what E28 is about"


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_the_release_holds_nothing_that_students_must_not_get(course: Course, root: Path) -> None:
    assert leaks(course, root / "release") == []


# ---- the leak finder finds what is planted ---------------------------------------------------------------------------


def planted(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = read(path)
    change(content)
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def cell_of(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def one_with(texts: list[str], *parts: str) -> bool:
    return any(all(part in text for part in parts) for text in texts)


SOME = Path("1_neuron", "02_chain.ipynb")


def test_a_release_folder_is_small_enough_for_a_slow_line(release: Path) -> None:
    sizes = {
        folder.name: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        for folder in release.iterdir()
    }
    assert len(sizes) == 3
    assert max(sizes.values()) < 2e6


def test_a_solution_line_in_a_cell_is_found(course: Course, release: Path) -> None:
    def plant(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "drelu_dsum")["source"] = "drelu_dsum = dvalue*(1.0 if z>0 else 0.0)"

    planted(release / SOME, plant)
    assert one_with(leaks(course, release), "release/1_neuron/02_chain.ipynb, cell drelu_dsum", "solution line")


def test_a_solution_line_of_another_notebook_is_found_in_text(course: Course, release: Path) -> None:
    def plant(notebook: dict[str, Any]) -> None:
        notebook["cells"][0]["source"] += "\n`dinputs = np.dot(dvalues, weights.T)`"

    planted(release / SOME, plant)
    found = leaks(course, release)
    assert one_with(found, "02_chain.ipynb, cell number 1", "solution line of gap dinputs_batch of 04_layer_inputs")


@pytest.mark.parametrize("inside", ["lab/hints/02_chain.toml", "lab/judge.py"])
def test_a_solution_line_in_a_file_beside_the_notebooks_is_found(inside: str, course: Course, release: Path) -> None:
    path = release / "1_neuron" / inside
    path.write_text(path.read_text(encoding="utf-8") + "\n# drelu_dx1 = drelu_dxw1 * dmul_dx1\n", encoding="utf-8")
    assert one_with(leaks(course, release), f"release/1_neuron/{inside}: ", "solution line of gap drelu_dx ")


def test_a_solution_marker_is_found(course: Course, release: Path) -> None:
    def plant(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "drelu_dsum")["source"] = files.BEGIN

    planted(release / SOME, plant)
    assert one_with(leaks(course, release), "02_chain.ipynb, cell drelu_dsum", "solution marker")


def test_a_hidden_check_is_found(course: Course, release: Path) -> None:
    def plant(notebook: dict[str, Any]) -> None:
        cell_of(notebook, "check_drelu_dsum")["source"] += "\nassert drelu_dsum == 0.5"

    planted(release / SOME, plant)
    assert one_with(leaks(course, release), "02_chain.ipynb, cell check_drelu_dsum", "not what source/")


def test_an_added_and_a_missing_cell_are_found(course: Course, release: Path) -> None:
    planted(release / SOME, lambda notebook: notebook["cells"].pop())
    assert one_with(leaks(course, release), "02_chain.ipynb", "missing")
    shutil.copy(ROOT / "release" / SOME, release / SOME)
    planted(release / SOME, lambda notebook: notebook["cells"].append(notebook["cells"][0]))
    assert one_with(leaks(course, release), "02_chain.ipynb", "not what source/")


@pytest.mark.parametrize("twin", ["F", "seeded_low_1"])
def test_numbers_of_a_hidden_twin_are_found(twin: str, course: Course, release: Path) -> None:
    givens = next(one for one in course.plan("02_chain").twins if one.name == twin).givens

    def plant(notebook: dict[str, Any]) -> None:
        notebook["cells"][0]["source"] += f"\nx = {givens['x']}, w = {givens['w']}, b = {givens['b']}"

    planted(release / SOME, plant)
    assert one_with(leaks(course, release), "02_chain.ipynb, cell number 1", f"hidden twin {twin} ")


def test_a_single_long_number_of_a_drawn_twin_is_found(course: Course, release: Path) -> None:
    row = next(row for row, place in secrets_of(course).rows.items() if len(row) == 1 and "tall_1" in place)
    path = release / "2_layer" / "lab" / "hints" / "04_layer_inputs.toml"
    path.write_text(path.read_text(encoding="utf-8") + f"# {row[0]!r}\n", encoding="utf-8")
    assert one_with(leaks(course, release), "lab/hints/04_layer_inputs.toml", "numbers of the hidden twin tall_1")


def test_a_hidden_twin_in_the_open_numbers_is_found(course: Course, release: Path) -> None:
    def plant(numbers: dict[str, Any]) -> None:
        twins = numbers["gaps"]["drelu_dsum"]["twins"]
        twins.append({**twins[-1], "name": "E"})

    planted(release / "1_neuron" / "lab" / "open" / "02_chain.json", plant)
    assert one_with(leaks(course, release), "lab/open/02_chain.json", "gap drelu_dsum has the hidden twin `E`")


@pytest.mark.parametrize(
    "stray",
    [
        "1_neuron/solution.py",
        "1_neuron/04_layer_inputs.ipynb",
        "1_neuron/lab/open/04_layer_inputs.json",
        "1_neuron/lab/checks.toml",
        "1_neuron/.ipynb_checkpoints/02_chain-checkpoint.ipynb",
        "gradebook.db",
        "4_more/01_neuron.ipynb",
    ],
)
def test_a_stray_file_is_found(stray: str, course: Course, release: Path) -> None:
    path = release / stray
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    assert one_with(leaks(course, release), f"release/{stray}: no file that students need")


def test_an_output_and_an_execution_count_are_found(course: Course, release: Path) -> None:
    def plant(notebook: dict[str, Any]) -> None:
        output = {"output_type": "stream", "name": "stdout", "text": "1.0"}
        cell_of(notebook, "drelu_dsum")["outputs"] = [output]
        cell_of(notebook, "relu_dz")["execution_count"] = 3

    planted(release / SOME, plant)
    found = leaks(course, release)
    assert one_with(found, "02_chain.ipynb, cell drelu_dsum", "output")
    assert one_with(found, "02_chain.ipynb, cell relu_dz", "output")


def test_foreign_metadata_of_notebook_and_cell_is_found(course: Course, release: Path) -> None:
    def plant(notebook: dict[str, Any]) -> None:
        notebook["metadata"]["authors"] = ["somebody"]
        cell_of(notebook, "drelu_dsum")["metadata"]["tags"] = ["solved"]

    planted(release / SOME, plant)
    found = leaks(course, release)
    assert one_with(found, "02_chain.ipynb, metadata of the notebook", "`authors`")
    assert one_with(found, "02_chain.ipynb, cell drelu_dsum", "`tags`")


def test_a_file_that_is_no_notebook_is_found(course: Course, release: Path) -> None:
    (release / SOME).write_text("{}", encoding="utf-8")
    assert one_with(leaks(course, release), "02_chain.ipynb", "no notebook")
