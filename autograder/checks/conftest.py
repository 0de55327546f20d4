"""`pytest autograder/checks --submission FILE`: the hidden checks on one notebook, for authors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from autograder.course.course import Course, find_root
from autograder.course.secret import secret_of
from autograder.judging.checking import Check, applies, case_of, checks
from autograder.judging.grading import Grader
from autograder.model import Case, Plan, Transcript


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the notebook to check, and the course it belongs to."""
    parser.addoption(
        "--submission", type=Path, help="notebook to check; without it, the source notebooks' own solutions"
    )
    parser.addoption("--course", type=Path, default=Path(), help="course directory (default: this one or one above)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for every check and every gap it is for."""
    course = _course(metafunc.config.getoption("--course"))
    submission = metafunc.config.getoption("--submission")
    notebooks = [submission.stem] if submission else list(course.sources)
    unknown = [name for name in notebooks if name not in course.sources]
    if unknown:
        raise pytest.UsageError(f"{unknown[0]} is no notebook of this course; it has {', '.join(course.sources)}")
    check = next(check for check in checks() if check.name == metafunc.function.__name__)
    gaps = [
        (notebook, gap.name)
        for notebook in notebooks
        for gap in course.plan(notebook).gaps
        if _is_for(check, course, gap.name)
    ]
    metafunc.parametrize("case", gaps, indirect=True, ids=[gap for _, gap in gaps])


def _is_for(check: Check, course: Course, gap: str) -> bool:
    plan = next(plan for plan in map(course.plan, course.sources) if gap in [one.name for one in plan.gaps])
    return applies(check, plan.gap(gap))


@cache
def _course(start: Path) -> Course:
    root = find_root(start)
    return Course(root, secret_of(root))


@pytest.fixture(scope="session")
def transcripts(pytestconfig: pytest.Config) -> Iterator[_Transcripts]:
    """Replays each notebook once for the whole session."""
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
    notebook, gap = request.param
    plan, transcript, reference = transcripts.of(notebook)
    return case_of(plan, plan.gap(gap), transcript, reference)
