"""Where the notebook gives a verdict, grading gives the same: all known mistakes and all honest answers, both ways."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.cells import with_answers
from autograder.course.course import Course
from autograder.judging import checking, mistakes
from autograder.judging.grading import Grader
from autograder.judging.mistakes import Mistake
from autograder.model import Case, Cell, CellKind, CheckKind, Plan, Submission, Transcript
from lab import data
from lab.checks import judge_gap
from lab.verdict import Status, Verdict

from ..engine.notebooks import handed_in, solutions

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "lab" / "open").glob("*.json"))
COURSE = Course(ROOT, "open")
CHECKS = checking.checks_in(COURSE.folders.checks)
FAMILY_OF = {one.slug: one.family for name in NOTEBOOKS for one in mistakes.known_mistakes(COURSE, name)}


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader(COURSE) as one:
        yield one


Rows = Mapping[str, Mapping[str, str]]
"""Answers of a data file, by their gaps."""


def submissions(plan: Plan, kind: str) -> Iterator[tuple[Submission, Rows]]:
    """As few submissions as can carry all answers of tests/KIND/, one a gap, with the answers that each carries."""
    path = ROOT / "tests" / kind / f"{plan.notebook}.toml"
    waiting: dict[str, list[dict[str, str]]] = {}
    for row in tomllib.loads(path.read_text(encoding="utf-8"))[kind]:
        waiting.setdefault(row["gap"], []).append(row)
    while any(waiting.values()):
        taken = {gap: rows.pop(0) for gap, rows in waiting.items() if rows}
        first_lines = {gap: plan.gap(gap).stub.split("\n")[0] for gap in taken}
        sources = {gap: f"{first_lines[gap]}\n" + row["source"].strip("\n") for gap, row in taken.items()}
        submission = with_answers(plan, sources)
        yield replace(submission, cells=tuple(_with_own_cells(submission, taken))), taken


def _with_own_cells(submission: Submission, taken: Rows) -> Iterator[Cell]:
    """The cells, each answer with the student's own cell before it if it has one."""
    for cell in submission.cells:
        own = taken.get(cell.grade_id, {}).get("before", "")
        if own:
            yield Cell(kind=CellKind.OWN, source=own.strip("\n"))
        yield cell


def mistaken_submissions(plan: Plan) -> Iterator[tuple[Submission, Mapping[str, Mistake]]]:
    """All known mistakes; those in each function that later gaps call apart from all others."""
    every = mistakes.known_mistakes(COURSE, plan.notebook)
    called = {gap.name for gap in plan.gaps if gap.supplies}
    for alone in called:
        yield from mistakes.as_submissions(plan, tuple(one for one in every if one.gap == alone))
    yield from mistakes.as_submissions(plan, tuple(one for one in every if one.gap not in called))


def verdicts(student, submission: Submission) -> dict[str, Verdict]:
    """What the notebook says of every gap, asked right after its cell, as students do."""
    student.shell.reset(new_session=True)
    found = {}
    for cell in submission.cells:
        student.run(cell.source)
        if cell.grade_id in data.notebooks()[submission.notebook]:
            found[cell.grade_id] = judge_gap(data.gap(cell.grade_id), student.shell)
    return found


def on_open_numbers(plan: Plan, name: str, transcript: Transcript, reference: Transcript) -> Status:
    """What the hidden checks say of a gap if only the open numbers count."""
    case: Case = checking.case_of(plan, plan.gap(name), transcript, reference)
    known = {numbers.name for numbers in data.gap(name).numbers}
    case = replace(case, twins=tuple(twin for twin in case.twins if twin.name in known))
    failed = {kind for kind, result in checking.results(CHECKS, case) if not result.passed}
    if CheckKind.VALUE in failed:
        return Status.WRONG
    return Status.PARTLY if failed else Status.RIGHT


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_known_mistakes_are_judged_and_named_as_in_grading(name, student, grader):
    plan, reference, known = grader.course.plan(name), grader.reference(name), grader.known_mistakes(name)
    disagreed, named = [], set()
    for submission, carried in mistaken_submissions(plan):
        found = verdicts(student, submission)
        for gap, mistake in carried.items():
            verdict = found[gap]
            transcript = known[mistake]
            graded = on_open_numbers(plan, gap, transcript, reference)
            here = Status.WRONG if verdict.status is Status.RAISED else verdict.status
            if here is not graded:
                disagreed.append((mistake.slug, verdict.status, graded, verdict.says))
            in_grading = grader.name_of(plan, plan.gap(gap), transcript).slug
            if verdict.mistake and verdict.mistake not in (in_grading, FAMILY_OF.get(in_grading)):
                disagreed.append((mistake.slug, verdict.mistake, in_grading))
            if verdict.mistake and verdict.status is not Status.RIGHT:
                named.add(gap)
    assert not disagreed
    assert named == {gap.name for gap in plan.gaps}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_wrong_answers_are_judged_here_as_in_grading_and_a_name_stays_or_becomes_its_family(name, student, grader):
    plan, reference = grader.course.plan(name), grader.reference(name)
    disagreed = []
    for submission, answered in submissions(plan, "wrong"):
        found, transcript = verdicts(student, submission), grader.replay(submission)
        for gap, row in answered.items():
            status, here = found[gap].status, found[gap].mistake
            graded = on_open_numbers(plan, gap, transcript, reference)
            if status is not Status.UNSURE and graded is not (Status.WRONG if status is Status.RAISED else status):
                disagreed.append((gap, row["name"], status, graded))
            in_grading = grader.name_of(plan, plan.gap(gap), transcript).slug
            if here and status is not Status.RIGHT and here not in (in_grading, FAMILY_OF.get(in_grading)):
                disagreed.append((gap, row["name"], here, in_grading))
    assert not disagreed


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_honest_answers_are_right_here_as_in_grading(name, student, grader):
    plan, reference = grader.course.plan(name), grader.reference(name)
    disagreed = []
    for submission, answered in submissions(plan, "honest"):
        transcript = grader.replay(submission)
        found = verdicts(student, submission)
        for gap in answered:
            graded = on_open_numbers(plan, gap, transcript, reference)
            if (found[gap].status, graded) != (Status.RIGHT, Status.RIGHT):
                disagreed.append((gap, found[gap].status, graded, found[gap].says))
    assert not disagreed


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_slip_costs_only_its_own_gap_here_too(name, student, grader):
    """All gaps but one hold a known mistake; the one that is right is judged right."""
    plan = grader.course.plan(name)
    _, carried = next(mistakes.as_submissions(plan, mistakes.known_mistakes(COURSE, name)))
    for gap in plan.gaps:
        others = {one: mistake.source for one, mistake in carried.items() if one != gap.name}
        verdict = verdicts(student, with_answers(plan, others))[gap.name]
        calls_a_wrong_one = bool(data.gap(gap.name).supplied) and verdict.status is Status.UNSURE
        assert verdict.status is Status.RIGHT or calls_a_wrong_one, verdict


ERRORS = [
    ("02_chain", "drelu_dsum", "drelu_dsum = (dvalue * 2"),
    ("02_chain", "neuron_backward", "def neuron_backwards(x, w, b, dvalue):\n    return w, x, dvalue"),
    ("04_layer_inputs", "dinputs_batch", "dinputs = dvalues @ weights[:2]"),
    ("06_relu_arrays", "relu_mask", "relu_dz = max(z, 0)"),
    ("06_relu_arrays", "drelu_array", "drelu = np.zeros(z.shape, dtype=int)\ndrelu[z > 0] = 1\ndrelu *= dvalues"),
    (
        "06_relu_arrays",
        "Activation_ReLU",
        "class Activation_ReLU:\n    def forward(self, inputs):\n        self.output = np.maximum(0, inputs)\n\n"
        "    def backward(self, dvalues):\n        self.dinputs = dvalues * (self.inputs > 0)",
    ),
]


@pytest.mark.parametrize(("name", "gap", "source"), ERRORS)
def test_an_error_is_told_and_named_in_grading_as_in_the_notebook(name, gap, source, student, grader):
    source = f"{data.gap(gap).first_line}\n{source}"
    student.run_notebook(name, gap, {gap: source})
    here = judge_gap(data.gap(gap), student.shell)
    answers = {**solutions(grader.course.plan(name)), gap: source}
    record = grader.grade(handed_in(name, answers), student="s", name=name).record
    (graded,) = (result for result in record.gaps if result.gap == gap)
    assert (graded.status, here.status) == ("raised", "raised")
    assert (graded.mistake, graded.story.name) == (here.mistake, here.named)
    assert here.explained
    assert f"{graded.story.seen} {graded.story.meaning}".endswith(here.explained)
    assert graded.story.question == here.question
