"""Pictures under the hand: controls that are named and linked, text that follows, and what stands in for them."""

from __future__ import annotations

import ipywidgets
import pytest

from lab import drawing, pictures
from lab.drawing.given import CannotDraw
from lab.drawing.view import View

from .states import BIASES, DVALUES, DWEIGHTS_L1, INPUTS, WATER, WEIGHTS, B, W, X, Z, learning_layers

VIEWS = {
    "bench": lambda: pictures.bench(X, W, B),
    "circuit": lambda: pictures.circuit(X, W, B, 1.0),
    "stairs": lambda: pictures.stairs(X, W, B, 0.001),
    "fan_out": lambda: pictures.fan_out(WEIGHTS, DVALUES),
    "loom": lambda: pictures.loom(INPUTS, DVALUES, BIASES),
    "gates": lambda: pictures.gates(Z, WATER),
    "step": lambda: pictures.step(INPUTS, WEIGHTS, BIASES, 0.001, DVALUES),
    "learning": lambda: pictures.learning(*learning_layers()),
}
WIDGET = "application/vnd.jupyter.widget-view+json"
BOXES = ("BoundedFloatText", "BoundedIntText")


@pytest.fixture(params=list(VIEWS))
def view(request) -> View:
    return VIEWS[request.param]()


def parts(widget) -> list:
    children = getattr(widget, "children", ())
    return [widget, *(part for child in children for part in parts(child))]


def kinds(view: View, *names: str) -> list:
    return [part for part in parts(view.widget) if type(part).__name__ in names]


def control(view: View, description: str):
    return next(part for part in parts(view.widget) if getattr(part, "description", None) == description)


def art(view: View) -> str:
    return next(part.value for part in kinds(view, "HTML") if part.value.startswith('<div class="lp-card"'))


def words(view: View) -> str:
    return next(part.value for part in kinds(view, "HTML") if part.value.startswith('<div class="lp-words"'))


def test_every_view_of_the_course_is_tested_here():
    assert set(VIEWS) == set(pictures.__all__)


def test_every_control_has_a_name_and_says_what_it_does(view):
    inputs = kinds(view, *BOXES, "ToggleButtons", "Dropdown", "Checkbox", "Button", "Text")
    assert inputs
    for one in inputs:
        assert one.description
        assert one.tooltip


def test_beside_every_slider_stands_a_box_with_the_same_value(view):
    sliders = kinds(view, "FloatSlider", "IntSlider")
    pairs = [part for part in kinds(view, "HBox") if "lp-pair" in part._dom_classes]
    assert len(sliders) == len(pairs) == len(kinds(view, *BOXES))
    for box, slider in (pair.children for pair in pairs):
        assert (box.min, box.max, box.step) == (slider.min, slider.max, slider.step)
        assert box.value == slider.value
        assert box.min <= box.value <= box.max
        assert slider.tooltip == box.tooltip


def test_dragging_and_typing_are_the_same(view):
    for box, slider in (pair.children for pair in kinds(view, "HBox") if "lp-pair" in pair._dom_classes):
        first = box.value
        slider.value = box.max
        assert box.value == box.max
        by_drag = art(view)
        slider.value = first
        box.value = box.max
        assert slider.value == box.max
        assert art(view) == by_drag
        box.value = first


def test_picture_and_text_follow_every_control(view):
    for box in kinds(view, *BOXES):
        before, said = art(view), words(view)
        first = box.value
        box.value = box.min if first != box.min else box.max
        assert (art(view), words(view)) != (before, said), box.description
        box.value = first


def test_an_echo_of_the_slider_does_not_change_what_was_typed(view):
    for box, slider in (pair.children for pair in kinds(view, "HBox") if "lp-pair" in pair._dom_classes):
        middle = (box.min + box.max) // 2 if isinstance(box.min, int) else (box.min + box.max) / 2 + box.step / 4
        box.value = middle
        slider.value = box.value + (0.4 * box.step if isinstance(box.step, float) else 0)
        assert box.value == middle
        slider.value = box.value + 2 * box.step
        assert box.value == pytest.approx(middle + 2 * box.step, abs=1e-6)


def test_the_text_is_a_part_of_its_own_that_stays(view):
    live = [part for part in kinds(view, "HTML") if "lp-live" in part._dom_classes]
    assert len(live) == 1
    before = live[0].comm.comm_id if live[0].comm else id(live[0])
    view.change(view.state)
    assert before == (live[0].comm.comm_id if live[0].comm else id(live[0]))
    script = kinds(view, "Output")[0].outputs[0]["data"]["text/html"]
    assert "setAttribute('role', 'status')" in script


def test_a_notebook_gets_the_widget_and_what_stands_in_for_it(view):
    bundle = view._repr_mimebundle_()
    assert {WIDGET, "text/html", "text/plain"} <= bundle.keys()
    assert bundle["text/html"].count("<svg") == 1
    assert bundle["text/plain"].splitlines()[0] == view.picture.name


def test_start_over_leads_back(view):
    starts = [part for part in kinds(view, "Button") if part.description == "Start over"]
    if not starts:
        return
    before = art(view)
    box = kinds(view, *BOXES)[0]
    box.value = box.max
    starts[0].click()
    assert view.picture.name
    if view.state.__class__.__name__ != "Circuit":  # its values stay, so that only the walk begins anew
        assert art(view) == before
        assert box.value != box.max


def test_without_ipywidgets_the_drawing_still_stands_there(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    bundle = pictures.circuit(X, W, B)._repr_mimebundle_()
    assert bundle.keys() == {"text/html", "text/plain"}


def test_with_an_ipywidgets_that_is_too_old_the_drawing_still_stands_there(monkeypatch):
    monkeypatch.setattr(ipywidgets, "__version__", "7.7.1")
    bundle = pictures.circuit(X, W, B)._repr_mimebundle_()
    assert bundle.keys() == {"text/html", "text/plain"}


def test_the_circuit_is_walked_and_typed_into():
    view = pictures.circuit(X, W, B, 1.0)
    forth, back = control(view, "One operation back"), control(view, "Forward again")
    assert back.disabled
    for _ in range(6):
        forth.click()
    assert forth.disabled
    assert view.state.done == 6
    back.click()
    assert not forth.disabled
    control(view, "Start over").click()
    control(view, "Your gradient at").value = "x1"
    control(view, "is").value = "5"
    assert view.state.typed == (("x1", 5.0),)
    assert "does not fit at x1" in words(view)
    control(view, "Your gradient at").value = "w0"
    assert control(view, "is").value == ""
    control(view, "Your gradient at").value = "x1"
    assert control(view, "is").value == "5"


def test_what_was_typed_turns_amber_when_the_values_move_on():
    view = pictures.circuit(X, W, B, 1.0)
    control(view, "is").value = "1"
    assert "Right" in words(view)
    control(view, "dvalue").value = -2.0
    assert "does not fit at z" in words(view)
    assert 'class="pill am"' in art(view)


def test_the_row_of_ones_can_be_chosen_either_way():
    view = pictures.loom(INPUTS, DVALUES, BIASES, 1, 0)
    assert view.state.row == 1
    control(view, "input").value = 4
    assert view.state.ones
    assert control(view, "row of ones").value is True
    control(view, "row of ones").value = False
    assert control(view, "input").value == 3


def test_the_mirror_needs_no_widget():
    view = drawing.mirror(None, DWEIGHTS_L1, "dweights")
    assert view._repr_mimebundle_().keys() == {"text/html", "text/plain"}
    assert "dweights is no table of numbers" in view.html


def test_students_arrays_of_any_kind_are_taken():
    import numpy as np

    assert pictures.circuit(np.array(X), tuple(W), np.float64(B), np.int64(1)).state == pictures.circuit(X, W, B).state
    assert pictures.gates(np.array(Z), np.array(WATER, dtype=float)).state == pictures.gates(Z, WATER).state
    assert pictures.fan_out(np.array(WEIGHTS), np.array(DVALUES[0])).state.dvalues == ((1.0, 1.0, 1.0),)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pictures.circuit(None, W, B), "x to hold several numbers; it is None"),
        (lambda: pictures.circuit(X, W[:2], B), "the lengths of x and w do not fit: 3 and 2"),
        (lambda: pictures.circuit([1.0] * 9, [1.0] * 9, B), "room for 1 to 4 numbers in x; it has 9"),
        (lambda: pictures.circuit(X, W, "high"), "b to be one number; it is a str"),
        (lambda: pictures.bench(X, W, B, 0), "h to be above 0; it is 0"),
        (lambda: pictures.stairs(X, W, float("nan")), "b to be a finite number; it is nan"),
        (lambda: pictures.gates(Z, [[1, 2], [3]]), "rows of dvalues differ in length"),
        (lambda: pictures.gates(Z, WATER[:2]), "the rows of z and dvalues do not fit: 3 and 2"),
        (lambda: pictures.fan_out([], DVALUES), "weights is empty"),
        (lambda: pictures.loom(INPUTS, DVALUES, BIASES, 7), "which_input to be one of 0 to 3; it is 7"),
        (lambda: pictures.step(INPUTS, DVALUES, BIASES, 0.1, DVALUES), "columns of inputs and the rows of weights"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_one_line(call, said):
    with pytest.raises(CannotDraw, match=said) as caught:
        call()
    assert caught.value._render_traceback_()[0].startswith("No picture: ")


def test_a_film_plays_to_its_own_end_and_a_new_one_has_another():
    view = VIEWS["learning"]()
    play = kinds(view, "Play")[0]
    assert (play.value, play.max, play.playing, play.tooltip) == (600, 600, False, "play the film, or stop it")
    play.value = 40
    assert view.state.at == 4
    assert "After step 40 " in words(view)
    control(view, "learning rate").value = 3.0
    assert play.value == play.max == view.state.film.frames[-1].step < 100
    assert "The film ends early" in words(view)
