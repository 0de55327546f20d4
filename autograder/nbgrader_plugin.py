"""The engine behind nbgrader's own commands and formgrader's buttons; `nbgrader_config.py` names these classes."""

from __future__ import annotations

import atexit
import os
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder import feedback, notebook
from autograder.course import Course, find_root, secret_of, submission_of
from autograder.gradebook import handed_out
from autograder.grading import Graded, Grader
from autograder.model import GapResult, KitError, Record, Status

LAB = Path(__file__).parent.parent / "lab"
OPEN = Path(os.environ.get("LAB_OPEN", LAB / "open"))
Resources = Any


@cache
def grader(folder: Path) -> Grader:
    """One grader a course and process, so that formgrader's second click finds it warm."""
    root = find_root(folder)
    made = Grader(Course(root, secret_of(root)))
    atexit.register(made.close)
    return made


class KitExporter(NotebookExporter):
    """Reads submitted notebooks through `notebook.py`, so that an unreadable file costs only itself."""

    parent: Any  # nbgrader's converter

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        try:
            grader(Path(self.parent.coursedir.root)).isolation  # noqa: B018  # refuse before the first submission
        except KitError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None

    def from_filename(self, filename: str, resources: Resources = None, **keywords: Any) -> Any:
        """Export one notebook; a submitted one is repaired first."""
        marks = resources["nbgrader"]
        coursedir = self.parent.coursedir
        submitted = coursedir.format_path(coursedir.submitted_directory, marks["student"], marks["assignment"])
        if Path(filename).parent.resolve() != Path(submitted).resolve():
            return super().from_filename(filename, resources=resources, **keywords)
        course = grader(Path(coursedir.root)).course
        repaired, _ = grader(Path(coursedir.root)).read(Path(filename).read_bytes(), marks["notebook"])
        if repaired.unreadable:
            repaired = handed_out(course, marks["notebook"], repaired.unreadable)
        return self.from_notebook_node(from_dict(notebook.as_json(repaired, {})), resources=resources, **keywords)


class GradeByChecks(NbGraderPreprocessor):
    """In place of nbgrader's Execute: the kit grades the submitted file, and its verdicts become the outputs."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Fill in outputs; the record goes on in `resources["kit_record"]`. Nothing raises per notebook."""
        marks = resources["nbgrader"]
        engine = grader(Path.cwd())  # nbgrader changes into the course directory before it converts
        path = engine.course.root / "submitted" / marks["student"] / marks["assignment"] / f"{marks['notebook']}.ipynb"
        try:
            graded = engine.grade(path.read_bytes(), student=marks["student"], name=marks["notebook"])
            record, outputs = graded.record, _outputs(nb, graded)
        except Exception as fault:  # whatever it is, it is ours: no score, old mark kept, everybody else is graded
            self.log.error("%s of %s is left for manual grading: %s", marks["notebook"], marks["student"], fault)
            record = _all_for_review(engine.course, marks, fault)
            outputs = {f"check_{result.gap}": feedback.check_outputs(result) for result in record.gaps}
        for place, cell in enumerate(nb.cells):
            key = cell.metadata.get("nbgrader", {}).get("grade_id") or place
            if cell.cell_type == "code":
                cell.outputs = [nbformat.from_dict(output) for output in outputs.get(key, [])]
                cell.execution_count = place + 1
        nb.metadata.update(feedback.metadata(record, engine.course.sources[marks["notebook"]]))
        resources["kit_record"] = record
        return nb, resources


def _outputs(nb: NotebookNode, graded: Graded) -> dict[Any, list[dict[str, Any]]]:
    """Outputs by grade_id, or by place for the student's own cells."""
    grade_ids = [cell.grade_id for cell in graded.repaired.cells]
    by_place = feedback.outputs_of(graded.record, grade_ids, graded.shown)
    found: dict[Any, list[dict[str, Any]]] = {grade_ids[place] or place: outs for place, outs in by_place.items()}
    for result in graded.record.gaps:
        found[f"check_{result.gap}"] = feedback.check_outputs(result)
    return found


def _all_for_review(course: Course, marks: dict[str, str], fault: Exception) -> Record:
    plan = course.plan(marks["notebook"])
    message = "This notebook could not be graded because of a fault in the grader. Your instructor looks at it by hand."
    results = tuple(
        GapResult(gap=gap.name, points=gap.points, score=0.0, status=Status.REVIEW, message=message)
        for gap in plan.gaps
    )
    return Record(
        student=marks["student"],
        assignment=marks["assignment"],
        notebook=marks["notebook"],
        submission="",
        suite=course.suite,
        score=None,
        max_score=sum(gap.points for gap in plan.gaps),
        isolation="",
        gaps=results,
        remarks=(f"{type(fault).__name__}: {fault}"[:300],),
    )


class SaveMarks(SaveAutoGrades):
    """Marks from the record, never from outputs; a gap up for review keeps its old mark and is flagged."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Save grades and comments."""
        self._record: Record = resources["kit_record"]
        return super().preprocess(nb, resources)  # type: ignore[no-any-return]

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        grade_id = cell.metadata.nbgrader["grade_id"]
        book: Gradebook = self.gradebook
        grade = book.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        result = next(one for one in self._record.gaps if f"check_{one.gap}" == grade_id)
        if result.status is Status.REVIEW:
            grade.needs_manual_grade = True
        else:
            grade.auto_score = result.score
            grade.needs_manual_grade = grade.manual_score is not None
        book.db.commit()

    def _add_comment(self, cell: NotebookNode, resources: Resources) -> None:
        grade_id = cell.metadata.nbgrader["grade_id"]
        comment = self.gradebook.find_comment(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        result = next(one for one in self._record.gaps if one.gap == grade_id)
        nothing = {Status.UNTOUCHED, Status.MISSING, Status.UNREADABLE}
        comment.auto_comment = "No response." if result.status in nothing else None
        self.gradebook.db.commit()


class CopyLab(NbGraderPreprocessor):
    """Puts the students' package beside each released notebook, with that notebook's own data."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Add the files of `lab/` to what nbconvert's writer writes."""
        name = resources["nbgrader"]["notebook"]
        own = {OPEN / f"{name}.json": "open", LAB / "hints" / f"{name}.toml": "hints"}
        outputs = {f"lab/{path.name}": path.read_bytes() for path in sorted(LAB.glob("*.py"))}
        outputs |= {f"lab/{folder}/{path.name}": path.read_bytes() for path, folder in own.items()}
        resources.setdefault("outputs", {}).update(outputs)
        return nb, resources


class SolvedByTheKit(NbGraderPreprocessor):
    """In place of nbgrader's Execute for solutions: no markers, and outputs from the kit's own runner."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Strip the markers, run, fill in outputs."""
        name = resources["nbgrader"]["notebook"]
        engine = grader(Path.cwd())
        source = engine.course.sources[name]
        for cell in nb.cells:
            cell.source = notebook.solution_of(cell.source)
        solved = notebook.Repaired(
            cells=tuple(
                notebook.FoundCell(role=cell.role, source=notebook.solution_of(cell.source), grade_id=cell.grade_id)
                for cell in source.cells
            )
        )
        shown = engine.show(submission_of(solved, source, ""))
        ran = [place for place, cell in enumerate(solved.cells) if notebook.kinds(cell.role)]
        for at, place in enumerate(ran):
            outputs = feedback.cell_outputs(shown.get(at, []), at + 1)
            nb.cells[place].outputs = [nbformat.from_dict(output) for output in outputs]
            nb.cells[place].execution_count = at + 1
        return nb, resources
