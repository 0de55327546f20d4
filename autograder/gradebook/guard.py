"""What is odd in a student's folder is kept from nbgrader's own programs.

nbgrader reads times in three ways and fails at what it cannot read: one odd file and formgrader shows no class at all.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.course.settings import settings_of
from autograder.gradebook import receipt


def _when(coursedir: CourseDirectory, folder: str) -> datetime | None:
    """When what lies in a folder was handed in, as nbgrader keeps times; None, with a word in its log, if unknown."""
    try:
        moment = receipt.handed_in_at(Path(folder), settings_of(Path(coursedir.root)).clock)
    except (OSError, ValueError) as error:
        coursedir.log.warning("%s", receipt.unreadable(Path(folder), error))
        return None
    return moment and moment.replace(tzinfo=None)


class CheckedTimes(CourseDirectory):
    """nbgrader's course directory, with the kit's reading of times."""

    def get_existing_timestamp(self, dest_path: str) -> Any:
        """When a submission was handed in; None if nothing says so."""
        return _when(self, dest_path)


def _submitted_timestamp(self: NbGraderAPI, assignment_id: str, student_id: str) -> datetime | None:
    """In place of the method of that name, which shows formgrader's class and fails at what is no time."""
    coursedir = self.coursedir
    return _when(coursedir, coursedir.format_path(coursedir.submitted_directory, student_id, assignment_id))


def keep_formgrader_up() -> None:
    """Have formgrader read times as the kit does: nbgrader has no setting for it, so its method is replaced."""
    NbGraderAPI.get_submitted_timestamp = _submitted_timestamp
