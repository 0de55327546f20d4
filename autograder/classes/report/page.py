"""The class report: one HTML page from records alone, that needs nothing else.

Its style sheet and its script are inline, and its policy names both by hash. Without the script everything is there
but sorting and filtering.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from autograder.classes.records import cannot_write, read_records, told_apart
from autograder.classes.report import drawings
from autograder.classes.report.drawings import FLAT, KINDS, LEFT, MOST_TALL, TALL, TOP, kind_of, outlines
from autograder.classes.report.examples import examples
from autograder.classes.report.summary import ClassSummary, Companion, GapSummary, MistakeSummary
from autograder.judging import feedback
from autograder.judging.pages import hash_of, style_of
from autograder.model import Comparison, KitError, Numbers, Record, Story

HERE = Path(__file__).parent
MANY = 100
"""Students from which the distribution has bins half as wide."""
MOST_BARS = 8
"""Mistakes of a gap that have a bar each."""

LOSS_WORDS = {
    "named": "mistakes with a name",
    "unnamed": "wrong in a way of its own",
    "error": "raised an error, or ended Python",
    "stopped": "stopped by a limit on time",
    "partly": "right values, but corner cases or conduct",
    "untouched": "not begun",
    "missing": "not handed in, or not readable",
}
WITHOUT_A_NAME = {
    "(wrong)": "wrong in a way of its own",
    "(raised)": "raised an error",
    "(stopped)": "stopped by a limit on time",
    "(died)": "ended Python",
    "(partly)": "right values, but corner cases or conduct",
    "(untouched)": "not begun",
    "(missing)": "the cell is missing",
    "(unreadable)": "not readable",
    "(not-handed-in)": "not handed in",
}


def read(results: Path) -> ClassSummary:
    """The class of a results file.

    Raises:
        KitError: It is not there, or holds no record.
    """
    records = told_apart(read_records(results).values())
    if not records:
        raise KitError(
            f"{results} holds no records. `autograder grade submitted` writes them into results.jsonl of the course; "
            "another file is named with --results."
        )
    return ClassSummary(records)


def write(path: Path, html: str) -> None:
    """Write the page; KitError if that fails."""
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise cannot_write(path, error) from error


Late = Mapping[tuple[str, str], timedelta]
"""How late a submission came, by student and assignment."""


def page(summary: ClassSummary, *, names: bool, late: Late | None) -> str:
    """The whole page.

    Args:
        summary: Of the class.
        names: Students are called by their names; otherwise numbered in the order of their points.
        late: The submissions that came late; None if nobody knows when they were due.
    """
    style, script = style_of(HERE / "report.css"), (HERE / "report.js").read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src '{hash_of(style)}'; script-src '{hash_of(script)}'; base-uri 'none'"
    html = _template().render(
        summary=summary,
        names=names,
        earned=sum(record.score or 0 for record in summary.records),
        reachable=sum(record.max_score for record in summary.records if record.score is not None),
        losses=_losses(summary),
        losses_drawn=_losses_drawn(summary),
        costliest=[_costly(one, companions, summary) for one, companions in summary.costliest],
        notebooks=[
            (name, [_gap(one) for one in summary.per_gap if one.notebook == name]) for name in summary.notebooks
        ],
        distribution=_distribution(summary),
        map=_map(summary, labels(summary, names=names)),
        kinds=KINDS,
        absences=[_lateness(late, names=names), *_absences(summary, names=names)],
        css=Markup(style),
        js=Markup(script),
        policy=f"{policy}; form-action 'none'",
    )
    return html.lstrip() + "\n"


def labels(summary: ClassSummary, *, names: bool) -> Callable[[int], str]:
    """What a student is called, by place in the class: the name, or a number that says nothing but the place."""
    return (lambda at: feedback.clean(summary.pupils[at].name)) if names else (lambda at: str(at + 1))


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"points": _points, "percent": _percent, "two": _two, "clean": feedback.clean}
    return environment.get_template("report.html.j2")


def _points(number: float) -> str:
    return f"{round(number, 1):,g}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _two(number: float | None) -> str:
    """Two decimals; a dash for what cannot be told."""
    return "–" if number is None else f"{round(number, 2) + 0.0:.2f}".replace("-", "−")


def _losses(summary: ClassSummary) -> list[tuple[str, str, float, float]]:
    """Kind, words, points and share of what was lost."""
    whole = sum(summary.lost.values())
    return [(kind, LOSS_WORDS[kind], points, points / whole) for kind, points in summary.lost.items()]


def _losses_drawn(summary: ClassSummary) -> Markup:
    told = ", ".join(f"{words} {_percent(share)}" for _, words, _, share in _losses(summary))
    return drawings.stacked(summary.lost, f"Where the lost points went: {told}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Costly:
    """What the page shows of one of the mistakes that cost most."""

    mistake: MistakeSummary
    name: str
    share: float
    cost_share: float
    bar: Markup
    examples: tuple[tuple[str, int], ...]
    values: tuple[tuple[str, str, str], ...]
    companions: tuple[Companion, ...]
    to_say: str


def _costly(one: MistakeSummary, companions: tuple[Companion, ...], summary: ClassSummary) -> _Costly:
    shown = next((result for result in one.results if result.compared), None)
    return _Costly(
        mistake=one,
        name=one.story.name or one.slug,
        share=one.times / one.answered,
        cost_share=one.cost / (sum(summary.lost.values()) or 1.0),
        bar=drawings.count_bar(one.cost, summary.mistakes[0].cost),
        examples=examples(one.results),
        values=tuple(_values(comparison) for comparison in shown.compared) if shown else (),
        companions=companions,
        to_say=_to_say(one.story),
    )


def _to_say(story: Story) -> str:
    """What the mistake's own texts have for a lecture: what it usually means, and the question."""
    return " ".join(part for part in (story.meaning, story.question) if part)


def _values(comparison: Comparison) -> tuple[str, str, str]:
    return comparison.output, _as_text(comparison.yours), _as_text(comparison.wanted)


def _as_text(numbers: Numbers) -> str:
    """An array as rows of text, as far as the record holds it."""
    width = numbers.shape[-1] if numbers.shape else 1
    if not numbers.entries or width < 2:
        return " ".join(numbers.entries) or f"empty, shape {numbers.shape}"
    rows = ["  ".join(numbers.entries[at : at + width]) for at in range(0, len(numbers.entries), width)]
    return "\n".join(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """What the page shows of one gap."""

    gap: GapSummary
    bar: Markup | None
    mistakes: tuple[tuple[str, int, float, Markup], ...]
    others: int
    checks: tuple[tuple[str, int, int, Markup], ...]
    remark: str


def _gap(one: GapSummary) -> _Gap:
    named = [(WITHOUT_A_NAME.get(name, name), times, cost) for name, times, cost in one.mistakes]
    most = max([times for _, times, _ in named], default=0)
    bar = None
    if one.interval:
        low, high = one.interval
        says = f"{one.right} of {one.answered} right; the share lies between {_percent(low)} and {_percent(high)}"
        bar = drawings.share_bar(one.right / one.answered, one.interval, says)
    return _Gap(
        gap=one,
        bar=bar,
        mistakes=tuple((name, times, cost, drawings.count_bar(times, most)) for name, times, cost in named[:MOST_BARS]),
        others=sum(times for _, times, _ in named[MOST_BARS:]),
        checks=tuple(
            (feedback.CHECKS.get(name, name), passed, judged, drawings.count_bar(passed, judged, "fill"))
            for name, passed, judged in one.checks
        ),
        remark=_remark(one),
    )


HARD, EASY, BLUNT = 0.3, 0.95, 0.1
"""Shares right below and above which a gap tells little, and the discrimination below which it tells nothing."""


def _remark(one: GapSummary) -> str:
    """What an instructor may want to look at, in one line."""
    share = one.right / one.answered if one.answered else None
    if one.discrimination is not None and one.discrimination < 0:
        return "Students who are strong elsewhere do worse here. Look at the gap, and at its commonest answers."
    if share is not None and share < HARD:
        return "Hard: fewer than a third have it."
    if one.discrimination is not None and one.discrimination < BLUNT and share is not None and share < EASY:
        return "Says little about the rest: it hardly goes with the other gaps."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Distribution:
    """Points of those whose notebooks are all judged."""

    students: int
    waiting: int
    quartiles: tuple[float, ...]
    mean: float
    drawn: Markup
    rows: tuple[tuple[float, float, int], ...]


def _distribution(summary: ClassSummary) -> _Distribution | None:
    """None if nobody has points yet. Not handed in counts as no points."""
    totals = np.array([pupil.score for pupil in summary.pupils if not pupil.waiting])
    if not len(totals):
        return None
    bins = 20 if len(totals) >= MANY else 10
    counts, edges = np.histogram(totals, bins=bins, range=(0, summary.points))
    low, middle, high = np.quantile(totals, [0.25, 0.5, 0.75])
    says = (
        f"Points of {len(totals)} students: half of them have between {_points(low)} and {_points(high)} of "
        f"{_points(summary.points)}, the median is {_points(middle)}"
    )
    return _Distribution(
        students=len(totals),
        waiting=len(summary.pupils) - len(totals),
        quartiles=(low, middle, high),
        mean=float(totals.mean()),
        drawn=drawings.histogram([int(count) for count in counts], [float(edge) for edge in edges], says),
        rows=tuple(
            (float(start), float(end), int(count)) for start, end, count in zip(edges, edges[1:], counts, strict=False)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Map:
    """Students × gaps: drawn, as lines of letters, and as what the script reads."""

    drawn: Markup
    lines: tuple[str, ...]
    data: Markup


def _map(summary: ClassSummary, label: Callable[[int], str]) -> _Map:
    keys = list(summary.gaps)
    absent = summary.absent
    mistakes: dict[str, int] = {}
    rows: list[tuple[str, str]] = []
    marks: list[list[int]] = []
    for at, pupil in enumerate(summary.pupils):
        letters, made = [], []
        for place, ((notebook, _), result) in enumerate(zip(keys, pupil.results, strict=True)):
            kind = kind_of(result, absent=(pupil.name, notebook) in absent)
            letters.append(KINDS[kind].letter)
            if result and result.mistake and kind != "absent":
                name = result.story.name or result.mistake
                made += [place, mistakes.setdefault(name, len(mistakes))]
        rows.append((label(at), "".join(letters)))
        marks.append(made)
    names = [gap for _, gap in keys]
    says = (
        f"What became of {len(names)} gaps for {len(rows)} students. The same stands below as text, one line a student"
    )
    lines = tuple(
        f"{name}\t{_points(pupil.score)}\t{letters}"
        for (name, letters), pupil in zip(rows, summary.pupils, strict=True)
    )
    data = {
        "gaps": [
            {"name": one.gap, "notebook": one.notebook, "right": one.right, "of": one.answered, "d": one.discrimination}
            for one in summary.per_gap
        ],
        "kinds": {kind.letter: {"name": name, "word": kind.word} for name, kind in KINDS.items()},
        "tiles": [
            {"width": tile.width, "height": tile.height, "every": tile.every, "outlines": outlines(tile)}
            for tile in (TALL, FLAT)
        ],
        "tall": MOST_TALL,
        "left": LEFT,
        "top": TOP,
        "mistakes": list(mistakes),
        "made": marks,
    }
    return _Map(drawn=drawings.heat_map(rows, names, says), lines=lines, data=_json(data))


def _json(data: Any) -> Markup:
    """Data for a script element: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


Absence = tuple[str, str, list[tuple[str, str]]]
"""A heading with a count, what to do or know, and whose it is if names are shown."""


def _lateness(late: Late | None, *, names: bool) -> Absence:
    if late is None:
        return "Late: not known", "The course gives no due dates (course.toml, [due]).", []
    whose = [
        (feedback.clean(student), f"{assignment}, {_length(by)}") for (student, assignment), by in sorted(late.items())
    ]
    return f"Late: {len(late)}", "Handed in after the due date, extensions taken off." if late else "", whose * names


def _length(by: timedelta) -> str:
    """A length of time in the largest units that tell something."""
    hours, minutes = divmod(int(by.total_seconds()) // 60, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {minutes} min" if hours else f"{max(minutes, 1)} min"


def _absences(summary: ClassSummary, *, names: bool) -> list[Absence]:
    """What did not come in or waits."""
    parts: list[tuple[str, str, tuple[Record, ...]]] = [
        ("Not handed in", "No points. Grade again when the file has come.", summary.not_handed_in),
        ("Not readable", "No points. Ask for the file again.", summary.unreadable),
        ("For review", "No mark yet: a fault of the kit. Grade by hand in Formgrader.", summary.for_review),
    ]
    return [
        (
            f"{head}: {len(found)}",
            what if found else "",
            [(feedback.clean(one.student), feedback.clean(one.notebook)) for one in found] * names,
        )
        for head, what, found in parts
    ]
