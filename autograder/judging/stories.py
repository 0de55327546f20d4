"""What is said of a gap that is not right, in parts: what was seen, what it usually means, one question. Never the fix.

The texts of known mistakes stand in `checks/mistakes/`, those of errors in `lab/texts.py`, since the students' check
says the same; here stand those of cells that were ended.
"""

from __future__ import annotations

import re

from autograder.judging.mistakes import Mistake, Named
from autograder.model import Answer, Outcome, Story
from lab.texts import ERRORS

STOPPED = (
    "Usually a loop never reaches its end.",
    "Which condition ends the loop, and what changes it from one round to the next?",
)
DIED = (
    "Usually a line asks Python to end, or works outside of Python. All other gaps were graded without this cell.",
    "Which line of the cell could do that?",
)

SOMETHING_ELSE = "On hidden numbers your answer does something else as well: there may be a second mistake in it."
"""Beside a name that fits on the open numbers alone."""


def of_mistake(mistake: Mistake) -> Story:
    """The story of a known mistake."""
    return Story(name=mistake.name, seen=mistake.seen, meaning=mistake.meaning, question=mistake.question)


def of_name(named: Named) -> Story:
    """What is known of an answer's mistake: all, if one fits; its family's name, if several of one family do."""
    return of_mistake(named.mistake) if named.mistake else Story(name=named.family_name)


def of_end(answer: Answer, *, is_open: bool) -> Story:
    """The story of a gap that raised, was stopped or died.

    Args:
        answer: With that outcome.
        is_open: Whether a student may see the twin's numbers; the text of an error could hold them.
    """
    if answer.outcome is Outcome.STOPPED:
        return Story(seen=f"{_upper(answer.problem)}, and was stopped.", meaning=STOPPED[0], question=STOPPED[1])
    if answer.outcome is Outcome.DIED:
        return Story(seen=f"{_upper(answer.problem)}.", meaning=DIED[0], question=DIED[1])
    meaning, question = ERRORS.get(answer.error, ("", ""))
    where = f"in line {answer.line} of the cell" if answer.line else "in this cell"
    if not is_open:
        seen = f"On hidden numbers, {answer.error} came up {where}; on the page's it did not."
        return Story(seen=seen, meaning=meaning, question=question)
    kind, _, text = _CELL.sub("", answer.problem).partition(": ")
    seen = f"{kind} came up {where}{': ' + text if text else ''}.".replace("..", ".")
    return Story(seen=seen, meaning=meaning, question=question)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


_CELL = re.compile(r"\s*\(<cell \d+>, line \d+\)")
"""How Python names the place of a syntax error, in the numbering of the replay."""
