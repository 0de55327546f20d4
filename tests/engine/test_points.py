"""How the points of a gap split: values, corner cases, conduct; and every status that a gap can have."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from autograder.judging import checking, scoring
from autograder.model import CheckKind, CheckResult, KitError, Status

from .notebooks import code, grade_id, handed_in, notebook, solutions


def result_of(grader, name: str, gap: str, source: str):
    answers = {**solutions(grader.course.plan(name)), gap: source}
    record = grader.grade(handed_in(name, answers), student="s", name=name).record
    others = {result.gap: result.status for result in record.gaps if result.gap != gap}
    assert set(others.values()) == {Status.RIGHT}, others
    return next(result for result in record.gaps if result.gap == gap)


def failed(result) -> set[str]:
    return {check.check for check in result.checks if not check.passed}


def test_a_list_of_arrays_is_wrong_and_costs_its_own_gap(grader):
    source = "dinputs_sample = [dvalues_sample[0] * weights[0], 0.0, 0.0, 0.0]"
    found = result_of(grader, "04_layer_inputs", "dinputs_sample", source)
    assert (found.status, found.score) == (Status.WRONG, 0.0)


def test_names_of_changed_inputs_are_told_once_and_in_our_order(grader):
    plan, reference = grader.course.plan("02_chain"), grader.reference("02_chain")
    gap = plan.gap("neuron_backward")
    forged = {
        twin: {**answers, gap.name: replace(answers[gap.name], touched=("w", "x", "w", "x", "dvalue", "all"))}
        for twin, answers in reference.answers.items()
    }
    found = checking.results(grader.checks, checking.case_of(plan, gap, replace(reference, answers=forged), reference))
    (message,) = [result.message for _, result in found if not result.passed]
    assert message.startswith("`x`, `w` changed while this ran")


AT_THE_KINK = {
    ("01_neuron", "ReLU"): "def ReLU(z):\n    return 1e-3 if z == 0 else max(z, 0)\ny = ReLU(z)",
    ("02_chain", "relu_dz"): "relu_dz = 1.0 if z >= 0 else 0.0",
    ("02_chain", "drelu_dsum"): "drelu_dsum = dvalue if z >= 0 else 0",
    ("06_relu_arrays", "relu_mask"): "relu_dz = (z >= 0) * 1.0",
    ("06_relu_arrays", "drelu_array"): "drelu = np.where(z < 0, 0, dvalues)",
}


@pytest.mark.parametrize(("name", "gap"), AT_THE_KINK)
def test_a_corner_case_costs_the_corner_case_share_only(grader, name, gap):
    plan = grader.course.plan(name).gap(gap)
    result = result_of(grader, name, gap, AT_THE_KINK[name, gap])
    assert (result.status, failed(result)) == (Status.PARTLY, {"edges"})
    assert result.score == plan.points - plan.edge_points < plan.points
    assert result.message


BACKWARD = """
def neuron_backward(x, w, b, dvalue):
    g = dvalue if sum(x_i * w_i for x_i, w_i in zip(x, w)) + b > 0 else 0.0
    {line}
    return [g * w_i for w_i in w], [g * x_i for x_i in x], g
"""
BAD_CONDUCT = {
    "an input changed": (
        "02_chain",
        "neuron_backward",
        BACKWARD.format(line="isinstance(x, list) and x.append(7); x = x[:len(w)]"),
    ),
    "an input rebound": ("06_relu_arrays", "drelu_array", "drelu = dvalues = dvalues * (z > 0)"),
    "a memory": (
        "02_chain",
        "neuron_backward",
        "seen = []\n" + BACKWARD.format(line="g += seen.count((x, w, b)); seen.append((list(x), list(w), b))"),
    ),
    "a global read": ("02_chain", "neuron_backward", BACKWARD.format(line="g += 0 * z")),
}
SEEN_AS = {
    "an input changed": "inputs_unchanged",
    "an input rebound": "inputs_unchanged",
    "a memory": "second_call",
    "a global read": "no_globals",
}


@pytest.mark.parametrize("conduct", BAD_CONDUCT)
def test_bad_conduct_costs_the_share_for_conduct_and_says_what_was_seen(grader, conduct):
    name, gap, source = BAD_CONDUCT[conduct]
    plan = grader.course.plan(name).gap(gap)
    result = result_of(grader, name, gap, source)
    assert (result.status, failed(result)) == (Status.PARTLY, {SEEN_AS[conduct]})
    assert result.score == plan.points - plan.conduct_points < plan.points
    assert result.message


def test_edge_and_conduct_are_lost_each_by_itself_and_a_wrong_value_takes_all(grader):
    gap = grader.course.plan("06_relu_arrays").gap("drelu_array")

    def score(status: Status, *lost: CheckKind) -> float:
        found = [(kind, CheckResult(check="c", passed=kind not in lost)) for kind in CheckKind]
        return scoring.scored(gap, status, found)

    assert score(Status.RIGHT) == gap.points
    assert score(Status.PARTLY, CheckKind.EDGE) == gap.points - gap.edge_points
    assert score(Status.PARTLY, CheckKind.CONDUCT) == gap.points - gap.conduct_points
    assert score(Status.PARTLY, CheckKind.EDGE, CheckKind.CONDUCT) == gap.value_points
    for status in set(Status) - {Status.RIGHT, Status.PARTLY}:
        assert score(status) == score(status, CheckKind.VALUE) == 0


def test_shares_that_leave_nothing_for_the_value_are_refused(grader):
    gap = grader.course.plan("02_chain").gap("relu_dz")
    with pytest.raises(KitError, match=r"02_chain: gap relu_dz has 2 points .* leave something for the value"):
        replace(gap, edge_points=1.0, conduct_points=1.0)


# ---- every status ----------------------------------------------------------------------------

NAME, GAP = "02_chain", "relu_dz"


def status_of(grader, data: bytes):
    record = grader.grade(data, student="s", name=NAME).record
    return record, next(result for result in record.gaps if result.gap == GAP)


REACHED = {
    Status.RIGHT: "relu_dz = float(z > 0)",
    Status.PARTLY: "relu_dz = float(z >= 0)",
    Status.WRONG: "relu_dz = 1.0",
    Status.RAISED: "relu_dz = 1 / 0",
    Status.STOPPED: "while True: pass",
    Status.DIED: "import os\nos._exit(0)",
    Status.UNTOUCHED: "# relu_dz: from z\npass  # YOUR CODE HERE\n",
}


@pytest.mark.parametrize("status", REACHED)
def test_status_and_points_of_what_a_cell_holds(grader, status):
    answers = {**solutions(grader.course.plan(NAME)), GAP: REACHED[status]}
    record, result = status_of(grader, handed_in(NAME, answers))
    assert result.status is status
    assert {other.status for other in record.gaps if other.gap != GAP} == {Status.RIGHT}
    scores = {Status.RIGHT: result.points, Status.PARTLY: result.points - 0.5}
    assert result.score == scores.get(status, 0)
    assert record.score == record.max_score - result.points + result.score
    assert (result.message == "") == (status is Status.RIGHT)


@pytest.mark.parametrize("source", ["", "\n\n", "# only a note", "# relu_dz: from z\n\n    pass    # YOUR CODE HERE"])
def test_a_cell_without_work_is_untouched(grader, source):
    _, result = status_of(grader, handed_in(NAME, {GAP: source}))
    assert (result.status, result.score) == (Status.UNTOUCHED, 0)


def test_a_gap_without_a_cell_is_missing(grader):
    content = notebook(NAME, solutions(grader.course.plan(NAME)))
    content["cells"] = [cell for cell in content["cells"] if grade_id(cell) != GAP]
    record, result = status_of(grader, json.dumps(content).encode())
    assert (result.status, result.score, record.score) == (Status.MISSING, 0, record.max_score - result.points)


@pytest.mark.parametrize(
    "data",
    [b"", b"   \n", b"not json", b'{"cells": []}', b"[1]", json.dumps({"cells": [code("x = 1")]}).encode()],
)
def test_a_file_that_is_no_such_notebook_is_unreadable(grader, data):
    record, result = status_of(grader, data)
    assert {one.status for one in record.gaps} == {Status.UNREADABLE}
    assert (record.score, result.score) == (0, 0)
    assert record.remarks


def test_a_notebook_that_is_not_there_has_a_status_of_its_own(grader):
    record = grader.not_handed_in("ada", NAME).record
    assert {one.status for one in record.gaps} == {Status.NOT_HANDED_IN}
    assert (record.handed_in, record.score) == (False, 0)
    assert grader.grade(b"", student="ada", name=NAME).record.handed_in


def test_a_fault_of_a_check_puts_its_gap_up_for_review_and_nothing_else(grader, monkeypatch):
    real = checking.results

    def broken(*arguments):
        if arguments[-1].gap.name == GAP:
            raise ZeroDivisionError("in a check")
        return real(*arguments)

    monkeypatch.setattr(checking, "results", broken)
    record, result = status_of(grader, handed_in(NAME, solutions(grader.course.plan(NAME))))
    assert (result.status, result.score, record.score) == (Status.REVIEW, 0, None)
    assert {other.status for other in record.gaps if other.gap != GAP} == {Status.RIGHT}
    assert "fault in the grader" in result.message


def test_all_statuses_are_reached_above():
    assert set(Status) == {*REACHED, Status.MISSING, Status.UNREADABLE, Status.NOT_HANDED_IN, Status.REVIEW}


def test_a_wrong_value_that_also_raises_somewhere_is_told_as_an_error(grader):
    _, result = status_of(grader, handed_in(NAME, {GAP: "relu_dz = z / 0 if z < 0 else float(z > 0)"}))
    assert result.status is Status.RAISED
    assert result.line == 1


def test_a_wrong_value_that_raises_in_a_corner_case_only_is_told_as_a_wrong_value(grader):
    _, result = status_of(grader, handed_in(NAME, {GAP: "relu_dz = 1.0 if z > 1 else 0.0 / abs(z)"}))
    assert (result.status, result.line) == (Status.WRONG, 0)
    assert failed(result) >= {"edges"}


def test_the_page_alone_earns_nothing(grader):
    for name in grader.course.sources:
        plan = grader.course.plan(name)
        typed_in = {}
        for gap in plan.gaps:
            values = grader.reference(name).answer("P", gap.name).values
            if not gap.driver:
                lines = [f"{output} = {expression(values[output])}" for output in gap.outputs]
                typed_in[gap.name] = "\n".join(["import numpy as np", *lines])
        record = grader.grade(handed_in(name, typed_in), student="s", name=name).record
        found = {result.gap: (result.status, result.score) for result in record.gaps if result.gap in typed_in}
        assert set(found.values()) == {(Status.WRONG, 0)}, found


def expression(value: object) -> str:
    return f"np.{value!r}" if hasattr(value, "tolist") and not repr(value).startswith("np.") else repr(value)
