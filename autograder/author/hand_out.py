"""The gate in nbgrader's exchange: nothing is handed out to students that they must not get."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseAssignment

from autograder.author.leaks import leaks
from autograder.course.course import Course, find_root
from autograder.course.secret import secret_of
from autograder.gradebook.exchange import refuse_patterns
from autograder.model import KitError


class ReleaseAssignment(ExchangeReleaseAssignment):
    """Hands out an assignment if there is no solution, hidden number or stray file in it, and `lab` is."""

    def init_src(self) -> None:
        """Find the folder, and look through it."""
        refuse_patterns(self)
        super().init_src()
        for problem in (found := self._problems()):
            self.log.error("%s", problem)
        if found:
            self.fail(f"{self.coursedir.assignment_id} was not handed out: see above.")

    def _problems(self) -> list[str]:
        release, assignment = Path(self.src_path).parent, self.coursedir.assignment_id
        if not (release / assignment / "lab" / "__init__.py").is_file():
            return [f"{release.name}/{assignment} has no `lab`, which every notebook imports. Run `make release`."]
        try:
            root = find_root(Path(self.coursedir.root))
            return leaks(Course(root, secret_of(root)), release, assignment)
        except KitError as error:
            return [str(error)]
