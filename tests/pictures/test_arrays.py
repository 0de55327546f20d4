"""The pictures of layers: fan, loom, gates, before and after; and the mirror."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from lab.drawing import heat_mirror
from lab.pictures import before_and_after, fan_of_wires, sluice_gates, weight_loom

from .states import (
    DVALUES,
    DWEIGHTS_L1,
    INPUTS,
    L1,
    R1,
    WEIGHTS,
    drawn,
    fan,
    fan_l1,
    gates,
    loom,
    loom_l1,
    marked,
    mirror,
    numbers,
    step,
    step_l1,
)


def amber(picture) -> int:
    return marked(picture, lambda node: node.get("data-mark") == "differs")


# ---- 04, the fan ----------------------------------------------------------------------------------------------------


def test_three_paths_pour_into_the_documents_sum():
    grads = numbers(fan_of_wires.picture(fan()), "grad")
    assert [grads[f"part[{m}]"] for m in range(3)] == [0.2, 0.5, -0.26]
    assert grads["dx0"] == 0.44
    assert "0.2 + 0.5 − 0.26 = 0.44" in " ".join(fan_of_wires.caption(fan()))


def test_all_inputs_of_all_samples_are_those_of_the_documents():
    assert np.array(fan_of_wires.by_rows(fan())) == pytest.approx(np.array(DVALUES) @ np.array(WEIGHTS).T)
    assert np.array(fan_of_wires.by_rows(fan_l1())) == pytest.approx(np.array([[9.25, -1.5, -7], [-7.75, 6.25, 6.5]]))


@pytest.mark.parametrize(("chosen", "parts"), [(0, (2, 1, 0.25, 6)), (1, (1, -2, -0.5, 0)), (2, (-4, -0.5, 0.5, -3))])
def test_another_input_has_another_row_of_weights(chosen, parts):
    assert fan_of_wires.flows(replace(fan_l1(), chosen=chosen)) == parts


def test_000s_product_looks_right_with_ones_and_wrong_with_rows():
    ones, rows = replace(fan(), columns=True, ones=True), replace(fan(), columns=True)
    assert fan_of_wires.wrong(ones) == ()
    assert "✓" in "".join(drawn(fan_of_wires.picture(ones)).itertext())
    assert [row[0] for row in fan_of_wires.by_columns(rows)] == pytest.approx([0.42, -1.83, 0.53, 2.61])
    assert len(fan_of_wires.wrong(rows)) == 12
    assert amber(fan_of_wires.picture(rows)) == 12
    assert "12 of 12 entries mix samples" in " ".join(fan_of_wires.caption(rows))


def test_000s_product_refuses_where_sizes_differ():
    state = replace(fan_l1(), columns=True)
    assert fan_of_wires.by_columns(state) is None
    assert "refuses" in " ".join(fan_of_wires.caption(state))


# ---- 05, the loom ---------------------------------------------------------------------------------------------------


def test_one_weight_is_woven_from_the_products_of_all_samples():
    state = weight_loom.choose(loom(), 1, 0)
    grads = numbers(weight_loom.picture(state), "grad")
    assert [grads[f"part[{n}]"] for n in range(3)] == [2, 10, 8.1]
    assert grads["woven"] == 20.1
    assert "2 + 10 + 8.1 = 20.1" in weight_loom.caption(state)[0]


def test_all_weights_are_those_of_the_documents_and_of_l1():
    assert np.array(weight_loom.dweights(loom())) == pytest.approx(np.array(INPUTS).T @ np.array(DVALUES))
    assert np.array(weight_loom.dweights(loom_l1())) == pytest.approx(np.array(DWEIGHTS_L1))


def test_the_row_of_ones_brings_the_biases():
    state = weight_loom.set_ones(loom_l1(), True)
    assert state.row == 3
    assert weight_loom.dweights(state)[-1] == (1.5, 3, 2, 1)
    assert [wire.local for wire in weight_loom.parts(state)] == [1, 1]
    assert weight_loom.set_ones(state, False).row == 2


@pytest.mark.parametrize(
    ("shape", "gradient"),
    [
        ("row", np.array([[1.5, 3.0, 2.0, 1.0]])),
        ("flat", np.array([1.5, 3.0, 2.0, 1.0])),
        ("number", np.array(7.5)),
        ("column", np.array([[4.5], [3.0]])),
        ("all", np.array(L1["dvalues"])),
    ],
)
def test_broadcasting_is_numpys(shape, gradient):
    result = weight_loom.broadcast(replace(loom_l1(), shape=shape))
    assert np.array(result) == pytest.approx(np.array(L1["biases"]) - gradient)
    assert amber(weight_loom.picture(replace(loom_l1(), shape=shape))) == (
        0 if shape in ("row", "flat") else len(result) * 4
    )


# ---- 06, the gates --------------------------------------------------------------------------------------------------


def test_what_passes_is_the_documents_second_print():
    assert sluice_gates.passed(gates()) == ((1, 2, 0, 0), (5, 0, 0, 8), (0, 10, 11, 0))
    assert sluice_gates.silent(gates()) == (1, 1, 2, 2)
    picture = sluice_gates.picture(gates())
    assert marked(picture, lambda node: node.get("data-gate") == "open") == 6
    assert marked(picture, lambda node: node.get("data-gate") == "shut") == 6


def test_a_negative_gradient_passes_an_open_gate():
    assert sluice_gates.passed(sluice_gates.start(*R1)) == ((0.5, 0, -1.5), (0, 0, -0.5))


def test_a_gate_at_exactly_0_stays_shut_with_a_note():
    state = replace(gates(), shift=-2.0)
    assert sluice_gates.at_zero(state) == ((0, 1), (1, 0), (2, 1))
    picture = sluice_gates.picture(state)
    assert "z = 0" in "".join(drawn(picture).itertext())
    assert "the gate stays shut" in " ".join(picture.caption)


def test_a_neuron_without_an_open_gate_is_labelled_dead():
    picture = sluice_gates.picture(replace(gates(), shift=-2.0))
    assert marked(picture, lambda node: "data-dead" in node) == 2
    assert "Dead for this batch: neurons 0 and 1." in " ".join(picture.caption)


def test_whole_numbers_cut_fractions_off_as_numpy_does():
    state = sluice_gates.start(*R1)
    mask = np.array(R1[0]) > 0
    cut = np.zeros_like(np.array(R1[0]))
    cut[mask] = np.array(R1[1])[mask]
    assert sluice_gates.kept(state) == tuple(map(tuple, cut.tolist()))
    assert sluice_gates.lost(state)
    assert amber(sluice_gates.picture(state)) == 3
    with pytest.raises(TypeError, match="same_kind"):  # what the picture calls "refused"
        cut *= np.array(R1[1])
    assert amber(sluice_gates.picture(replace(state, whole=False))) == 0


# ---- 07, before and after -------------------------------------------------------------------------------------------


def test_loss_fall_and_forecast_are_those_of_the_documents():
    done = before_and_after.outcome(step())
    assert done.loss == pytest.approx((56.267851, 51.24035211164134), rel=1e-12)
    assert done.forecast == pytest.approx(5.15263720864, rel=1e-12)
    picture = before_and_after.picture(step())
    assert numbers(picture, "value")["loss after"] == pytest.approx(51.2403521116)
    assert "a fall of 5.027, where the gradients promised 5.153" in picture.caption[0]


def test_the_small_activation_goes_dark():
    done = before_and_after.outcome(step())
    assert done.after_z[2][2] == pytest.approx(-0.00642182)
    assert before_and_after.fallen_silent(step()) == ((2, 2),)
    assert "neuron 2 for sample 2, where z goes from 0.026 to −0.00642" in " ".join(before_and_after.caption(step()))


def test_the_masks_single_0_matters_with_the_documents_rows():
    state = replace(step(), use_second=True)
    assert before_and_after.stopped(step()) == ()
    assert before_and_after.stopped(state) == ((1, 1),)
    assert before_and_after.outcome(state).reached == ((1, 1, 1), (2, 0, 2), (3, 3, 3))


def test_the_step_of_the_open_twin():
    done = before_and_after.outcome(step_l1())
    assert done.loss == pytest.approx((47.5, 39.11217761039734))
    assert done.forecast == pytest.approx(8.818115234375)


def test_no_learning_rate_no_fall():
    done = before_and_after.outcome(replace(step(), lr=0.0))
    assert done.before == done.after
    assert done.forecast == 0


# ---- the mirror -----------------------------------------------------------------------------------------------------


def test_the_mirror_shows_where_two_arrays_differ():
    got = [[float(value) for value in row] for row in DWEIGHTS_L1]
    got[1][2], got[2][0] = 1.0, math.nan
    state = mirror(np.array(got))
    assert heat_mirror.wrong(state) == ((1, 2), (2, 0))
    picture = heat_mirror.picture(state)
    assert amber(picture) == 2  # in yours
    assert marked(picture, lambda node: node.get("class") == "ring am") == 2  # in the difference
    assert picture.caption == ("dweights: 2 of 12 entries differ, at row 1 column 2 and row 2 column 0.",)


def test_the_mirror_compares_shapes_first():
    state = mirror(np.array(DWEIGHTS_L1).T)
    assert heat_mirror.difference(state) == ()
    assert heat_mirror.caption(state) == ("dweights has shape (4, 3); shape (3, 4) is wanted.",)


def test_the_mirror_is_as_tolerant_as_the_judge():
    assert heat_mirror.wrong(mirror(np.array(DWEIGHTS_L1) * (1 + 1e-12))) == ()
    assert heat_mirror.caption(mirror([tuple(row) for row in DWEIGHTS_L1]))[0].endswith("as wanted, in all 12 entries.")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        [[1], [2, 3]],
        object(),
        [],
        np.zeros((2, 2, 2)),
        {"a": 1},
        [None],
        3 + 4j,
        np.array(["a"]),
        len,
        10**400,
    ],
)
def test_the_mirror_takes_anything(value):
    picture = heat_mirror.picture(mirror(value))
    assert picture.caption
    assert drawn(picture) is not None


@pytest.mark.parametrize("value", [True, 3, 2.5, np.float64(1), np.array([True, False]), (1, 2), float("inf")])
def test_the_mirror_takes_numbers_of_every_kind(value):
    assert heat_mirror.array(value).problem == ""
