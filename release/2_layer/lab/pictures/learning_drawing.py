"""How a network that learns is drawn: a map of its two sides, and the curve of its loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from lab.drawing.draw import Panel, Rows, below, beside, circle, data_number, path, shape, text
from lab.drawing.looks import BIG, NARROW, SMALL, WIDE
from lab.drawing.words import number

Corner = tuple[float, float, float]
"""A point of the map, and the score there."""
UNIT = 47.0
"""Pixels for 1 on the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that is to be seen.

    Attributes:
        points: Across, up, and the side on which each belongs, 1 or -1.
        right: Whether each point is there.
        scores: On the map, row by row from the top; empty if there are none.
        reach: How far the map goes from its middle, across and up.
        losses: Steps and losses of all frames.
        now: Which frame is shown.
        steps: How many steps there would be at most.
    """

    points: tuple[tuple[float, float, int], ...]
    right: tuple[bool, ...]
    scores: Rows
    reach: tuple[float, float]
    losses: tuple[tuple[int, float], ...]
    now: int
    steps: int


def wide(scene: Scene) -> Panel:
    """The map, and the curve beside it."""
    world = _map(scene)
    return beside(world, _curve(scene, WIDE - 2 * scene.reach[0] * UNIT - 24, world.height), gap=24)


def narrow(scene: Scene) -> Panel:
    """The map, and the curve below it."""
    return below(_map(scene), _curve(scene, NARROW - 8, 190), gap=14, width=NARROW)


def _map(scene: Scene) -> Panel:
    """Where the network sees which side, its boundary, and the points."""
    width, height, top = 2 * scene.reach[0] * UNIT, 2 * scene.reach[1] * UNIT, 30.0
    parts = [_ground(scene, top), shape("rect", "rim", x=0.0, y=top, width=width, height=height)]
    for (x, y, side), right in zip(scene.points, scene.right, strict=True):
        place = (UNIT * (x + scene.reach[0]), top + UNIT * (scene.reach[1] - y))
        parts.append(circle(*place, 4, "tv" if side > 0 else "paper-dot", data_side=side))
        parts.append("" if right else circle(*place, 8, "ring am", data_mark="wrong side"))
    parts += [circle(8, 10, 5, "tv"), text(20, 10, "wants a score above 0", "soft", size=SMALL, anchor="start")]
    parts += [circle(188, 10, 4, "paper-dot"), text(198, 10, "below 0", "soft", size=SMALL, anchor="start")]
    parts += [circle(272, 10, 7, "ring am"), text(285, 10, "wrong side", "soft", size=SMALL, anchor="start")]
    return Panel(width, top + height + 2, "".join(parts))


def _ground(scene: Scene, top: float) -> str:
    """The part of the map with scores above 0, and the line along which they are 0."""
    area: list[object] = []
    line: list[object] = []
    for corners in _cells(scene, top):
        inside, crossings = _above(corners)
        if len(inside) > 2:
            area += ["M", *inside[0], *(one for point in inside[1:] for one in ("L", *point)), "Z"]
        for start, end in zip(crossings[::2], crossings[1::2], strict=False):
            line += ["M", *start, "L", *end]
    drawn = path("vw", *area, shape_rendering="crispEdges", data_kind="above") if area else ""
    return drawn + (path("e bold", *line, data_kind="boundary") if line else "")


def _cells(scene: Scene, top: float) -> Iterator[tuple[Corner, ...]]:
    """Squares of the map by their four corners; alike ones in a row are one long cell."""
    rows = scene.scores
    for row, (upper, lower) in enumerate(pairwise(rows)):
        across, down = 2 * scene.reach[0] * UNIT / (len(upper) - 1), 2 * scene.reach[1] * UNIT / (len(rows) - 1)
        start = 0
        for end in range(1, len(upper)):
            column = (upper[end - 1], upper[end], lower[end - 1], lower[end])
            after = (upper[end], upper[end + 1], lower[end], lower[end + 1]) if end + 1 < len(upper) else ()
            if after and _alike(column) and _alike((*column, *after)):
                continue
            left, right, y = across * start, across * end, top + down * row
            yield (left, y, upper[start]), (right, y, upper[end]), (right, y + down, lower[end]), (
                left, y + down, lower[start],
            )  # fmt: skip
            start = end


def _alike(scores: tuple[float, ...]) -> bool:
    return len({score > 0 for score in scores}) == 1


def _above(corners: tuple[Corner, ...]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """The corners of the part above 0 in their order, and where its rim crosses 0."""
    inside: list[tuple[float, float]] = []
    crossings: list[tuple[float, float]] = []
    for (x, y, here), (to_x, to_y, there) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if here > 0:
            inside.append((x, y))
        if (here > 0) != (there > 0):
            part = here / (here - there)
            crossings.append((x + part * (to_x - x), y + part * (to_y - y)))
            inside.append(crossings[-1])
    return inside, crossings


def _curve(scene: Scene, width: float, height: float) -> Panel:
    """The loss over the steps, and where the frame stands in it."""
    head = text(0, 10, "loss", "b", size=BIG, anchor="start")
    left, right, top, ground = 8.0, width - 14, 58.0, height - 28
    if not scene.losses:
        return Panel(width, height, head + text(0, 40, "nothing was trained", "soft", size=SMALL, anchor="start"))
    first = scene.losses[0][1]
    most = min(max(loss for _, loss in scene.losses), 2 * first) or 1.0

    def place(step: int, loss: float) -> tuple[float, float]:
        return left + (right - left) * step / scene.steps, ground - (ground - top) * min(loss, most) / most

    line = [part for at, one in enumerate(scene.losses) for part in ("L" if at else "M", *place(*one))]
    x, y = place(*scene.losses[scene.now])
    step, loss = scene.losses[scene.now]
    side = "start" if x < width / 2 else "end"
    parts = [
        path("e thin", "M", left, top - 6, "L", left, ground, "L", right, ground),
        path("e v wide", *line, data_kind="loss"),
        path("e thin dash", "M", x, top - 14, "L", x, ground),
        circle(x, y, 5, "tv"),
        text(x, top - 24, f"{number(loss)} after step {step}", "v", size=SMALL, anchor=side,
             data=data_number("loss", loss)),
        text(left, ground + 16, "0", "soft", size=SMALL, anchor="start"),
        text(right, ground + 16, f"step {scene.steps}", "soft", size=SMALL, anchor="end"),
    ]  # fmt: skip
    count = text(width - 4, 10, f"{sum(scene.right)} of {len(scene.points)} on their side", "v", size=SMALL,
                 anchor="end", data=data_number("right", sum(scene.right)))  # fmt: skip
    return Panel(width, height, head + count + "".join(parts))
