"""nbgrader's gradebook as what keeps a class's marks; nbgrader itself is imported beside the first notebooks."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading

from autograder.course.course import Course
from autograder.judging.grading import Graded
from autograder.model import KitError, Record


class GradebookKeeper:
    """Keeps graded notebooks in `autograded/` and marks in the gradebook of a course."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._anew: set[tuple[str, str, str]] = set()
        self._problem: KitError | None = None
        # setuptools takes its finder of distutils out of `sys.meta_path` and puts it back when that is first imported,
        # which nbgrader does: another thread that imports meanwhile passes over the next finder, and finds no module.
        with contextlib.suppress(ImportError):
            importlib.import_module("distutils")
        # Half a second. To be joined before anything of it is imported: two threads that import what imports each
        # other are shown half of it.
        self._nbgrader = threading.Thread(target=self._prepare, daemon=True)
        self._nbgrader.start()

    def _prepare(self) -> None:
        """Import nbgrader, and see that marks can be kept before anything is graded."""
        book = importlib.import_module("autograder.gradebook.book")
        importlib.import_module("autograder.gradebook.autograded")
        try:
            book.must_be_ready(self._course.root)
        except KitError as problem:
            self._problem = problem

    def _ready(self) -> None:
        self._nbgrader.join()
        if self._problem:
            raise self._problem

    def keep(self, graded: Graded) -> None:
        """Write the notebook as graded, where formgrader and nbgrader's feedback look for it."""
        if not self._is_submission(graded.record):
            return
        self._ready()
        from autograder.gradebook.autograded import write_autograded

        write_autograded(self._course, graded)
        record = graded.record
        self._anew.add((record.student, record.assignment, record.notebook))

    def is_kept(self, record: Record) -> bool:
        """Whether the notebook as graded is still there."""
        return os.path.exists(self._course.autograded(record)) or not self._is_submission(record)

    def _is_submission(self, record: Record) -> bool:
        """Whether there is a folder: a student who handed in nothing at all has no marks, as with nbgrader."""
        folder = self._course.submitted / record.student / record.assignment
        return record.handed_in or os.path.isdir(folder)

    def write(self, records: list[Record]) -> list[str]:
        """Write the marks of a class; what the instructor should know."""
        self._ready()
        from autograder.gradebook import book

        course, config = self._course, book.load_config(self._course.root)
        url = book.database_url(course.root, config)
        submissions = [record for record in records if self._is_submission(record)]
        return book.write(course, submissions, url=url, config=config, anew=self._anew)
