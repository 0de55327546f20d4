"""One class for all tests of the pages: graded once, its pages made once by nbgrader's own command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from autograder.course.course import Course

from . import classroom
from .reader import Element, read


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """The class's course, with `feedback/` filled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.environ["PATH"])
        classroom.put_on_path()
        made = classroom.make(tmp_path_factory.mktemp("feedback") / "course")
        classroom.make_pages(made)
        yield made


@pytest.fixture(scope="session")
def files(course: Course) -> Mapping[str, Path]:
    """The pages' files by "student/notebook"."""
    found = sorted((course.root / "feedback").glob("*/*/*.html"))
    return {f"{path.parent.parent.name}/{path.stem}": path for path in found}


@pytest.fixture(scope="session")
def sources(files: Mapping[str, Path]) -> Mapping[str, str]:
    """The pages as text."""
    return {name: path.read_text(encoding="utf-8") for name, path in files.items()}


@pytest.fixture(scope="session")
def pages(sources: Mapping[str, str]) -> Mapping[str, Element]:
    """The pages as read by a strict reader."""
    return {name: read(text) for name, text in sources.items()}
