"""nbgrader's gradebook as what keeps a class's marks; nbgrader itself is imported beside the first notebooks."""

from __future__ import annotations

import importlib
import os
import threading

from autograder.course.course import Course
from autograder.judging.grading import Graded
from autograder.model import Record


class GradebookKeeper:
    """Keeps graded notebooks in `autograded/` and marks in the gradebook of a course."""

    def __init__(self, course: Course) -> None:
        self._course = course
        # Half a second. To be joined before anything of it is imported: two threads that import what imports each
        # other are shown half of it.
        self._nbgrader = threading.Thread(
            target=importlib.import_module, args=("autograder.gradebook.autograded",), daemon=True
        )
        self._nbgrader.start()

    def keep(self, graded: Graded) -> None:
        """Write the notebook as graded, where formgrader and nbgrader's feedback look for it."""
        self._nbgrader.join()
        from autograder.gradebook.autograded import write_autograded

        write_autograded(self._course, graded)

    def is_kept(self, record: Record) -> bool:
        """Whether the notebook as graded is still there."""
        return os.path.exists(self._course.autograded(record))

    def write(self, records: list[Record]) -> list[str]:
        """Write the marks of a class in one transaction; what the instructor should know."""
        self._nbgrader.join()
        from autograder.gradebook import book

        course, config = self._course, book.load_config(self._course.root)
        return book.write(course, records, url=book.database_url(course.root, config), config=config)
