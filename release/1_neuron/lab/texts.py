"""Every text that a student reads in the notebook. None of them holds the fix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# By type of an error: what it usually means, and a question.
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
        "Usually two shapes do not fit, `if` is asked about a whole array, or names and values differ in number.",
        "Which arrays or values stand on that line, and what shape has each of them?",
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

# How a gap stands, as the first line of a verdict.
HEADS = {
    "right": "right here",
    "partly": "the values are right, but not everything around them",
    "wrong": "not right yet",
    "raised": "stopped by an error",
    "untouched": "not filled in yet",
    "missing": "not run yet",
    "unsure": "no verdict yet",
}
MARKS = {
    "right": "✓",
    "partly": "◐",
    "wrong": "✗",
    "raised": "✗",
    "untouched": "○",
    "missing": "○",
    "unsure": "?",
}
JUDGED = "checked: In [{entry}]"
ASKED = "Asked with"
AS_ON_PAGE = "{names}: as on this page"
YOURS, WANTED = "yours", "wanted"
QUESTION = "Ask yourself"

RIGHT = "Your cell gives what is wanted on the page's numbers and on every other set that you can see here."
RIGHT_ON_PAGE = "Your cell gives what is wanted on the page's numbers."
HIDDEN = "Hidden checks with other numbers follow when you hand in."

MISSING = (
    "No cell that begins with `{line}` or sets {names} has been run since the kernel started. "
    "Run the cell of this gap, then this one."
)
UNTOUCHED = (
    "In [{entry}] is still as it was handed out. Write your own lines in place of `pass  # YOUR CODE HERE`, run the "
    'cell, then this one. To begin with, `hint("{gap}")` asks you a question.'
)

# Where something was seen.
ON_PAGE = "On the page's numbers"
ON_SECOND_PAGE = "On a second set of numbers from the documents"
ON_OTHERS = "On another set of numbers"
IN_CORNER = "In a corner case"
CORNER = "On the other numbers your values are right. Corner cases have a share of the points of their own."
NEVER_SET = "was never set"
ALSO_WRONG = "Not right either: {names}."
THESE_RIGHT = "Right already: {names}."
RAISED = "{where}, it raised {type}: {text}{line}."
RAISED_WHEN_USED = (
    "{where}, the cell itself ran, but what it defines could not be used as the gap asks: {type}: {text}{line}."
)
UNREADABLE = "{type}: {text}{line}."
WHEN_USED = "What does it return or set, and is that what the gap asks for?"
IN_LINE = " (line {number} of the cell)"
NO_TEXT = "(no text)"
INTERRUPTED = "{where}, it was interrupted. Is there a loop in it that may never end?"
TOO_LONG = "{{where}}, it was stopped after {seconds} s. Is there a loop in it that may never end?"
NOT_SET = (
    "In [{entry}] itself stopped with an error: {names} are not set since the kernel started. Run the cells of the "
    "notebook that set them, then this gap's cell, then this one."
)
STOPPED_THERE = (
    "In [{entry}] itself stopped with an error, since {names} are not there yet. Grading puts right values in their "
    "place, and so did this check; run In [{entry}] again once the gaps above are done."
)
NOT_DEFINED = "The cell does not define `{name}`. Its name must be exactly this."
CLOSED = "While this cell is graded, only {names} exist, and what the notebook's first cell imports."
CHANGED = "{names} changed while this ran; later steps still need the old value."
SHARED = "A result is one array with {names}: what is done to one is done to the other."
SECOND_CALL = "A second call with the same values gives something else."
NEEDS_GLOBALS = (
    "It gives something else once the notebook's own variables are changed: inside, it uses one of them where it was "
    "given an argument (or an attribute)."
)

ANOTHER_CELL = "another cell"
PAGE_ONLY = (
    "Judged on the page's numbers only: the cell uses `{name}`, which {cell} made from them. "
    "In grading that cell runs as well, on other numbers."
)
ENTANGLED = (
    "The cell changes `{name}`, which {cell} begins, so what it gives depends on how often it was run. "
    "Let the cell begin `{name}` itself, run it, and check again."
)
BUILT_ON_OTHERS = (
    "The cell uses `{name}`, which {cell} made, and by now {others} in your notebook differ from the page's right "
    "values. Mend what comes before, run those cells again, then this one."
)
NOT_YET_DEFINED = "The cell calls `{name}`, which is not defined yet: run your cell of the gap {gap} first."
NOT_YET_RIGHT = (
    "The cell calls your own `{name}`, and that is not right yet. Finish the gap {gap} first. "
    "(Grading puts a right one in its place here.)"
)
TAKES_NAME = (
    "The cell takes {names} from Python for a value of its own. Grading gives it back after this gap, and so does "
    "`check`; in your notebook the function is gone until you run `del {first}`. Better choose another name."
)
TAKES_MODULE = (
    "The cell takes `{name}` from the module {module} for a value of its own. Grading gives it back after this gap, "
    "and so does `check`; your notebook needs `import {module} as {name}` again. Better choose another name."
)
AGAIN = (
    "`{name}` was set again since, in In [{other}]. This is about In [{entry}]: run that cell once more before you go "
    "on. If In [{other}] is your answer, begin it with the line `{line}`."
)
STALE = (
    "The {names} in your notebook still holds something else: some value it is made from was different when "
    "In [{entry}] ran. Run the cells above again before you go on."
)

# Instead of a verdict.
NO_NAME = 'Which gap? Write its name in quotes, as in `check("{example}")`.'
NO_GAP = "There is no gap `{name}` in this folder."
CLOSE = "Did you mean {names}?"
NO_DATA = (
    "The folder `lab` beside this notebook is incomplete: its numbers or hints are missing or damaged. "
    "Copy `lab` back from what you were given, then restart the kernel."
)
NO_NOTEBOOK = "This works inside a notebook only: open it in Jupyter."
FAULT = (
    "Something went wrong inside the check itself ({type}), not in your work. Nothing was judged and nothing changed. "
    "Please tell your instructor which cell you ran."
)

ASK = "{gap}, question {number}"
ANSWER = "{gap}, question {number}: the answer, found by running your cell"
WORK_WITH = "`{name}` = {value}"
THINK = 'Write your answer down first. Then `ask("{gap}")` shows what your cell gives.'
ASK_MORE = 'For another question, run `ask("{gap}")` again.'
ASK_RIGHT_ONLY = 'Questions are about right cells. `check("{gap}")` says what this one needs.'
NOTHING_TO_ASK = "There is nothing to ask about this cell."
HINT = "{gap}, hint {number} of {count}"
LAST_HINT = "That was the last one; calling it again shows it again."
NEXT_HINT = 'For the next one, run `hint("{gap}")` again.'

NOT_THERE = "not there yet"

PROGRESS = "{notebook}: {done} of {gaps} gaps right, {points} of {all_points} points, about {minutes} minutes to go"
PROGRESS_DONE = "{notebook}: all {gaps} gaps right, {all_points} points. Hidden checks follow when you hand in."
PROGRESS_NEXT = "Next: {gap}"
PROGRESS_RULE = "A gap counts once its last check since the kernel started said right."
PROGRESS_STANDS = PROGRESS_RULE + " Without ipywidgets this stands still: run the cell again to see it move on."
NO_SUCH_NOTEBOOK = "There is no notebook `{name}` in this folder. There are {names}."


def listed(names: Iterable[str]) -> str:
    """Names as code, with commas: `a`, `b`."""
    return ", ".join(f"`{name}`" for name in names)


def given(values: Iterable[tuple[str, str]], from_page: Sequence[str]) -> str:
    """Values as a student would set them, tables on lines of their own, and names of those that are on the page."""
    lines: list[str] = []
    short: list[str] = []
    for name, text in values:
        if "\n" in text:
            lines.append(f"{name} = " + text.replace("\n", "\n" + " " * (len(name) + 3)))
        else:
            short.append(f"{name} = {text}")
    if short:
        lines.insert(0, ", ".join(short))
    if from_page:
        lines.append(AS_ON_PAGE.format(names=", ".join(from_page)))
    return "\n".join(lines)
