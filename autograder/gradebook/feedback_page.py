"""The page a student reads about one notebook: score, every step with its verdict, and the notebook as it ran.

One HTML file that needs nothing else: no scripts, no addresses, one style sheet that its policy names by hash.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbformat.notebooknode import NotebookNode
from nbgrader.converters.base import NbGraderException
from traitlets import default

from autograder.course.comments import comments_of
from autograder.course.course import Course, find_root
from autograder.course.private import close_folder
from autograder.course.settings import settings_of
from autograder.course.times import shown
from autograder.gradebook import late, markup
from autograder.gradebook.marks import Mark, Marks, marks
from autograder.judging import feedback
from autograder.judging.pages import hash_of, style_of
from autograder.model import CheckResult, Comparison, GapResult, KitError, Numbers, Record, Status, Story, TwinKind

HERE = Path(__file__).parent
MOST_CELLS, MOST_ROWS = 400, 12
MOST_SOURCE = 200_000
"""Characters of all cells together: what is made to be slow to colour or to lay out shall not hold up a class."""
NO_ROOM = "(This page has no room for this cell: see your notebook.)"


class FeedbackPage(Exporter):
    """For `c.GenerateFeedback.exporter_class`: an autograded notebook into the student's page."""

    output_mimetype = "text/html"

    @default("file_extension")
    def _html(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]  # as in nbconvert's own exporters, the output is text
        self, nb: NotebookNode, resources: Any = None, **keywords: Any
    ) -> tuple[str, Any]:
        """The page of one notebook; its scores are those of the gradebook."""
        nb, resources = super().from_notebook_node(nb, resources, **keywords)
        names = resources["nbgrader"]
        try:
            record = msgspec.convert(nb.metadata[feedback.RECORD], Record)
        except (KeyError, msgspec.ValidationError):
            where = f"autograded/{names['student']}/{names['assignment']}/{names['notebook']}.ipynb"
            raise NbGraderException(f"{where} holds no record of this kit. Grade it again, then ask again.") from None
        try:
            late.settle(names["db_url"], {(record.student, record.assignment)}, self.config)
            in_book = marks(names["db_url"], record)
            root = find_root(Path.cwd())  # nbgrader changes into the course directory
            close_folder(root, "feedback")
            said, zone = comments_of(root), settings_of(root).clock
        except KitError as error:
            raise NbGraderException(str(error)) from None
        title = feedback.clean(str(nb.metadata.get("title") or record.notebook))
        stills = _course(root).stills(record.assignment)
        return page(record, in_book, nb.cells, title, said, zone, tuple(stills.items())), resources


@cache
def _course(root: Path) -> Course:
    return Course(root, secret="")  # nothing of a page is drawn


def page(
    record: Record,
    in_book: Marks,
    cells: Sequence[Mapping[str, Any]],
    title: str,
    said: Mapping[str, str],
    zone: tzinfo = UTC,
    stills: markup.Stills = (),
) -> str:
    """The whole page.

    Args:
        record: What the kit found.
        in_book: What the gradebook holds: the scores that count.
        cells: Of the autograded notebook, as nbformat has them.
        title: Of the notebook.
        said: What the instructor says to everybody who made a mistake, by its slug.
        zone: The course's, for times.
        stills: The course's pictures that the notebook may show.
    """
    sources = {_grade_id(cell): cell["source"] for cell in cells if _grade_id(cell)}
    steps = [
        _step(result, in_book.by_gap.get(result.gap), sources.get(result.gap, ""), said.get(result.mistake, ""))
        for result in record.gaps
    ]
    css = style_of(HERE / "feedback.css")
    html = _template().render(
        record=record,
        title=title,
        marks=in_book,
        handed_in=shown(in_book.handed_in.replace(tzinfo=UTC), zone) if in_book.handed_in else "",
        steps=steps,
        summary=_summary(record, steps),
        slip=_slip(steps),
        next=next((step for step in steps if step.result.status is Status.UNTOUCHED), None),
        absent=_absent(record),
        remarks=_remarks(record.remarks, record.gaps),
        cells=[] if _absent(record) else list(_cells(_that_fit(cells), {step.gap: step for step in steps}, stills)),
        css=Markup(css),
        policy=f"default-src 'none'; style-src '{hash_of(css)}'; img-src data:; base-uri 'none'; form-action 'none'",
    )
    return html.lstrip() + "\n"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"points": _points, "sentence": markup.sentence, "clean": feedback.clean}
    return environment.get_template("feedback.html.j2")


def _points(number: float) -> str:
    return f"{round(number, 2):g}".replace("-", "−")


TONES = {Status.RIGHT: "good", Status.PARTLY: "part", Status.REVIEW: "wait"} | dict.fromkeys(
    (Status.UNTOUCHED, Status.MISSING, Status.UNREADABLE, Status.NOT_HANDED_IN), "none"
)
"""How a step looks, besides its sign; all others look as what is not right yet."""

SHARES = {
    "good": ("is right", "are right"),
    "part": ("is right in part", "are right in part"),
    "bad": ("is not right yet", "are not right yet"),
    "none": ("is not started", "are not started"),
    "wait": ("waits for your instructor", "wait for your instructor"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """An array as a table: rows of entries with whether they differ, each under its label."""

    shape: str
    columns: range
    rows: tuple[tuple[str, tuple[tuple[str, bool], ...]], ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What the page shows of one gap."""

    result: GapResult
    mark: Mark
    tone: str
    word: str
    story: Story
    remarks: tuple[str, ...]
    checks: tuple[tuple[str, bool, str], ...]
    code: Markup
    where: str
    scalars: tuple[Comparison, ...]
    arrays: tuple[tuple[str, _Grid, _Grid], ...]
    said: Markup
    comment: Markup

    @property
    def gap(self) -> str:
        """Its name."""
        return self.result.gap


def _step(result: GapResult, mark: Mark | None, source: str, said: str) -> _Step:
    scalars = tuple(one for one in result.compared if not one.yours.shape and not one.wanted.shape)
    arrays = tuple(
        (one.output, _grid(one.yours, one.differs), _grid(one.wanted, one.differs))
        for one in result.compared
        if one not in scalars
    )
    story = result.story if result.story.text else Story(seen=result.message)
    return _Step(
        result=result,
        mark=mark or _mark(result),
        tone=TONES.get(result.status, "bad"),
        word=feedback.WORDS[result.status].rstrip("."),
        story=msgspec.structs.replace(story, seen=_without(story.seen, result.compared)),
        remarks=_remarks(result.remarks, (result,)),
        checks=tuple(_check(check, result) for check in result.checks),
        code=markup.code(source, sets=result.sets, raised=result.line) if source.strip() else Markup(""),
        where=_where(result.compared[0].twin) if result.compared else "",
        scalars=scalars,
        arrays=arrays,
        said=markup.Prose(4).html(said) if said else Markup(""),
        comment=markup.Prose(4).html(mark.comment) if mark and mark.comment else Markup(""),
    )


def _mark(result: GapResult) -> Mark:
    """What the record says, for a gap that the gradebook does not have."""
    waiting = result.status is Status.REVIEW
    return Mark(score=result.score, points=result.points, extra_credit=0.0, by_hand=False, waiting=waiting, comment="")


def _where(twin: TwinKind) -> str:
    return "On the page’s numbers" if twin is TwinKind.PAGE else "On an open twin"


def _without(text: str, compared: Sequence[Comparison]) -> str:
    """A check's text without the numbers at its end, if the page shows them in a table."""
    return text.partition(" Yours: ")[0] if compared else text


def _check(check: CheckResult, result: GapResult) -> tuple[str, bool, str]:
    """What a check looks at, whether it passed, and what it says beyond the step's story and its table."""
    words = feedback.CHECKS.get(check.check) or check.check.replace("_", " ").capitalize()
    told = check.message == result.story.seen or result.status is Status.RAISED
    told = told or (bool(result.compared) and check.check == "values")
    return words, check.passed, "" if told else _without(check.message, result.compared)


def _remarks(remarks: tuple[str, ...], results: tuple[GapResult, ...]) -> tuple[str, ...]:
    """What was repaired; what went wrong on our side is for the instructor."""
    return () if any(result.status is Status.REVIEW for result in results) else remarks


def _grid(numbers: Numbers, differs: tuple[int, ...]) -> _Grid:
    width = numbers.shape[-1] if numbers.shape else 1
    entries = [(entry, at in differs) for at, entry in enumerate(numbers.entries[: MOST_ROWS * width])]
    rows = [tuple(entries[at : at + width]) for at in range(0, len(entries), width)] if width else []
    labels = itertools.product(*map(range, numbers.shape[:-1]))
    return _Grid(
        shape=_shape(numbers.shape),
        columns=range(min(width, len(entries))),
        rows=tuple((", ".join(map(str, label)), row) for label, row in zip(labels, rows, strict=False)),
        left_out=math.prod(numbers.shape) - len(entries),
    )


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})" if shape else "a single number"


def _summary(record: Record, steps: Sequence[_Step]) -> str:
    """How many steps are right, and so on, as one sentence."""
    if _absent(record):
        return feedback.WORDS[Status.UNREADABLE if record.handed_in else Status.NOT_HANDED_IN]
    counts = {tone: sum(step.tone == tone for step in steps) for tone in SHARES}
    if counts["good"] == len(steps):
        return "Every step is right."
    parts = [f"{count} {SHARES[tone][count != 1]}" for tone, count in counts.items() if count]
    return f"Of {len(steps)} steps, {', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}."


def _slip(steps: Sequence[_Step]) -> tuple[_Step, tuple[_Step, ...]] | None:
    """The first step that is not right although it was tried, and the right ones after it; None if there is no such."""
    first = next((at for at, step in enumerate(steps) if step.tone in ("bad", "part")), None)
    if first is None or first + 1 == len(steps):
        return None
    return steps[first], tuple(step for step in steps[first + 1 :] if step.tone == "good")


def _absent(record: Record) -> bool:
    """Whether there is no notebook to show: none was handed in, or it could not be read."""
    return not record.handed_in or {result.status for result in record.gaps} == {Status.UNREADABLE}


def _grade_id(cell: Mapping[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell as the page shows it. `role` is text, gap, check, given or own; `step` belongs to a gap or its check."""

    role: str
    html: Markup
    outputs: tuple[Markup, ...] = ()
    step: _Step | None = None


def _that_fit(cells: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The first cells; one that is longer than what is left has a note in its place."""
    left = MOST_SOURCE
    for cell in cells[:MOST_CELLS]:
        size = len(cell["source"])
        fits = size <= left
        left -= size if fits else 0
        yield cell if fits else {**cell, "source": NO_ROOM}


def _cells(cells: Iterable[Mapping[str, Any]], steps: Mapping[str, _Step], stills: markup.Stills) -> Iterator[_Cell]:
    prose = markup.Prose(3, stills)
    for cell in cells:
        metadata = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code":
            yield _Cell(role="text", html=prose.html(cell["source"]))
        elif metadata.get("grade"):
            yield _Cell(role="check", html=Markup(""), step=steps.get(_grade_id(cell).removeprefix("check_")))
        else:
            step = steps.get(_grade_id(cell))
            role = "gap" if metadata.get("solution") else "given" if metadata.get("locked") else "own"
            lines = (step.result.sets, step.result.line) if step else ((), 0)
            html = markup.code(cell["source"], sets=lines[0], raised=lines[1])
            yield _Cell(role=role, html=html, outputs=tuple(markup.outputs(cell.get("outputs", []))), step=step)
