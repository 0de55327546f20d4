"""Questions about one's own code: every key is what the code gives when simply run, and no two sheets are alike."""

from __future__ import annotations

import ast
import contextlib
import io
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

import numpy as np
import pytest

from autograder.classes.questions import making, page
from autograder.classes.questions.bank import Bank, bank_of, given_to
from autograder.classes.questions.making import Asked, Right, Sheet, sheet_of, without_numbers
from autograder.model import CellKind, Gap
from lab import deciding, questions
from lab.drawing.given import CannotDraw
from lab.judge import as_array
from lab.questions import CHANGE, DECIDES, LINE, NUMBERS, Question

from ..feedback.reader import read
from .notebooks import handed_in, solutions
from .test_honest import NAMES, packed, styled

QUICK = ("02_chain", "05_layer_parameters")
"""Notebooks whose keys are checked each time; the others are in the long run."""
BANKS: dict[str, Bank] = {}


def bank(grader, name: str) -> Bank:
    if name not in BANKS:
        BANKS[name] = bank_of(grader, name)
    return BANKS[name]


def right_in(grader, name: str, data: bytes) -> list[Right]:
    """All gaps of a notebook that is right everywhere."""
    of, submission = bank(grader, name), grader.read(data, name)[1]
    transcript = grader.replay_on(of.plan, of.reference, submission)
    return [Right(bank=of, gap=gap, submission=submission, transcript=transcript) for gap in of.plan.gaps]


# ---- keys ------------------------------------------------------------------------------------------------------------


def simply_run(one: Right, source: str | CodeType, changed: dict[str, Any], twin: str = "P") -> dict[str, Any] | str:
    """The cell run by plain Python behind the student's cells before it; its results, or the type of its error.

    No sandbox, no plan, nothing set right: another way to the same numbers. A picture may have too many of them.
    """
    givens = next(other for other in one.bank.plan.twins if other.name == twin).givens
    space: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in one.submission.cells:
            if cell.grade_id == one.gap.name:
                break
            if cell.kind is not CellKind.LOCKED:
                with contextlib.suppress(CannotDraw):
                    exec(cell.source, space)
            else:
                _set_by(cell.source, space)
                space |= {name: _copy(givens[name]) for name in cell.givens}
        space |= {name: _copy(value) for name, value in changed.items()}
        try:
            exec(source, space)
            results = {name: space[name] for name in one.gap.outputs if name in space}
            return _called(one.gap, results | _driven(one, space, changed, twin))
        except Exception as error:
            return type(error).__name__


def _set_by(source: str, space: dict[str, Any]) -> None:
    """Run what sets names in a cell of the course; what shows something is left out."""
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.For, ast.If)
    for one in ast.parse(source).body:
        if isinstance(one, kinds) and getattr(one, "module", "") != "lab":
            with contextlib.suppress(CannotDraw):
                exec(compile(ast.Module([one], []), "<cell>", "exec"), space)


def _driven(one: Right, space: dict[str, Any], changed: dict[str, Any], twin: str) -> dict[str, Any]:
    if not one.gap.driver:
        return {}
    probes = next(other for other in one.bank.plan.twins if other.name == twin).probes.get(one.gap.name, {})
    inner = {**space, "np": np, **{name: _copy(value) for name, value in {**probes, **changed}.items()}}
    exec(one.gap.driver, inner)
    return {name: inner[name] for name in one.gap.results if name in inner}


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, list | np.ndarray) else value


def _called(gap: Gap, results: dict[str, Any]) -> dict[str, Any]:
    return {gap.called(name): value for name, value in results.items()}


def plain(question: Question | None) -> str:
    """A question with its key, and 1.0 as 1: after a gap that defines a function, the course's own stands there."""
    return re.sub(r"(\d)\.0?(?![\d])", r"\1", repr(question))


def wrong_keys(grader, one: Right) -> tuple[Counter[str], list[Any]]:
    """How many questions of each kind one right gap gives, and those whose key is not what plain Python gives."""
    wrong: list[Any] = []
    count: Counter[str] = Counter()
    before = simply_run(one, one.source, {})
    assert isinstance(before, dict), before
    page_of = one.bank.plan.page
    given = given_to(one.bank.plan, one.gap, page_of, one.bank.reference)
    simply = []
    for changes in one.bank.changes[one.gap.name].values():
        after = simply_run(one, one.source, questions.changed(given, changes))
        if isinstance(after, dict):
            simply.append(questions.about_change(one.gap.name, changes, given, before, after, one.gap.tolerance))
    asked = list(one.about_changes())
    wrong += [question for question in asked if plain(question) not in map(plain, simply)]
    count[CHANGE] += len(asked)
    for twin in one.turns:
        question = one.about_deciding(grader, twin)
        again = decided_simply(one, twin, given, before)
        wrong += [] if plain(question) == plain(again) else [(question, again)]
        count[DECIDES] += question is not None
    for number in questions.lines_to_take_out(one.source):
        question = one.about_line(grader, number)
        if question is None:
            continue
        without = simply_run(one, questions.without_line(one.source, number), {})
        after, error = ({}, without) if isinstance(without, str) else (without, "")
        line = one.source.split("\n")[number - 1]
        again = questions.about_line(one.gap.name, number, line, before, after, error, one.gap.tolerance)
        wrong += [] if plain(question) == plain(again) else [(question, again)]
        count[LINE] += 1
    simply = []
    for twin in one.bank.plan.twins:
        if twin.name in one.bank.others[one.gap.name]:
            results = simply_run(one, one.source, {}, twin.name)
            if isinstance(results, dict):
                shown = given_to(one.bank.plan, one.gap, twin, one.bank.reference)
                simply.append(questions.about_numbers(one.gap.name, shown, results))
    asked = list(one.about_numbers())
    wrong += [question for question in asked if plain(question) not in map(plain, simply)]
    count[NUMBERS] += len(asked)
    return count, wrong


def decided_simply(one: Right, twin: str, given: dict[str, Any], before: dict[str, Any]) -> Question | None:
    """The question which line decides, by plain Python; the line is also one at which two traced runs part."""
    change = one.bank.turns[one.gap.name][twin]
    other = questions.changed(given, [change])
    after = simply_run(one, one.source, other)
    zero = deciding.parting(before, after) if isinstance(after, dict) else None
    if zero is None or not (one.is_right_on("P") and one.is_right_on(twin)):
        return None

    def run(source: str) -> list[deciding.Ran]:
        gave = [simply_run(one, source, changed) for changed in ({}, other)]
        return [
            deciding.Ran(values={}, error=ran) if isinstance(ran, str) else deciding.Ran(values=ran) for ran in gave
        ]

    number = deciding.deciding_line(one.source, zero, run)
    if number is None:
        return None
    assert outcomes(one, number, {}) != outcomes(one, number, other), (one.source, number)
    line = number, one.source.split("\n")[number - 1]
    return questions.about_deciding(one.gap.name, change, given, before, zero, line)


def outcomes(one: Right, number: int, changed: dict[str, Any]) -> list[Any]:
    """What a trace sees behind a line, each time: the line that follows or what is returned, and which names hold 0."""
    seen: list[Any] = []
    waiting: set[int] = set()

    def local(frame: FrameType, event: str, arg: object) -> Any:
        if id(frame) in waiting:
            known = {name: np.asarray(value) == 0 for name, value in frame.f_locals.items() if is_number(value)}
            told = {name: zeros.tolist() for name, zeros in known.items()}
            given = [(np.asarray(part) == 0).tolist() for part in (arg if isinstance(arg, tuple) else (arg,))]
            seen.append((frame.f_lineno if event == "line" else given, told))
        waiting.discard(id(frame))
        if event == "line" and frame.f_lineno == number:
            waiting.add(id(frame))
        return local

    def entered(frame: FrameType, event: str, arg: object) -> Any:
        return local if frame.f_code.co_filename == "<own>" else None

    sys.settrace(entered)
    try:
        simply_run(one, compile(one.source, "<own>", "exec"), changed)
    finally:
        sys.settrace(None)
    return seen


def is_number(value: object) -> bool:
    return as_array(value) is not None


def all_keys(grader, name: str) -> Counter[str]:
    """Check every key of every honest style of a notebook; how many there were of each kind."""
    count: Counter[str] = Counter()
    for styles in packed(name):
        for one in right_in(grader, name, styled(grader, name, styles)):
            if one.gap.name in styles:
                asked, wrong = wrong_keys(grader, one)
                assert not wrong, (styles[one.gap.name]["name"], wrong)
                count += asked
    return count


@pytest.mark.parametrize("name", QUICK)
def test_every_key_is_what_plain_python_gives_for_every_honest_style(grader, name):
    found = all_keys(grader, name)
    assert found.total() > 150
    assert found[DECIDES] >= {"02_chain": 10, "05_layer_parameters": 0}[name]  # 05 has no ReLU, and so no zeros


@pytest.mark.long
def test_a_thousand_keys_over_all_notebooks_are_what_plain_python_gives(grader):
    counted = {name: all_keys(grader, name) for name in NAMES}
    kinds = sum(counted.values(), Counter[str]())
    assert kinds.total() >= 1000, counted
    assert kinds[DECIDES] >= 30, counted


# ---- sheets ----------------------------------------------------------------------------------------------------------


class Remembering:
    """A grader that runs the same text once only: three hundred students here have the same code."""

    def __init__(self, grader) -> None:
        self._grader, self._found = grader, {}

    def replay_on(self, plan, reference, submission):
        key = (*(twin.name for twin in plan.twins), *(cell.source for cell in submission.cells))
        if key not in self._found:
            self._found[key] = self._grader.replay_on(plan, reference, submission)
        return self._found[key]


@pytest.fixture(scope="module")
def class_of_300(grader) -> list[Sheet]:
    """Three hundred students whose code is the same, letter by letter."""
    names = [name for name, source in grader.course.sources.items() if source.assignment == "1_neuron"]
    right = [
        one for name in names for one in right_in(grader, name, handed_in(name, solutions(grader.course.plan(name))))
    ]
    seen: set[str] = set()
    quick = Remembering(grader)
    return [sheet_of(quick, f"student{number}", right, "seed", seen) for number in range(300)]


def test_three_hundred_students_get_three_hundred_different_sheets(class_of_300):
    assert len({without_numbers(sheet.asked) for sheet in class_of_300}) == 300


def test_all_sheets_ask_the_same_kinds_with_the_same_number_of_operations(class_of_300):
    for sheet in class_of_300:
        assert [one.question.kind for one in sheet.asked] == [CHANGE, DECIDES, NUMBERS]
        change, line, _ = (one.question for one in sheet.asked)
        assert len(re.findall(r"is (?:doubled|negated|tripled)", change.text)) == 2
        assert len(re.findall(r"is negated", line.text)) == 1
        assert len(re.findall(r"Which line of yours decides", line.text)) == 1
        assert len({one.question.gap for one in sheet.asked}) == 3


def test_the_same_seed_makes_the_same_sheet(grader, class_of_300):
    right = right_in(grader, "02_chain", handed_in("02_chain", solutions(grader.course.plan("02_chain"))))
    one, again = (sheet_of(grader, "ada", right, "seed", set()) for _ in range(2))
    assert one == again
    assert one != sheet_of(grader, "ada", right, "another seed", set())


def test_numbers_for_questions_are_none_of_those_that_decide_marks(grader):
    hidden = grader.course.plan("02_chain").twins[1:]
    for twin in bank(grader, "02_chain").plan.twins[1:3]:
        assert all(twin.givens["x"] != other.givens["x"] for other in hidden)


def test_with_no_right_gap_there_is_nothing_to_ask(grader):
    sheet = sheet_of(grader, "amir", [], "seed", set())
    assert (sheet.asked, sheet.remark) == ((), "No gap is right, so there is nothing to ask about.")


# ---- pages -----------------------------------------------------------------------------------------------------------

HOSTILE = "</pre><script>alert(1)</script>\u202e"
ASKED = Asked(
    notebook="02_chain",
    question=Question(
        kind="line", gap="dmul", text=f"`{HOSTILE}` is", given=((HOSTILE, HOSTILE),), key=((HOSTILE, "0"),)
    ),
    source=f"x = 1\n{HOSTILE}",
)


def test_sheets_hold_no_keys_and_keys_no_code(class_of_300):
    sheets = read(page.page(class_of_300[:3], keys=False))
    keys = read(page.page(class_of_300[:3], keys=True))
    assert len(list(sheets.all("section", "sheet"))) == 3
    assert len(list(sheets.all("article"))) == 9
    assert "changes to" not in sheets.words
    assert not list(keys.all("pre"))
    for sheet in class_of_300[:3]:
        for name, said in sheet.asked[0].question.key:
            assert " ".join(f"{name} {said}".split()) in keys.words


@pytest.mark.parametrize("keys", [False, True])
def test_hostile_code_and_names_stay_text(keys):
    html = page.page([Sheet(student=HOSTILE, asked=(ASKED,))], keys=keys)
    assert not list(read(html).all("script"))
    assert "\u202e" not in html


# ---- the parts -------------------------------------------------------------------------------------------------------


def test_what_cannot_be_changed_is_not_chosen():
    rng = random.Random(1)
    assert questions.draw_changes({"f": None, "which": 2, "counts": [1, 2], "is_on": True}, rng) is None
    one, other = questions.draw_changes({"z": 1.5}, rng)
    assert (one.name, other.name, one.word != other.word) == ("z", "z", True)


def test_changes_leave_the_values_they_start_from_alone():
    given = {"w": [[1.0, 2.0], [3.0, 4.0]], "x": np.array([[1, 2], [3, 4]]), "b": 2.0}
    change = questions.Change
    changes = [change(name="w", place=(1, 0), word="negated"), change(name="x", place=(), word="doubled")]
    found = questions.changed(given, changes)
    assert found["w"] == [[1.0, 2.0], [-3.0, 4.0]]
    assert found["x"].tolist() == [[2, 4], [6, 8]]
    assert given["w"] == [[1.0, 2.0], [3.0, 4.0]]
    assert given["x"].tolist() == [[1, 2], [3, 4]]


def test_numbers_are_shown_without_what_a_sum_of_floats_leaves():
    given = {"z": 0.1 + 0.2, "x": [-0.0, 1 / 3], "a": np.array([-0.0, 0.1 + 0.2])}
    question = questions.about_numbers("g", given, {"y": -0.0})
    assert question.given == (("z", "0.3"), ("x", "[0.0, 0.3333333333]"), ("a", "[0. , 0.3]"))
    assert question.key == (("y", "0"),)


def test_lines_that_hold_a_whole_statement_can_be_taken_out():
    source = (
        "# c\ndef f(a):\n    if a: b = 1\n    c = (a +\n         1)\n"
        "    d = 2; e = 3\n    c += 1\n    return c\n\ny = f(1)"
    )
    assert questions.lines_to_take_out(source) == [7, 8, 10]
    assert questions.without_line(source, 8).split("\n")[7] == "    pass"
    assert questions.lines_to_take_out("y = (") == []
    assert questions.lines_to_take_out("y = " + "(" * 3000 + ")" * 3000) == []


def generated(right: list[Right]) -> Iterator[Question]:
    for one in right:
        yield from one.about_changes()
        yield from one.about_numbers()


def test_a_gap_that_is_wrong_on_other_numbers_is_not_asked_about(grader):
    answers = solutions(grader.course.plan("02_chain"))
    typed = {**answers, "relu_dz": "relu_dz = 1.0", "drelu_dsum": "drelu_dsum = 1.0"}
    found = right_in(grader, "02_chain", handed_in("02_chain", typed))
    about = {question.gap for question in generated([one for one in found if one.gap.name == "drelu_dsum"])}
    assert about <= {"drelu_dsum"}
    assert not [one for one in found if one.gap.name == "drelu_dsum" and list(one.about_changes())]


def test_only_the_file_that_was_graded_is_asked_about(grader, tmp_path):
    name = "02_chain"
    answers = solutions(grader.course.plan(name)) | {"dmul": "dmul_dx0 = 3.0"}
    folder = tmp_path / "1_neuron"
    folder.mkdir()
    (folder / f"{name}.ipynb").write_bytes(handed_in(name, answers))
    record = grader.grade(handed_in(name, answers), student="s", name=name).record
    found = making.right_gaps(grader, bank(grader, name), record, folder)
    assert {one.gap.name for one in found} == {gap.name for gap in grader.course.plan(name).gaps} - {"dmul"}
    (folder / f"{name}.ipynb").write_bytes(handed_in(name, solutions(grader.course.plan(name))))
    assert making.right_gaps(grader, bank(grader, name), record, folder) == []
