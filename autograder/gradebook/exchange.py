"""nbgrader's exchange, careful with what lies in it: anybody may put anything there."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseFeedback
from nbgrader.utils import ignore_patterns, temp_attrs

from autograder.course.private import close_folder
from autograder.course.settings import settings_of
from autograder.course.times import TimeError, read_time
from autograder.gradebook.guard import CheckedTimes, found_at
from autograder.gradebook.receipt import SECRET, TIMESTAMP
from autograder.judging.feedback import clean

Found = dict[str, Any]
"""A submission in the exchange: username, filename and timestamp."""


def refuse_patterns(exchange: Any) -> None:
    """Refuse an exchange in which students' own nbgrader would find nothing, and say nothing.

    Args:
        exchange: nbgrader's, about to hand something out; it fails.
    """
    path = os.path.join(exchange.root, exchange.coursedir.course_id)
    if glob.escape(path) != path:
        exchange.fail(
            f"nbgrader finds nothing in {path}, since it takes square brackets, * and ? for patterns. Nothing was "
            'handed out. Give the course an id without them, such as id = "course" in course.toml, and the exchange a '
            "folder without them."
        )


class Collect(ExchangeCollect):
    """Collects the newest submission of each student. What is odd costs the student it belongs to, and nobody else."""

    coursedir: Any
    src_records: list[Found]

    def init_src(self) -> None:
        """Find the submissions; what cannot be collected is told and left."""
        close_folder(Path(self.coursedir.root), "submitted")
        self.coursedir = CheckedTimes(**self.coursedir.trait_values())
        super().init_src()
        self.src_records = [found for found in self.src_records if self._can_be_taken(found)]

    def _path_to_record(self, path: str) -> Found:
        name = os.path.basename(path)
        student, _, rest = name.rpartition(f"+{self.coursedir.assignment_id}+")
        try:
            moment = read_time(rest.partition("+")[0], settings_of(Path(self.coursedir.root)).clock)
        except TimeError:
            student, moment = "", datetime.min.replace(tzinfo=UTC)
        return {"username": student, "filename": name, "timestamp": moment.replace(tzinfo=None)}

    def _can_be_taken(self, found: Found) -> bool:
        problem = self._problem(found)
        if problem:
            self.log.error("%s is left in the exchange: %s.", clean(found["filename"]), problem)
        return not problem

    def _problem(self, found: Found) -> str:
        student, most = found["username"], 1000 * self.coursedir.max_dir_size
        if not student.isprintable() or student.startswith(".") or student.strip() != student or not student:
            return "its name does not say whose it is and when it was handed in"
        size = self.get_size(os.path.join(self.inbound_path, found["filename"]))
        return f"it has {size / 1e6:.0f} MB, and at most {most / 1e6:.0f} MB are taken" if size > most else ""

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Copy one submission. Links stay links: followed, they would fetch what the instructor may read."""
        ignored = ignore_patterns(
            exclude=self.coursedir.ignore,
            include=self.coursedir.include,
            max_file_size=self.coursedir.max_file_size,
            log=self.log,
        )
        try:
            shutil.copytree(src, dest, symlinks=True, ignore=ignored)
        except OSError as error:  # shutil's own among them, when all that can be copied has been
            self.log.error("%s could not be copied whole: %s", clean(src), clean(str(error)))


class ReleaseFeedback(ExchangeReleaseFeedback):
    """Releases pages to those who handed in through the exchange; the others are named and left out."""

    def copy_files(self) -> None:
        """Copy the pages."""
        others = sorted({folder.parent.name for folder in self._folders() if not _came_through_the_exchange(folder)})
        for student in others:
            self.log.warning(
                "%s did not hand in %s through the exchange and cannot fetch a page there: return it as a file.",
                student,
                self.coursedir.assignment_id,
            )
        left_out = ",".join(filter(None, [self.coursedir.student_id_exclude, *others]))
        with temp_attrs(self.coursedir, student_id_exclude=left_out):
            super().copy_files()

    def _folders(self) -> Iterator[Path]:
        """Folders with pages, of the students and the assignment that are asked for."""
        return (Path(page).parent for page in found_at(os.path.join(self.src_path, "*.html")))


def _came_through_the_exchange(folder: Path) -> bool:
    return (folder / TIMESTAMP).is_file() and (folder / SECRET).is_file()
