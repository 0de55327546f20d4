"""The engine behind nbgrader's own commands and formgrader's buttons; `nbgrader_config.py` names these classes."""

from __future__ import annotations

import atexit
import fnmatch
import itertools
import os
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder.classes.grade import grade_one
from autograder.classes.jobs import Job
from autograder.course import notebook
from autograder.course.cells import submission_of
from autograder.course.course import Course, find_root
from autograder.course.handout import students_files
from autograder.course.notebook import Repaired, SourceNotebook
from autograder.course.private import close_folder
from autograder.course.secret import secret_of
from autograder.course.settings import settings_of
from autograder.gradebook import late, receipt
from autograder.gradebook.autograded import handed_out
from autograder.gradebook.book import enter_new, must_answer
from autograder.gradebook.guard import CheckedTimes, found_at
from autograder.handed_in.folder import check_student
from autograder.judging import feedback
from autograder.judging.grading import Graded, Grader
from autograder.model import KitError, Record, Status

Resources = Any


@cache
def grader(folder: Path) -> Grader:
    """One grader a course and process, so that formgrader's second click finds it warm."""
    root = find_root(folder)
    made = Grader(Course(root, secret_of(root)))
    atexit.register(made.close)
    return made


class KitExporter(NotebookExporter):
    """Reads submitted notebooks as the kit does, so that nothing in a student's folder costs more than itself."""

    parent: Any  # nbgrader's converter

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        converter = self.parent
        try:
            self._engine.isolation  # noqa: B018  # refuse before the first submission
            self._engine.hold_course(self._engine.course.sources)
            _check_submitted_directory(self._engine.course, converter.coursedir)
            settings_of(self._engine.course.root)
            must_answer(converter.coursedir.db_url)
            folders = _submissions(converter)
            enter_new(self._engine.course, converter.coursedir.db_url, {os.path.basename(path) for path in folders})
        except KitError as error:
            self.log.error(str(error))
            raise NbGraderException(str(error)) from None
        sources = self._engine.course.sources.values()
        wanted = [one for one in sources if fnmatch.fnmatchcase(one.name, converter.coursedir.notebook_id)]
        converter.assignments = {folder: self._paths(folder, wanted) for folder in folders}
        converter.coursedir = SubmittedFiles(**converter.coursedir.trait_values())

    @property
    def _engine(self) -> Grader:
        return grader(Path(self.parent.coursedir.root))

    def _paths(self, folder: str, wanted: list[SourceNotebook]) -> list[str]:
        """Every notebook of an assignment under its own name, handed in or not: none is left without a mark."""
        own = [source for source in wanted if source.assignment == os.path.basename(folder)]
        return [os.path.join(folder, f"{source.name}.ipynb") for source in own]

    def from_filename(self, filename: str, resources: Resources = None, **keywords: Any) -> Any:
        """Export one notebook; a submitted one is repaired first."""
        names = resources["nbgrader"]
        coursedir = self.parent.coursedir
        folder = coursedir.format_path(coursedir.submitted_directory, names["student"], names["assignment"])
        if Path(filename).parent.resolve() != Path(folder).resolve():
            return super().from_filename(filename, resources=resources, **keywords)
        key = self._engine.course.key(names["assignment"], names["notebook"])
        repaired = self._repaired(Path(folder), key)
        if repaired.unreadable:
            repaired = handed_out(self._engine.course, key, repaired.unreadable)
        return self.from_notebook_node(from_dict(notebook.as_json(repaired, {})), resources=resources, **keywords)

    def _repaired(self, folder: Path, key: str) -> Repaired:
        try:
            handed_in = self._engine.handed_in(folder, key)
            if handed_in.data is None:
                return Repaired(unreadable=f"{self._engine.course.sources[key].name}.ipynb was not handed in.")
            return self._engine.read(handed_in.data, key)[0]
        except Exception as fault:  # GradeByChecks meets it again, and leaves the notebook for review
            self.log.error("%s in %s could not be read: %s", key, folder, fault)
            return Repaired(unreadable="The notebook could not be read. Your instructor looks at it by hand.")


def _check_submitted_directory(course: Course, coursedir: CourseDirectory) -> None:
    """Refuse a setting that only half of the commands would follow.

    Raises:
        KitError: nbgrader is to look for submissions elsewhere than the kit does.
    """
    theirs = Path(coursedir.root, coursedir.submitted_directory)
    if theirs.resolve() != course.submitted.resolve():
        raise KitError(
            f"nbgrader_config.py sets CourseDirectory.submitted_directory to {coursedir.submitted_directory!r}; the "
            f"kit grades what lies in {course.submitted}. Take the setting out, or make that a link to your folder."
        )


def _submissions(converter: Any) -> list[str]:
    """The folders that nbgrader is to grade; with those it misses, which hold no notebook or a name it cannot match.

    Raises:
        KitError: A student's name is no text.
    """
    coursedir = converter.coursedir
    wanted = coursedir.format_path(coursedir.submitted_directory, coursedir.student_id, coursedir.assignment_id)
    found = {folder for folder in found_at(wanted) if os.path.isdir(folder)} | set(converter.assignments)
    for folder in found:
        check_student(Path(folder).parent.name)
    return sorted(found)


class SubmittedFiles(CheckedTimes):
    """nbgrader's course directory while it grades: of a submission it takes notebooks and nothing else."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.ignore = ["*"]  # links, pipes and modules beside a notebook are not copied


class SourceExporter(NotebookExporter):
    """Exports the instructor's notebooks. Of what lies beside them nbgrader copies to the students no code, no data."""

    parent: Any  # nbgrader's converter

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        coursedir = self.parent.coursedir
        ignore = [*coursedir.ignore, "*.py", "*.toml", "*.json", "*.txt"]
        self.parent.coursedir = CourseDirectory(**{**coursedir.trait_values(), "ignore": ignore})


class GradeByChecks(NbGraderPreprocessor):
    """In place of nbgrader's Execute: the kit grades the submitted file, and its verdicts become the outputs."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Fill in outputs; the record goes on in `resources["kit_record"]`. Nothing raises per notebook."""
        names = resources["nbgrader"]
        engine = grader(Path.cwd())  # nbgrader changes into the course directory before it converts
        folder = engine.course.submitted / names["student"] / names["assignment"]
        key = engine.course.key(names["assignment"], names["notebook"])
        graded = grade_one(engine, Job(student=names["student"], notebook=key, path=folder))
        rules = settings_of(engine.course.root)
        close_folder(engine.course.root, "autograded")
        receipt.carry(folder, engine.course.autograded(graded.record).parent, rules.clock)
        for notice in late.prepare(names["db_url"], engine.course, rules, (names["student"], names["assignment"])):
            self.log.warning("%s", notice)
        record, outputs = graded.record, _outputs(nb, graded)
        if record.score is None:
            faults = "; ".join(dict.fromkeys(result.fault for result in record.gaps if result.fault))
            self.log.error("%s of %s is left for manual grading: %s", names["notebook"], names["student"], faults)
        counts = itertools.count(1)
        for place, cell in enumerate(nb.cells):
            cell_id = cell.metadata.get("nbgrader", {}).get("grade_id") or place
            if cell.cell_type == "code":
                cell.outputs = [nbformat.from_dict(output) for output in outputs.get(cell_id, [])]
                cell.execution_count = next(counts)
        nb.metadata.update(feedback.metadata(record, engine.course.sources[key]))
        resources["kit_record"] = record
        return nb, resources


def _outputs(nb: NotebookNode, graded: Graded) -> dict[Any, list[dict[str, Any]]]:
    """Outputs by grade_id, or by place for the student's own cells."""
    grade_ids = [cell.grade_id for cell in graded.repaired.cells]
    by_place = feedback.outputs_of(graded.record, graded.repaired, graded.shown)
    found: dict[Any, list[dict[str, Any]]] = {grade_ids[place] or place: outs for place, outs in by_place.items()}
    for result in graded.record.gaps:
        found[f"check_{result.gap}"] = feedback.check_outputs(result)
    return found


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
        nothing = {Status.UNTOUCHED, Status.MISSING, Status.UNREADABLE, Status.NOT_HANDED_IN}
        comment.auto_comment = "No response." if result.status in nothing else None
        self.gradebook.db.commit()


class CopyLab(NbGraderPreprocessor):
    """Puts the students' package beside each released notebook, with the course's pictures and the notebook's data."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Add the files of `lab/` to what nbconvert's writer writes."""
        marks = resources["nbgrader"]
        course = grader(Path.cwd()).course  # nbgrader changes into the course directory before it converts
        files = students_files(course, marks["assignment"], marks["notebook"])
        outputs = {name: path.read_bytes() for name, path in files.items()}
        resources.setdefault("outputs", {}).update(outputs)
        return nb, resources


class SolvedByTheKit(NbGraderPreprocessor):
    """In place of nbgrader's Execute for solutions: no markers, and outputs from the kit's own runner."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Strip the markers, run, fill in outputs."""
        marks = resources["nbgrader"]
        engine = grader(Path.cwd())
        source = engine.course.sources[engine.course.key(marks["assignment"], marks["notebook"])]
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
