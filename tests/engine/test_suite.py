"""What decides the marks of a notebook, and of no other; and by what name a course knows its notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import autograder
from autograder.author import verify
from autograder.classes.jobs import jobs_in
from autograder.course import suite
from autograder.course.course import Course
from autograder.course.data import copy_course, folders_of
from autograder.model import KitError

from .conftest import ROOT
from .test_imports import loaded_after

KIT = Path(autograder.__file__).parent.parent
CHAIN = "02_chain"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the course."""
    copy_course(ROOT, tmp_path)
    return tmp_path


def suites(root: Path, secret: str = "a") -> dict[str, str]:
    course = Course(root, secret)
    return {name: course.suite(name) for name in course.sources}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("inside", [f"{CHAIN}.toml", f"mistakes/{CHAIN}.toml"])
def test_the_data_of_one_notebook_decide_its_marks_alone(root: Path, inside: str) -> None:
    before = suites(root)
    append(folders_of(root).checks / inside, "\n# a word more\n")
    assert changed(before, suites(root)) == {CHAIN}


def test_a_value_of_the_documents_decides_for_the_notebook_of_its_gap(root: Path) -> None:
    before = suites(root)
    path = folders_of(root).checks / "documents.toml"
    append(path, '\n[[value]]\ngap = "relu_dz"\noutput = "relu_dz"\ntwin = "Z"\nvalue = 1.0\ncells = ["a"]\n')
    assert changed(before, suites(root)) == {CHAIN}


@pytest.mark.parametrize("inside", ["test_gaps.py", "families.toml"])
def test_what_all_notebooks_share_decides_for_all(root: Path, inside: str) -> None:
    before = suites(root)
    append(folders_of(root).checks / inside, '\nanother = "x"\n')
    assert changed(before, suites(root)) == set(before)


def test_the_secret_decides_for_all(root: Path) -> None:
    before = suites(root)
    assert changed(before, suites(root, "b")) == set(before)


def test_every_file_that_grading_imports_is_named_as_deciding() -> None:
    names = [
        name for name in loaded_after("import autograder.judging.grading") if name.startswith(("autograder", "lab"))
    ]
    paths = {KIT.joinpath(*name.split(".")).with_suffix(".py") for name in names}
    packages = {path for path in paths if not path.is_file()}
    assert paths - packages - set(suite.deciding()) == set()
    assert len(paths - packages) > 20


def test_a_file_that_is_named_as_deciding_decides_for_all(root: Path, tmp_path: Path) -> None:
    before = suites(root)
    one = tmp_path / "one.py"
    one.write_text("", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "deciding", lambda: [one])
        first = suites(root)
        one.write_text("x = 1", encoding="utf-8")
        assert changed(first, suites(root)) == set(before)


# ---- names ----------------------------------------------------------------------------------------------------------


def test_two_gaps_of_one_name_are_refused_and_both_places_named(root: Path) -> None:
    path = root / "source/1_neuron/03_step.ipynb"
    text = path.read_text(encoding="utf-8").replace('"drop"', '"relu_dz"').replace('"check_drop"', '"check_relu_dz"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KitError) as refused:
        Course(root, "a").sources  # noqa: B018
    said = str(refused.value)
    assert "source/1_neuron/02_chain.ipynb and source/1_neuron/03_step.ipynb both have a gap relu_dz" in said


def test_a_namesake_that_is_no_notebook_is_in_nobodys_way_wherever_it_stands(root: Path) -> None:
    (root / "source/0_drafts").mkdir()
    (root / f"source/0_drafts/{CHAIN}.ipynb").write_text("not even a notebook", encoding="utf-8")
    course = Course(root, "a")
    assert course.sources[CHAIN].assignment == "1_neuron"
    assert [path.parent.name for path in course.unchecked] == ["0_drafts"]


def test_a_notebook_without_checks_is_told_and_is_in_nobodys_way(root: Path) -> None:
    known = list(Course(root, "a").sources)
    content = json.loads((root / f"source/1_neuron/{CHAIN}.ipynb").read_bytes())
    (root / "source/1_neuron/00_draft.ipynb").write_text(json.dumps(content), encoding="utf-8")
    (root / "source/2_layer" / f"{CHAIN}.ipynb").write_text("not even a notebook", encoding="utf-8")
    course = Course(root, "a")
    assert list(course.sources) == known
    (root / "submitted/ann/1_neuron").mkdir(parents=True)
    assert [job.notebook for job in jobs_in(course, root / "submitted")] == ["01_neuron", CHAIN, "03_step"]
    said = verify._unchecked(course)
    assert [text.partition(" ")[0] for text in said] == [
        "source/1_neuron/00_draft.ipynb",
        f"source/2_layer/{CHAIN}.ipynb",
    ]
    assert "autograder/checks/00_draft.toml" in said[0]
