"""Records into nbgrader's gradebook: a class in short transactions, as nbgrader's own commands would leave it.

Re-grading updates and never deletes: manual scores, comments and extra credit stay.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import nbgrader.api as api
from jupyter_core.paths import jupyter_config_path
from nbconvert.exporters import NotebookExporter
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from sqlalchemy import URL, bindparam, create_engine, insert, make_url, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course.course import Course
from autograder.course.notebook import SourceNotebook
from autograder.course.rules import Rules
from autograder.course.settings import settings_of
from autograder.gradebook import late, receipt
from autograder.model import KitError, Record, Status

CONFIG = "nbgrader_config.py"

_Of = tuple[str, str, str]
"""Student, assignment, notebook."""

PORTION = 200
"""Notebooks in one transaction: a tenth of a second of CPU, in which a mark that somebody gives in formgrader waits."""
PAUSE_S = 0.12
"""Between two transactions: SQLite looks every tenth of a second whether a file that it waits for is free."""


def load_config(root: Path) -> Config:
    """The machine's, the user's and the course's `nbgrader_config.py`, as nbgrader's own commands read them.

    A module beside the course's can be imported.
    """
    if str(root) not in sys.path:
        sys.path.append(str(root))
    config = Config()
    for folder in [*reversed(jupyter_config_path()), str(root)]:
        if os.path.isfile(os.path.join(folder, CONFIG)):
            config.merge(PyFileConfigLoader(CONFIG, path=folder).load_config())
    return config


def database_url(root: Path, config: Config) -> str:
    """Where the gradebook is: as configured, or `gradebook.db` in the course directory."""
    return config.CourseDirectory.get("db_url", "") or url_of(root / "gradebook.db")


def url_of(path: Path | str) -> str:
    """The address of a gradebook in a file; a percent sign or a question mark in its path is no part of an address."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def register_assignments(course: Course, url: str, config: Config, wanted: Collection[str] | None = None) -> None:
    """Have the gradebook know notebooks, gaps and points of these assignments, or of all.

    As `nbgrader generate_assignment` does; an assignment that nobody has worked on would count as 0 in every export.

    Args:
        course: Has the notebooks.
        url: Of the gradebook, such as "sqlite:///gradebook.db".
        config: nbgrader's, as `nbgrader_config.py` makes it.
        wanted: Names of assignments; None for all.
    """
    with api.Gradebook(url) as book:
        cell = api.GradeCell
        rows = book.db.execute(
            select(api.Assignment.name, api.Notebook.name, cell.name, cell.max_score)
            .join(api.Notebook, cell.notebook_id == api.Notebook.id)
            .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
        )
        known = {tuple(row) for row in rows}
        cells = book.db.execute(  # the last that nbgrader saves of each
            select(api.Assignment.name, api.Notebook.name, api.SourceCell.name)
            .join(api.Notebook, api.SourceCell.notebook_id == api.Notebook.id)
            .join(api.Assignment, api.Notebook.assignment_id == api.Assignment.id)
        )
        saved = {tuple(row) for row in cells}
        sources = [one for one in course.sources.values() if wanted is None or one.assignment in wanted]
        unknown = [source for source in sources if not (_points(source) <= known and _cells(source) <= saved)]
        for source in unknown:
            book.update_or_create_assignment(source.assignment)
    for source in unknown:
        _register(course, source, url, config)


def enter_new(course: Course, url: str, assignments: Collection[str]) -> None:
    """Have the gradebook know those of these assignments that it has never heard of: the release came with the course.

    Args:
        course: Has their notebooks.
        url: Of the gradebook.
        assignments: Names, of this course or not.

    Raises:
        KitError: Their notebooks do not fit the gradebook.
    """
    with api.Gradebook(url) as book:
        known = set(book.db.scalars(select(api.Assignment.name)))
    new = {source.assignment for source in course.sources.values()} & set(assignments) - known
    if new:
        register_assignments(course, url, load_config(course.root), new)


def _points(source: SourceNotebook) -> set[tuple[str, str, str, float]]:
    """Assignment, notebook, grade cell and points of every gap."""
    return {
        (source.assignment, source.name, cell.grade_id, float(cell.metadata["nbgrader"]["points"]))
        for cell in source.graded
        if cell.role == "check"
    }


def _cells(source: SourceNotebook) -> set[tuple[str, str, str]]:
    """Assignment, notebook and grade_id of every cell that nbgrader knows."""
    return {(source.assignment, source.name, cell.grade_id) for cell in source.graded}


def _register(course: Course, source: SourceNotebook, url: str, config: Config) -> None:
    quiet = Config(config)
    quiet.Exporter.default_preprocessors = []
    exporter = NotebookExporter(config=quiet)
    for step in [LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums, SaveCells]:
        exporter.register_preprocessor(step, enabled=True)
    resources = {"nbgrader": {"assignment": source.assignment, "notebook": source.name, "db_url": url}}
    path = course.root / source.path
    try:
        exporter.from_filename(str(path), resources=resources)
    except RuntimeError as error:  # nbgrader's, when there are marks for other gaps
        raise KitError(
            f"{path} has other gaps than the gradebook, which holds marks already: {error} "
            "Put the gaps back as they were, or start with a new gradebook."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ids:
    """Primary keys that stand for names of the course: notebooks by assignment and name, cells by that and grade_id."""

    notebooks: dict[tuple[str, str], str]
    grade_cells: dict[_Of, str]
    solution_cells: dict[_Of, str]
    assignments: dict[str, str]


def write(
    course: Course, records: Sequence[Record], *, url: str, config: Config, anew: Collection[_Of] | None = None
) -> list[str]:
    """Write a class's marks, some students in one transaction; what is as it was stays.

    All of a student's marks are written together, so whatever fails or is killed leaves every student's marks as they
    were or as they shall be, and the next run writes the others.

    Args:
        course: Whose gradebook it is.
        records: Of the class.
        url: Of the gradebook.
        config: Of the course.
        anew: Notebooks that have been graded anew, or None for all: a mark that was given by hand for one of them is
            flagged for another look.

    Returns:
        What the instructor should know, such as a submission that does not say when it was handed in.

    Raises:
        KitError: The gradebook cannot be written, which is said with what it holds by then, or the course's rules
            cannot be read.
    """
    rules, rule = settings_of(course.root), late.late_rule(config)
    assignments = {record.assignment for record in records}
    notices: list[str] = []
    done: set[str] = set()
    try:
        _make_file(url)
        register_assignments(course, url, config, assignments)
        with api.Gradebook(url) as book:
            ids = _ids(book.db)
            for portion in _portions(records):
                notices += _write(course, portion, book.db, ids, rules, rule, anew)
                _commit(book.db)
                done |= {record.student for record in portion}
            notices += late.without_work(book.db, course, assignments)
        _carry_receipts(course, records, rules)
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise _cannot_write(url, error, done=len(done)) from error
    return notices


def _portions(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in portions, all of a student's in one; one empty portion if there are none."""
    portion: list[Record] = []
    for _, group in groupby(sorted(records, key=attrgetter("student")), attrgetter("student")):
        own = [*group]
        if portion and len(portion) + len(own) > PORTION:
            yield portion
            portion = []
        portion += own
    yield portion


def _commit(session: Session) -> None:
    """End a transaction; if it has locked the gradebook's file, whoever waits for it has a turn."""
    session.flush()
    has_lock = getattr(session.connection().connection.driver_connection, "in_transaction", False)
    session.commit()
    if has_lock:
        time.sleep(PAUSE_S)


def must_be_ready(root: Path) -> None:
    """Refuse to begin where marks could not be kept: rules, plug-in or gradebook are not as they must be.

    Raises:
        KitError: Which of them, and why.
    """
    settings_of(root)
    config = load_config(root)
    late.late_rule(config)
    if not (url := database_url(root, config)).startswith("sqlite:"):
        must_answer(url)


def must_answer(url: str) -> None:
    """Refuse to begin with a gradebook that cannot be reached: its driver is missing, or its server is down.

    Raises:
        KitError: It cannot.
    """
    try:
        engine = create_engine(url)
        with engine.connect():
            pass
        engine.dispose()
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise _cannot_write(url, error) from error


def _make_file(url: str) -> None:
    """A new gradebook appears as a whole: one that lacked nbgrader's version could never be upgraded."""
    path = make_url(url).database or ""
    is_file = url.startswith("sqlite:") and path and not path.startswith((":", "file:"))
    if not is_file or os.path.exists(path):
        return
    part = f"{path}.part"
    if os.path.exists(part):  # of a run that was killed
        os.unlink(part)
    with api.Gradebook(url_of(part)):
        pass
    os.replace(part, path)


def _write(
    course: Course,
    records: Sequence[Record],
    session: Session,
    ids: _Ids,
    rules: Rules,
    rule: AssignLatePenalties,
    anew: Collection[_Of] | None,
) -> list[str]:
    submissions = {(record.student, record.assignment) for record in records}
    _create_rows(session, ids, sorted(submissions))
    submitted = _submitted_notebooks(session, {student for student, _ in submissions})
    late.save_due_dates(session, rules)
    notices = late.save_times(session, course, rules, submissions)
    _save_grades(session, ids, submitted, records, anew)
    _save_comments(session, ids, submitted, records)
    session.flush()
    session.expire_all()  # scores are sums that the database makes
    late.save_penalties(session, submissions, rule)
    return notices


def _carry_receipts(course: Course, records: Iterable[Record], rules: Rules) -> None:
    """Graded notebooks say when they were handed in, and by which secret their feedback is fetched."""
    for student, assignment in {(record.student, record.assignment) for record in records}:
        graded = course.root / "autograded" / student / assignment
        if graded.is_dir():
            receipt.carry(course.submitted / student / assignment, graded, rules.clock)


def _cannot_write(url: str, error: Exception, done: int = 0) -> KitError:
    """What is said when the gradebook cannot be written, with the next step.

    Args:
        url: Of the gradebook.
        error: Why.
        done: How many students' marks were written before.
    """
    reason = next(iter(str(getattr(error, "orig", None) or error).splitlines()), type(error).__name__).rstrip(". ")
    advice = next((advice for words, advice in _ADVICE.items() if any(word in reason for word in words.split("|"))), "")
    where = make_url(url).render_as_string(hide_password=True).removeprefix("sqlite:///")
    steps = f"{advice} Then run the same command again." if advice else "Run the same command again when it can be."
    holds = f"It holds the marks of {done} students; those of the others are as they were" if done else ""
    return KitError(
        f"The gradebook {where} cannot be written: {reason}. {steps} "
        f"{holds or 'No mark in it has changed'}; what has been graded is not graded again."
    )


_ADVICE = {
    "No module|load plugin": "The driver of that database is missing: for PostgreSQL, pip install 'psycopg[binary]'.",
    "refused|connect|resolve|timeout|timed out": "Make sure that the database's server runs and can be reached.",
    "password|authentication": "Set user and password right in c.CourseDirectory.db_url.",
    "locked": "Another program is using it: wait until that has ended, or close it.",
    "readonly|read-only|ermission": "Allow writing to the file and to its folder.",
    "full|disk I/O|space|too large": "Free some space on its disk.",
    "unable to open": "Make sure that its folder exists and may be written.",
    "not a database|malformed": "Put a backup in its place.",
    "no such": "It may be of another version of nbgrader: back it up and run `nbgrader db upgrade`.",
}
"""What to do, by words in the database's own message."""


def _ids(session: Session) -> _Ids:
    notebooks = {
        (assignment, name): key
        for key, name, assignment in session.execute(
            select(api.Notebook.id, api.Notebook.name, api.Assignment.name).join(api.Notebook.assignment)
        )
    }

    def cells(kind: Any) -> dict[_Of, str]:
        rows = session.execute(
            select(kind.id, kind.name, api.Notebook.name, api.Assignment.name)
            .join(kind.notebook)
            .join(api.Notebook.assignment)
        )
        return {(assignment, of, name): key for key, name, of, assignment in rows}

    return _Ids(
        notebooks=notebooks,
        grade_cells=cells(api.GradeCell),
        solution_cells=cells(api.SolutionCell),
        assignments=dict(session.execute(select(api.Assignment.name, api.Assignment.id)).all()),
    )


def _create_rows(session: Session, ids: _Ids, submissions: Iterable[tuple[str, str]]) -> None:
    """Rows for what the gradebook does not have yet, every grade and comment empty."""
    wanted = dict.fromkeys(submissions)
    students = set(session.scalars(select(api.Student.id)))
    new_students = dict.fromkeys(student for student, _ in wanted if student not in students)
    _insert(session, api.Student, [{"id": student} for student in new_students])
    have = {
        (student, assignment): key
        for key, student, assignment in session.execute(
            select(api.SubmittedAssignment.id, api.SubmittedAssignment.student_id, api.Assignment.name).join(
                api.SubmittedAssignment.assignment
            )
        )
    }
    have_notebooks = _submitted_notebooks(session, {student for student, _ in wanted})
    assignments, notebooks, grades, comments = [], [], [], []
    for student, assignment in wanted:
        key = have.get((student, assignment))
        if key is None:
            key = api.new_uuid()
            assignments.append({"id": key, "assignment_id": ids.assignments[assignment], "student_id": student})
        for (of, name), notebook_id in ids.notebooks.items():
            if of != assignment or (student, assignment, name) in have_notebooks:
                continue
            submitted = api.new_uuid()
            notebooks.append({"id": submitted, "assignment_id": key, "notebook_id": notebook_id})
            grades += [_row(submitted, cell) for (*its, _), cell in ids.grade_cells.items() if its == [of, name]]
            comments += [_row(submitted, cell) for (*its, _), cell in ids.solution_cells.items() if its == [of, name]]
    _insert(session, api.SubmittedAssignment, assignments)
    _insert(session, api.SubmittedNotebook, notebooks)
    _insert(session, api.Grade, [{**row, "needs_manual_grade": False} for row in grades])
    _insert(session, api.Comment, comments)


def _row(submitted: str, cell: str) -> dict[str, str]:
    return {"id": api.new_uuid(), "notebook_id": submitted, "cell_id": cell}


def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(model.__table__), rows)


def _submitted_notebooks(session: Session, students: Collection[str]) -> dict[_Of, str]:
    rows = session.execute(
        select(api.SubmittedNotebook.id, api.SubmittedAssignment.student_id, api.Assignment.name, api.Notebook.name)
        .join(api.SubmittedAssignment, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .join(api.Assignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
        .join(api.Notebook, api.SubmittedNotebook.notebook_id == api.Notebook.id)
        .where(api.SubmittedAssignment.student_id.in_(students))
    )
    return {(student, assignment, name): key for key, student, assignment, name in rows}


def _save_grades(
    session: Session,
    ids: _Ids,
    submitted: Mapping[_Of, str],
    records: Iterable[Record],
    anew: Collection[_Of] | None,
) -> None:
    """Auto scores that have changed; a grade up for review keeps its old mark and is flagged."""
    grade = api.Grade
    before = {
        (of, its): (score, by_hand is not None, flagged)
        for of, its, score, by_hand, flagged in session.execute(
            select(
                grade.notebook_id, grade.cell_id, grade.auto_score, grade.manual_score, grade.needs_manual_grade
            ).where(grade.notebook_id.in_(submitted.values()))
        )
    }
    rows = []
    for record in records:
        key = record.student, record.assignment, record.notebook
        of = submitted[key]
        for result in record.gaps:
            its = ids.grade_cells[record.assignment, record.notebook, f"check_{result.gap}"]
            score, by_hand, flagged = before[of, its]
            looked_at = by_hand and anew is not None and key not in anew and score == result.score
            now = (score, True) if result.status is Status.REVIEW else (result.score, by_hand)
            if now != (score, flagged) and not looked_at:
                rows.append({"of": of, "its": its, "score": now[0], "flagged": now[1]})
    values: dict[str, Any] = {"auto_score": bindparam("score"), "needs_manual_grade": bindparam("flagged")}
    _update(session, api.Grade.__table__, rows, **values)


def _save_comments(session: Session, ids: _Ids, submitted: Mapping[_Of, str], records: Iterable[Record]) -> None:
    """The comment "No response." for gaps that are as handed out, as nbgrader writes it."""
    untouched = {Status.UNTOUCHED, Status.MISSING, Status.UNREADABLE, Status.NOT_HANDED_IN}
    comment = api.Comment
    cells = session.execute(
        select(comment.notebook_id, comment.cell_id, comment.auto_comment).where(
            comment.notebook_id.in_(submitted.values())
        )
    )
    before = {(of, its): text for of, its, text in cells}
    rows = [
        {
            "of": submitted[record.student, record.assignment, record.notebook],
            "its": ids.solution_cells[record.assignment, record.notebook, result.gap],
            "comment": "No response." if result.status in untouched else None,
        }
        for record in records
        for result in record.gaps
    ]
    changed = [row for row in rows if before[row["of"], row["its"]] != row["comment"]]
    _update(session, comment.__table__, changed, auto_comment=bindparam("comment"))


def _update(session: Session, table: Any, rows: list[dict[str, Any]], **values: Any) -> None:
    """Set values in the rows of submitted notebooks (`of`) and cells (`its`)."""
    if rows:
        where = (table.c.notebook_id == bindparam("of")) & (table.c.cell_id == bindparam("its"))
        session.execute(update(table).where(where).values(**values), rows)
