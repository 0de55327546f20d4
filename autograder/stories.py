"""What is said of a gap that is not right, in parts: what was seen, what it usually means, one question. Never the fix.

The texts of known mistakes stand in `checks/mistakes/`; here stand those of errors and of cells that were ended.
"""

from __future__ import annotations

import re

from autograder.mistakes import FAMILIES, Mistake
from autograder.model import Answer, Outcome, Story

ERRORS = {
    "SyntaxError": (
        "Python could not read the cell, so no line of it ran.",
        "Which bracket, quote or colon is left open on that line, or on the one before it?",
    ),
    "IndentationError": (
        "Python could not read the cell: the lines of one block do not begin in the same column.",
        "Which lines belong together there, and how far is each of them indented?",
    ),
    "NameError": (
        "Usually a name is spelled in another way where it is set, or it is only set further down.",
        "In which cell above does this name get its value?",
    ),
    "UnboundLocalError": (
        "The function reads a name before it has set it; a name that a function sets is the function's own.",
        "Which line of the function gives this name its first value?",
    ),
    "TypeError": (
        "Usually a value is of another kind than the line expects, or a call has too many or too few arguments.",
        "What is the type of each value on that line?",
    ),
    "ValueError": (
        "Usually two arrays meet whose shapes do not fit together.",
        "What is the shape of each array on that line, and which axis do they have in common?",
    ),
    "IndexError": (
        "An index points past the end; counting starts at 0.",
        "How many entries are there, and what is the index of the last one?",
    ),
    "KeyError": (
        "The dictionary has no entry under this key.",
        "Which keys does it have at that moment?",
    ),
    "AttributeError": (
        "Usually the value before the dot is not what its name suggests, or the word after it is spelled wrong.",
        "What is the type of the value before the dot?",
    ),
    "ZeroDivisionError": (
        "The line divides by a number that is 0 for these inputs.",
        "What would the result have to be there, and is a division needed to get it?",
    ),
    "ModuleNotFoundError": (
        "No module of this name is there when your notebook is graded; numpy and Python's own modules are.",
        "What do you need it for, and which function of numpy does the same?",
    ),
    "ImportError": (
        "The module exists, but holds nothing of this name.",
        "How is the name spelled in the module's documentation?",
    ),
    "RecursionError": (
        "A function calls itself again and again.",
        "For which arguments should it stop calling itself?",
    ),
    "AssertionError": (
        "An `assert` in your own code did not hold.",
        "Which of its two sides is not what you expected?",
    ),
    "EOFError": (
        "Nobody is there to type anything while your notebook is graded.",
        "Which of the given names holds the value that you ask for?",
    ),
    "SystemExit": (
        "The cell asks Python to end.",
        "What should happen at that line instead?",
    ),
}
"""What an error usually means, and a question, by the name of its type."""

STOPPED = (
    "Usually a loop never reaches its end.",
    "Which condition ends the loop, and what changes it from one round to the next?",
)
DIED = (
    "Usually a line asks Python to end, or works outside of Python. All other gaps were graded without this cell.",
    "Which line of the cell could do that?",
)


def of_mistake(mistake: Mistake) -> Story:
    """The story of a known mistake."""
    return Story(name=mistake.name, seen=mistake.seen, meaning=mistake.meaning, question=mistake.question)


def of_family(family: str) -> Story:
    """What is known when several mistakes of one family fit; nothing, if `family` is empty."""
    return Story(name=FAMILIES.get(family, ""))


def of_end(answer: Answer, *, is_open: bool) -> Story:
    """The story of a gap that raised, was stopped or died.

    Args:
        answer: With that outcome.
        is_open: Whether a student may see the twin's numbers; the text of an error could hold them.
    """
    if answer.outcome is Outcome.STOPPED:
        return Story(seen=f"It was stopped: {answer.problem}.", meaning=STOPPED[0], question=STOPPED[1])
    if answer.outcome is Outcome.DIED:
        return Story(seen=f"It ended Python itself: {answer.problem}.", meaning=DIED[0], question=DIED[1])
    meaning, question = ERRORS.get(answer.error, ("", ""))
    where = f"in line {answer.line} of the cell" if answer.line else "in this cell"
    if not is_open:
        seen = f"On hidden numbers, {answer.error} came up {where}; on the page's it did not."
        return Story(seen=seen, meaning=meaning, question=question)
    kind, _, text = _CELL.sub("", answer.problem).partition(": ")
    seen = f"{kind} came up {where}{': ' + text if text else ''}.".replace("..", ".")
    return Story(seen=seen, meaning=meaning, question=question)


_CELL = re.compile(r"\s*\(<cell \d+>, line \d+\)")
"""How Python names the place of a syntax error, in the numbering of the replay."""
