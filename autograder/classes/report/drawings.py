"""The figures of the class report as SVG; each says in words what it shows, and the numbers stand beside it as text.

Colours come from the page's style sheet. None stands alone: every kind of answer has a shape of its own, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from autograder.classes.report.statistics import Interval
from autograder.model import GapResult, Status

BAR = 120
"""Width of a bar in a table, in units; its height is 14."""


def figure(width: float, height: float, says: str, parts: Iterable[Markup], kind: str) -> Markup:
    """An SVG with its text equivalent.

    Args:
        width: In units; the page decides how large a unit is.
        height: Likewise.
        says: What it shows, in words.
        parts: Its elements.
        kind: Its class in the style sheet.
    """
    inner = Markup("").join(parts)
    return Markup('<svg class="{}" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">{}</svg>').format(
        kind, width, height, says, inner
    )


def _rect(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return Markup('<rect x="{:g}" y="{:g}" width="{:g}" height="{:g}" class="{}"/>').format(
        round(x, 2), round(y, 2), round(width, 2), round(height, 2), kind
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    ends = (round(end, 2) for end in (x1, y1, x2, y2))
    return Markup('<line x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}" class="{}"/>').format(*ends, kind)


def _text(x: float, y: float, words: object, kind: str) -> Markup:
    return Markup('<text x="{:g}" y="{:g}" class="{}">{}</text>').format(round(x, 2), round(y, 2), kind, words)


def share_bar(share: float, interval: Interval, says: str) -> Markup:
    """A share as a bar, with its interval as a whisker.

    Args:
        share: From 0 to 1.
        interval: Likewise.
        says: What it shows, in words.
    """
    low, high = (BAR * bound for bound in interval)
    whisker = [_line(low, 7, high, 7, "whisker"), *(_line(at, 4, at, 10, "whisker") for at in (low, high))]
    return figure(BAR, 14, says, [_rect(0, 2, BAR, 10, "track"), _rect(0, 2, BAR * share, 10, "fill"), *whisker], "bar")


def count_bar(count: float, most: float, kind: str = "lost") -> Markup:
    """A count as a bar; the number stands beside it, so it is hidden from readers.

    Args:
        count: How long the bar is.
        most: What fills the whole width.
        kind: Its class in the style sheet.
    """
    bar = _rect(0, 2, BAR * count / most if most else 0, 10, kind)
    return Markup('<svg class="bar" viewBox="0 0 {} 14" aria-hidden="true" focusable="false">{}</svg>').format(BAR, bar)


def stacked(parts: Mapping[str, float], says: str) -> Markup:
    """Shares of a whole, side by side, each with the class of its name."""
    whole, at, drawn = sum(parts.values()) or 1.0, 0.0, []
    for kind, part in parts.items():
        drawn.append(_rect(at, 0, 1000 * part / whole, 26, f"of {kind}"))
        at += 1000 * part / whole
    inner = Markup("").join(drawn)
    return Markup(
        '<svg class="stacked" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(says, inner)


def histogram(counts: Sequence[int], edges: Sequence[float], says: str) -> Markup:
    """How many fall between two edges each.

    Args:
        counts: One a bin, k of them.
        edges: k + 1 of them, rising.
        says: What it shows, in words.
    """
    wide, high, left, top = 720, 180, 14, 20
    step, most = (wide - 2 * left) / len(counts), max([*counts, 1])
    drawn = []
    for at, count in enumerate(counts):
        tall = high * count / most
        drawn.append(_rect(left + at * step + 1, top + high - tall, step - 2, tall, "fill"))
        if count:
            drawn.append(_text(left + (at + 0.5) * step, top + high - tall - 5, count, "count"))
    drawn.append(_line(left, top + high, wide - left, top + high, "axis"))
    every = max(1, len(counts) // 10)
    drawn += [
        _text(left + at * step, top + high + 18, f"{edge:.4g}", "tick")
        for at, edge in enumerate(edges)
        if at % every == 0
    ]
    return figure(wide, top + high + 26, says, drawn, "histogram")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of answer in the heat map: its letter, its word, its place and outline in a tile of 1 × 1."""

    letter: str
    word: str
    outline: tuple[tuple[float, float], ...]


_WHOLE = ((0, 0), (1, 0), (1, 1), (0, 1))
KINDS = {
    "right": Kind(letter="R", word="right", outline=_WHOLE),
    "partly": Kind(letter="p", word="right in part", outline=((0, 0.5), (1, 0.5), (1, 1), (0, 1))),
    "named": Kind(letter="M", word="a mistake with a name", outline=_WHOLE),
    "unnamed": Kind(letter="w", word="wrong in a way of its own", outline=((0, 0), (1, 0), (0, 1))),
    "error": Kind(letter="e", word="an error, or it ended Python", outline=((0.5, 0), (1, 1), (0, 1))),
    "stopped": Kind(letter="t", word="stopped by a limit on time", outline=((0.3, 0), (0.7, 0), (0.7, 1), (0.3, 1))),
    "untouched": Kind(letter="-", word="not begun", outline=((0.38, 0.38), (0.62, 0.38), (0.62, 0.62), (0.38, 0.62))),
    "absent": Kind(letter=".", word="not handed in, or not readable", outline=()),
    "review": Kind(letter="?", word="waits for somebody to grade it", outline=((0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5))),
}
"""Kinds of answers, in the order of the legend; the best first."""
_KIND_BY_STATUS = {
    Status.RIGHT: "right",
    Status.PARTLY: "partly",
    Status.RAISED: "error",
    Status.DIED: "error",
    Status.STOPPED: "stopped",
    Status.UNTOUCHED: "untouched",
    Status.MISSING: "untouched",
    Status.NOT_HANDED_IN: "absent",
    Status.UNREADABLE: "absent",
    Status.REVIEW: "review",
}


def kind_of(result: GapResult | None, *, absent: bool) -> str:
    """The kind of one student's answer at one gap; `absent` says that there was no notebook."""
    if result is None or (absent and result.status is not Status.REVIEW):
        return "absent"
    if result.mistake and result.status is not Status.PARTLY:
        return "named"
    return _KIND_BY_STATUS.get(result.status, "unnamed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """The size of a tile in the heat map, in units, and how many rows apart the labels stand."""

    width: int = 13
    height: int
    every: int


TALL, FLAT = Tile(height=13, every=1), Tile(height=5, every=10)
"""For as many students as a screen shows by name, and for more."""
MOST_TALL = 150
LEFT, TOP = 96, 150
"""Room for labels, in units."""


def outlines(tile: Tile) -> dict[str, tuple[float, float, str]]:
    """By the letter of a kind: where in a tile its outline starts, and how it goes on, as a relative path."""
    return {kind.letter: _outline(kind, tile) for kind in KINDS.values() if kind.outline}


def _outline(kind: Kind, tile: Tile) -> tuple[float, float, str]:
    points = [(0.5 + x * (tile.width - 1), 0.5 + y * (tile.height - 1)) for x, y in kind.outline]
    moves = "".join(f"l{b[0] - a[0]:.4g} {b[1] - a[1]:.4g}" for a, b in itertools.pairwise(points))
    return round(points[0][0], 2), round(points[0][1], 2), f"{moves}z"


def heat_map(rows: Sequence[tuple[str, str]], columns: Sequence[str], says: str) -> Markup:
    """Students × gaps.

    Args:
        rows: The label of a student and one letter a gap, from the top.
        columns: Names of the gaps, from the left.
        says: What it shows, in words.
    """
    tile = TALL if len(rows) <= MOST_TALL else FLAT
    starts = outlines(tile)
    paths: dict[str, list[str]] = {kind.letter: [] for kind in KINDS.values()}
    for y, (_, letters) in enumerate(rows):
        for x, letter in enumerate(letters):
            if letter in starts:
                dx, dy, moves = starts[letter]
                paths[letter].append(f"M{x * tile.width + dx:g} {y * tile.height + dy:g}{moves}")
    drawn = [
        Markup('<path class="kind {}" d="{}"/>').format(name, Markup("".join(paths[kind.letter])))
        for name, kind in KINDS.items()
    ]
    labels = [
        _text(-6, (y + 0.5) * tile.height + 4, label, "row") for y, (label, _) in enumerate(rows) if y % tile.every == 0
    ]
    heads = [
        Markup('<text class="column" transform="translate({:g} -6) rotate(-60)">{}</text>').format(
            (x + 0.6) * tile.width, name
        )
        for x, name in enumerate(columns)
    ]
    grid = Markup('<g transform="translate({} {})">{}{}{}</g>').format(
        LEFT, TOP, Markup("").join(drawn), Markup("").join(labels), Markup("").join(heads)
    )
    width, height = LEFT + len(columns) * tile.width + 80, TOP + len(rows) * tile.height + 4
    return Markup(
        '<svg class="heat" id="heat" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{says}">'
        "{grid}</svg>"
    ).format(w=width, h=height, says=says, grid=grid)
