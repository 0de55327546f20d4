"""Text of students and of the course as safe HTML: markdown with formulas, code, and what cells have shown.

Whatever comes in, no tag goes out that is not written here or on the short list for formulas, and no address at all.
Of pictures, those of the course (`lab/static/`) and those that cells have drawn are put in as data.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from latex2mathml.converter import convert
from markupsafe import Markup, escape
from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Number, String

from autograder.judging.feedback import clean, lines_of

Stills = tuple[tuple[str, Path], ...]
"""The course's own pictures that a notebook may show: the address it uses, and the file."""
MOST_MARKDOWN, MOST_CODE, MOST_OUTPUT, MOST_FORMULA, MOST_PICTURE = 5_000, 40_000, 12_000, 2_000, 1_500_000
"""Characters that are rendered; text beyond is shown plainly, or cut with a note. Markdown takes quadratic time."""
LONG_FORMULA = 35
"""Characters of LaTeX from which a formula in a line may be wider than a phone: browsers do not break it."""

_TAG = re.compile(
    "math|none|m(i|n|o|s|text|space|row|frac|sqrt|root|sub|sup|subsup|under|over|underover|multiscripts|prescripts|"
    "table|tr|td|labeledtr|style|padded|phantom|enclose)"
)
_ATTRIBUTE = re.compile(
    "display|displaystyle|scriptlevel|mathvariant|form|fence|separator|stretchy|symmetric|largeop|movablelimits|"
    "accent|accentunder|[lr]space|(min|max)size|linethickness|width|height|depth|notation|(column|row)(align|lines)"
)
_PLAIN_VALUE = re.compile(r"[\w.%+ -]{1,60}")


@lru_cache(maxsize=2048)
def formula(latex: str, display: Literal["inline", "block"] = "inline") -> Markup:
    """LaTeX as MathML; as code, if it cannot be read or asks for more than formulas."""
    try:
        if len(latex) > MOST_FORMULA:
            raise ValueError("too long for a formula")
        tree = ElementTree.fromstring(convert(latex, display=display))
        _keep_to_mathml(tree)
        _tie_signs(tree)
    except Exception:  # the student's LaTeX: latex2mathml's exceptions have no common class
        return Markup("<code>{}</code>").format(latex)
    written = Markup(ElementTree.tostring(tree, encoding="unicode"))
    if display == "block" or len(latex) > LONG_FORMULA:
        return Markup('<span class="formula {}">{}</span>').format(display, written)
    return written


def _keep_to_mathml(tree: ElementTree.Element) -> None:
    """Drop attributes that are not on the list; ValueError for a tag that is not.

    latex2mathml passes on what stands in a text of LaTeX as it is, tags included.
    """
    for element in tree.iter():
        element.tag = element.tag.rpartition("}")[2]
        if not _TAG.fullmatch(element.tag):
            raise ValueError(f"{element.tag} has no place in a formula")
        for name, value in list(element.attrib.items()):
            if not _ATTRIBUTE.fullmatch(name) or not _PLAIN_VALUE.fullmatch(value):
                del element.attrib[name]


def _tie_signs(tree: ElementTree.Element) -> None:
    """Minus and plus behind another operator as signs of what follows; browsers set them as between two terms."""
    for row in tree.iter():
        for before, element in itertools.pairwise(row):
            starts = before.tag == "mo" and (before.text or ")") not in ")]}|!"
            if starts and element.tag == "mo" and element.text in ("-", "−", "+"):
                element.set("form", "prefix")


@lru_cache(maxsize=64)
def _in_base64(picture: Path) -> str:
    """A picture of the course's own; empty if there is none."""
    return base64.b64encode(picture.read_bytes()).decode("ascii") if picture.is_file() else ""


class _Renderer(HTMLRenderer):
    """Markdown's parts as HTML: tags escaped, addresses as text, headings below the page's own and without leaps."""

    def __init__(self, least: int, last: int, stills: Stills) -> None:
        super().__init__(escape=True)
        self.least, self.last, self.stills = least, last, dict(stills)

    def heading(self, text: str, level: int, **_attrs: Any) -> str:
        self.last = min(self.least + level - 1, self.last + 1, 6)
        return f"<h{self.last}>{text}</h{self.last}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        address = str(escape(url))
        return text if address in text or url.startswith("#") else f"{text} ({address})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        coded = _in_base64(self.stills[url]) if url in self.stills else ""
        if not coded:
            return f"[picture: {text}]"
        picture = Markup('<img class="drawing" src="data:image/svg+xml;base64,{}" alt="{}">')
        return str(picture.format(coded, Markup(text).striptags()))

    def block_math(self, text: str) -> str:
        return str(formula(text, "block"))

    def inline_math(self, text: str) -> str:
        return str(formula(text))

    def latex_environment(self, name: str, body: str) -> str:
        return str(formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block"))

    def block_code(self, code: str, info: str | None = None) -> str:
        return str(Markup('<pre class="text">{}</pre>\n').format(code))

    def table(self, text: str) -> str:
        return f'<div class="wide" role="group" aria-label="Table" tabindex="0"><table>\n{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        if head:
            return f'<th scope="col">{text}</th>' if text.strip() else "<td></td>"
        return f"<td>{text}</td>"

    def task_list_item(self, text: str, checked: bool = False) -> str:
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"


class Prose:
    """Renders markdown cells of one notebook, one after the other.

    Args:
        heading: Level of the page's heading under which they stand, plus 1.
        stills: The course's pictures that they may show.
    """

    def __init__(self, heading: int, stills: Stills = ()) -> None:
        self._least, self._last, self._stills = heading, heading - 1, stills

    def html(self, source: str) -> Markup:
        """Markdown as HTML; text that is too long or too deep, as it is."""
        html, self._last = _rendered(clean(source), self._least, self._last, self._stills)
        return html


@lru_cache(maxsize=1024)  # most text is the course's, and the same for a whole class
def _rendered(source: str, least: int, last: int, stills: Stills) -> tuple[Markup, int]:
    """Markdown as HTML, and the level of the last heading up to its end."""
    if len(source) <= MOST_MARKDOWN:
        renderer = _Renderer(least, last, stills)
        try:
            return Markup(_glued(MarkdownWithMath(renderer=renderer).render(source))), renderer.last
        except RecursionError:
            pass
    return Markup('<pre class="text">{}</pre>').format(_cut(source, MOST_CODE)), last


_BEFORE_PUNCTUATION = re.compile(r"(<math\b(?:(?!</math>).)*</math>)([.,;:!?)]+)", re.DOTALL)


def _glued(html: str) -> str:
    """With formulas and the punctuation behind them on one line: browsers break between the two."""
    return _BEFORE_PUNCTUATION.sub(r'<span class="glued">\1\2</span>', html)


_CLASSES = {Comment: "c", Keyword: "k", String: "s", Number: "n"}


def code(source: str, *, sets: Collection[int] = (), raised: int = 0) -> Markup:
    """A cell with line numbers; the lines that set its results are marked, and the one that raised.

    Args:
        source: The cell's text.
        sets: Lines that set the gap's results, from 1.
        raised: The line that raised, from 1; 0 if none did.
    """
    lines = _coloured(_cut(clean(source.rstrip("\n")), MOST_CODE))
    return Markup("<pre class='code'><code>{}</code></pre>").format(
        Markup("").join(_line(number, line, sets, raised) for number, line in enumerate(lines, start=1))
    )


def _line(number: int, line: Markup, sets: Collection[int], raised: int) -> Markup:
    kind, says = ("line", "")
    if number == raised:
        kind, says = "line raised", "raised here"
    elif number in sets:
        kind, says = "line sets", "sets the result"
    note = Markup('<span class="vh"> ({})</span>').format(says) if says else ""
    return Markup('<span class="{}" data-line="{}">{}{}\n</span>').format(kind, number, line, note)


@lru_cache(maxsize=1024)
def _coloured(source: str) -> tuple[Markup, ...]:
    """The lines of Python code, with comments, keywords, strings and numbers told apart."""
    lines: list[Markup] = []
    parts: list[Markup] = []
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        name = next((name for token, name in _CLASSES.items() if kind in token), "")
        for at, part in enumerate(text.split("\n")):
            if at:
                lines.append(Markup("").join(parts))
                parts = []
            parts.append(Markup('<span class="{}">{}</span>').format(name, part) if name and part else escape(part))
    return (*lines, Markup("").join(parts))


def outputs(shown: Sequence[Mapping[str, Any]]) -> Iterator[Markup]:
    """What a cell has shown: text, errors, and pictures that are PNG; of anything else, that it was there."""
    for output in shown:
        kind = output.get("output_type")
        if kind == "stream":
            yield from _text(_joined(output.get("text")), "out")
        elif kind == "error":
            yield from _text("\n".join(map(str, output.get("traceback") or [])), "out error")
        elif kind in ("execute_result", "display_data"):
            yield from _display(output.get("data") or {})


def _display(data: Mapping[str, Any]) -> Iterator[Markup]:
    picture = _png(data.get("image/png"))
    if picture:
        yield picture
        return
    text = _joined(data.get("text/plain"))
    if _OBJECT.fullmatch(text.strip()) or set(data) - {"text/plain", "image/png"}:
        yield Markup('<p class="note">The cell also showed something that this page leaves out; see your notebook.</p>')
    if not _OBJECT.fullmatch(text.strip()):
        yield from _text(text, "out")


_OBJECT = re.compile(r"<IPython\.core\.display\.\w+ object>")
"""What stands as text for a display that has none."""


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text or "")


def _text(text: str, kind: str) -> Iterator[Markup]:
    """Text as a cell has shown it; what is long scrolls, and takes the keyboard's focus for that."""
    text = _cut(lines_of(text), MOST_OUTPUT)
    if text.strip():
        long = len(text) > 1500 or text.count("\n") > 20
        scrolls = Markup(' long" tabindex="0" role="group" aria-label="Output') if long else ""
        yield Markup('<pre class="{}{}">{}</pre>').format(kind, scrolls, text)


def _png(coded: object) -> Markup | None:
    """A picture from base64, if that is what it is."""
    text = "".join(_joined(coded).split())
    if not text or len(text) > MOST_PICTURE:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR" or len(data) < 45:
        return None
    width, height = struct.unpack(">II", data[16:24])
    again = base64.b64encode(data).decode("ascii")
    return Markup(
        '<p class="picture"><img src="data:image/png;base64,{}" alt="Picture that this cell has drawn" '
        'width="{}" height="{}"></p>'
    ).format(again, min(width, 4000), min(height, 4000))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + "\n[The rest is left out here.]"


def sentence(text: str) -> Markup:
    """One of our own sentences; what stands in backticks is code."""
    parts = clean(text).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))
