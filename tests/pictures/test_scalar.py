"""The pictures of one neuron: bench, circuit, stairs."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from lab.pictures import circuit_view, falling_stairs, neuron_circuit, nudge_bench
from lab.pictures.neuron_circuit import walk_to

from .states import G4, A, D, E, bench, circuit, drawn, marked, numbers, stairs, typed


def shown(state: neuron_circuit.Circuit) -> tuple[dict[str, float], dict[str, float]]:
    picture = circuit_view.picture(state)
    return numbers(picture, "value"), numbers(picture, "grad")


def caption(state: neuron_circuit.Circuit) -> str:
    return " ".join(circuit_view.picture(state).caption)


# ---- 02, the circuit ------------------------------------------------------------------------------------------------


def test_the_circuit_shows_the_documents_values_and_gradients():
    values, grads = shown(walk_to(circuit(), 6))
    assert values == {
        "x0": 1, "x1": -2, "x2": 3, "w0": -3, "w1": -1, "w2": 2, "b": 1, "xw0": -3, "xw1": 2, "xw2": 6, "z": 6, "y": 6,
    }  # fmt: skip
    assert grads == {
        "x0": -3, "x1": -1, "x2": 2, "w0": 1, "w1": -2, "w2": 3, "b": 1, "xw0": 1, "xw1": 1, "xw2": 1, "z": 1, "y": 1,
    }  # fmt: skip


def test_each_stage_makes_one_operation_known():
    known = [set(shown(walk_to(circuit(), stage))[1]) for stage in range(7)]
    assert [sorted(after - before) for before, after in pairwise(known)] == [
        ["y"], ["z"], ["b", "xw0", "xw1", "xw2"], ["w0", "x0"], ["w1", "x1"], ["w2", "x2"],
    ]  # fmt: skip


def test_the_walk_has_two_ends():
    assert walk_to(circuit(), -1).done == 0
    assert walk_to(circuit(), 99).done == 6


@pytest.mark.parametrize("dvalue", [-2.0, 0.5, 0.0])
def test_dvalue_scales_every_gradient(dvalue):
    _, at_one = shown(walk_to(circuit(), 6))
    _, scaled = shown(walk_to(circuit(dvalue=dvalue), 6))
    assert scaled == {name: pytest.approx(dvalue * value) for name, value in at_one.items()}


def test_a_twin_of_four_inputs_is_drawn_with_its_own_gradients():
    _, grads = shown(walk_to(circuit(*G4), 7))
    assert [grads[f"x{i}"] for i in range(4)] == [-0.5, -6, 2, 1]
    assert [grads[f"w{i}"] for i in range(4)] == [-4, 1, -3, 6]


@pytest.mark.parametrize("state", [replace(circuit(), b=-6.0), replace(circuit(), b=-5.0), circuit(*E)])
def test_a_dead_relu_looks_dead(state):
    picture = circuit_view.picture(walk_to(state, 6))
    for narrow in (True, False):
        classes = [set(node.attrib.get("class", "").split()) for node in drawn(picture, narrow=narrow).iter()]
        assert sum({"e", "off"} <= one for one in classes) >= 8  # every wire behind ReLU is dotted
        assert sum({"op", "off"} <= one for one in classes) == 4  # and so are its operations
        assert sum({"pill", "off"} <= one for one in classes) == 11
        assert not any({"e", "now"} <= one or {"op", "now"} <= one for one in classes)
        text = "".join(drawn(picture, narrow=narrow).itertext())
        assert "z ≤ 0" in text
    assert marked(picture, lambda node: node.get("data-mark") == "stop") == 1
    assert "the gradient stops at ReLU" in caption(walk_to(state, 6))
    grads = numbers(picture, "grad")
    assert {value for name, value in grads.items() if name != "y"} == {0}


def test_an_active_neuron_has_no_stop_mark():
    assert marked(circuit_view.picture(walk_to(circuit(), 6)), lambda node: node.get("data-mark") == "stop") == 0


def test_a_right_number_stays_and_gets_a_tick():
    state = typed(circuit(), z=1)
    picture = circuit_view.picture(state)
    assert numbers(picture, "grad") == {"z": 1}
    assert "✓" in "".join(drawn(picture).itertext())
    assert neuron_circuit.wrong(state) == {}
    assert caption(state) == "Right: the gradient at z is 1."


def test_a_wrong_number_turns_amber_with_a_mark_and_the_wire_tells_the_factor():
    state = typed(circuit(dvalue=2.0), x1=-4)  # own factor kept: 2 · (−2)
    picture = circuit_view.picture(state)
    text = "".join(drawn(picture).itertext())
    assert neuron_circuit.wrong(state) == {"x1": -4}
    assert "x1" not in numbers(picture, "grad")
    assert marked(picture, lambda node: "pill am" in node.get("class", "")) == 1
    assert marked(picture, lambda node: node.get("data-mark") == "wrong factor") == 1
    assert "≠" in text
    assert "× (−2) ?" in text
    assert "would have multiplied by −2" in caption(state)
    assert "That is x1 itself" in caption(state)


@pytest.mark.parametrize(
    ("state", "gradients", "said"),
    [
        (circuit(*A), {"x0": 0.7}, "the height"),
        (circuit(*A), {"x0": -0.7}, "no slope of its own"),
        (circuit(*A), {"x0": -2.5}, "local derivative alone"),
        (circuit(*A), {"x0": -1.75}, "other sign"),
        (circuit(*A), {"w0": 0.7 * 1.8}, "adds the two factors"),
        (circuit(*A), {"xw1": -0.175}, "shares it out"),
        (circuit(*A), {"z": -0.7 * 0.61}, "height y"),
        (circuit(*A), {"z": 0}, "closed gate"),
        (circuit(*E), {"x0": 2}, "no factor makes 2"),
        (circuit(*A), {"y": 1}, "comes from outside"),
        (circuit(*A), {"x2": 0.123}, "Which number"),
    ],
)
def test_a_wrong_number_gets_a_remark_on_its_factor(state, gradients, said):
    if said == "the height":
        gradients = {"z": -0.7 * 0.61}
    assert said in caption(typed(state, **gradients))


def test_no_remark_holds_a_number_of_its_own():
    for state in (circuit(*A), circuit(*D)):
        right = neuron_circuit.computed(state).grads
        for name in right:
            for wrong in (7.77, 1.0, 0.0, -right[name], 0.5 * right[name] + 3):
                if not neuron_circuit.is_right(state, name, wrong):
                    remark = caption(typed(state, **{name: wrong})).split(". ")[-1]
                    assert not re.search(r"(?<![a-z\d.])\d", remark), remark


def test_what_the_walk_shows_need_not_be_typed_any_more():
    state = walk_to(typed(circuit(), z=5, x0=5), 2)
    assert dict(state.typed) == {"x0": 5}


@pytest.mark.parametrize(("text", "value"), [("−3", -3), ("1,5", 1.5), (" 2 ", 2), ("1e-3", 0.001)])
def test_numbers_can_be_typed_as_people_write_them(text, value):
    assert dict(neuron_circuit.put(circuit(), text).typed) == {"z": value}


@pytest.mark.parametrize("text", ["", "  ", "three"])
def test_what_is_no_number_takes_the_typed_one_away(text):
    assert neuron_circuit.put(typed(circuit(), z=5), text).typed == ()


def test_the_circuit_in_words_names_every_number():
    said = circuit_view.picture(typed(walk_to(circuit(), 3), x0=5)).details
    assert said[0] == (
        "Values: x0 = 1, x1 = −2, x2 = 3, w0 = −3, w1 = −1, w2 = 2, b = 1, xw0 = −3, xw1 = 2, xw2 = 6, z = 6 and y = 6."
    )
    assert said[1] == "Gradients so far: 1 at y, 1 at z, 1 at xw0, 1 at xw1, 1 at xw2 and 1 at b."
    assert said[2] == "It does not fit at x0, where 5 was typed."


# ---- 01, the bench --------------------------------------------------------------------------------------------------


def test_the_seven_bars_are_the_slopes_of_the_documents():
    grads = numbers(nudge_bench.picture(nudge_bench.open_all(bench())), "grad")
    assert list(grads.values()) == [-3, -1, 2, 1, -2, 3, 1]
    assert list(grads) == ["x0", "x1", "x2", "w0", "w1", "w2", "b"]


@pytest.mark.parametrize("h", [0.01, 0.5, 1.0])
def test_the_nudge_does_not_change_the_slopes_of_a_straight_line(h):
    state = bench(h=h)
    assert [nudge_bench.nudge(state, name).slope for name in nudge_bench.names(state)] == pytest.approx(
        [-3, -1, 2, 1, -2, 3, 1]
    )


def test_a_large_nudge_crosses_the_kink_and_says_so():
    state = nudge_bench.choose(bench(h=10.0), "x0")
    one = nudge_bench.nudge(state, "x0")
    assert one.crosses
    assert one.slope == pytest.approx(-0.6)  # 6 lost over a nudge of 10
    assert "crosses the kink" in " ".join(nudge_bench.caption(state))


def test_moving_a_value_opens_its_bar_and_keeps_the_others():
    state = nudge_bench.set_value(nudge_bench.choose(bench(), "b"), "x0", 2.0)
    assert (state.x, state.chosen, state.open) == ((2.0, -2.0, 3.0), "x0", frozenset({"b", "x0"}))
    assert set(numbers(nudge_bench.picture(state), "grad")) == {"x0", "b", "dy"}


def test_the_bias_outside_matters_for_twin_d_and_not_for_the_page():
    page, twin = replace(bench(), outside=True), replace(bench(*D[:3]), outside=True)
    assert "no difference" in " ".join(nudge_bench.caption(page))
    assert nudge_bench.run(twin, nudge_bench.values(twin))["y"] == 1.75
    assert nudge_bench.other(twin) == 0.25
    assert "1.5 apart" in " ".join(nudge_bench.caption(twin))
    for state in (page, twin):
        assert marked(nudge_bench.picture(state), lambda node: node.get("data-zone") == "differ") == 1


# ---- 03, the stairs -------------------------------------------------------------------------------------------------


def test_the_stairs_are_those_of_the_documents():
    state = stairs()
    assert falling_stairs.treads(state) == pytest.approx((6, 5.985, 5.97, 5.955))
    assert falling_stairs.promised(state) == pytest.approx((6, 5.985, 5.97, 5.955))
    assert list(numbers(falling_stairs.picture(state), "value").values()) == pytest.approx([6, 5.985, 5.97, 5.955])


def test_the_stairs_stop_where_the_line_goes_on():
    state = stairs(0.15, 5)
    assert falling_stairs.treads(state) == pytest.approx((6, 3.75, 1.5, 0, 0, 0))
    assert falling_stairs.promised(state)[-1] == pytest.approx(-5.25)
    assert falling_stairs.levels(state)[3:] == pytest.approx((-0.75,) * 3)
    assert falling_stairs.silent_from(state) == 3
    picture = falling_stairs.picture(state)
    assert numbers(picture, "value")["z at rest"] == -0.75
    assert marked(picture, lambda node: node.get("data-mark") == "stop") == 1


def test_gaps_6_steps_of_twin_z_after_end_silent():
    state = falling_stairs.start([1.0, 2.0], [0.5, 0.25], 0.25, 0.0625, 6)
    assert falling_stairs.levels(state) == (1.25, 0.875, 0.5, 0.125, -0.25, -0.25, -0.25)


def test_running_the_in_place_cell_again_takes_a_step_that_nobody_asked_for():
    state = falling_stairs.run_again(replace(stairs(), steps=1))
    assert state.runs == 2
    assert falling_stairs.shown_steps(state) == 2
    picture = falling_stairs.picture(state)
    assert marked(picture, lambda node: node.get("data-mark") == "accident") == 1
    assert "has run 2 times: y is 5.97, and 5.985 is what one step was to give" in " ".join(picture.caption)


def test_the_in_place_cell_is_run_eight_times_at_most():
    state = stairs()
    for _ in range(20):
        state = falling_stairs.run_again(state)
    assert state.runs == 8


def test_a_silent_neuron_does_not_move():
    state = stairs(b=-7.0)
    assert falling_stairs.treads(state) == (0, 0, 0, 0)
    assert "silent from the start" in " ".join(falling_stairs.caption(state))
