"""`ask` as a student meets it: one question about a right cell, and then its answer."""

from __future__ import annotations

import re

import pytest

from lab import kernel


@pytest.fixture
def asking(in_chain):
    student = in_chain("neuron_backward")
    student.run("from lab import ask")
    return student


def test_a_question_comes_first_and_its_answer_when_asked_again(asking):
    question = asking.run('ask("neuron_backward")')
    assert "neuron_backward, question 1\n" in question
    assert "Which" in question
    answer = asking.run('ask("neuron_backward")')
    assert "neuron_backward, question 1: the answer, found by running your cell" in answer
    assert "neuron_backward, question 2\n" in asking.run('ask("neuron_backward")')


def test_answers_are_what_the_student_s_own_function_gives(asking):
    for _ in range(4):
        question = " ".join(asking.run('ask("neuron_backward")').split())
        answer = asking.run('ask("neuron_backward")')
        changes = re.findall(r"`(\w+)(\[\d\])?` is (doubled|negated|tripled)", question)
        if "Which of the results change" not in question:
            continue
        factors = {"doubled": 2, "negated": -1, "tripled": 3}
        lines = ["xs, ws, bs, ds = list(x), list(w), b, dvalue"]
        for name, place, word in changes:
            short = {"x": "xs", "w": "ws", "b": "bs", "dvalue": "ds"}[name]
            if place or name in ("b", "dvalue"):
                lines.append(f"{short}{place} *= {factors[word]}")
            else:
                lines.append(f"{short} = [{factors[word]} * v for v in {short}]")
        asking.run("\n".join([*lines, "own = neuron_backward(xs, ws, bs, ds)"]))
        told = dict(re.findall(r"`(d[xwb])` (?:stays|changes to) (.*)", answer))
        dx, dw, db = (eval(told[name]) for name in ("dx", "dw", "db"))
        own = asking.names["own"]
        assert [*dx, *dw, db] == pytest.approx([*own[0], *own[1], own[2]], abs=1e-12)


def test_the_second_question_asks_which_line_decides_and_its_answer_names_the_student_s_own(asking):
    for _ in range(2):
        asking.run('ask("neuron_backward")')
    question = " ".join(asking.run('ask("neuron_backward")').split())
    assert re.search(r"Which line of yours decides whether `d[xwb]` is 0\?", question)
    answer = asking.run('ask("neuron_backward")')
    source = asking.shell.history_manager.input_hist_raw
    (cell,) = {text for text in source if text.startswith("# neuron_backward")}
    (line,) = [number for number, text in enumerate(cell.split("\n"), 1) if "z > 0" in text]
    assert f"is decided by line {line}: `{cell.splitlines()[line - 1].strip()}`" in " ".join(answer.split())


def test_a_cell_that_is_not_right_is_not_asked_about(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum="# drelu_dsum: from dvalue, z\ndrelu_dsum = -dvalue")
    student.run("from lab import ask")
    assert 'Questions are about right cells. check("drelu_dsum")' in student.run('ask("drelu_dsum")').replace("`", "")


def _values(student) -> dict[str, str]:
    """What stands in the notebook, but for IPython's own history."""
    return {name: repr(value) for name, value in student.names.items() if not re.match("_|In$|Out$", name)}


def test_asking_leaves_the_notebook_as_it_was(asking):
    before = _values(asking)
    for _ in range(6):
        asking.run('ask("neuron_backward")')
    assert _values(asking) == before
    assert kernel.memory(asking.shell).asked["neuron_backward"] == 3


def test_an_unknown_gap_is_told_as_everywhere(asking):
    assert "There is no gap" in asking.run('ask("neuron_backwards")')
