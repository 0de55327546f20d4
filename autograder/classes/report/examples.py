"""A student's code without what could say whose it is: no comments, no texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, String

from autograder.judging.feedback import clean
from autograder.model import GapResult

MOST_EXAMPLES, MOST_LINES = 2, 24
LEFT_OUT = "…"
"""Stands for lines that there is no room for."""
TEXT = f'"{LEFT_OUT}"'
"""Stands for a text, whatever it said."""


def examples(results: Sequence[GapResult]) -> tuple[tuple[str, int], ...]:
    """The commonest ways of writing a mistake, as bare code, and how many wrote it so.

    Args:
        results: Of one mistake; those without source say nothing.
    """
    ways: dict[str, list[str]] = {}
    for result in results:
        if result.source:
            ways.setdefault(_COMMENTS_AND_SPACES.sub("", result.source), []).append(result.source)
    common = sorted(ways.values(), key=lambda alike: -len(alike))[:MOST_EXAMPLES]
    return tuple((bare(alike[0]), len(alike)) for alike in common)


_COMMENTS_AND_SPACES = re.compile(r"#[^\n]*|\s+")


def bare(source: str) -> str:
    """Code without comments, docstrings and what stands in texts, and without empty lines."""
    parts: list[str] = []
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        if kind in String:
            if kind not in String.Doc and parts[-1:] != [TEXT]:
                parts.append(TEXT)
        elif kind not in Comment:
            parts.append(text)
    lines = [line.rstrip() for line in clean("".join(parts)).split("\n") if line.strip()]
    return "\n".join([*lines[:MOST_LINES], *[LEFT_OUT] * (len(lines) > MOST_LINES)])
