"""The sheets as a page to print: one page a student, and the keys on a page of their own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from autograder.classes.questions.making import Sheet
from autograder.judging.feedback import clean
from autograder.judging.pages import hash_of, style_of

HERE = Path(__file__).parent


def page(sheets: Sequence[Sheet], *, keys: bool) -> str:
    """All sheets, or all keys.

    Args:
        sheets: Of a class.
        keys: The answers, short, instead of the questions.
    """
    style = style_of(HERE / "questions.css")
    policy = f"default-src 'none'; style-src '{hash_of(style)}'; base-uri 'none'; form-action 'none'"
    return _template().render(sheets=sheets, keys=keys, css=Markup(style), policy=policy).lstrip() + "\n"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"clean": clean, "words": _words}
    return environment.get_template("questions.html.j2")


def _words(text: str) -> Markup:
    """A sentence whose `names` are code."""
    parts = clean(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else Markup("{}").format(part) for at, part in enumerate(parts)
    )
