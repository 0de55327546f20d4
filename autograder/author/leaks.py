"""What a release must not hold: solutions, hidden checks, hidden numbers, outputs, foreign metadata, stray files."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course import notebook as files
from autograder.course.course import Course
from autograder.course.handout import students_files
from autograder.course.notebook import SourceCell, SourceNotebook
from autograder.model import Plan, Twin, Value

START_PAGE = "START.md"
SHORTEST_LINE = 8
"""A solution line with fewer characters, blanks not counted, says too little to be told from other code."""
FEWEST_DIGITS = 6
"""Numbers of a hidden twin that have so many digits together are no coincidence; shorter rows are not looked for."""

NOTEBOOK_METADATA = {"kernelspec"}
KERNELSPEC = {"display_name", "language", "name"}
CELL_FIELDS = {"cell_type", "id", "metadata", "source", "outputs", "execution_count"}
CELL_METADATA = {"deletable", "editable", "nbgrader"}
NBGRADER_METADATA = {
    "cell_type",
    "checksum",
    "grade",
    "grade_id",
    "locked",
    "points",
    "schema_version",
    "solution",
    "task",
}

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_AGAIN = "Run `autograder generate`; if it is there again,"

Row = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What must not be found: each entry with the place it comes from.

    Attributes:
        lines: Lines of solution regions, without blanks.
        rows: Numbers of hidden twins as they stand one after the other: single ones, lists and arrays.
    """

    lines: Mapping[str, str]
    rows: Mapping[Row, str]


def leaks(course: Course, release_folder: Path, assignment: str = "*") -> list[str]:
    """Everything in `release_folder` that students must not get, one text each: file, cell, what, and what to do next.

    Args:
        course: Its source notebooks and twins; drawn twins are those of its secret.
        release_folder: With one folder for each assignment; a copy will do.
        assignment: The one to look at; all, if none is named.

    Raises:
        KitError: The course's own files do not fit together.
    """
    secrets = secrets_of(course)
    assignments = {source.assignment for source in course.sources.values()}
    lab = {assignment: students_files(course, assignment) for assignment in assignments}
    found = []
    for path in sorted(release_folder.rglob("*") if assignment == "*" else (release_folder / assignment).rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        inside = path.relative_to(release_folder)
        where = f"{release_folder.name}/{inside.as_posix()}"
        origin = _origin(course, inside, lab)
        if origin is None:
            found.append(f"{where}: no file that students need. Remove it from source/ or lab/, and generate again.")
        elif path.suffix == ".ipynb":
            source = course.read(origin, origin.stem)
            found += [f"{where}, {text}" for text in _in_notebook(path, source, secrets)]
        else:
            found += [f"{where}: {text}" for text in _in_file(path, origin, course, secrets)]
    return found


def _origin(course: Course, inside: Path, lab: Mapping[str, Mapping[str, Path]]) -> Path | None:
    """The file that one below the release folder is made from; None if students need no such file.

    Args:
        course: Whose release it is.
        inside: The file, below the release folder.
        lab: The files of `lab/` that students need, by assignment.
    """
    assignment, *rest = inside.parts
    if rest[:1] == ["lab"]:
        return lab.get(assignment, {}).get("/".join(rest))
    origin = course.root / "source" / inside
    is_needed = len(rest) == 1 and (origin.suffix == ".ipynb" or origin.name == START_PAGE)
    return origin if is_needed and origin.is_file() else None


# ---- what is secret -------------------------------------------------------------------------------------------------


def secrets_of(course: Course) -> Secrets:
    """Solution lines and hidden numbers of a course.

    Lines that the same notebook shows outside its solution regions, and numbers that any notebook's page or open twins
    show, are no secret.
    """
    lines = {line: place for source in course.sources.values() for line, place in _solution_lines(source)}
    rows: dict[Row, str] = {}
    shown: list[Row] = []
    for plan in map(course.plan, course.sources):
        for twin in plan.twins:
            for owner, values, is_shown in _values(plan, twin):
                numbers = [row for value in values.values() if (row := _row(value))]
                if is_shown:
                    shown.append(sum(numbers, ()))
                else:
                    rows |= dict.fromkeys(_telling(numbers), f"twin {twin.name} of {owner}")
    no_secret = {row for numbers in shown for row in _standing_in(numbers, rows)}
    return Secrets(lines=lines, rows={row: place for row, place in rows.items() if row not in no_secret})


def _solution_lines(source: SourceNotebook) -> Iterator[tuple[str, str]]:
    gaps = [cell for cell in source.cells if cell.role == "gap"]
    public = "\n".join(
        _squeezed(files.stub_of(cell.source) if cell.role == "gap" else cell.source) for cell in source.cells
    )
    for cell in gaps:
        for line in _in_regions(cell.source):
            if len(line) >= SHORTEST_LINE and line not in public and _says_something(line):
                yield line, f"gap {cell.grade_id} of {source.name}"


def _says_something(line: str) -> bool:
    """Whether a line holds a name or a number: `return []` stands in any code."""
    return bool(set(re.findall(r"\w+", line)) - set(keyword.kwlist))


def _in_regions(source: str) -> Iterator[str]:
    inside = False
    for line in source.split("\n"):
        if line.strip() in (files.BEGIN, files.END):
            inside = line.strip() == files.BEGIN
        elif inside:
            yield _squeezed(line)


def _squeezed(text: str) -> str:
    """Text without blanks; line ends stay."""
    return re.sub(r"[^\S\n]+", "", text)


def _values(plan: Plan, twin: Twin) -> Iterator[tuple[str, Mapping[str, Value], bool]]:
    """The parts of a twin: whose they are, their values, and whether a student may see them."""
    shown_to = {gap.name for gap in plan.gaps if twin.judges(gap.name) and gap.shows(twin)}
    yield plan.notebook, twin.givens, bool(shown_to)
    for part in (twin.probes, twin.before):
        for gap, values in part.items():
            yield gap, values, gap in shown_to


def _row(value: Value) -> Row:
    """The numbers of a value in reading order; empty if it is not made of numbers."""
    entries = np.asarray(value)
    return tuple(map(float, entries.ravel())) if entries.dtype.kind in "if" else ()


def _telling(numbers: list[Row]) -> Iterator[Row]:
    """Single numbers, lists and up to three neighbouring lists, where they have enough digits to be told apart."""
    lists = [value for value in numbers if len(value) > 1]
    neighbours = [sum(lists[at : at + size], ()) for size in (1, 2, 3) for at in range(len(lists) + 1 - size)]
    for row in [*((number,) for value in numbers for number in value), *neighbours]:
        if sum(map(_digits, set(row))) >= FEWEST_DIGITS:
            yield row


def _digits(number: float) -> int:
    """Digits of a number, zeros at both ends not counted."""
    mantissa = repr(abs(number)).partition("e")[0].replace(".", "")
    return len(mantissa.strip("0"))


# ---- where it could stand -------------------------------------------------------------------------------------------


def _in_notebook(path: Path, source: SourceNotebook, secrets: Secrets) -> Iterator[str]:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
    except (ValueError, KeyError, TypeError):
        yield "the whole file: it is no notebook. Generate it again."
        return
    foreign = set(notebook.get("metadata", {})) - NOTEBOOK_METADATA
    foreign |= set(notebook.get("metadata", {}).get("kernelspec", {})) - KERNELSPEC
    if foreign:
        yield f"metadata of the notebook: {_names(foreign)} is not needed. {_clear(source)}"
    for at, (cell, original) in enumerate(zip_longest(cells, source.cells)):
        name = (cell or {}).get("metadata", {}).get("nbgrader", {}).get("grade_id") or f"number {at + 1}"
        if cell is None:
            yield f"cell number {at + 1}: it is missing. Generate the notebook again."
        else:
            yield from (f"cell {name}: {text}" for text in _in_cell(cell, original, source, secrets))


def _in_cell(
    cell: Mapping[str, Any], original: SourceCell | None, source: SourceNotebook, secrets: Secrets
) -> Iterator[str]:
    text = "".join(cell.get("source", ""))
    public = original and (files.stub_of(original.source) if original.role == "gap" else original.source)
    if text != public:
        yield f"it is not what source/{source.assignment}/{source.name}.ipynb releases here. {_AGAIN} mend generate.py."
    if cell.get("outputs") or cell.get("execution_count") is not None:
        yield f"it has an output. {_clear(source)}"
    metadata = cell.get("metadata", {})
    foreign = (set(cell) - CELL_FIELDS) | (set(metadata) - CELL_METADATA)
    foreign |= set(metadata.get("nbgrader", {})) - NBGRADER_METADATA
    if foreign:
        yield f"{_names(foreign)} is not needed. {_clear(source)}"
    yield from in_text(text, secrets)


def _clear(source: SourceNotebook) -> str:
    return f"{_AGAIN} clear source/{source.assignment}/{source.name}.ipynb."


def _names(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _in_file(path: Path, origin: Path, course: Course, secrets: Secrets) -> Iterator[str]:
    if path.read_bytes() != origin.read_bytes():
        yield f"it is not {_shown(origin, course)}. Run `autograder generate`."
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return  # a picture
    if path.suffix == ".json" and path.parent.name == "open":
        yield from _in_open_numbers(json.loads(text), course.plan(_key_of(origin, course)))
        text = text.replace("\\n", "\n").replace('\\"', '"')
    yield from in_text(text, secrets)


def _key_of(numbers: Path, course: Course) -> str:
    return numbers.relative_to(course.folders.open).with_suffix("").as_posix()


def _shown(origin: Path, course: Course) -> str:
    inside = origin.is_relative_to(course.root)
    return f"{origin.relative_to(course.root).as_posix()} of the course" if inside else f"{origin.name} of the kit"


def _in_open_numbers(content: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    """Twins in the data of the students' check that their gap does not show."""
    for gap in plan.gaps:
        entry = content["gaps"][gap.name]
        named = {twin["name"] for twin in entry["twins"]}
        named |= {name for mistake in entry["mistakes"] for name in mistake.get("answers", mistake.get("values", {}))}
        hidden = named - {twin.name for twin in plan.twins if gap.shows(twin)}
        if hidden:
            yield f"gap {gap.name} has the hidden twin {_names(hidden)}. {_AGAIN} mend open_numbers in generate.py."


def in_text(text: str, secrets: Secrets) -> Iterator[str]:
    """What a text has of the secrets, with the next step."""
    squeezed = _squeezed(text)
    for line, place in secrets.lines.items():
        if line in squeezed:
            yield (
                f"it has a solution line of {place}: {line} (blanks left out). {_AGAIN} "
                "look for that line outside the solution region."
            )
    if files.BEGIN in text or files.END in text:
        yield f"it has a solution marker. {_AGAIN} look for an unpaired marker in the source notebook."
    numbers = tuple(float(number) for number in _NUMBER.findall(text.replace("−", "-")))
    places = {secrets.rows[row]: row for row in _standing_in(numbers, secrets.rows)}
    for place, row in places.items():
        yield (
            f"it has numbers of the hidden {place}: {', '.join(map(repr, row[:6]))}. {_AGAIN} "
            "look for them in source/ and lab/, or give the twin other numbers."
        )


def _standing_in(numbers: Row, rows: Iterable[Row]) -> list[Row]:
    """The rows that stand somewhere in `numbers`, one number after the other."""
    by_first: dict[float, list[Row]] = {}
    for row in rows:
        by_first.setdefault(row[0], []).append(row)
    found: dict[Row, None] = {}
    for at, number in enumerate(numbers):
        for row in by_first.get(number, []):
            if numbers[at : at + len(row)] == row:
                found[row] = None
    return list(found)
