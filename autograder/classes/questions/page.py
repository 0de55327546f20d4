"""The sheets as a page to print: one page a student, and the keys on a page of their own."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from autograder.classes.questions.making import Sheet
from autograder.judging.feedback import clean

HERE = Path(__file__).parent


def page(sheets: Sequence[Sheet], *, keys: bool) -> str:
    """All sheets, or all keys.

    Args:
        sheets: Of a class.
        keys: The answers, short, instead of the questions.
    """
    style = (HERE / "questions.css").read_text(encoding="utf-8")
    policy = f"default-src 'none'; style-src 'sha256-{_hash(style)}'; base-uri 'none'; form-action 'none'"
    return _template().render(sheets=sheets, keys=keys, css=Markup(style), policy=policy).lstrip() + "\n"


def _hash(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


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
