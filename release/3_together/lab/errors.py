"""What went wrong in a student's cell, as text without any path of this machine."""

from __future__ import annotations

import re

_PATH = re.compile(r"\s*\(?(?:[A-Za-z]:)?(?:[\\/][\w.@~+-]+){2,}(?:, line \d+)?\)?")


def text_of(error: BaseException) -> str:
    """The text of an exception in one line, whatever its `__str__` does."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:  # the student's own exception class
        text = "(its text cannot be shown)"
    return _PATH.sub("", " ".join(str(text).split()))[:300]


def line_of(error: BaseException, name: str) -> int:
    """Line of the cell compiled as `name` in which `error` came up, from 1; 0 if it came up elsewhere."""
    if isinstance(error, SyntaxError) and error.filename == name:
        return error.lineno or 0
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
