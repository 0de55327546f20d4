"""What is odd in a student's folder, or in the name of one, is kept from nbgrader's own programs.

nbgrader reads times in three ways and fails at what it cannot read: one odd file and formgrader shows no class at all.
It looks for files by patterns, in which square brackets mean something: in a folder "Course [2026]" it finds none.
"""

from __future__ import annotations

import glob
import importlib
import os
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from types import SimpleNamespace
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


LOOK_BY_PATTERNS = (
    "converters.base",
    "apps.api",
    "utils",
    "exchange.default.collect",
    "exchange.default.release_feedback",
)
"""nbgrader's modules that an instructor's commands and formgrader look for files with."""


def found_at(pattern: str) -> list[str]:
    """What a pattern matches; folders that are there under the very names it begins with are no pattern."""
    parts = [*takewhile(lambda part: "*" not in part, pattern.split(os.sep))]
    there = next((path for path in map(os.sep.join, _shorter_and_shorter(parts)) if os.path.exists(path)), "")
    return glob.glob(glob.escape(there) + pattern[len(there) :])


def _shorter_and_shorter(parts: list[str]) -> list[list[str]]:
    return [parts[:count] for count in range(len(parts), 0, -1)]


def take_names_literally() -> None:
    """Have nbgrader find files in folders of any name: it has no setting for it, so what it looks with is replaced."""
    for name in LOOK_BY_PATTERNS:
        vars(importlib.import_module(f"nbgrader.{name}"))["glob"] = SimpleNamespace(glob=found_at)
