"""The film at the end of 07: a student's own layers on two moons, right, unfinished and wrong."""

from __future__ import annotations

from typing import Any

import nbformat
import numpy as np
import pytest

from lab.pictures import learning_film, training
from lab.pictures.training import Film, Recipe, film

from ..jupyter import ROOT

NAMES = ("Layer_Dense", "Activation_ReLU", "backward_chain")


def _defined(folder: str) -> dict[str, Any]:
    """The two classes and the function of the notebooks in a folder: right ones, or what students are handed."""
    space: dict[str, Any] = {"np": np}
    for path in ("2_layer/06_relu_arrays", "3_together/07_all_together"):
        for cell in nbformat.read(ROOT / folder / f"{path}.ipynb", as_version=4).cells:
            if cell.cell_type == "code" and cell.source.startswith(tuple(f"# {name}:" for name in NAMES)):
                exec(cell.source, space)
    return {name: space[name] for name in NAMES}


RIGHT = _defined("solutions")
Dense, ReLU = RIGHT["Layer_Dense"], RIGHT["Activation_ReLU"]


class NoMask(ReLU):
    def backward(self, dvalues: np.ndarray) -> None:
        self.dinputs = dvalues


class Doubled(Dense):
    def backward(self, dvalues: np.ndarray) -> None:
        super().backward(dvalues)
        self.dbiases = 2 * self.dbiases


class Uphill(Dense):
    def backward(self, dvalues: np.ndarray) -> None:
        super().backward(dvalues)
        self.dweights = -self.dweights


class NotSummed(Dense):
    def backward(self, dvalues: np.ndarray) -> None:
        super().backward(dvalues)
        self.dbiases = dvalues


class Flat(Dense):
    def forward(self, inputs: np.ndarray) -> None:
        super().forward(inputs)
        if self.output.shape[1] == 1:
            self.output = self.output[:, 0]


def recipe(**other: Any) -> Recipe:
    return Recipe(**{"dense": Dense, "relu": ReLU, "chain": RIGHT["backward_chain"], **other})


def said(**other: Any) -> str:
    return " ".join(learning_film.caption(learning_film.trained(recipe(**other))))


def right_at_the_end(seen: Film) -> int:
    return sum(seen.frames[-1].right)


def test_right_layers_part_the_moons() -> None:
    seen = film(recipe())
    assert seen.problem == ""
    assert [frame.step for frame in seen.frames] == list(range(0, training.STEPS + 1, training.EVERY))
    assert right_at_the_end(seen) == len(seen.points) == 120
    assert seen.frames[0].loss == pytest.approx(0.5, abs=0.01)
    assert seen.frames[-1].loss < 0.01
    assert [slope.agree for slope in seen.slopes] == [True] * 4


@pytest.mark.parametrize("rate", [0.03, 0.3, 1.0])
@pytest.mark.parametrize("hidden", [2, 8, 32])
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_right_layers_agree_with_nudges_however_they_are_trained(rate: float, hidden: int, seed: int) -> None:
    assert all(slope.agree for slope in film(recipe(rate=rate, hidden=hidden, seed=seed)).slopes)


def test_the_same_start_gives_the_same_film_and_leaves_chance_alone() -> None:
    np.random.seed(7)
    want = np.random.random()
    np.random.seed(7)
    one, other = film(recipe()), film(recipe())
    assert one == other != film(recipe(seed=1))
    assert np.random.random() == want


def test_the_gradient_of_the_loss_is_what_nudges_measure() -> None:
    scores, sides = np.array([[0.5], [-2.0], [3.0], [0.25]]), np.array([[1.0], [1.0], [-1.0], [-1.0]])
    loss, gradient = training.shortfall(scores, sides)
    assert loss == pytest.approx((0.5**2 + 3**2 + 4**2 + 1.25**2) / 8)
    for place in range(4):
        nudge = np.zeros((4, 1))
        nudge[place] = 1e-6
        ends = [training.shortfall(scores + way * nudge, sides)[0] for way in (1, -1)]
        assert gradient[place, 0] == pytest.approx((ends[0] - ends[1]) / 2e-6)


def test_without_a_relu_the_boundary_is_a_straight_line() -> None:
    seen = film(recipe(relu=None))
    assert right_at_the_end(seen) < 110
    assert np.max(np.abs(np.diff(seen.frames[-1].scores, n=2, axis=1))) < 1e-9
    assert "a straight line only" in said(relu=None)


@pytest.mark.parametrize(
    ("other", "wrong", "text"),
    [
        ({"relu": NoMask}, {"weights first", "biases first"}, "look at what travels back"),
        ({"dense": Doubled}, {"biases first", "biases second"}, 'check("Layer_Dense")'),
        ({"dense": Uphill}, {"weights first", "weights second"}, "another way than down"),
    ],
)
def test_a_mistake_is_filmed_to_the_end_and_held_to_nudges(
    other: dict[str, Any], wrong: set[str], text: str
) -> None:  # fmt: skip
    seen = film(recipe(**other))
    assert len(seen.frames) > 2
    found = {slope.of.split(" of the ")[0].removeprefix("the ") + " " + ("first" if "first" in slope.of else "second")
             for slope in seen.slopes if not slope.agree}  # fmt: skip
    assert found == wrong
    assert text in said(**other)


def test_layers_that_nothing_is_sent_back_to_stay_as_they_began() -> None:
    def nothing(layers: list[Any], dvalues: np.ndarray) -> None:
        del layers, dvalues

    seen = film(recipe(chain=nothing))
    assert {frame.loss for frame in seen.frames} == {seen.frames[0].loss}
    assert "leaves no gradient for the weights of the first Layer_Dense" in said(chain=nothing)


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"dense": NotSummed}, "raised ValueError"),
        ({"dense": Flat}, "has shape (1107,) instead of (1107, 1)"),
        ({"rate": 3.0}, "no finite number"),
    ],
)
def test_what_cannot_go_on_ends_the_film_and_says_why(other: dict[str, Any], text: str) -> None:
    assert f"The film ends early: {film(recipe(**other)).problem}." in said(**other)
    assert text in said(**other)


def test_a_notebook_as_handed_out_has_a_picture_too() -> None:
    blank = _defined("release")
    view = learning_film.view(blank["Layer_Dense"], None, blank["backward_chain"])
    assert "forward of Layer_Dense has set no output yet" in view.html
    assert "nothing was trained" in view.html


def test_layers_that_take_their_time_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(10_000))
    monkeypatch.setattr(training.time, "monotonic", lambda: next(ticks) / 10)
    seen = film(recipe())
    assert "1.5 seconds were over at step 15" in seen.problem
    assert [frame.step for frame in seen.frames] == [0, 10]


def test_what_layers_print_does_not_flood_the_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    class Loud(Dense):
        def forward(self, inputs: np.ndarray) -> None:
            print("forward", inputs.shape)
            super().forward(inputs)

    assert right_at_the_end(film(recipe(dense=Loud))) == 120
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_class_or_function_is_said_in_one_line(name: str) -> None:
    given: list[Any] = [3 if one == name else RIGHT[one] for one in NAMES]
    with pytest.raises(learning_film.CannotDraw, match=f"{name} is of type int here"):
        learning_film.view(*given)


def test_the_film_is_shown_at_any_step_and_no_further_than_it_goes() -> None:
    state = learning_film.trained(recipe())
    assert learning_film.step_of(state) == training.STEPS
    assert learning_film.step_of(learning_film.go_to(state, 47)) == 40
    short = learning_film.trained(recipe(rate=3.0))
    assert learning_film.step_of(learning_film.go_to(short, 600)) == learning_film.last_step(short) < 50
