"""The marks of a class in one assignment as they leave the course: the gradebook's, with what the kit found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path

import msgspec

from autograder.course.course import Course
from autograder.course.pseudonyms import own_names
from autograder.course.settings import settings_of
from autograder.gradebook import late
from autograder.gradebook.book import database_url, load_config
from autograder.gradebook.marks import Marks, class_marks, known_by
from autograder.judging import feedback
from autograder.model import KitError, Record, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """One notebook of a student: what the gradebook holds, and the kit's record of it."""

    notebook: str
    marks: Marks
    record: Record

    @property
    def handed_in(self) -> bool:
        """Whether there was anything to grade."""
        return bool(self.record.submission) or self.record.score is None

    def waits(self, gap: str) -> bool:
        """Whether a gap has no mark yet: the kit could not judge it, and nobody has by hand."""
        mark = self.marks.by_gap[gap]
        status = next((result.status for result in self.record.gaps if result.gap == gap), None)
        return mark.waiting or (status is Status.REVIEW and not mark.by_hand)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentResult:
    """One student's assignment.

    Attributes:
        ids: Other ids that the gradebook knows the student by.
        notebooks: Every one of the assignment, in the order of the course.
        excused: The assignment does not count for the student.
    """

    student: str
    ids: tuple[str, ...]
    notebooks: tuple[NotebookResult, ...]
    excused: bool

    @property
    def handed_in(self) -> bool:
        """Whether any notebook was handed in: without one there is no mark, and not a 0 either."""
        return any(one.handed_in for one in self.notebooks)

    @property
    def waits(self) -> bool:
        """Whether a gap has no mark yet, so that the sum is not known."""
        return any(one.waits(gap) for one in self.notebooks for gap in one.marks.by_gap)

    @property
    def counts(self) -> bool:
        """Whether there is a mark to be passed on."""
        return self.handed_in and not self.waits and not self.excused

    @property
    def score(self) -> float:
        """Points, with manual marks, extra credit and late penalties."""
        return sum(one.marks.score for one in self.notebooks)

    @property
    def points(self) -> float:
        """What could be reached."""
        return sum(one.marks.points for one in self.notebooks)

    @property
    def submitted(self) -> datetime | None:
        """When it was handed in, in UTC, if that is known."""
        return next((one.marks.handed_in for one in self.notebooks if one.marks.handed_in), None)


def results_of(course: Course, assignment: str) -> list[StudentResult]:
    """A class's results in an assignment, by student; whose work lies under a pseudonym is called by the own name.

    Raises:
        KitError: There is no such assignment, nobody is graded, or a graded notebook is not there.
    """
    names = [source.name for source in course.sources.values() if source.assignment == assignment]
    if not names:
        known = ", ".join(dict.fromkeys(source.assignment for source in course.sources.values()))
        raise KitError(f"There is no assignment {assignment}. The assignments are {known}.")
    config = load_config(course.root)
    url, rules = database_url(course.root, config), settings_of(course.root)
    students = dict.fromkeys(student for student, _ in class_marks(url, assignment))
    late.settle(url, {(student, assignment) for student in students}, config)
    marks = class_marks(url, assignment)
    if not marks:
        raise KitError(f"The gradebook holds nothing of {assignment}. Run `autograder grade submitted` first.")
    ids, own = known_by(url), own_names(course.root)
    results = [
        StudentResult(
            student=own.get(student, student),
            ids=ids.get(student, ()),
            excused=rules.is_excused(student, assignment),
            notebooks=tuple(
                NotebookResult(
                    notebook=name, marks=marks[student, name], record=_record(course.root, student, assignment, name)
                )
                for name in names
                if (student, name) in marks
            ),
        )
        for student in students
    ]
    return sorted(results, key=attrgetter("student"))


class _Graded(msgspec.Struct):
    """An autograded notebook, of which only the kit's record is read."""

    metadata: Mapping[str, msgspec.Raw]


def _record(root: Path, student: str, assignment: str, name: str) -> Record:
    path = root / "autograded" / student / assignment / f"{name}.ipynb"
    try:
        metadata = msgspec.json.decode(path.read_bytes(), type=_Graded).metadata
        return msgspec.json.decode(metadata[feedback.RECORD], type=Record)
    except (OSError, KeyError, msgspec.MsgspecError):
        raise KitError(
            f"{path} holds no record of this kit, so nobody knows how it was graded. Run `autograder grade submitted`."
        ) from None


def number(points: float, comma: bool = False) -> str:
    """Points as programs read them: at most two decimals, halves exact."""
    text = f"{round(points, 2):.2f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if comma else text
