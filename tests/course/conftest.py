"""What the tests of the course share: one course, one grader for the session, and what the five documents hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.judging.grading import Grader
from autograder.model import Gap, Plan, Transcript

ROOT = Path(__file__).parents[2]
SECRETS = ("one", "two", "three")
"""Fixed course secrets; the seeded twins differ from one to the next, the named ones do not."""


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def course() -> Course:
    return Course(ROOT, SECRETS[0])


@pytest.fixture(scope="session")
def plans(course: Course) -> tuple[Plan, ...]:
    return tuple(course.plan(name) for name in course.sources)


@pytest.fixture(scope="session")
def gaps(plans: tuple[Plan, ...]) -> tuple[Gap, ...]:
    return tuple(gap for plan in plans for gap in plan.gaps)


@pytest.fixture(scope="session")
def grader(course: Course) -> Iterator[Grader]:
    """The real engine, references kept: the only one of the session."""
    with Grader(course) as made:
        yield made


@pytest.fixture(scope="session")
def under_secrets(grader: Grader) -> tuple[tuple[Plan, Transcript], ...]:
    """Every notebook's plan and reference under each of the secrets, in the one sandbox."""
    made = [(grader.course.plan(name), grader.reference(name)) for name in grader.course.sources]
    for secret in SECRETS[1:]:
        with Grader(Course(ROOT, secret)) as other:
            made += [(other.course.plan(name), other.reference(name)) for name in other.course.sources]
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTexts:
    """What a notebook says: its markdown cells, their headings without numbers, and the grade_ids of its cells."""

    markdown: tuple[str, ...]
    headings: frozenset[str]
    grade_ids: frozenset[str]


@pytest.fixture(scope="session")
def texts(root: Path) -> Mapping[str, SourceTexts]:
    """By notebook."""
    return {path.stem: _texts(path) for path in sorted(root.glob("source/*/*.ipynb"))}


def _texts(path: Path) -> SourceTexts:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    markdown = tuple("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    lines = [line for text in markdown for line in text.split("\n") if line.startswith("#")]
    return SourceTexts(
        markdown=markdown,
        headings=frozenset(line.lstrip("#").lstrip(" 0123456789.·").strip() for line in lines),
        grade_ids=frozenset(cell["metadata"].get("nbgrader", {}).get("grade_id", "") for cell in cells),
    )
