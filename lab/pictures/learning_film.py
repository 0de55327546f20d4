"""07, a network that learns: the student's own layers on two moons, as a film to play and to stop."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab.drawing.controls import Controls
from lab.drawing.given import CannotDraw
from lab.drawing.picture import Picture
from lab.drawing.view import View
from lab.drawing.words import listed, number
from lab.pictures import learning_drawing
from lab.pictures.training import EVERY, REACH, STEPS, Film, Recipe, Slope, film


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """A film, and where it stands.

    Attributes:
        recipe: What is trained, and how.
        film: What was seen.
        at: Which frame is shown.
    """

    recipe: Recipe
    film: Film
    at: int


def trained(recipe: Recipe) -> Learning:
    """Train anew; the last frame is shown."""
    seen = film(recipe)
    return Learning(recipe=recipe, film=seen, at=max(0, len(seen.frames) - 1))


def go_to(state: Learning, step: float) -> Learning:
    """Show the frame of a step, or the last one before it."""
    return replace(state, at=max(0, min(int(step) // EVERY, len(state.film.frames) - 1)))


def step_of(state: Learning) -> int:
    """The step that is shown."""
    return state.film.frames[state.at].step if state.film.frames else 0


def last_step(state: Learning) -> int:
    """The step at which the film ends."""
    return state.film.frames[-1].step if state.film.frames else 0


def caption(state: Learning) -> tuple[str, ...]:
    """How well it does, why it ends early, whether backward is right, and what a missing ReLU means."""
    seen = state.film
    sentences = []
    if seen.frames:
        frame = seen.frames[state.at]
        right = f"{sum(frame.right)} of {len(seen.points)} points are on their side of the line"
        sentences.append(f"After step {frame.step} the loss is {number(frame.loss)}, and {right}.")
    if seen.problem:
        sentences.append(f"The film ends early: {seen.problem}.")
    sentences += _judged(state)
    if state.recipe.relu is None:
        sentences.append("There is no ReLU in it: two dense layers in a row can draw a straight line only.")
    return tuple(sentences)


def _judged(state: Learning) -> list[str]:
    """What nudges say of the student's gradients."""
    seen = state.film.slopes
    wrong = [slope for slope in seen if not slope.agree]
    if not seen:
        return []
    if not wrong:
        return ["Nudging all weights and biases measures the slopes that your backward pass says."]
    none = [slope.of for slope in wrong if slope.said is None]
    other = [f"for {slope.of} {number(slope.said)}, where a nudge measures {number(slope.measured)}"
             for slope in wrong if slope.said is not None]  # fmt: skip
    told = [f"Your backward pass says {listed(other)}: its steps lead another way than down."] if other else []
    missing = [f"It leaves no gradient for {listed(none)}: they stay as they began."] if none else []
    return [*told, *missing, _where(wrong)]


def _where(wrong: list[Slope]) -> str:
    """Where to look for what is wrong."""
    if all("first" in slope.of for slope in wrong):
        return "The last layer's own gradients are right: look at what travels back from it to the first."
    return 'See what check("Layer_Dense") and check("backward_chain") say.'


def details(state: Learning) -> tuple[str, ...]:
    """The film in sentences."""
    recipe, frames = state.recipe, state.film.frames
    made = f"{recipe.hidden} neurons between the layers, learning rate {number(recipe.rate)}, start {recipe.seed}"
    if not frames:
        return (f"Network: {made}.",)
    losses = listed([f"{number(one.loss)} after step {one.step}" for one in frames[:: max(1, len(frames) // 4)]])
    return (f"Network: {made}.", f"Loss: {losses}.")


def picture(state: Learning) -> Picture:
    """The state, drawn."""
    frames = state.film.frames
    frame = frames[state.at] if frames else None
    scene = learning_drawing.Scene(
        points=state.film.points, right=frame.right if frame else tuple(True for _ in state.film.points),
        scores=frame.scores if frame else (), reach=REACH, losses=tuple((one.step, one.loss) for one in frames),
        now=state.at, steps=STEPS,
    )  # fmt: skip
    return Picture(
        name=f"Your layers, learning: two moons of points, the line that parts them, and the loss over {STEPS} steps",
        narrow=learning_drawing.narrow(scene), wide=learning_drawing.wide(scene),
        caption=caption(state), details=details(state),
    )  # fmt: skip


def controls(helper: Controls[Learning]) -> list[list[object]]:
    """The film; and what to train anew."""

    def again(state: Learning, **other: object) -> Learning:
        return trained(replace(state.recipe, **other))  # type: ignore[arg-type]

    return [
        [
            helper.film("play the film, or stop it", EVERY, last_step, step_of, go_to),
            helper.number("step", "which moment to look at", (0, STEPS, EVERY), step_of, go_to),
        ],
        [
            helper.choice("learning rate", "train with another learning rate",
                          [(number(rate), rate) for rate in (0.03, 0.3, 1.0, 3.0)], lambda s: s.recipe.rate,
                          lambda s, v: again(s, rate=v)),
            helper.choice("neurons", "train with more or fewer neurons between the layers",
                          [(str(count), count) for count in (2, 8, 32)], lambda s: s.recipe.hidden,
                          lambda s, v: again(s, hidden=v)),
            helper.button("Another start", "train from other first weights",
                          lambda s: again(s, seed=s.recipe.seed + 1)),
        ],
    ]  # fmt: skip


def start(dense: object, relu: object, chain: object) -> Learning:
    """The state for a student's classes, trained.

    Args:
        dense: The class for dense layers.
        relu: The class for ReLU; None if there is none yet.
        chain: The function that walks back.

    Raises:
        CannotDraw: One of them cannot be called.
    """
    named = (("Layer_Dense", dense), ("Activation_ReLU", relu or dense), ("backward_chain", chain))
    for name, given in named:
        if not callable(given):
            kind = type(given).__name__
            raise CannotDraw(f"{name} is of type {kind} here; run the cell that defines it once more")
    return trained(Recipe(dense=dense, relu=relu, chain=chain))


def view(dense: object, relu: object, chain: object) -> View[Learning]:
    """The film, under the hand.

    Args:
        dense: The class for dense layers.
        relu: The class for ReLU; None if there is none yet.
        chain: The function that walks back.
    """
    return View(start(dense, relu, chain), picture, controls)
