"""What a gap still lacks: each with the file it belongs into, and a row to begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from autograder.author.inventory import honest_rows
from autograder.course.course import Course
from autograder.course.tables import Documents, read_hints
from autograder.course.typed import read_if_there
from autograder.judging.mistakes import known_mistakes
from autograder.model import Gap, Plan

FEWEST_HINTS, FEWEST_MISTAKES, FEWEST_HONEST = 3, 3, 2

HINTS = '[{gap}]\nhints = ["A question.", "Where to look.", "The same on other numbers."]'
MISTAKE = """[[mistake]]
gap = "{gap}"
slug = "{gap}_what_is_wrong"
family = "{family}"
source = '''
the whole cell as a student would write it
'''
name = "In a few words"
seen = "One sentence: what is observed."
meaning = "One sentence: what it usually means."
question = "One question that leads on, never the fix?\""""
HONEST = """[[honest]]
gap = "{gap}"
name = "in a few words"
source = '''
a right answer that looks unusual
'''"""
VALUE = """[[value]]
gap = "{gap}"
output = "{output}"
value = 0.0
printed = "0.0"
cells = ["where it stands"]

or, if they do not have it:

[[no_value]]
gap = "{gap}"
output = "{output}"
reason = "why"
"""


def missing(course: Course, notebook: str) -> list[str]:
    """What the gaps of a notebook still lack; each text ends with an example.

    Args:
        course: Of the notebook.
        notebook: Its key.

    Raises:
        KitError: A file of the course cannot be read.
    """
    plan = course.plan(notebook)
    return [text for part in (_hints, _mistakes, _honest, _values) for text in part(course, plan)]


def _hints(course: Course, plan: Plan) -> Iterator[str]:
    path = course.folders.hints / f"{plan.notebook}.toml"
    known = read_hints(path)
    for gap in plan.gaps:
        count = len(known[gap.name].hints) if gap.name in known else 0
        if count < FEWEST_HINTS:
            yield _text(course, path, gap, f"has {count} of {FEWEST_HINTS} hints", HINTS.format(gap=gap.name))
    for name in sorted(known.keys() - {gap.name for gap in plan.gaps}):
        yield f"{_shown(course, path)}: there are hints for {name}, which is no gap of {plan.path}. Take them out."


def _mistakes(course: Course, plan: Plan) -> Iterator[str]:
    path = course.folders.mistakes / f"{plan.notebook}.toml"
    count = Counter(mistake.gap for mistake in known_mistakes(course, plan.notebook))
    family = next(iter(course.families), "a family of families.toml")
    for gap in plan.gaps:
        if count[gap.name] < FEWEST_MISTAKES:
            what = f"has {count[gap.name]} of {FEWEST_MISTAKES} known mistakes"
            yield _text(course, path, gap, what, MISTAKE.format(gap=gap.name, family=family))


def _honest(course: Course, plan: Plan) -> Iterator[str]:
    path = course.folders.honest / f"{plan.notebook}.toml"
    count = Counter(row.gap for row in honest_rows(course, plan.notebook))
    for gap in plan.gaps:
        if count[gap.name] < FEWEST_HONEST:
            what = f"has {count[gap.name]} of {FEWEST_HONEST} honest styles"
            yield _text(course, path, gap, what, HONEST.format(gap=gap.name))


def _values(course: Course, plan: Plan) -> Iterator[str]:
    """Outputs without a value from the course's documents; nothing, in a course without documents."""
    path = course.folders.checks / "documents.toml"
    if not path.is_file():
        return
    told = {(row.gap, row.output) for row in read_if_there(path, Documents).no_value}
    told |= {(value.gap, value.output) for value in plan.documents}
    for gap in plan.gaps:
        for output in gap.answers:
            if (gap.name, output) not in told:
                what = f"has no value for {output}"
                yield _text(course, path, gap, what, VALUE.format(gap=gap.name, output=output))


def _text(course: Course, path: Path, gap: Gap, what: str, example: str) -> str:
    rows = "\n".join(f"    {line}" for line in example.splitlines())
    return f"{_shown(course, path)}: gap {gap.name} {what}. One looks like this:\n{rows}"


def _shown(course: Course, path: Path) -> str:
    return path.relative_to(course.root).as_posix()
