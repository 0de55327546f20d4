"""What in the data of a course belongs to nothing: such a row would be passed over, and nobody told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from autograder.author.mutation import mutants
from autograder.course.course import Course
from autograder.course.tables import (
    Checks,
    Equivalents,
    Honest,
    HonestRow,
    Wrong,
    WrongRow,
)
from autograder.course.typed import place, read_if_there, read_typed
from autograder.judging.checking import Check
from autograder.judging.mistakes import known_mistakes
from autograder.model import Plan, Value
from lab.judge import equal


def inventory(course: Course, checks: Iterable[Check]) -> list[str]:
    """Rows that belong to nothing, each with its place and the next step.

    Args:
        course: Its data.
        checks: Its checks.

    Raises:
        KitError: A data file cannot be read, or a field in it is misspelt, missing or of another kind.
    """
    plans = [course.plan(name) for name in course.sources]
    gaps = {gap.name for plan in plans for gap in plan.gaps}
    findings = [finding for plan in plans for finding in _of_notebook(course, plan)]
    return [
        *findings,
        *_files(course),
        *_slugs(course),
        *_equivalents(course, plans),
        *_documents(course, gaps),
        *_markers(checks, gaps),
    ]


def honest_rows(course: Course, notebook: str) -> tuple[HonestRow, ...]:
    """The honest styles of a notebook; none if there is no such file."""
    return read_if_there(course.folders.honest / f"{notebook}.toml", Honest).honest


def wrong_rows(course: Course, notebook: str) -> tuple[WrongRow, ...]:
    """The wrong answers that naming is tested with; none if there is no such file."""
    return read_if_there(course.folders.wrong / f"{notebook}.toml", Wrong).wrong


def equivalents(course: Course) -> dict[tuple[str, str], str]:
    """Changes that make no difference, by gap and change, with the place of their row; none without the file."""
    path = course.folders.checks / "equivalents.toml"
    rows = read_if_there(path, Equivalents).equivalent
    return {
        (one.gap, one.change): f"{path}, row {at} of equivalent"
        for at, row in enumerate(rows, 1)
        for one in row.changes
    }


OF_THE_COURSE = ("documents.toml", "equivalents.toml", "families.toml")
"""Data files that belong to no single notebook."""


def _files(course: Course) -> Iterator[str]:
    """Data files of notebooks that there are not."""
    folders = course.folders
    for folder in (folders.mistakes, folders.hints, folders.checks):
        for path in sorted(folder.rglob("*.toml")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            is_elsewhere = folder != folders.mistakes and path.is_relative_to(folders.mistakes)
            if name not in course.sources and path.name not in OF_THE_COURSE and not is_elsewhere:
                yield f"{path} belongs to no notebook of source/. Give it the name of its notebook, or remove it."


def _of_notebook(course: Course, plan: Plan) -> Iterator[str]:
    folders, file, gaps = course.folders, f"{plan.notebook}.toml", [gap.name for gap in plan.gaps]
    honest, wrong = honest_rows(course, plan.notebook), wrong_rows(course, plan.notebook)
    styles = [(place("honest", at, row), row.gap) for at, row in enumerate(honest, 1)]
    yield from _strange(folders.honest / file, styles, gaps)
    known = {one.slug: one.family for one in known_mistakes(course, plan.notebook)}
    for at, row in enumerate(wrong, 1):
        where = place("wrong", at, row)
        yield from _strange(folders.wrong / file, [(where, row.gap)], gaps)
        yield from (f"{folders.wrong / file}, {where}: {text}" for text in _unlabelled(row, known))
    yield from _constant(course, plan)


def _strange(path: Path, rows: Iterable[tuple[str, str]], gaps: Collection[str]) -> Iterator[str]:
    """Rows for gaps that the notebook does not have."""
    for where, gap in rows:
        if gap not in gaps:
            yield f"{path}, {where}: the notebook has no gap {gap}, so the row counts for nothing. Correct the name."


def _unlabelled(row: WrongRow, known: dict[str, str]) -> Iterator[str]:
    """What a wrong answer does not say of how it is to be called."""
    if row.kind == "rewriting" and row.family not in known.values():
        yield f"`family` is {row.family or 'missing'}; no known mistake of the notebook is of it. Name one that is."
    if row.kind == "pair" and len(row.mistakes) != 2:
        yield "a pair has two `mistakes`. Name both."
    for slug in (*row.mistakes, *([row.mistake] if row.mistake else [])):
        if slug not in known:
            yield f"{slug} is no known mistake of the notebook. Correct the slug."


def _constant(course: Course, plan: Plan) -> Iterator[str]:
    """Givens that no twin changes: an answer with such a number typed in would pass."""
    path = course.folders.checks / f"{plan.notebook}.toml"
    meant = read_typed(path, Checks).constant
    same = [name for name, value in plan.page.givens.items() if _is_same(plan, name, value)]
    for name in same:
        if name not in meant:
            yield (
                f"{path}: the given {name} is the same on all twins, so its number could be typed in. Change it in a "
                f'[[twin]], or write constant = ["{name}"] above the gaps if it is meant to stay.'
            )
    for name in meant:
        if name not in same:
            yield f"{path}: `constant` names {name}, which is no given that is the same on all twins. Take it out."


def _is_same(plan: Plan, name: str, value: Value) -> bool:
    return all(equal(twin.givens[name], value, tolerance=0) for twin in plan.twins)


def _slugs(course: Course) -> Iterator[str]:
    """Slugs of two mistakes: a record would not say which one was meant."""
    count = Counter(mistake.slug for name in course.sources for mistake in known_mistakes(course, name))
    for slug, times in count.items():
        if times > 1:
            yield f"{course.folders.mistakes}: {times} mistakes have the slug {slug}. Give each one of its own."


def _equivalents(course: Course, plans: Iterable[Plan]) -> Iterator[str]:
    """Listed changes that `verify` does not make (any more)."""
    made = {(gap.name, mutant.change) for plan in plans for gap in plan.gaps for mutant in mutants(gap.solution)}
    for (gap, change), where in equivalents(course).items():
        if (gap, change) not in made:
            yield f"{where}: `{change}` is no change that is made to gap {gap}. Take it out, or correct it."


def _documents(course: Course, gaps: Collection[str]) -> Iterator[str]:
    path = course.folders.checks / "documents.toml"
    rows = [(place("value", at, value), value.gap) for at, value in enumerate(course.documents, 1)]
    for where, gap in rows:
        if gap not in gaps:
            yield f"{path}, {where}: the course has no gap {gap}, so the value is never looked at. Correct the name."


def _markers(checks: Iterable[Check], gaps: Collection[str]) -> Iterator[str]:
    """Checks for gaps that there are not."""
    for check in checks:
        for gap in sorted(check.gaps - {*gaps}):
            yield f"The check {check.name} is marked for gap {gap}, which the course does not have. Correct the marker."
