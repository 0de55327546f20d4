"""A class of 60 and what learning platforms hand over of it: names with commas, umlauts, underscores and formulas.

The downloads are made by the rules that the platforms' own sources give; where each stands is said at its function.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from autograder.course.course import Course
from autograder.course.data import copy_data
from autograder.course.notebook import solution_of
from autograder.course.secret import SECRET_FILE

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "1_neuron"
NOTEBOOKS = ("01_neuron", "02_chain", "03_step")
SECRET = "lms"
POINTS = 62
DOWNLOADED = (2026, 1, 20, 9, 30, 0)
"""When the instructor downloads: what both platforms' zips say of every file in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """Somebody of the class.

    Attributes:
        number: From 1; ids of the platforms follow from it.
        share: Of the gaps that are right: 1 for all, 0 for none; None if nothing is handed in.
    """

    number: int
    login: str
    first: str
    last: str
    share: float | None

    @property
    def email(self) -> str:
        return f"{self.login}@uni.example"

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def sortable(self) -> str:
        return f"{self.last}, {self.first}"

    @property
    def participant(self) -> int:
        """Moodle's number in this assignment."""
        return 70_000 + 13 * self.number

    @property
    def canvas_id(self) -> int:
        return 500 + self.number


ODD = (
    ("ada", "Ada", "Lovelace"),
    ("lada", "Lada", "Byron"),
    ("ann_lee", "Ann", "Lee"),
    ("bob_lee", "Bob", "Lee"),
    ("s1234567", "Jürgen", "Müller-Lüdenscheidt"),
    ("zoe", "Zoë", "Ω"),
    ("ohara", "Miles", "O'Hara"),
    ("smith", "Ann", "Smith, Jr."),
    ("equals", "=SUM(A1)", "=Formula"),
    ("plus", "+1", "-2 @home"),
    ("under", "Una_Maria", "de_la_Cruz"),
    ("quote", 'Bo "Bobby"', "Quist"),
)


@cache
def class_of_60() -> tuple[Student, ...]:
    shares = (1.0, 0.5, 0.75, 0.0, None, 0.25)
    names = [*ODD, *((f"s{number:02}", f"First{number}", f"Last{number}") for number in range(len(ODD) + 1, 61))]
    return tuple(
        Student(number=number, login=login, first=first, last=last, share=1.0 if number < 4 else shares[number % 6])
        for number, (login, first, last) in enumerate(names, 1)
    )


@cache
def _released(name: str) -> str:
    return (ROOT / "release" / ASSIGNMENT / f"{name}.ipynb").read_text(encoding="utf-8")


@cache
def _solutions(name: str) -> Mapping[str, str]:
    content = json.loads((ROOT / "source" / ASSIGNMENT / f"{name}.ipynb").read_text(encoding="utf-8"))
    marks = [(cell["metadata"].get("nbgrader", {}), "".join(cell["source"])) for cell in content["cells"]]
    return {mark["grade_id"]: solution_of(source) for mark, source in marks if mark.get("solution")}


@cache
def notebook(name: str, share: float) -> bytes:
    """A notebook of the assignment with the first gaps right, and the rest as handed out."""
    content: dict[str, Any] = json.loads(_released(name))
    solutions = _solutions(name)
    right = [*solutions][: round(share * len(solutions))]
    for cell in content["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in right:
            cell["source"] = solutions[grade_id]
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def make_course(folder: Path, zone: str = "Europe/Berlin") -> Course:
    """The real course in another place, with a secret of its own."""
    shutil.copytree(ROOT / "source" / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    copy_data(ROOT, folder)
    (folder / SECRET_FILE).write_text(SECRET + "\n", encoding="ascii")
    (folder / "course.toml").write_text(f'zone = "{zone}"\n', encoding="utf-8")
    return Course(folder, SECRET)


def zipped(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]], when: tuple[int, ...] = DOWNLOADED) -> bytes:
    """A zip of files, all of one time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            info = zipfile.ZipInfo(name, when)  # type: ignore[arg-type]
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def csv_of(rows: Sequence[Sequence[object]], delimiter: str = ",", quoting: Any = csv.QUOTE_MINIMAL) -> str:
    """Rows as a spreadsheet writes them."""
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    return made.getvalue()


Files = Iterable[tuple[str, bytes]]


def works(student: Student) -> Files:
    """What a student uploads."""
    return [(f"{name}.ipynb", notebook(name, student.share)) for name in NOTEBOOKS if student.share is not None]


def moodle_name(student: Student) -> str:
    """moodle mod/assign/classes/downloader.php, get_student_prefix: underscores of the name become blanks.

    clean_filename drops what no file may be called (lib/moodlelib.php, PARAM_FILE): here quotes, commas stay.
    """
    full = re.sub(r'[\x00-\x1f<>"`|\':\\/*&?]', "", student.full.replace("_", " "))
    return f"{full}_{student.participant}"


def moodle_zip(students: Iterable[Student], files: Callable[[Student], Files] = works) -> bytes:
    """moodle mod/assign/classes/downloader.php, load_submissionplugin_filelist, with a folder for each student.

    The zip's times are those of the download (core_files zip_writer: without an option, the current time).
    """
    return zipped(
        (f"{moodle_name(student)}_assignsubmission_file/{name}", data)
        for student in students
        for name, data in files(student)
    )


MOODLE = (
    "Identifier",
    "Full name",
    "Email address",
    "Status",
    "Grade",
    "Maximum grade",
    "Grade can be changed",
    "Last modified (submission)",
    "Last modified (grade)",
    "Feedback comments",
)
SPANISH = (
    "Identificador",
    "Nombre completo",
    "Dirección de correo",
    "Estado",
    "Calificación",
    "Calificación máxima",
    "La calificación puede ser cambiada",
    "Última modificación (entrega)",
    "Última modificación (calificación)",
    "Comentarios de retroalimentación",
)


def worksheet(students: Iterable[Student], header: Sequence[str] = MOODLE, word: str = "Participant ") -> str:
    """moodle mod/assign/gradingtable.php as the offline worksheet downloads it: UTF-8 with a mark, comma."""
    rows = [
        [
            f"{word}{student.participant}",
            student.full,
            student.email,
            "No submission - " if student.share is None else "Submitted for grading - ",
            "",
            "62.00" if word == "Participant " else "62,00",
            "Yes",
            "-" if student.share is None else f"Monday, 12 January 2026, {student.number % 12 + 1}:30 PM",
            "-",
            "",
        ]
        for student in students
    ]
    return "\ufeff" + csv_of([header, *rows])


def canvas_name(student: Student) -> str:
    """canvas-lms lib/content_zipper.rb: sanitize_user_name, then sanitize_file_name."""
    name = re.sub(r"_(\d+)_", r"\1", student.sortable).lower()
    return re.sub(r"\W", "", name)


def canvas_zip(
    students: Iterable[Student], files: Callable[[Student], Files] = works, late: Iterable[str] = ()
) -> bytes:
    """canvas-lms lib/content_zipper.rb, add_upload_submission and get_filename."""
    return zipped(
        (f"{canvas_name(student)}{'_LATE' * (student.login in late)}_{student.canvas_id}_{9000 + at}_{name}", data)
        for student in students
        for at, (name, data) in enumerate(files(student), 10 * student.number)
    )


def canvas_gradebook(students: Iterable[Student], delimiter: str = ",", comma: bool = False) -> str:
    """canvas-lms lib/gradebook_exporter.rb, csv_data, with SIS ids, a hidden column and totals."""
    totals = ("Assignments Current Score", "Current Score", "Final Score", "Final Grade")
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "1_neuron (1234)", "Essay (1240)", *totals]
    number = "62,00" if comma else "62.00"
    rows = [
        ["    Points Possible", "", "", "", "", number, "10.00", *["(read only)"] * 4],
        *(
            [
                f'"{student.sortable}"' if student.sortable.startswith("=") else student.sortable,
                student.canvas_id,
                f"a{student.canvas_id}",
                student.login,
                "Sec 1",
                "",
                "7,50" if comma else "7.50",
                *["0.00"] * 4,
            ]
            for student in students
        ),
        ["Student, Test", 99_999, "", "f3a1", "Sec 1", "", "", *["0.00"] * 4],
    ]
    return csv_of([header, *rows], delimiter)
