"""A verdict, a hint or a message as text and as HTML; both carry the same words."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from html import escape

from lab import texts
from lab.drawing import heat_mirror
from lab.drawing.looks import style_of_view
from lab.drawing.picture import as_art
from lab.verdict import Compared, Status, Verdict

WIDTH = 100
HEADER = "text-align:left;vertical-align:top;padding-right:1em;font-weight:normal"
COLOURS = {
    Status.RIGHT: "#2e7d32",
    Status.PARTLY: "#0064a4",
    Status.WRONG: "#b34700",
    Status.RAISED: "#b34700",
    Status.UNTOUCHED: "#767676",
    Status.MISSING: "#767676",
    Status.UNSURE: "#767676",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to display: plain text where there is no more, HTML in a notebook."""

    text: str
    html: str

    def _repr_mimebundle_(self, **_wanted: object) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def message(*sentences: str, head: str = "", status: Status = Status.UNSURE) -> Shown:
    """A few paragraphs, with an optional line above them.

    Args:
        sentences: The paragraphs.
        head: The line above them; may be empty.
        status: Gives the colour and the sign.
    """
    lines = [*([head] if head else []), *map(_wrapped, sentences)]
    html = (f"<p><strong>{escape(head)}</strong></p>" if head else "") + "".join(
        f"<p>{_marked_up(sentence)}</p>" for sentence in sentences
    )
    return Shown("\n".join(lines), _boxed(html, status))


def headline(verdict: Verdict) -> str:
    """How the gap stands, in one line."""
    judged = f" ({texts.JUDGED.format(entry=verdict.entry)})" if verdict.entry else ""
    return f"{texts.MARKS[verdict.status]} {verdict.gap}: {texts.HEADS[verdict.status]}{judged}"


def verdict_shown(verdict: Verdict) -> Shown:
    """A verdict as a student reads it."""
    return Shown(_as_text(verdict), _as_html(verdict))


def _ends(verdict: Verdict) -> tuple[str, ...]:
    judged = verdict.status not in (Status.MISSING, Status.UNTOUCHED)
    return (*verdict.notes, texts.HIDDEN) if judged else (texts.HIDDEN,)


def _explanation(verdict: Verdict) -> str:
    return " ".join(part for part in (f"{verdict.named}." if verdict.named else "", verdict.explained) if part)


def _as_text(verdict: Verdict) -> str:
    lines = [headline(verdict), *map(_wrapped, verdict.says)]
    if verdict.asked:
        apart = "\n" in verdict.asked
        lines += [f"{texts.ASKED}:", textwrap.indent(verdict.asked, "    ")] if apart else [_asked(verdict)]
    for one in verdict.compared:
        lines += _compared_lines(one)
    if _explanation(verdict):
        lines.append(_wrapped(_explanation(verdict)))
    if verdict.question:
        lines.append(_wrapped(f"{texts.QUESTION}: {verdict.question}"))
    return "\n".join([*lines, *map(_wrapped, _ends(verdict))])


def _asked(verdict: Verdict) -> str:
    return f"{texts.ASKED}: {verdict.asked}"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _compared_lines(one: Compared) -> list[str]:
    lines = []
    for label, value in ((texts.YOURS, one.yours), (texts.WANTED, one.wanted)):
        head = f"    {one.name}, {label}: ".ljust(len(one.name) + 15)
        lines.append(head + value.replace("\n", "\n" + " " * len(head)))
    if one.mirror:
        lines += [textwrap.indent(_wrapped(sentence), "    ") for sentence in heat_mirror.caption(one.mirror)]
    return lines


def _as_html(verdict: Verdict) -> str:
    parts = [f"<p><strong>{escape(headline(verdict))}</strong></p>"]
    parts += [f"<p>{_marked_up(text)}</p>" for text in verdict.says]
    if verdict.asked:
        apart = "\n" in verdict.asked
        tag = "pre" if apart else "code"
        values = f"<{tag}>{escape(verdict.asked)}</{tag}>"
        parts.append(f"<p>{texts.ASKED}:</p>{values}" if apart else f"<p>{texts.ASKED}: {values}</p>")
    parts += [_compared_html(one) for one in verdict.compared]
    if any(one.mirror for one in verdict.compared):
        parts.append(f"<style>{style_of_view()}</style>")
    if _explanation(verdict):
        name = f"<em>{_marked_up(verdict.named)}.</em> " if verdict.named else ""
        parts.append(f"<p>{name}{_marked_up(verdict.explained)}</p>")
    if verdict.question:
        parts.append(f"<p>{texts.QUESTION}: {_marked_up(verdict.question)}</p>")
    parts += [f"<p>{_marked_up(text)}</p>" for text in _ends(verdict)]
    return _boxed("".join(parts), verdict.status)


def _compared_html(one: Compared) -> str:
    if one.mirror:
        return f'<div class="lp" style="margin:0.5em 0">{as_art(heat_mirror.picture(one.mirror))}</div>'
    rows = "".join(
        f'<tr><th scope="row" style="{HEADER}">{label}</th>'
        f'<td style="text-align:left"><pre style="margin:0">{escape(value)}</pre></td></tr>'
        for label, value in ((f"{one.name}, {texts.YOURS}", one.yours), (f"{one.name}, {texts.WANTED}", one.wanted))
    )
    return f'<table style="margin:0.3em 0;font-size:inherit;border:0">{rows}</table>'


def _boxed(html: str, status: Status) -> str:
    """A frame whose colour goes with the words and adds nothing to them."""
    style = (
        f"border-left:4px solid {COLOURS[status]};padding:0.1em 0.8em;margin:0.3em 0;max-width:60em;line-height:1.45"
    )
    inner = html.replace("<p>", '<p style="margin:0.3em 0">').replace("<pre>", '<pre style="margin:0.3em 0 0.3em 1em">')
    return f'<div class="lab-check" data-status="{status}" style="{style}">{inner}</div>'


def _marked_up(text: str) -> str:
    """Escaped, with `code` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
