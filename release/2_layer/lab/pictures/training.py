"""A small network of a student's own classes, trained on two moons, and what was seen on the way.

The classes may be unfinished or wrong. Then the film shows what comes of it, as far as it goes; it says why it ends
early, holds what `backward` says against what a nudge measures, and takes about two seconds at most.
"""

from __future__ import annotations

import contextlib
import io
import math
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

STEPS, EVERY = 600, 10
"""Steps of gradient descent, and how many of them lie between two frames."""
MOST_SECONDS = 1.5
ACROSS, DOWN = 41, 27
"""Points at which a frame keeps the network's score, from left to right and from top to bottom."""
REACH = (4.0, 2.7)
"""The map shows points from -4 to 4 and from -2.7 to 2.7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is trained, and how.

    Attributes:
        dense: The student's class for a dense layer: `dense(inputs, neurons)`.
        relu: The student's class for ReLU; None where there is none yet.
        chain: The student's function: `chain(layers, dvalues)`.
        hidden: Neurons between the two dense layers.
        rate: Learning rate.
        seed: Of the first weights.
    """

    dense: Any
    relu: Any
    chain: Any
    hidden: int = 32
    rate: float = 0.3
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The network at one moment.

    Attributes:
        step: How many steps it has taken.
        loss: Over all points.
        right: Whether each point is on its own side.
        scores: On the map, from the top left corner, row by row.
    """

    step: int
    loss: float
    right: tuple[bool, ...]
    scores: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """How the loss changes with one array, along one direction that was drawn for it.

    Attributes:
        of: Which array, in words.
        said: By the student's `backward`; None if it has set no gradient.
        measured: By a nudge, through the student's `forward`.
    """

    of: str
    said: float | None
    measured: float

    @property
    def agree(self) -> bool:
        """To a thousandth; a nudge across a kink is not exact."""
        room = 1e-3 * max(abs(self.said or 0.0), abs(self.measured)) + 1e-7
        return self.said is not None and abs(self.said - self.measured) <= room


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What was seen.

    Attributes:
        points: Across, up, and the side on which each belongs, 1 or -1.
        frames: In their order; none if the network gave no scores at all.
        slopes: Said and measured.
        problem: Why it ended early; empty if it did not.
    """

    points: tuple[tuple[float, float, int], ...]
    frames: tuple[Frame, ...]
    slopes: tuple[Slope, ...]
    problem: str


class _Ends(Exception):  # noqa: N818 (never leaves this file)
    """The film cannot go on; the text is for the student."""


def two_moons(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Two crescents that reach into each other: points of shape (2 count, 2), sides of shape (2 count, 1).

    Args:
        count: Points in each.
    """
    chance = np.random.default_rng(4)
    angle = np.pi * (np.arange(count) + 0.5) / count
    upper, lower = (np.cos(angle), np.sin(angle)), (1 - np.cos(angle), 0.5 - np.sin(angle))
    points = 2 * (np.hstack([upper, lower]).T - [0.5, 0.25]) + 0.22 * chance.standard_normal((2 * count, 2))
    return points, np.repeat([[1.0], [-1.0]], count, axis=0)


def shortfall(scores: np.ndarray, sides: np.ndarray) -> tuple[float, np.ndarray]:
    """The loss, and its gradient for the scores: half the mean square of what is missing to 1 on the point's own side.

    Args:
        scores: Shape (N, 1).
        sides: 1 or -1, shape (N, 1).
    """
    missing = np.maximum(0, 1 - sides * scores)
    return float((missing**2).mean() / 2), -sides * missing / len(sides)


def film(recipe: Recipe) -> Film:
    """Build the network, train it, and keep a frame of every tenth step."""
    points, sides = two_moons()
    taken: list[Frame] = []
    slopes: list[Slope] = []
    problem = ""
    with _quiet(recipe.seed):
        try:
            _train(recipe, points, sides, taken, slopes)
        except _Ends as end:
            problem = str(end)
        except (Exception, KeyboardInterrupt) as error:  # the student's classes
            problem = f"{_place(taken)} something raised {type(error).__name__}: {error}"
    kept = tuple((float(x), float(y), int(side)) for (x, y), side in zip(points, sides[:, 0], strict=True))
    return Film(points=kept, frames=tuple(taken), slopes=tuple(slopes), problem=problem)


def _train(
    recipe: Recipe, points: np.ndarray, sides: np.ndarray, taken: list[Frame], slopes: list[Slope]
) -> None:  # fmt: skip
    """Take all steps; what is seen goes into `taken` and `slopes`, so that it is there if this ends early."""
    layers = _layers(recipe)
    until = time.monotonic() + MOST_SECONDS
    for step in range(STEPS + 1):
        if step % EVERY == 0:
            taken.append(_frame(step, layers, points, sides))
        if step == 0:
            slopes += _compared(recipe, points, sides)
        loss, dvalues = shortfall(_scores(layers, points), sides)
        if not math.isfinite(loss):
            raise _Ends(f"after step {step} the loss is no finite number any more: the steps are too long for it")
        if time.monotonic() > until:
            raise _Ends(f"{MOST_SECONDS:g} seconds were over at step {step}")
        recipe.chain(layers, dvalues)
        for layer, name in _arrays(layers):
            _move(layer, name, recipe.rate)


def _layers(recipe: Recipe) -> list[Any]:
    between = [] if recipe.relu is None else [recipe.relu()]
    return [recipe.dense(2, recipe.hidden), *between, recipe.dense(recipe.hidden, 1)]


def _scores(layers: Sequence[Any], points: np.ndarray) -> np.ndarray:
    """What comes out at the end, shape (N, 1)."""
    values: Any = points
    for layer in layers:
        layer.forward(values)
        values = getattr(layer, "output", None)
        if values is None:
            raise _Ends(f"forward of {type(layer).__name__} has set no output yet")
    if np.shape(values) != (len(points), 1):
        raise _Ends(f"the last layer's output has shape {np.shape(values)} instead of {(len(points), 1)}")
    return np.asarray(values, dtype=float)


def _frame(step: int, layers: Sequence[Any], points: np.ndarray, sides: np.ndarray) -> Frame:
    across, up = np.linspace(-REACH[0], REACH[0], ACROSS), np.linspace(REACH[1], -REACH[1], DOWN)
    places = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    scores = np.nan_to_num(np.clip(_scores(layers, places), -1e6, 1e6)).reshape(DOWN, ACROSS)
    here = _scores(layers, points)
    return Frame(
        step=step, loss=shortfall(here, sides)[0], right=tuple(bool(one) for one in (here * sides > 0)[:, 0]),
        scores=tuple(tuple(row) for row in scores.tolist()),
    )  # fmt: skip


def _arrays(layers: Sequence[Any]) -> list[tuple[Any, str]]:
    """All that can be trained: a layer, and the name of its array."""
    return [(layer, name) for layer in layers for name in ("weights", "biases") if hasattr(layer, name)]


def _gradient(layer: Any, name: str) -> np.ndarray | None:
    """What `backward` has left for an array of a layer."""
    found = getattr(layer, f"d{name}", None)
    return None if found is None else np.array(found, dtype=float)


def _move(layer: Any, name: str, by: float) -> None:
    """One step down the gradient; what has none stays where it is."""
    slope = _gradient(layer, name)
    if slope is not None:
        setattr(layer, name, getattr(layer, name) - by * slope)


def _compared(recipe: Recipe, points: np.ndarray, sides: np.ndarray, h: float = 1e-7) -> Iterator[Slope]:
    """For each array of a network of its own, what `backward` says along one direction, and what a nudge measures.

    Its weights and biases are drawn: with those of the start, most slopes would be close to 0, right or wrong.

    Args:
        recipe: Whose classes are held to nudges.
        points: Shape (N, 2).
        sides: 1 or -1, shape (N, 1).
        h: How far to nudge, either way.
    """
    chance = np.random.default_rng(1)
    layers = _layers(recipe)
    arrays = _arrays(layers)
    for layer, name in arrays:
        setattr(layer, name, 0.5 * chance.standard_normal(np.shape(getattr(layer, name))))
    recipe.chain(layers, shortfall(_scores(layers, points), sides)[1])
    said = [_gradient(layer, name) for layer, name in arrays]
    for (layer, name), slope in zip(arrays, said, strict=True):
        here = getattr(layer, name)
        towards = chance.standard_normal(np.shape(here))
        ends = []
        for way in (h, -h):
            setattr(layer, name, here + way * towards)
            ends.append(shortfall(_scores(layers, points), sides)[0])
        setattr(layer, name, here)
        yield Slope(
            of=f"the {name} of the {'first' if layer is layers[0] else 'second'} {type(layer).__name__}",
            said=None if slope is None else float(np.sum(slope * towards)),
            measured=(ends[0] - ends[1]) / (2 * h),
        )


def _place(taken: Sequence[Frame]) -> str:
    return f"soon after step {taken[-1].step}" if taken else "at the very start"


@contextlib.contextmanager
def _quiet(seed: int) -> Iterator[None]:
    """Chance from a seed of its own, nothing printed, no warnings; all as before at the end."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(before)
