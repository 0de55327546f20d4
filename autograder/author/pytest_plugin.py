"""The kit's plug-in for pytest: `pytest autograder/checks --submission FILE` runs a course's checks on one notebook.

It comes with the kit, so that a course's folder of checks needs no Python package. Every pytest run of an environment
with the kit in it loads this file; what costs time to import is imported when a check is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.judging.checking import Check
    from autograder.judging.grading import Grader
    from autograder.model import Case, Plan, Transcript

MARKERS = (
    "value: a hidden check that decides the points for right values",
    "edge: a hidden check that decides the points for corner cases",
    "conduct: a hidden check that decides the points for conduct",
    "gap(name, ...): a hidden check that is for these gaps only",
)
KINDS = ("value", "edge", "conduct")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the notebook to check, and the course it belongs to."""
    group = parser.getgroup("autograder", "a course's hidden checks")
    group.addoption(
        "--submission", type=Path, help="notebook to check; without it, the source notebooks' own solutions"
    )
    group.addoption("--course", type=Path, default=Path(), help="course directory (default: this one or one above)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the checks' markers known."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for every check and every gap it is for; other tests are left alone."""
    if not any(metafunc.definition.get_closest_marker(kind) for kind in KINDS):
        return
    course = _course(metafunc.config.getoption("--course"))
    gaps = [
        (notebook, gap)
        for notebook in _notebooks(course, metafunc.config.getoption("--submission"))
        for gap in _gaps(course, notebook, metafunc.function.__name__)
    ]
    metafunc.parametrize("case", gaps, indirect=True, ids=[gap for _, gap in gaps])


def _notebooks(course: Course, submission: Path | None) -> list[str]:
    """Keys of the notebooks to check."""
    from autograder.classes.jobs import jobs_in
    from autograder.model import KitError

    if submission is None:
        return list(course.sources)
    try:
        return [job.notebook for job in jobs_in(course, submission)]
    except KitError as error:
        raise pytest.UsageError(str(error)) from None


def _gaps(course: Course, notebook: str, check: str) -> list[str]:
    from autograder.judging.checking import applies

    found = next(one for one in _checks(course.folders.checks) if one.name == check)
    return [gap.name for gap in course.plan(notebook).gaps if applies(found, gap)]


@cache
def _checks(folder: Path) -> tuple[Check, ...]:
    from autograder.judging.checking import checks_in

    return checks_in(folder)


@cache
def _course(start: Path) -> Course:
    from autograder.course.course import Course, find_root
    from autograder.course.secret import secret_of

    root = find_root(start)
    return Course(root, secret_of(root))


@pytest.fixture(scope="session")
def transcripts(pytestconfig: pytest.Config) -> Iterator[_Transcripts]:
    """Replays each notebook once for the whole session."""
    from autograder.judging.grading import Grader

    with Grader(_course(pytestconfig.getoption("--course"))) as grader:
        yield _Transcripts(grader, pytestconfig.getoption("--submission"))


class _Transcripts:
    def __init__(self, grader: Grader, submission: Path | None) -> None:
        self._grader, self._submission = grader, submission
        self._replayed: dict[str, tuple[Plan, Transcript, Transcript]] = {}

    def of(self, notebook: str) -> tuple[Plan, Transcript, Transcript]:
        """Plan, transcript and reference of a notebook."""
        if notebook not in self._replayed:
            plan = self._grader.course.plan(notebook)
            reference = self._grader.reference(notebook)
            if self._submission is None:
                self._replayed[notebook] = plan, reference, reference
            else:
                submission = self._grader.read(self._submission.read_bytes(), notebook)[1]
                if submission.unreadable:
                    raise pytest.UsageError(submission.unreadable)
                self._replayed[notebook] = plan, self._grader.replay(submission), reference
        return self._replayed[notebook]


@pytest.fixture
def case(request: pytest.FixtureRequest, transcripts: _Transcripts) -> Case:
    """What one check gets to see of one gap."""
    from autograder.judging.checking import case_of

    notebook, gap = request.param
    plan, transcript, reference = transcripts.of(notebook)
    return case_of(plan, plan.gap(gap), transcript, reference)
