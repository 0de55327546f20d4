"""`check` as a student meets it: which cell it judges, what it says, and that it leaves no trace."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable

import numpy as np
import pytest

from lab import data, patience, texts
from lab.checks import judge_gap

STUB = "# drelu_dsum: from dvalue, z\npass  # YOUR CODE HERE"
RIGHT = "# drelu_dsum: from dvalue, z\ndrelu_dsum = dvalue * (1.0 if z > 0 else 0.0)"
WITHOUT_SIGN = "# drelu_dsum: from dvalue, z\ndrelu_dsum = -dvalue * (1.0 if z > 0 else 0.0)"


def entry(shown: str) -> int:
    """The number of the cell that a verdict names."""
    found = re.search(r"checked: In \[(\d+)\]", shown)
    assert found, shown
    return int(found[1])


# ---- which cell ------------------------------------------------------------------------------------------------------


def test_a_right_cell_is_right_here_and_hidden_checks_follow(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum=RIGHT)
    answer = student.last
    shown = student.check("drelu_dsum")
    assert shown.startswith(f"✓ drelu_dsum: right here (checked: In [{answer}])")
    assert shown.endswith(texts.HIDDEN)


def test_it_says_that_hidden_checks_exist_whatever_the_verdict(in_chain):
    for answer in (RIGHT, WITHOUT_SIGN, STUB, "oops(", "x = 1"):
        assert in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum").endswith(texts.HIDDEN)


def test_without_a_cell_it_asks_to_run_it(student):
    student.run("from lab import check")
    shown = student.check("drelu_dsum")
    assert "not run yet" in shown
    assert "`# drelu_dsum: set drelu_dsum from dvalue, z`" in shown


def test_a_stub_is_recognised_and_answered_kindly(in_chain):
    shown = in_chain("drelu_dsum", drelu_dsum=STUB).check("drelu_dsum")
    assert "not filled in yet" in shown
    assert 'hint("drelu_dsum")' in shown


def test_a_stub_with_only_comments_added_is_still_a_stub(in_chain):
    answer = STUB.replace("pass", "# I do not know yet\npass")
    assert "not filled in yet" in in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")


def test_a_function_that_is_still_a_stub_is_recognised(in_chain, student):
    from lab import data

    stub = data.gap("neuron_backward").stub
    assert "not filled in yet" in in_chain("neuron_backward", neuron_backward=stub).check("neuron_backward")


def test_the_newest_cell_with_the_first_line_counts(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum=WITHOUT_SIGN)
    student.run(RIGHT)
    newest = student.last
    shown = student.check("drelu_dsum")
    assert "right here" in shown
    assert entry(shown) == newest


def test_without_the_first_line_the_newest_cell_that_sets_the_output_counts(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum="drelu_dsum = 5")
    student.run("if True:\n    drelu_dsum = dvalue * (z > 0)")
    newest = student.last
    shown = student.check("drelu_dsum")
    assert "right here" in shown
    assert entry(shown) == newest


def test_after_run_all_on_stubs_an_answer_that_lost_its_first_line_counts(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum=STUB)
    student.run("drelu_dsum = dvalue * (z > 0)")
    assert "right here" in student.check("drelu_dsum")


def test_an_output_set_again_since_is_said(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum=RIGHT)
    answer = student.last
    student.run("drelu_dsum = 7.0")
    shown = student.check("drelu_dsum")
    assert entry(shown) == answer
    assert "right here" in shown
    assert f"set again since, in In [{answer + 1}]" in shown.replace("\n  ", " ")


def test_a_gap_cell_that_lost_its_first_line_is_known_by_its_cell_id(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum=RIGHT)
    student.run("drelu_dsum = 7.0", cell_id="drelu_dsum")
    newest = student.last
    shown = student.check("drelu_dsum")
    assert entry(shown) == newest
    assert "not right yet" in shown


def test_a_value_left_from_wrong_numbers_is_said(in_chain):
    student = in_chain("drelu_dsum", relu_dz="# relu_dz:\nrelu_dz = 0.0", drelu_dsum="drelu_dsum = dvalue * relu_dz")
    shown = student.check("drelu_dsum")
    assert "right here" in shown
    assert "still holds something else" in shown


def test_an_answer_below_a_magic_is_found_and_run(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum="%%time\n" + RIGHT)
    assert "right here" in student.check("drelu_dsum")


def test_an_answer_and_its_check_may_stand_in_one_cell(in_chain):
    student = in_chain("relu_dz")
    assert "right here" in student.run(RIGHT + '\ncheck("drelu_dsum")')


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_a_wrong_answer_is_met_with_what_was_asked_yours_and_wanted(in_chain):
    answer = "# drelu_dsum: from dvalue, z\ndrelu_dsum = abs(dvalue) * (z > 0)"
    shown = in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")
    assert "not right yet" in shown
    assert "dvalue = -0.7" in shown
    assert re.search(r"yours: +0\.7\n", shown)
    assert re.search(r"wanted: +-0\.7\n", shown)


def test_a_known_mistake_is_named_with_what_it_means_and_a_question(in_chain):
    shown = in_chain("drelu_dsum", drelu_dsum=WITHOUT_SIGN).check("drelu_dsum").replace("\n  ", " ")
    assert "A minus sign too many." in shown
    assert "Ask yourself: If the neuron is active" in shown


def test_several_mistakes_of_one_family_give_the_family(student):
    from lab.explain import named
    from lab.gaps import Answer, Gap, Mistake

    answer = Answer(values={"y": 1.0})
    words = {"name": "n", "seen": "s", "meaning": "m", "question": "q", "answers": {"P": answer}}
    sign = {"family": "sign", "family_name": "The sign is wrong", **words}
    mistakes = tuple(Mistake(slug=slug, **sign) for slug in ("one", "two"))
    gap = _gap_with(Gap, mistakes)
    assert named(gap, {"P": answer}, wrong_values=True) == ("The sign is wrong", "sign", "", "")
    other = Mistake(slug="three", family="factor", family_name="f", **words)
    assert named(_gap_with(Gap, (*mistakes, other)), {"P": answer}, wrong_values=True)[0] == ""


def test_wrong_values_are_named_whatever_else_the_cell_changed(student):
    stub = "# parameter_step: new_weights, new_biases from weights, biases, dweights, dbiases, lr"
    answer = f"{stub}\nweights -= dweights\nbiases -= dbiases\nnew_weights, new_biases = weights, biases"
    student.run_notebook("07_all_together", "parameter_step", {"parameter_step": answer})
    assert judge_gap(data.gap("parameter_step"), student.shell).mistake == "parameter_step_without_lr"


def _gap_with(kind, mistakes):
    from dataclasses import replace

    from lab import data

    return replace(data.gap("weighted_sum"), mistakes=mistakes)


def test_an_error_is_told_with_type_text_and_line(in_chain):
    answer = "# drelu_dsum: from dvalue, z\nslope = 1.0\ndrelu_dsum = dvalue * slop"
    shown = in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")
    assert "stopped by an error" in shown
    assert "NameError: name 'slop' is not defined (line 3 of the cell)" in shown


def test_a_cell_that_is_no_python_is_told_with_its_line(in_chain):
    shown = in_chain("drelu_dsum", drelu_dsum=RIGHT.removesuffix(")")).check("drelu_dsum")
    assert "SyntaxError" in shown
    assert "line 2 of the cell" in shown


def test_an_error_only_on_other_numbers_says_so(in_chain):
    answer = "# drelu_dsum: from dvalue, z\ndrelu_dsum = {6.0: 1.0}[z]"
    shown = in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")
    assert "On another set of numbers, it raised KeyError" in shown


def test_python_asked_to_end_is_an_error_like_any_other(in_chain):
    assert "SystemExit" in in_chain("drelu_dsum", drelu_dsum=RIGHT + "\nraise SystemExit").check("drelu_dsum")


def test_an_interrupted_loop_is_said_and_does_not_stop_the_notebook(in_chain):
    answer = RIGHT + "\nif dvalue < 0:\n    raise KeyboardInterrupt"
    shown = in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")
    assert "it was interrupted" in shown


def test_arrays_come_in_the_mirror(student):
    answer = "# dinputs_batch:\ndinputs = dvalues @ weights.T\ndinputs[1, 2] += 0.5\ndinputs[0, 0] *= -1"
    student.run_notebook("04_layer_inputs", "dinputs_batch", {"dinputs_batch": answer})
    shown = student.check("dinputs_batch")
    assert "    dinputs: 2 of 12 entries differ, at row 0 column 0 and row 1 column 2.\n" in shown
    html = student.displayed[0]["text/html"]
    assert html.count('aria-label="dinputs in the mirror: yours, wanted, and the difference"') == 2  # both layouts
    assert html.count("<style>") == 1
    assert html.count('data-value="difference[1,2]" data-number="0.5"') == 2
    assert html.count('data-mark="differs"') == 4


def test_a_transposed_array_is_called_that(student):
    student.run_notebook("04_layer_inputs", "dX_columns", {"dX_columns": "dX = dvalues @ weights.T"})
    assert "rows and columns exchanged" in student.check("dX_columns")


def test_of_several_outputs_the_right_ones_are_named(in_chain):
    answer = "# dmul:\ndmul_dx0, dmul_dx1, dmul_dx2 = w\ndmul_dw0, dmul_dw1, dmul_dw2 = w"
    shown = in_chain("dmul", dmul=answer).check("dmul").replace("\n  ", " ")
    assert "Not right either: `dmul_dw1`, `dmul_dw2`." in shown
    assert "Right already: `dmul_dx0`, `dmul_dx1`, `dmul_dx2`." in shown


def test_an_output_never_set_is_said(in_chain):
    answer = "# dmul:\ndmul_dx0, dmul_dx1, dmul_dx2 = w"
    assert "`dmul_dw0` was never set" in in_chain("dmul", dmul=answer).check("dmul")


def test_a_zero_is_called_zero_and_no_fraction_cut_off(in_chain):
    answer = "# drelu_dsum:\ndrelu_dsum = dvalue if dvalue > 0 else 0"
    shown = in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")
    assert "On another set of numbers, `drelu_dsum` is 0." in shown


def test_a_missing_array_is_told_which_shape_is_wanted(student):
    student.run_notebook("04_layer_inputs", "dinputs_batch", {"dinputs_batch": "# dinputs_batch:\ndinputs = None"})
    assert "`dinputs` is None; an array of shape (3, 4) is wanted." in student.check("dinputs_batch")


def test_nudges_that_pile_up_in_the_callers_list_are_named(student):
    answer = """# nudge_slopes:
def nudge_slopes(f, values, h):
    before, found = f(values), []
    for at, _ in enumerate(values):
        values[at] += h
        found.append((f(values) - before) / h)
    return found"""
    student.run_notebook("01_neuron", "nudge_slopes", {"nudge_slopes": answer})
    assert "The nudges pile up in the caller's list." in student.check("nudge_slopes")


# ---- functions, classes, closed gaps ---------------------------------------------------------------------------------


BACKWARD = """# neuron_backward:
def neuron_backward(x, w, b, dvalue):
    z = sum(p * q for p, q in zip(x, w)) + b
    g = dvalue * (z > 0)
"""


def test_a_function_is_called_on_the_page_and_on_other_numbers(in_chain):
    answer = BACKWARD + "    return [g * q for q in w], [g * p for p in x], g"
    assert "right here" in in_chain("neuron_backward", neuron_backward=answer).check("neuron_backward")
    wrong = BACKWARD + "    return [g * p for p in x], [g * q for q in w], g"
    assert "have changed places" in in_chain("neuron_backward", neuron_backward=wrong).check("neuron_backward")


def test_changed_inputs_are_told_though_the_values_are_right(in_chain):
    answer = BACKWARD + "    for i in range(len(x)):\n        x[i], w[i] = g * w[i], g * x[i]\n    return x, w, g"
    shown = in_chain("neuron_backward", neuron_backward=answer).check("neuron_backward")
    assert "the values are right, but" in shown
    assert "`w`, `x` changed while this ran" in shown
    assert "The caller's lists are overwritten." in shown


def test_a_second_call_that_gives_something_else_is_told(in_chain):
    answer = "calls = []\n" + BACKWARD.removeprefix("# neuron_backward:\n")
    answer += "    calls.append(1)\n    return [g * q for q in w], [g * p for p in x], g * len(calls)"
    shown = in_chain("neuron_backward", neuron_backward="# neuron_backward:\n" + answer).check("neuron_backward")
    assert texts.SECOND_CALL in shown


def test_a_function_that_needs_the_notebooks_variables_is_told(in_chain):
    answer = BACKWARD.replace("+ b", "+ globals()['b'] * 0 + b")
    answer += "    return [g * q for q in w], [g * p for p in x], g"
    shown = in_chain("neuron_backward", neuron_backward=answer).check("neuron_backward").replace("\n  ", " ")
    assert texts.NEEDS_GLOBALS in shown


def test_a_function_under_another_name_is_told(in_chain):
    answer = BACKWARD.replace("def neuron_backward", "def backward")
    assert "does not define `neuron_backward`" in in_chain("neuron_backward", neuron_backward=answer).check(
        "neuron_backward"
    )


def test_a_function_that_returns_nothing_is_told(in_chain):
    shown = in_chain("neuron_backward", neuron_backward=BACKWARD).check("neuron_backward")
    assert "could not be used as the gap asks" in shown


def test_in_a_closed_gap_only_the_inputs_exist(in_chain):
    answer = "# drelu_dx0_one_line:\ndrelu_dx0_one_line = drelu_dsum * w[0]"
    shown = in_chain("drelu_dx0_one_line", drelu_dx0_one_line=answer).check("drelu_dx0_one_line")
    assert "name 'drelu_dsum' is not defined" in shown
    assert "only `dvalue`, `z`, `w` exist" in shown


def test_in_a_closed_gap_there_is_what_the_first_cell_imports(in_chain):
    answer = "# drelu_dx0_one_line:\ndrelu_dx0_one_line = dvalue * np.heaviside(z, 0) * w[0]"
    shown = in_chain("drelu_dx0_one_line", drelu_dx0_one_line=answer).check("drelu_dx0_one_line")
    assert "what is wanted on the page's numbers" in shown


def test_in_a_closed_gap_even_a_module_of_the_students_is_missing(in_chain):
    student = in_chain("drelu_dw")
    student.run("import math")
    student.run("# drelu_dx0_one_line:\ndrelu_dx0_one_line = dvalue * math.ceil(z > 0) * w[0]")
    assert "name 'math' is not defined" in student.check("drelu_dx0_one_line")


# ---- the student's own cells -----------------------------------------------------------------------------------------


def test_own_functions_and_constants_are_used_on_all_numbers(in_chain):
    student = in_chain("relu_dz")
    student.run("def slope():\n    return one if z > 0 else zero")
    student.run("one, zero = 1.0, 0.0")
    student.run("# drelu_dsum:\ndrelu_dsum = dvalue * slope()")
    shown = student.check("drelu_dsum")
    assert texts.RIGHT in shown


def test_an_own_value_made_from_the_pages_numbers_is_judged_on_the_page_only(in_chain):
    student = in_chain("relu_dz")
    student.run("active = z > 0")
    own = student.last
    student.run("# drelu_dsum:\ndrelu_dsum = dvalue * active")
    shown = student.check("drelu_dsum").replace("\n  ", " ")
    assert texts.RIGHT_ON_PAGE in shown
    assert f"the cell uses `active`, which In [{own}] made from them" in shown


def test_an_own_value_behind_a_function_is_found_too(in_chain):
    student = in_chain("relu_dz")
    student.run("active = z > 0\ndef slope():\n    return float(active)")
    student.run("# drelu_dsum:\ndrelu_dsum = dvalue * slope()")
    assert texts.RIGHT_ON_PAGE in student.check("drelu_dsum")


def test_an_own_value_made_from_wrong_numbers_gives_no_verdict(in_chain):
    student = in_chain("relu_dz", relu_dz="# relu_dz:\nrelu_dz = 0.0")
    student.run("factor = relu_dz * 1.0")
    student.run("# drelu_dsum:\ndrelu_dsum = dvalue * factor")
    shown = student.check("drelu_dsum").replace("\n  ", " ")
    assert "no verdict yet" in shown
    assert "by now `relu_dz` in your notebook differ" in shown


def test_a_value_that_another_cell_begins_and_this_one_changes_gives_no_verdict(in_chain):
    student = in_chain("relu_dz")
    student.run("total = z * 0.0")
    student.run("# drelu_dsum:\ntotal += dvalue * (z > 0)\ndrelu_dsum = total")
    assert "depends on how often it was run" in student.check("drelu_dsum").replace("\n  ", " ")


def test_a_value_that_another_cell_begins_with_a_literal_is_begun_anew(in_chain):
    student = in_chain("relu_dz")
    student.run("total = 0.0")
    for _ in range(3):
        student.run("# drelu_dsum:\ntotal += dvalue * (z > 0)\ndrelu_dsum = total")
    assert texts.RIGHT in student.check("drelu_dsum")


def test_a_list_that_the_student_made_an_array_is_one_on_other_numbers_too(in_chain):
    student = in_chain("drelu_dx0_one_line")
    student.run("import numpy as np\nx, w = np.array(x), np.array(w)")
    student.run("# dw_termwise:\ndw_termwise = dvalue * (x * w > 0) * x")
    assert texts.RIGHT in student.check("dw_termwise")


def test_a_wrong_earlier_gap_costs_nothing_here(in_chain):
    student = in_chain("drelu_dsum", relu_dz="# relu_dz:\nrelu_dz = -4", drelu_dsum="drelu_dsum = dvalue * relu_dz")
    assert "right here" in student.check("drelu_dsum")


def test_a_wrong_own_function_of_an_earlier_gap_gives_no_verdict(student):
    answers = {"ReLU": "# ReLU:\ndef ReLU(z):\n    return z\ny = ReLU(z)"}
    student.run_notebook("01_neuron", "y_nested", answers)
    shown = student.check("y_nested").replace("\n  ", " ")
    assert "calls your own `ReLU`, and that is not right yet" in shown


def test_a_missing_own_function_of_an_earlier_gap_is_asked_for(student):
    student.run_notebook("01_neuron", "y_nested", {"ReLU": "pass"})
    assert "run your cell of the gap ReLU first" in student.check("y_nested")


# ---- no trace --------------------------------------------------------------------------------------------------------


def test_the_namespace_is_as_it_was_to_the_identity(student):
    answer = (
        "# parameter_step:\nweights -= lr * dweights\nnew_weights = weights\nnew_biases = biases - dbiases * lr\nz = 3"
    )
    student.run_notebook("07_all_together", "parameter_step", {"parameter_step": answer})
    student.run("kept = [weights, {'a': [1]}]\ndel drelu\nfrom lab import check")
    before = {name: (id(value), repr(value)) for name, value in student.names.items() if not name.startswith("_")}
    values = {
        name: np.array(value, copy=True) for name, value in student.names.items() if isinstance(value, np.ndarray)
    }
    run = student.names["check"]
    for gap in ("parameter_step", "dense_gradients", "forward"):
        run(gap)
    after = {name: (id(value), repr(value)) for name, value in student.names.items() if not name.startswith("_")}
    assert list(before) == list(after)
    before.pop("Out"), after.pop("Out")
    assert before == after
    assert all(np.array_equal(values[name], student.names[name]) for name in values)


def test_the_namespace_is_put_back_after_an_error_and_after_an_interruption(in_chain):
    for ending in ("1 / 0", "raise KeyboardInterrupt", "del z, dvalue, x"):
        student = in_chain("drelu_dsum", drelu_dsum=f"# drelu_dsum:\nz = 8\nsurprise = 1\nif dvalue != 1: {ending}")
        student.run("z = 6.0; del surprise")
        student.check("drelu_dsum")
        assert student.names["z"] == 6.0
        assert "surprise" not in student.names


def test_a_list_of_the_students_own_is_not_changed_by_a_check(in_chain):
    student = in_chain("relu_dz")
    student.run("seen = []")
    student.run("# drelu_dsum:\nseen.append(z)\ndrelu_dsum = dvalue * (seen[-1] > 0)")
    assert texts.RIGHT in student.check("drelu_dsum")
    assert student.names["seen"] == [6.0]


def test_what_the_cell_prints_displays_and_draws_at_random_stays_unseen(in_chain):
    student = in_chain("relu_dz")
    answer = "# drelu_dsum:\nimport numpy as np\nprint('printed')\ndisplay('displayed')\nnp.random.rand()\n"
    student.run(answer + "drelu_dsum = dvalue * (z > 0)")
    student.run("np.random.seed(1)")
    shown = student.check("drelu_dsum")
    assert "printed" not in shown
    assert "displayed" not in shown
    assert len(student.displayed) == 1
    assert student.run("np.random.rand()").startswith("0.417022") or student.result.result == pytest.approx(0.417022)


def test_a_cell_that_asks_for_input_is_told_that_nobody_answers(in_chain, student, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda _prompt="": "1.0")
    answer = "# drelu_dsum:\ndrelu_dsum = float(input())"
    assert "EOFError" in in_chain("drelu_dsum", drelu_dsum=answer).check("drelu_dsum")


# ---- instead of a verdict --------------------------------------------------------------------------------------------


def test_an_unknown_gap_lists_close_names(in_chain):
    shown = in_chain("relu_dz").check("drelu_sum")
    assert "There is no gap `drelu_sum`" in shown
    assert "`drelu_dsum`" in shown


@pytest.mark.parametrize("call", ["check()", "check(3.5)", "check(None)", "hint()", "hint([])"])
def test_a_name_without_quotes_is_explained(in_chain, call):
    student = in_chain("relu_dz")
    assert "in quotes" in student.run(call)
    assert student.result.success


def test_a_function_may_be_given_in_place_of_its_name(in_chain):
    student = in_chain("neuron_backward")
    assert "right here" in student.run("check(neuron_backward)")


@pytest.mark.parametrize("call", ['check("relu_dz")', 'hint("relu_dz")', "progress()"])
def test_missing_data_asks_to_copy_the_folder_back(student, monkeypatch, tmp_path, call):
    monkeypatch.setattr("lab.data.HERE", tmp_path)
    shown = student.run(f"from lab import check, hint, progress\n{call}")
    assert "Copy `lab` back" in shown.replace("\n  ", " ")
    assert str(tmp_path) not in shown
    assert student.result.success


def test_damaged_data_asks_to_copy_the_folder_back(student, monkeypatch, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "01_neuron.json").write_text('{"gaps": {"products": 3}}')
    monkeypatch.setattr("lab.data.HERE", tmp_path)
    assert "Copy `lab` back" in student.run('from lab import check\ncheck("products")').replace("\n  ", " ")


def test_a_fault_of_ours_is_said_and_stops_nobody(in_chain, monkeypatch):
    student = in_chain("drelu_dsum")

    def broken(*_anything: object) -> None:
        raise ZeroDivisionError("/a/path/of/this/machine")

    monkeypatch.setattr("lab.front.judge_gap", broken)
    shown = student.check("drelu_dsum")
    assert "not in your work" in shown
    assert "/a/path" not in shown
    assert student.result.success


def test_in_plain_python_it_says_where_it_works(capsys):
    from lab import check

    check("relu_dz")
    assert capsys.readouterr().out.strip() == texts.NO_NOTEBOOK


# ---- validation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [WITHOUT_SIGN, STUB, "1 / 0", "# drelu_dsum:\n1 / 0"])
def test_under_validation_what_is_not_right_raises_in_one_line(in_chain, monkeypatch, answer):
    student = in_chain("drelu_dsum", drelu_dsum=answer)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    shown = student.check("drelu_dsum")
    assert not student.result.success
    (line,) = [
        line for line in shown.splitlines() if line.startswith(("✗ drelu_dsum", "○ drelu_dsum")) and ". " in line
    ]
    assert "Traceback" not in shown
    assert len(line) < 400


def test_under_validation_what_is_right_does_not_raise(in_chain, monkeypatch):
    student = in_chain("drelu_dsum", drelu_dsum=RIGHT)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert "right here" in student.check("drelu_dsum")
    assert student.result.success


@pytest.mark.parametrize("execution", ["", "autograde"])
def test_otherwise_nothing_raises(in_chain, monkeypatch, execution):
    student = in_chain("drelu_dsum", drelu_dsum=WITHOUT_SIGN)
    monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    student.check("drelu_dsum")
    assert student.result.success


@pytest.mark.parametrize("name", data.notebooks())
def test_an_untouched_notebook_runs_through_and_every_gap_is_called_untouched(student, name):
    for grade_id, shown in student.run_untouched(name):
        assert student.result.success, grade_id
        assert not grade_id.startswith("check_") or "not filled in yet" in shown


# ---- form ------------------------------------------------------------------------------------------------------------


def test_every_display_carries_text_and_html_with_the_same_words(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum=WITHOUT_SIGN)
    student.check("drelu_dsum")
    (data,) = student.displayed
    assert set(data) == {"text/plain", "text/html"}
    assert _words(data["text/html"]) == _words(data["text/plain"].replace(":", " ").replace(",", " "))


def _words(text: str) -> list[str]:
    plain = re.sub(r"<[^>]+>", " ", text).replace("&#x27;", "'").replace("`", "")
    return sorted(re.findall(r"[A-Za-z_]\w+", plain))


def test_what_the_student_wrote_is_escaped_in_html(in_chain):
    student = in_chain("drelu_dsum", drelu_dsum="# drelu_dsum:\ndrelu_dsum = '<script>alert(1)</script>'")
    student.check("drelu_dsum")
    assert "<script>" not in student.displayed[0]["text/html"]


def test_no_text_holds_a_path_of_this_machine(in_chain):
    student = in_chain("relu_dz")
    student.run("# drelu_dsum:\nfrom numpy import nothing_of_this_name")
    assert "/" not in student.check("drelu_dsum")


def test_a_check_within_a_check_is_silent(in_chain: Callable[..., object]):
    student = in_chain("drelu_dsum", drelu_dsum=RIGHT + '\ncheck("drelu_dsum")\nhint("relu_dz")\nshow("z")')
    student.check("drelu_dsum")
    assert len(student.displayed) == 1


# ---- a tick is worth what it says ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notebook", "gap", "answer"),
    [
        ("02_chain", "relu_dz", "relu_dz = float(z >= 0)"),
        ("02_chain", "drelu_dsum", "drelu_dsum = dvalue * (z >= 0)"),
        ("02_chain", "relu_dz", "relu_dz = max(0, z) / z"),
        ("02_chain", "dw_termwise", "dw_termwise = [dvalue * (p * q >= 0) * p for p, q in zip(x, w)]"),
        (
            "02_chain",
            "neuron_backward",
            "{BACKWARD}    g = dvalue * (z >= 0)\n    return [g * q for q in w], [g * p for p in x], g",
        ),
        ("06_relu_arrays", "relu_mask", "relu_dz = z >= 0"),
        ("06_relu_arrays", "drelu_array", "drelu = np.zeros_like(z)\ndrelu[z > 0] = dvalues[z > 0]"),
        ("07_all_together", "drelu_chain", "drelu = dvalues * (z >= 0)"),
        ("04_layer_inputs", "dinputs_batch", "dinputs = (dvalues @ weights.T).squeeze()"),
    ],
)
def test_a_corner_case_that_costs_points_is_seen_in_the_notebook(student, notebook, gap, answer):
    source = f"{data.gap(gap).first_line}\n" + answer.format(BACKWARD=BACKWARD)
    student.run_notebook(notebook, gap, {gap: source})
    shown = student.check(gap)
    assert shown.startswith(f"◐ {gap}: the values are right, but not everything around them")
    assert "In a corner case" in shown
    assert texts.CORNER in shown.replace("\n  ", " ")


def test_a_name_taken_from_python_is_warned_of_and_costs_no_later_gap(student):
    answer = "# weighted_sum: z\nsum = xw0 + xw1 + xw2 + b\nz = sum"
    student.run_notebook("01_neuron", "weighted_sum", {"weighted_sum": answer})
    shown = student.check("weighted_sum").replace("\n  ", " ")
    assert "right here" in shown
    assert "The cell takes `sum` from Python" in shown
    student.run(data.gap("ReLU").stub.split("\n")[0] + "\ndef ReLU(z):\n    return max(z, 0.0)\ny = ReLU(z)")
    student.run("def mul(u, v):\n    return u * v\ndef add(*terms):\n    return sum(terms)")
    student.run("# y_nested: from\ny_nested = ReLU(add(mul(x[0], w[0]), mul(x[1], w[1]), mul(x[2], w[2]), b))")
    assert "right here" in student.check("y_nested")
    assert student.names["sum"] == 6.0, "the notebook's own name is as the student left it"


def test_a_module_whose_name_is_taken_is_warned_of_and_there_for_the_next_gap(student):
    answer = "# dx0: from\nnp = weights[0] * dvalues_sample[0]\ndx0_parts, dx0 = np, np.sum()"
    student.run_notebook("04_layer_inputs", "dx0", {"dx0": answer})
    assert "takes `np` from the module numpy" in student.check("dx0").replace("\n  ", " ")
    student.run("# dinputs_sample:\ndinputs_sample = np.dot(dvalues_sample[0], weights.T)")
    assert "right here" in student.check("dinputs_sample")


@pytest.mark.parametrize("kind", ["np.float32", "np.float16", "np.longdouble", "object"])
def test_an_answer_of_another_precision_is_judged_at_that_precision(student, kind):
    answer = f"# dweights: from\ndweights = (inputs.T @ dvalues).astype({kind})"
    student.run_notebook("05_layer_parameters", "dweights", {"dweights": answer})
    assert "right here" in student.check("dweights")


def test_what_a_cell_does_to_python_and_numpy_is_undone_after_the_check(in_chain):
    import builtins

    before = (np.sum, builtins.len, np.get_printoptions(), np.geterr(), np.random.get_state()[1].tolist())
    answer = RIGHT + "\nimport builtins\nnp.random.seed(3)\n"
    answer += "if 'checked' in globals():\n    builtins.len = np.sum = None\n    np.seterr(all='raise')\n"
    student = in_chain("relu_dz")
    student.run(answer)
    np.random.set_state(("MT19937", before[4], 624, 0.0)[:3])
    student.names["checked"] = True
    student.check("drelu_dsum")
    after = (np.sum, builtins.len, np.get_printoptions(), np.geterr())
    assert after == before[:4]


# ---- it ends, whatever the cell does ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "loop"), [("SECONDS", "while True: pass"), ("AT_MOST", "while True: __import__('time').sleep(0.01)")]
)
def test_a_loop_without_end_is_stopped_by_the_check_itself_whether_it_works_or_waits(
    in_chain, monkeypatch, limit, loop
):
    monkeypatch.setattr(patience, limit, 0.3)
    student = in_chain("neuron_backward", neuron_backward=f"{BACKWARD}    {loop}")
    shown = student.check("neuron_backward").replace("\n  ", " ")
    assert "On the page's numbers, it was stopped after 0.3 s." in shown
    student.run("still = 'here'")
    assert student.names["still"] == "here"


def test_a_loop_is_stopped_in_a_program_that_was_started_in_the_background(in_chain, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.3)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        student = in_chain("neuron_backward", neuron_backward=f"{BACKWARD}    while True: pass")
        assert "stopped after 0.3 s" in student.check("neuron_backward")
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_timing_loop_runs_once_in_a_check_as_in_grading(in_chain, monkeypatch):
    calls: list[None] = []
    monkeypatch.setitem(sys.modules, "calls", calls)
    slow = "\n%timeit __import__('sys').modules['calls'].append(__import__('time').sleep(0.2))"
    student = in_chain("drelu_dsum", drelu_dsum=RIGHT + slow)
    magic = student.shell.run_line_magic
    del calls[:]
    assert "right here" in student.check("drelu_dsum")
    assert len(calls) == len(data.gap("drelu_dsum").numbers)
    assert student.shell.run_line_magic == magic


def test_a_corner_case_beside_a_known_mistake_does_not_take_its_name(in_chain):
    """A minus, and the slope at exactly 0: what is named on the other numbers stays named, as in grading."""
    shown = in_chain("drelu_dsum", drelu_dsum=f"{data.gap('drelu_dsum').first_line}\ndrelu_dsum = -dvalue * (z >= 0)")
    (mistake,) = (one for one in data.gap("drelu_dsum").mistakes if one.slug == "drelu_dsum_sign")
    assert mistake.name in shown.check("drelu_dsum")


def test_the_first_interrupt_ends_the_check(in_chain, monkeypatch):
    calls: list[int] = []
    monkeypatch.setitem(sys.modules, "calls", calls)  # nothing of the notebook's own is left changed
    answer = BACKWARD + "    import sys\n    sys.modules['calls'].append(1)\n    raise KeyboardInterrupt"
    shown = in_chain("neuron_backward", neuron_backward=answer).check("neuron_backward")
    assert "it was interrupted" in shown
    assert calls == [1]


def test_a_cell_split_in_two_is_joined_as_grading_joins_it(student):
    student.run_notebook("01_neuron", "weighted_sum")
    student.run("# ReLU: write ReLU(z) for one number; then y from z\ndef ReLU(z):\n    return max(z, 0.0)")
    student.run("y = ReLU(z)")
    assert "right here" in student.check("ReLU")


def test_after_a_restart_there_is_no_traceback_above_a_tick(student):
    student.run("import numpy as np\nfrom lab import check, hint, progress, show")
    student.run("# products: xw0, xw1, xw2 from x, w\nxw0, xw1, xw2 = (p * q for p, q in zip(x, w))")
    assert not student.result.success
    shown = student.check("products").replace("\n  ", " ")
    assert shown.startswith("? products: no verdict yet")
    assert "`x`, `w` are not set since the kernel started" in shown


def test_a_gap_after_one_that_resists_is_judged_and_its_own_error_explained(student):
    student.run_notebook("01_neuron", "products")
    student.names.pop("xw0")
    student.run("# weighted_sum: z from xw0, xw1, xw2, b\nz = xw0 + xw1 + xw2 + b")
    shown = student.check("weighted_sum").replace("\n  ", " ")
    assert "right here" in shown
    assert "itself stopped with an error, since `xw0` are not there yet" in shown
