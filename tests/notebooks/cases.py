"""What students do to notebooks: each case says what lies in a student's folder, and what that may cost.

A case starts from a folder with both notebooks of a small assignment, solved; it spoils something, and names the gaps
that are lost with their status. All others must be right.
"""

from __future__ import annotations

import copy
import json
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from autograder.course.notebook import solution_of, stub_of
from autograder.model import Status

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "1_neuron"
CHAIN, STEP = "02_chain", "03_step"
NOTEBOOKS = (CHAIN, STEP)
ANOTHER = "2_layer/04_layer_inputs"

Cell = dict[str, Any]


def released(name: str) -> dict[str, Any]:
    """A notebook as handed out, such as "1_neuron/02_chain"; from the source, which is never out of date."""
    found: dict[str, Any] = json.loads((ROOT / "source" / f"{name}.ipynb").read_bytes())
    for cell in found["cells"]:
        cell["source"] = stub_of("".join(cell["source"]))
    return found


def sources(name: str) -> dict[str, str]:
    """The instructor's cells by grade_id."""
    cells = json.loads((ROOT / "source" / f"{name}.ipynb").read_bytes())["cells"]
    graded = [(cell, cell["metadata"].get("nbgrader", {})) for cell in cells]
    return {found["grade_id"]: "".join(cell["source"]) for cell, found in graded if found}


def gaps(name: str) -> list[str]:
    """The gaps of a notebook, in order."""
    return [grade_id.removeprefix("check_") for grade_id in sources(name) if grade_id.startswith("check_")]


GAPS = {name: gaps(f"{ASSIGNMENT}/{name}") for name in NOTEBOOKS}
SOLUTIONS = {gap: solution_of(sources(f"{ASSIGNMENT}/{name}")[gap]) for name in NOTEBOOKS for gap in GAPS[name]}
STUBS = {gap: stub_of(sources(f"{ASSIGNMENT}/{name}")[gap]) for name in NOTEBOOKS for gap in GAPS[name]}


def blank(name: str) -> bytes:
    """A notebook of the assignment as handed out."""
    return json.dumps(released(f"{ASSIGNMENT}/{name}")).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def id_of(cell: Cell) -> str:
    """The grade_id of a cell; empty if it has none, or metadata that are no such thing."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return str(found.get("grade_id", "")) if isinstance(found, dict) else ""


def code(source: str) -> Cell:
    """A code cell of the student's own."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def text(source: str) -> Cell:
    """A text cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": source}


class Book:
    """A notebook that somebody works on."""

    def __init__(self, name: str, assignment: str = ASSIGNMENT) -> None:
        self.json = released(f"{assignment}/{name}")
        for cell in self.cells:
            cell["source"] = SOLUTIONS.get(id_of(cell), "".join(cell["source"]))

    @property
    def cells(self) -> list[Cell]:
        """Its cells, to be changed in place."""
        found: list[Cell] = self.json["cells"]
        return found

    def at(self, grade_id: str) -> int:
        """Where a cell of the course is."""
        return next(at for at, cell in enumerate(self.cells) if id_of(cell) == grade_id)

    def __getitem__(self, grade_id: str) -> Cell:
        return self.cells[self.at(grade_id)]

    def remove(self, grade_id: str) -> Cell:
        """Take a cell out."""
        return self.cells.pop(self.at(grade_id))

    def copy_below(self, grade_id: str, source: str, *, below: str = "") -> None:
        """Copy a cell with its metadata, as JupyterLab does, and write something into the copy."""
        made = {**copy.deepcopy(self[grade_id]), "source": source}
        self.cells.insert(self.at(below or grade_id) + 1, made)

    def split(self, grade_id: str, line: int, *, keeps_metadata: bool = True) -> None:
        """Split a cell in front of a line."""
        lines = self[grade_id]["source"].split("\n")
        self[grade_id]["source"] = "\n".join(lines[:line])
        rest = "\n".join(lines[line:])
        if keeps_metadata:
            self.copy_below(grade_id, rest)
        else:
            self.cells.insert(self.at(grade_id) + 1, code(rest))

    def merge(self, first: str, last: str, *, metadata_of: str) -> None:
        """Merge all cells from one to another; the result keeps the metadata and the type of one of them."""
        start, end = self.at(first), self.at(last) + 1
        merged = copy.deepcopy(self[metadata_of])
        merged["source"] = "\n\n".join(cell["source"] for cell in self.cells[start:end])
        self.cells[start:end] = [merged]

    def without_metadata(self, grade_id: str = "") -> None:
        """Lose the metadata and the id of one cell, or of all."""
        for cell in [self[grade_id]] if grade_id else self.cells:
            cell["metadata"] = {}
            cell.pop("id", None)

    def bytes(self) -> bytes:
        """The file."""
        return json.dumps(self.json, ensure_ascii=False, indent=1).encode(errors="surrogatepass")


class Folder:
    """What a student hands in: two notebooks, other files by name, and whatever `make` puts there."""

    def __init__(self) -> None:
        self.chain, self.step = Book(CHAIN), Book(STEP)
        self.files: dict[str, bytes | None] = {}
        self.make: Callable[[Path], object] = lambda folder: None

    def write(self, folder: Path) -> None:
        """Put it all below `folder`; None stands for a file that is not there."""
        folder.mkdir(parents=True)
        books = {f"{CHAIN}.ipynb": self.chain.bytes(), f"{STEP}.ipynb": self.step.bytes()}
        for name, data in {**books, **self.files}.items():
            if data is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        self.make(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case.

    Attributes:
        name: A sentence; also the student's id, and so the name of a folder.
        spoil: What the student has done.
        lost: Status of each gap that is not right.
        remarks: Parts of remarks that the student must read; without any, nothing may be said of gaps that are right.
    """

    name: str
    spoil: Callable[[Folder], object]
    lost: Mapping[str, Status] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Put what the student hands in below `folder`."""
        work = Folder()
        self.spoil(work)
        work.write(folder)


CASES: list[Case] = []


def case(*remarks: str, **lost: str) -> Callable[[Callable[[Folder], object]], Callable[[Folder], object]]:
    """Enter a function as a case of its name; `lost` gives the status of each gap that is not right."""

    def enter(spoil: Callable[[Folder], object]) -> Callable[[Folder], object]:
        name = spoil.__name__.replace("_", " ").strip()
        statuses = {gap: Status(status) for gap, status in lost.items()}
        CASES.append(Case(name=name, spoil=spoil, lost=statuses, remarks=remarks))
        return spoil

    return enter


UNREADABLE = dict.fromkeys(GAPS[CHAIN], "unreadable")
NOT_THERE = dict.fromkeys(GAPS[CHAIN], "not-handed-in")


# A gap's cell.


@case()
def solved_notebooks_are_right(folder: Folder) -> None:
    pass


@case(relu_dz="missing")
def a_deleted_gap_costs_itself(folder: Folder) -> None:
    folder.chain.remove("relu_dz")


@case(dmul="untouched")
def an_emptied_gap_costs_itself(folder: Folder) -> None:
    folder.chain["dmul"]["source"] = ""


@case(dmul="untouched")
def a_gap_with_nothing_but_comments_costs_itself(folder: Folder) -> None:
    folder.chain["dmul"]["source"] = "# dmul: from x, w\n# I do not know\n"


@case(dmul="untouched")
def a_source_that_is_null_counts_as_empty(folder: Folder) -> None:
    folder.chain["dmul"]["source"] = None


@case("had been turned into text")
def a_gap_turned_to_markdown_is_read_as_code(folder: Folder) -> None:
    cell = folder.chain["drelu_dx"]
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]
    folder.step["drop"]["cell_type"] = "raw"


@case("had been turned into text")
def a_gap_without_metadata_turned_to_markdown_is_read_as_code(folder: Folder) -> None:
    folder.chain["drelu_dx"]["cell_type"] = "markdown"
    folder.chain.without_metadata("drelu_dx")


# Copies of a gap's cell.


@case("several cells for this step")
def of_two_versions_the_last_one_counts(folder: Folder) -> None:
    book = folder.chain
    book.copy_below("relu_dz", book["relu_dz"]["source"])
    book["relu_dz"]["source"] = "# relu_dz: from z\nrelu_dz = z"


@case("several cells for this step", relu_dz="wrong")
def of_two_versions_the_last_one_counts_even_if_it_is_wrong(folder: Folder) -> None:
    folder.chain.copy_below("relu_dz", "# relu_dz: from z\nrelu_dz = z")


@case()
def an_empty_copy_below_changes_nothing(folder: Folder) -> None:
    folder.chain.copy_below("relu_dz", "")
    folder.chain.copy_below("dmul", "# dmul: nothing here\n", below="check_dmul")


@case()
def a_copy_of_the_untouched_gap_below_changes_nothing(folder: Folder) -> None:
    folder.chain.copy_below("relu_dz", STUBS["relu_dz"])
    folder.chain.copy_below("neuron_backward", STUBS["neuron_backward"], below="check_neuron_backward")


@case("several cells for this step")
def a_copy_used_as_scratch_paper_is_no_version(folder: Folder) -> None:
    folder.chain.copy_below("relu_dz", "print(relu_dz)\nrelu_dz / 0", below="check_relu_dz")


@case("several cells for this step")
def a_version_that_raises_above_the_right_one_costs_nothing(folder: Folder) -> None:
    book = folder.chain
    book.copy_below("neuron_backward", book["neuron_backward"]["source"])
    book["neuron_backward"]["source"] = (
        "# neuron_backward: first try\ndef neuron_backward(x, w, b, dvalue):\n    return (1"
    )


@case()
def a_copy_without_metadata_above_the_answer_changes_nothing(folder: Folder) -> None:
    book = folder.chain
    book.cells.insert(book.at("relu_dz"), code("# relu_dz: a first thought\nrelu_dz = z"))


@case("was recognised by its first line")
def the_answer_in_a_copy_without_metadata_counts_if_the_gap_is_untouched(folder: Folder) -> None:
    book = folder.chain
    book.cells.insert(book.at("relu_dz") + 1, code(SOLUTIONS["relu_dz"]))
    book["relu_dz"]["source"] = STUBS["relu_dz"]


@case("was recognised by its first line")
def the_answer_in_a_copy_without_marks_counts_if_the_gap_sets_nothing_that_is_asked_for(folder: Folder) -> None:
    book = folder.chain
    book.cells.insert(book.at("check_relu_dz") + 1, code(SOLUTIONS["relu_dz"]))
    book["relu_dz"]["source"] = "# relu_dz: from z\nslope = 1 if z > 0 else 0\nprint(slope)"


@case("stood in a cell of its own")
def the_answer_in_a_cell_of_its_own_below_the_untouched_gap_counts(folder: Folder) -> None:
    book = folder.chain
    for gap in ("relu_dz", "drelu_dxw", "neuron_backward"):
        answer = SOLUTIONS[gap].partition("\n")[2]
        book.cells[book.at(gap) + 1 : book.at(gap) + 1] = [code("print(z)"), code(answer), code("z")]
        book[gap]["source"] = STUBS[gap] if gap != "drelu_dxw" else ""


# Split and merged.


@case("had been split")
def a_function_split_in_its_middle_is_joined(folder: Folder) -> None:
    folder.chain.split("neuron_backward", 4)
    folder.step.split("z_after", 3, keeps_metadata=False)


@case("had been split")
def an_answer_split_between_two_lines_is_joined(folder: Folder) -> None:
    folder.chain.split("drelu_dxw", 4)
    folder.chain.split("dmul", 5)
    folder.chain.split("dmul", 3)


@case("had been split")
def an_answer_split_behind_its_first_line_is_joined(folder: Folder) -> None:
    folder.chain.split("drelu_dxw", 1)


@case("had been split")
def an_answer_split_by_a_program_that_drops_metadata_is_joined(folder: Folder) -> None:
    folder.chain.split("drelu_dxw", 4, keeps_metadata=False)


@case()
def a_gap_merged_with_its_check_is_right(folder: Folder) -> None:
    folder.chain.merge("relu_dz", "check_relu_dz", metadata_of="relu_dz")


@case("had been merged")
def a_gap_merged_into_its_check_is_taken_out(folder: Folder) -> None:
    folder.chain.merge("relu_dz", "check_relu_dz", metadata_of="check_relu_dz")


@case("by its place")
def a_gap_merged_into_its_check_without_its_first_line_is_taken_out(folder: Folder) -> None:
    book = folder.chain
    book["relu_dz"]["source"] = book["relu_dz"]["source"].partition("\n")[2]
    book.merge("relu_dz", "check_relu_dz", metadata_of="check_relu_dz")


@case("had been merged")
def two_merged_gaps_are_taken_apart(folder: Folder) -> None:
    folder.chain.merge("relu_dz", "drelu_dsum", metadata_of="relu_dz")
    folder.step.merge("gradients", "gradient_step", metadata_of="gradient_step")


@case("had been merged")
def a_gap_merged_with_a_locked_cell_does_not_set_the_numbers_back(folder: Folder) -> None:
    folder.chain.merge("02_upstream", "relu_dz", metadata_of="relu_dz")
    folder.step.merge("03_givens", "gradients", metadata_of="gradients")


@case("had been merged")
def a_gap_merged_with_text_is_taken_apart(folder: Folder) -> None:
    book = folder.chain
    at = book.at("drelu_dsum")
    book.cells[at]["source"] = "\n\n".join([book.cells[at - 1]["source"], book.cells[at]["source"]])
    del book.cells[at - 1]
    at = book.at("check_dmul")
    book.cells[at - 1]["source"] = "\n\n".join([book.cells[at - 1]["source"], book.cells[at + 1]["source"]])
    del book.cells[at : at + 2]


@case("had been merged")
def a_gap_merged_into_the_text_above_is_taken_out(folder: Folder) -> None:
    book = folder.chain
    at = book.at("drelu_dsum")
    book.cells[at - 1]["source"] += "\n\n" + book.cells[at]["source"]
    del book.cells[at]


@case("had been merged")
def a_notebook_in_a_single_cell_is_taken_apart(folder: Folder) -> None:
    sources = [cell["source"] for cell in folder.chain.cells if cell["cell_type"] == "code"]
    folder.chain.json["cells"] = [code("\n\n".join(sources))]


# Moved.


@case("had been moved")
def moved_gaps_are_graded_in_the_course_s_order(folder: Folder) -> None:
    book = folder.chain
    book.cells.insert(0, book.remove("dmul"))
    book.cells.append(book.remove("relu_dz"))


@case("had been moved")
def a_notebook_turned_upside_down_is_right(folder: Folder) -> None:
    folder.chain.cells.reverse()
    random.Random(1).shuffle(folder.step.cells)


@case()
def own_cells_anywhere_change_nothing(folder: Folder) -> None:
    for at in range(len(folder.chain.cells), -1, -3):
        folder.chain.cells[at:at] = [code("x = None\nz = 1 / 0"), text("# relu_dz: a note"), code("")]


# Locked cells and checks.


@case()
def deleted_locked_cells_and_checks_are_put_back(folder: Folder) -> None:
    for grade_id in ("02_setup", "02_givens", "check_relu_dz", "check_dw_termwise"):
        folder.chain.remove(grade_id)


@case("The locked cell 02_givens differs")
def changed_locked_cells_are_put_back(folder: Folder) -> None:
    folder.chain["02_givens"]["source"] = "x = w = b = z = y = None"
    folder.chain["02_upstream"]["source"] = ""
    folder.chain["check_relu_dz"]["source"] = "1 / 0"


@case("The locked cell 02_setup differs")
def an_import_added_to_a_locked_cell_is_kept(folder: Folder) -> None:
    folder.chain["02_setup"]["source"] += "\nimport math"
    folder.chain["drelu_dsum"]["source"] = "drelu_dsum = math.fabs(dvalue) * (z > 0) * math.copysign(1, dvalue)"


@case()
def copies_of_locked_cells_and_checks_change_nothing(folder: Folder) -> None:
    book = folder.chain
    for grade_id in ("02_givens", "02_upstream", "check_dmul"):
        book.copy_below(grade_id, book[grade_id]["source"], below="check_drelu_dx")
    book.copy_below("02_givens", "x = [0.0, 0.0, 0.0]", below="relu_dz")


# Metadata.


@case()
def tags_and_foreign_metadata_change_nothing(folder: Folder) -> None:
    for cell in folder.chain.cells:
        cell["metadata"] |= {
            "tags": ["skip-execution", "raises-exception"],
            "jupyter": {"source_hidden": True},
            "a": [{}],
        }
        cell["attachments"] = {"x": {"text/plain": "y"}}
    folder.chain.json["metadata"] = {"kernelspec": {"name": "ir", "language": "R"}, "colab": {"provenance": []}}
    folder.step["check_drop"]["metadata"]["nbgrader"] |= {"points": 100, "schema_version": 1, "grade": False}


@case()
def metadata_of_the_wrong_type_are_passed_over(folder: Folder) -> None:
    names = ("relu_dz", "dmul", "drelu_dx", "drelu_dw")
    wrong = ([], None, {"nbgrader": "grade_id"}, {"nbgrader": {"grade_id": ["drelu_dw", 7]}})
    for cell, metadata in zip([folder.chain[name] for name in names], wrong, strict=True):
        cell["metadata"] = metadata
    folder.chain.cells.insert(3, code("a = 1") | {"metadata": {"nbgrader": {"grade_id": "no_such_cell"}}})


@case()
def lost_metadata_with_ids_kept_change_nothing(folder: Folder) -> None:
    for cell in folder.chain.cells:
        cell["metadata"] = {}
    for cell in folder.step.cells:
        cell["metadata"] = {"id": cell.pop("id")}


@case("had lost their nbgrader metadata")
def a_notebook_from_colab_is_found_again(folder: Folder) -> None:
    for at, cell in enumerate(folder.chain.cells):
        cell["metadata"] = {"id": f"x{at}Yz", "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "0"}
        cell.pop("id")
    folder.chain.json |= {"nbformat_minor": 0, "metadata": {"colab": {"name": "02_chain.ipynb"}}}


@case("had lost their nbgrader metadata")
def a_notebook_from_nbstripout_is_found_again(folder: Folder) -> None:
    for at, cell in enumerate(folder.chain.cells):
        cell |= {"metadata": {}, "id": str(at)}


@case("had lost their nbgrader metadata")
def gaps_without_metadata_and_first_lines_are_found_by_their_place(folder: Folder) -> None:
    for gap in GAPS[CHAIN]:
        folder.chain[gap]["source"] = folder.chain[gap]["source"].partition("\n")[2]
    folder.chain.without_metadata()


@case("by its place", dmul="raised", relu_dz="missing")
def one_gap_without_metadata_and_first_line_is_found_by_its_place(folder: Folder) -> None:
    book = folder.chain
    for gap in ("drelu_dsum", "dmul"):
        book.without_metadata(gap) if gap != "dmul" else None
        book.cells[book.at("check_drelu_dsum") - 1]["source"] = SOLUTIONS["drelu_dsum"].partition("\n")[2]
    at = book.at("dmul")
    book.cells[at] = code("dmul_dx0 = (")
    book.cells[book.at("relu_dz")] = code("# Yours: my guess. y goes down for ..., and moves most for ...")


@case("was recognised by its first line")
def one_cell_that_lost_its_metadata_is_found_by_its_first_line(folder: Folder) -> None:
    folder.chain.without_metadata("dmul")


# The file.


@case()
def a_byte_order_mark_changes_nothing(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = b"\xef\xbb\xbf" + folder.chain.bytes()
    folder.step["drop"]["source"] = "\ufeff" + folder.step["drop"]["source"]


@case()
def ends_of_lines_from_windows_change_nothing(folder: Folder) -> None:
    for cell in folder.chain.cells:
        cell["source"] = [line + "\r\n" for line in cell["source"].split("\n")]
    folder.files[f"{CHAIN}.ipynb"] = folder.chain.bytes().replace(b"\n", b"\r\n")
    for cell in folder.step.cells:
        cell["source"] = cell["source"].replace("\n", "\r")


@case()
def another_encoding_of_text_changes_nothing(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = folder.chain.bytes().decode().encode("utf-16")
    folder.files[f"{STEP}.ipynb"] = folder.step.bytes().decode().encode("utf-32-be")


@case()
def bytes_that_are_no_text_cost_nothing_but_themselves(folder: Folder) -> None:
    folder.chain.cells.insert(0, text("Gr\xfc\xdfe @@@"))
    folder.files[f"{CHAIN}.ipynb"] = folder.chain.bytes().replace(b"@@@", b"\xff\xfe\x80")


@case(dmul="raised")
def characters_that_no_file_can_hold_cost_nothing_but_their_cell(folder: Folder) -> None:
    folder.chain.cells[2:2] = [text("\ud800 \udfff \x00"), code("s = '\ud800'"), code("\x00"), code("\x1b[2J")]
    folder.chain["dmul"]["source"] += "\n\x00"
    folder.chain.json["cells"].insert(0, "no cell")
    folder.chain.json["cells"].insert(9, None)
    folder.files[f"{CHAIN}.ipynb"] = json.dumps(folder.chain.json).encode()


def _as_version_3(book: Book) -> dict[str, Any]:
    cells = []
    for cell in book.cells:
        if cell["cell_type"] == "code":
            made = {"cell_type": "code", "input": cell["source"], "language": "python", "prompt_number": 1}
            cells.append({**made, "metadata": cell["metadata"], "outputs": [], "collapsed": False})
        else:
            cells.append({"cell_type": "markdown", "metadata": cell["metadata"], "source": cell["source"]})
    half = len(cells) // 2
    sheets = [{"cells": cells[:half], "metadata": {}}, {"cells": cells[half:]}, None]
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": sheets}


@case()
def an_old_format_of_notebooks_is_read(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = json.dumps(_as_version_3(folder.chain)).encode()


@case()
def a_coming_format_of_notebooks_is_read(folder: Folder) -> None:
    folder.chain.json |= {"nbformat": 5, "nbformat_minor": 99, "new": {"key": True}}
    del folder.step.json["nbformat"], folder.step.json["nbformat_minor"], folder.step.json["metadata"]


@case()
def numbers_that_are_none_and_numbers_without_end_change_nothing(folder: Folder) -> None:
    folder.chain["dmul"]["execution_count"] = "@"
    data = folder.chain.bytes().replace(b'"@"', b"1" + b"0" * 5000)
    folder.files[f"{CHAIN}.ipynb"] = data.replace(
        b'"nbformat": 4', b'"nbformat": NaN, "a": Infinity, "b": 1e999, "c": -0'
    )


@case("cannot be read as a notebook", **UNREADABLE)
def a_file_cut_off_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = folder.chain.bytes()[:-100]


@case("The file is empty", **UNREADABLE)
def an_empty_file_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = b""


@case("The file is empty", **UNREADABLE)
def a_blank_file_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = b" \r\n\t\n"


@case("This is not notebook 02_chain", **UNREADABLE)
def a_file_of_other_json_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = b'[1, {"cells": 2}]'


@case("cannot be read as a notebook", **UNREADABLE)
def json_without_bottom_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = b'{"cells": ' + b"[" * 200_000


@case("cannot be read as a notebook", **UNREADABLE)
def a_picture_named_like_a_notebook_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@case("at most 20 MB", **UNREADABLE)
def a_file_of_more_megabytes_than_are_taken_costs_itself_only(folder: Folder) -> None:
    def sparse(path: Path) -> None:
        os.truncate(path / f"{CHAIN}.ipynb", 1 << 40)

    folder.make = sparse


@case("at most 2000 are taken", **UNREADABLE)
def a_notebook_of_thousands_of_cells_costs_itself_only(folder: Folder) -> None:
    folder.chain.cells.extend(code("") for _ in range(3000))


@case("at most 100000 are taken", dmul="missing")
def a_cell_longer_than_anybody_writes_costs_itself_only(folder: Folder) -> None:
    folder.chain.cells.insert(5, code("a = " + "-" * 200_000 + "1"))
    folder.chain["dmul"]["source"] += "\n#" + "x" * 200_000


@case("This is not notebook 02_chain", **UNREADABLE)
def a_notebook_of_another_assignment_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = json.dumps(released(ANOTHER)).encode()


BESIDE_FROM = len(CASES)

# The folder.


@case("was found under the name 02_chain (1).ipynb")
def a_renamed_notebook_is_recognised_by_its_cells(folder: Folder) -> None:
    folder.files = {f"{CHAIN}.ipynb": None, f"{CHAIN} (1).ipynb": folder.chain.bytes()}


@case("was found under the name h\u00e4nd in!.ipynb")
def a_renamed_notebook_without_metadata_is_recognised_by_its_cells(folder: Folder) -> None:
    folder.chain.without_metadata()
    folder.files = {f"{CHAIN}.ipynb": None, "h\u00e4nd in!.ipynb": folder.chain.bytes()}


@case("was found under the name 02_chain.ipynb", "was found under the name 03_step.ipynb")
def two_notebooks_under_each_other_s_name_are_told_apart(folder: Folder) -> None:
    folder.files = {f"{CHAIN}.ipynb": folder.step.bytes(), f"{STEP}.ipynb": folder.chain.bytes()}


@case("was found under the name everything.ipynb")
def two_notebooks_in_one_file_are_told_apart(folder: Folder) -> None:
    folder.chain.cells.extend(folder.step.cells)
    folder.files = {f"{CHAIN}.ipynb": None, f"{STEP}.ipynb": None, "everything.ipynb": folder.chain.bytes()}


@case("was found under the name 02_chain-Copy1.ipynb")
def a_copy_counts_where_the_notebook_itself_is_empty(folder: Folder) -> None:
    folder.files = {f"{CHAIN}.ipynb": b"", f"{CHAIN}-Copy1.ipynb": folder.chain.bytes()}


@case("was found under the name b.ipynb")
def of_several_copies_the_one_with_most_answers_counts(folder: Folder) -> None:
    half = Book(CHAIN)
    for gap in GAPS[CHAIN][:5]:
        half[gap]["source"] = STUBS[gap]
    files = {"a.ipynb": half.bytes(), "b.ipynb": folder.chain.bytes(), "c.ipynb": blank(CHAIN)}
    folder.files = {f"{CHAIN}.ipynb": None, **files}


@case("was found under the name 02_chain (1).ipynb", "was found under the name 03_step-Copy1.ipynb")
def a_blank_notebook_never_counts_before_one_with_answers(folder: Folder) -> None:
    folder.files = {
        f"{CHAIN}.ipynb": blank(CHAIN),
        f"{CHAIN} (1).ipynb": folder.chain.bytes(),
        f"{STEP}.ipynb": blank(STEP),
        f"{STEP}-Copy1.ipynb": folder.step.bytes(),
    }


@case("02_chain-1.ipynb counts for 02_chain; passed over: 02_chain.ipynb (is an earlier attempt)", dmul="untouched")
def the_second_attempt_counts_as_canvas_names_it(folder: Folder) -> None:
    first = folder.chain.bytes()
    folder.chain["dmul"]["source"] = STUBS["dmul"]
    folder.files = {f"{CHAIN}.ipynb": first, f"{CHAIN}-1.ipynb": folder.chain.bytes()}


@case("02_chain.ipynb counts for 02_chain; passed over: old.ipynb (is older)", dmul="untouched")
def of_two_files_with_answers_the_newest_counts(folder: Folder) -> None:
    folder.files["old.ipynb"] = folder.chain.bytes()
    folder.chain["dmul"]["source"] = STUBS["dmul"]
    folder.make = lambda path: os.utime(path / "old.ipynb", (1_700_000_000, 1_700_000_000))


@case("under the name 02_chain.ipynb.json", "under the name 03_step.IPYNB")
def other_endings_are_found_by_their_cells(folder: Folder) -> None:
    chain, step = folder.chain.bytes(), folder.step.bytes()
    folder.files = {f"{CHAIN}.ipynb": None, f"{CHAIN}.ipynb.json": chain, f"{STEP}.ipynb": None, f"{STEP}.IPYNB": step}


@case("under the name 02_chain.ipynb.txt", "under the name b.json")
def further_endings_are_found_by_their_cells(folder: Folder) -> None:
    chain, step = folder.chain.bytes(), folder.step.bytes()
    folder.files = {f"{CHAIN}.ipynb": None, f"{CHAIN}.ipynb.txt": chain, f"{STEP}.ipynb": None, "b.json": step}


@case("under the name 1_neuron/02_chain.ipynb", "under the name 1_neuron/03_step.ipynb")
def notebooks_one_folder_deeper_are_found(folder: Folder) -> None:
    chain, step = folder.chain.bytes(), folder.step.bytes()
    deeper = {f"{ASSIGNMENT}/{CHAIN}.ipynb": chain, f"{ASSIGNMENT}/{STEP}.ipynb": step}
    folder.files = {f"{CHAIN}.ipynb": None, f"{STEP}.ipynb": None, **deeper}


@case("under the name work.zip/my work/02_chain.ipynb", "under the name work.zip/more.zip/03_step.ipynb")
def a_zip_left_in_place_is_looked_into(folder: Folder) -> None:
    more = zipped({f"{STEP}.ipynb": folder.step.bytes()})
    inside = {f"my work/{CHAIN}.ipynb": folder.chain.bytes(), "more.zip": more, f"__MACOSX/._{CHAIN}.ipynb": b"Mac"}
    folder.files = {f"{CHAIN}.ipynb": None, f"{STEP}.ipynb": None, "work.zip": zipped(inside)}


@case("02_chain.ipynb was not handed in", "work.rar (archives of this kind are not opened", **NOT_THERE)
def what_was_handed_in_instead_is_named(folder: Folder) -> None:
    folder.files = {f"{CHAIN}.ipynb": None, "work.rar": b"Rar!", "broken.zip": b"PK", "answers.pdf": b"%PDF-1.4"}


@case()
def more_notebooks_than_asked_for_change_nothing(folder: Folder) -> None:
    folder.files = {
        "Untitled.ipynb": b"{}",
        f"{CHAIN}-Copy1.ipynb": blank(CHAIN),
        "01_neuron.ipynb": b"",
        ".hidden.ipynb": b"x",
    }


@case()
def modules_beside_the_notebooks_are_not_imported(folder: Folder) -> None:
    trap = b"raise SystemExit('imported')"
    names = ["numpy.py", "lab/__init__.py", "lab/judge.py", "sitecustomize.py", "math.py", "conftest.py", "pytest.ini"]
    folder.files = dict.fromkeys([*names, "numpy/__init__.py", "x/../y.py", "data.csv"], trap)


@case("02_chain.ipynb was not handed in", **NOT_THERE)
def a_notebook_that_is_not_there_costs_itself_only(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = None


@case("02_chain.ipynb was not handed in", **NOT_THERE, **dict.fromkeys(GAPS[STEP], "not-handed-in"))
def a_folder_without_notebooks_gets_no_points(folder: Folder) -> None:
    folder.files = {f"{CHAIN}.ipynb": None, f"{STEP}.ipynb": None, "answers.txt": b"42", "answers.pdf": b"%PDF-1.4"}


@case("02_chain.ipynb was not handed in", **NOT_THERE)
def a_link_to_somebody_else_s_file_counts_for_nothing(folder: Folder) -> None:
    def link(path: Path) -> None:
        other = path.parents[1] / "solved notebooks are right" / ASSIGNMENT / f"{CHAIN}.ipynb"
        (path / f"{CHAIN}.ipynb").symlink_to(os.path.relpath(other, path))

    folder.files[f"{CHAIN}.ipynb"] = None
    folder.make = link


@case()
def links_and_pipes_beside_the_notebooks_change_nothing(folder: Folder) -> None:
    def litter(path: Path) -> None:
        (path / "nowhere").symlink_to("no/such/file")
        (path / "everywhere").symlink_to("/", target_is_directory=True)
        (path / "round").symlink_to("round")
        (path / "gradebook.txt").symlink_to("../../../gradebook.db")
        (path / "timestamp.txt").symlink_to("/dev/zero")
        os.mkfifo(path / "pipe")
        os.mkfifo(path / "pipe.ipynb")

    folder.make = litter


@case("02_chain.ipynb was not handed in", **NOT_THERE)
def a_folder_named_like_a_notebook_counts_for_nothing(folder: Folder) -> None:
    folder.files[f"{CHAIN}.ipynb"] = None
    folder.make = lambda path: (path / f"{CHAIN}.ipynb" / "inside").mkdir(parents=True)


@case()
def a_timestamp_that_is_none_changes_nothing(folder: Folder) -> None:
    folder.files["timestamp.txt"] = b"the day before \xff yesterday"


NAMES_FROM = len(CASES)


def _odd_names() -> None:
    """Names of folders as file systems and learning platforms make them: two of them differ in composition only."""
    names = [
        "Smith, Ann [12345] (late)",
        "a+b@example.org",
        "%s {0} $HOME `id`",
        "O'Hara; drop table",
        "\u00c5sa",
        "A\u030asa",
        "*?",
    ]
    for name in [*names, "-rf", "  spaces  ", "\u5b66\u751f", "<b>x", "con.ipynb", "\\back\\slash", "~"]:
        CASES.append(
            Case(name=name, spoil=lambda folder: folder.chain.remove("relu_dz"), lost={"relu_dz": Status.MISSING})
        )


_odd_names()

IN_SHORT = (*CASES[:BESIDE_FROM:8], *CASES[BESIDE_FROM:NAMES_FROM], *CASES[NAMES_FROM::4])
"""For nbgrader, which takes its time: what lies beside the notebooks, and some of the rest."""
