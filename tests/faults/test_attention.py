"""Nothing is silent: a run ends with what somebody must look at, whatever the size of the class."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.classes.attention import IN_THE_GRADEBOOK, NOT_HANDED_IN, PASSED_OVER, UNREADABLE, topics
from autograder.classes.jobs import jobs_in
from autograder.classes.passed_over import passed_over
from autograder.classes.records import read_records
from autograder.course.course import Course
from autograder.model import GapResult, Record, Status

from . import classroom
from .classroom import ASSIGNMENT, CHAIN, STEP, marks
from .conftest import command_line, regrade


def notebook(student: str, name: str, status: Status, remark: str = "") -> Record:
    gap = GapResult(gap="drop", points=1, score=0, status=status)
    return Record(
        student=student,
        assignment=ASSIGNMENT,
        notebook=name,
        submission="",
        suite="",
        score=0.0,
        max_score=1.0,
        isolation="",
        gaps=(gap,),
        remarks=(remark,) if remark else (),
    )


def test_everybody_is_named_in_a_class_of_any_size():
    absent = [notebook(f"s{number:02}", CHAIN, Status.NOT_HANDED_IN) for number in range(29)]
    there = [notebook(f"t{number:02}", CHAIN, Status.WRONG) for number in range(46)]
    (topic,) = topics([*absent, *there], [], [])
    assert topic.title == NOT_HANDED_IN
    assert [line.partition(":")[0] for line in topic.lines] == [f"s{number:02}" for number in range(29)]


def test_each_kind_has_its_own_heading():
    records = [
        notebook("ada", CHAIN, Status.NOT_HANDED_IN),
        notebook("ada", STEP, Status.RIGHT),
        notebook("ben", CHAIN, Status.NOT_HANDED_IN),
        notebook("ben", STEP, Status.NOT_HANDED_IN),
        notebook("cyd", CHAIN, Status.UNREADABLE, "The file is empty."),
    ]
    found = {topic.title: topic.lines for topic in topics(records, ["over there"], ["a bad time"])}
    assert found == {
        NOT_HANDED_IN: (f"ada: {CHAIN}", f"ben: nothing of {ASSIGNMENT}"),
        UNREADABLE: (f"cyd, {CHAIN}: The file is empty.",),
        PASSED_OVER: ("over there",),
        IN_THE_GRADEBOOK: ("a bad time",),
    }
    assert topics([notebook("ada", STEP, Status.RIGHT)], [], []) == []
    assert topics(records[2:4], [], [], {("ben", ASSIGNMENT)}) == []


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("ada/1_Neuron/02_chain.ipynb", '"submitted/ada/1_Neuron" is not graded: rename it to 1_neuron'),
        ("ada/1_neuron /02_chain.ipynb", '"submitted/ada/1_neuron " is not graded: rename it to 1_neuron'),
        ("ada/1-neuron/02_chain.ipynb", "rename it to 1_neuron"),
        ("ada/homework/02_chain.ipynb", "there is no such assignment. There are 1_neuron, 2_layer"),
        ("ada/02_chain.ipynb", "lies outside an assignment's folder"),
        ("ada/work.zip", "lies outside an assignment's folder"),
        ("ada/notes.pdf", "holds no folder of an assignment"),
        ("ada /1_neuron/02_chain.ipynb", "has a blank at its end"),
        ("all.zip", "is a file, and a student's folder is expected"),
        ("__MACOSX/1_neuron/._02_chain.ipynb", "left by the program that made an archive"),
    ],
)
def test_what_is_not_graded_is_named_with_what_to_do(tmp_path: Path, made: str, said: str):
    path = tmp_path / "submitted" / made
    path.parent.mkdir(parents=True)
    path.touch()
    texts = passed_over(tmp_path / "submitted", ["1_neuron", "2_layer"])
    assert any(said in text for text in texts), texts


def test_what_is_as_it_should_be_is_not_named(tmp_path: Path):
    for name in ("ada/1_neuron/02_chain.ipynb", "ben/2_layer/timestamp.txt", ".DS_Store"):
        path = tmp_path / "submitted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert passed_over(tmp_path / "submitted", ["1_neuron", "2_layer"]) == []


def test_links_and_two_folders_of_one_student_are_named(tmp_path: Path):
    submitted = tmp_path / "submitted"
    for name in ("ada", "Ada", "cyd"):
        (submitted / name / "1_neuron").mkdir(parents=True)
    (submitted / "ben").symlink_to(submitted / "ada")
    (submitted / "cyd" / "2_layer").symlink_to(submitted / "ada" / "1_neuron")
    found = passed_over(submitted, ["1_neuron", "2_layer"])
    assert any('"Ada", "ada" may be one student' in text for text in found)
    assert any(text.startswith("submitted/ben is a link") for text in found)
    assert any(text.startswith("submitted/cyd/2_layer is a link") for text in found)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Ann has handed in; ben has another folder; cyd has handed in one of two notebooks."""
    made = classroom.make_course(tmp_path / "my 100% [course] ü", (CHAIN, STEP))
    made.root.joinpath("submitted").mkdir()
    untouched = {name: classroom.answered(made.plan(name), {}) for name in (CHAIN, STEP)}
    classroom.hand_in(made, "ann", untouched)
    classroom.hand_in(made, "cyd", {STEP: untouched[STEP]})
    (made.root / "submitted" / "ben" / "1_Neuron").mkdir(parents=True)
    return made


def test_two_copies_and_what_was_handed_in_instead_are_named(course: Course):
    folder = course.submitted / "ann" / ASSIGNMENT
    solved = classroom.answered(course.plan(STEP), {gap.name: gap.solution for gap in course.plan(STEP).gaps})
    (folder / f"{STEP} (1).ipynb").write_bytes(solved)
    half = classroom.answered(course.plan(STEP), {gap.name: gap.solution for gap in course.plan(STEP).gaps[:1]})
    (folder / f"{STEP}.ipynb").write_bytes(half)
    (course.submitted / "cyd" / ASSIGNMENT / "essay.ipynb").write_bytes(b"{}")
    _, said = regrade(course)
    assert f"ann: {STEP} (1).ipynb counts for {STEP}; passed over: {STEP}.ipynb" in " ".join(said.split())
    assert f"cyd: {CHAIN}. Not {CHAIN} by their cells, or not read: essay.ipynb" in " ".join(said.split())


def test_who_handed_in_nothing_has_a_record_and_no_marks(course: Course):
    records, said = regrade(course)
    states = {(record.student, record.notebook): record.handed_in for record in records}
    assert states == {
        ("ann", CHAIN): True,
        ("ann", STEP): True,
        ("ben", CHAIN): False,
        ("ben", STEP): False,
        ("cyd", CHAIN): False,
        ("cyd", STEP): True,
    }
    assert len(read_records(course.root / "results.jsonl")) == 6
    assert {student for student, _ in marks(course)} == {"ann", "cyd"}
    assert f"ben: nothing of {ASSIGNMENT}" in said
    assert f"cyd: {CHAIN}" in said
    assert '"submitted/ben/1_Neuron"' not in said  # the command line looks for it, below
    before = (course.root / "results.jsonl").read_bytes()
    regrade(course)
    assert (course.root / "results.jsonl").read_bytes() == before
    classroom.hand_in(course, "ben", {CHAIN: classroom.answered(course.plan(CHAIN), {})})
    assert {record.handed_in for record in regrade(course)[0] if record.student == "ben"} == {True, False}


def test_strict_makes_it_an_error_and_the_course_may_lie_anywhere(course: Course):
    code, said = command_line(course)
    assert code == 0
    assert "1_Neuron" in said
    assert "rename it to 1_neuron" in said
    assert command_line(course, "--strict")[0] == 2
    shutil.rmtree(course.root / "submitted" / "ben")
    shutil.rmtree(course.root / "submitted" / "cyd")
    code, said = command_line(course, "--strict", "--student", "ann")
    assert code == 2
    assert "cyd has marks for 1_neuron" in said
    assert "autograder forget cyd" in said


def test_one_student_and_one_assignment_can_be_graded_into_the_gradebook(course: Course):
    code, said = command_line(course, "--assignment", ASSIGNMENT, "--student", "cyd")
    assert code == 0
    assert {student for student, _ in marks(course)} == {"cyd"}
    code, said = command_line(course, "--student", "nobody")
    assert code == 2
    assert "There is nothing of nobody to grade" in said


def test_submitted_may_be_a_link(course: Course, tmp_path: Path):
    (course.root / "submitted").rename(tmp_path / "elsewhere")
    (course.root / "submitted").symlink_to(tmp_path / "elsewhere")
    assert command_line(course)[0] == 0
    assert {student for student, _ in marks(course)} == {"ann", "cyd"}


def test_a_folder_for_which_a_program_left_its_own_is_no_student(course: Course):
    (course.root / "submitted" / "__MACOSX" / ASSIGNMENT).mkdir(parents=True)
    assert "__MACOSX" not in {job.student for job in jobs_in(course, course.root / "submitted")}


def _next(root: Path) -> tuple[Path, Path]:
    """Where the next notebook's checks and mistakes will stand; so far there is the notebook."""
    source = root / "source" / "4_next" / "08_next.ipynb"
    source.parent.mkdir()
    shutil.copy(classroom.ROOT / "source" / "2_layer" / "04_layer_inputs.ipynb", source)
    checks = root / "autograder" / "checks"
    return checks / "08_next.toml", checks / "mistakes" / "08_next.toml"


@pytest.mark.parametrize("written", ["the notebook", "half of its checks", "half of its mistakes"])
def test_an_unfinished_notebook_costs_those_that_are_graded_nothing(course: Course, written: str):
    checks, mistakes = _next(course.root)
    if written != "the notebook":
        checks.write_text('[[gap]]\nname = "dx0"\n', encoding="utf-8")
    if written == "half of its mistakes":
        mistakes.write_text("[[mistake]]\nslug = 3\n", encoding="utf-8")
    code, said = command_line(Course(course.root, classroom.SECRET))
    assert code == 0, said
    assert {student for student, _ in marks(course)} == {"ann", "cyd"}


def test_records_say_so_in_json(course: Course):
    regrade(course)
    lines = [json.loads(line) for line in (course.root / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    of_ben = [line for line in lines if line["student"] == "ben"]
    assert {gap["status"] for line in of_ben for gap in line["gaps"]} == {"not-handed-in"}


def test_a_terminal_without_a_letter_for_a_name_shows_a_question_mark_and_the_marks_are_written(
    course: Course, monkeypatch: pytest.MonkeyPatch
):
    classroom.hand_in(course, "Zoë Ω", {STEP: classroom.answered(course.plan(STEP), {})})
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    code, said = classroom.grade(course, "--student", "Zoë Ω")
    assert code == 0
    assert "Traceback" not in said
    assert ("Zoë Ω", STEP) in marks(course)
