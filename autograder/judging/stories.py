"""What is said of a gap that is not right, in parts: what was seen, what it usually means, one question. Never the fix.

The texts of known mistakes stand in `checks/mistakes/`, those of errors in `lab/error_texts.py` and `lab/texts.py`,
since the students' check says the same; here stand those of cells that were ended.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from autograder.judging.mistakes import Mistake, Named
from autograder.model import Answer, Gap, Outcome, Story, Value
from lab.raised import Around, told
from lab.texts import ERRORS, WHEN_USED

MOST_READ = 4000
"""Characters of a cell that are read as Python to tell an error: a longer one could take the grader's time."""

STOPPED = (
    "Usually a loop never reaches its end.",
    "Which condition ends the loop, and what changes it from one round to the next?",
)
DIED = (
    "Usually a line asks Python to end, or works outside of Python. All other gaps were graded without this cell.",
    "Which line of the cell could do that?",
)

SOMETHING_ELSE = (
    "On hidden numbers or in a corner case your answer does something else too: there may be a second mistake in it."
)
"""Beside a name that fits on the open numbers alone."""


def of_mistake(mistake: Mistake) -> Story:
    """The story of a known mistake."""
    return Story(name=mistake.name, seen=mistake.seen, meaning=mistake.meaning, question=mistake.question)


def of_name(named: Named) -> Story:
    """What is known of an answer's mistake: all, if one fits; its family's name, if several of one family do."""
    return of_mistake(named.mistake) if named.mistake else Story(name=named.family_name)


def around_of(gap: Gap, source: str, answer: Answer, values: Mapping[str, Value]) -> Around:
    """Where an error came up, on numbers that the student may see.

    Args:
        gap: Whose cell raised.
        source: The cell.
        answer: What it raised, and in which line.
        values: What stands before the gap, and what its function or class is called with.
    """
    wanted = (gap.name, *gap.supplies) if gap.driver else ()
    read = source if len(source) <= MOST_READ else ""
    return Around(source=read, line=answer.line, values=values, wanted=(*wanted, *gap.outputs), driver=gap.driver)


def of_end(answer: Answer, around: Around | None) -> Story:
    """The story of a gap that raised, was stopped or died.

    Args:
        answer: With that outcome.
        around: Where an error came up; None where a student may not see the twin's numbers, which its text could hold.
    """
    if answer.outcome is Outcome.STOPPED:
        return Story(seen=f"{_upper(answer.problem)}, and was stopped.", meaning=STOPPED[0], question=STOPPED[1])
    if answer.outcome is Outcome.DIED:
        return Story(seen=f"{_upper(answer.problem)}.", meaning=DIED[0], question=DIED[1])
    where = f"in line {answer.line} of the cell" if answer.line else "in this cell"
    if around is None:
        meaning, question = ERRORS.get(answer.error, ("", ""))
        seen = f"On hidden numbers, {answer.error} came up {where}; on the page's it did not."
        return Story(seen=seen, meaning=meaning, question=question)
    kind, _, text = _CELL.sub("", answer.problem).partition(": ")
    seen = f"{kind} came up {where}{': ' + text if text else ''}.".replace("..", ".")
    meaning, question = _explained(kind, text, around)
    return Story(seen=seen, meaning=meaning, question=question)


def _explained(kind: str, text: str, around: Around) -> tuple[str, str]:
    """What an error means here, else what one of its type usually means."""
    here = told(kind, text, around)
    if here[0]:
        return here
    return ("", WHEN_USED) if around.driver and not around.line else ERRORS.get(kind, ("", ""))


def of_named_end(end: Story, named: Named) -> Story:
    """The story of a gap that raised as a known mistake does: its name, what came up, and what the mistake means.

    Args:
        end: How the gap ended.
        named: What its answer is called, if it is.
    """
    if named.mistake is None:
        return msgspec.structs.replace(end, name=named.family_name)
    mistake = of_mistake(named.mistake)
    return msgspec.structs.replace(mistake, seen=f"{end.seen} {mistake.seen}")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


_CELL = re.compile(r"\s*\(<cell \d+>, line \d+\)")
"""How Python names the place of a syntax error, in the numbering of the replay."""
