"""What a picture consists of once it is drawn, and how it stands in a page without a kernel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from lab.drawing.draw import Panel, drawing
from lab.drawing.looks import NARROW, WIDE, style_of_file, style_of_view


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One state of a picture, drawn.

    Attributes:
        name: What it is, for those who cannot see it.
        narrow: Drawing for widths of 360 px and more.
        wide: Drawing for 720 px and more.
        caption: Sentences that stand below it and are read out when they change.
        details: Sentences that name every number in it.
    """

    name: str
    narrow: Panel
    wide: Panel
    caption: tuple[str, ...]
    details: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """All of it in sentences."""
        return (*self.caption, *self.details)


def as_svg(picture: Picture, *, narrow: bool) -> str:
    """One layout as an SVG element; its style sheet stands in the page."""
    panel, width, look = (picture.narrow, NARROW, "lp-narrow") if narrow else (picture.wide, WIDE, "lp-wide")
    return drawing(panel, name=picture.name, words=picture.words, look=look, width=width)


def as_art(picture: Picture) -> str:
    """Both layouts as HTML; the width of the page decides which one shows."""
    return f'<div class="lp-card">{as_svg(picture, narrow=False)}{as_svg(picture, narrow=True)}</div>'


def as_caption(picture: Picture) -> str:
    """The caption as HTML."""
    return f'<div class="lp-words">{"".join(f"<p>{_unbroken(sentence)}</p>" for sentence in picture.caption)}</div>'


def _unbroken(sentence: str) -> str:
    """Escaped, with no line break beside a product's dot or an equals sign."""
    return re.sub(r" ([·=]) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", escape(sentence))


def as_page(picture: Picture) -> str:
    """The picture as HTML that needs neither a kernel nor a script."""
    art = drawing(picture.narrow, name=picture.name, words=picture.words, look="lp-alone", width=NARROW)
    card = f'<div class="lp-card" style="max-width:586px">{art}</div>'
    return f'<div class="lp"><style>{style_of_view()}</style>{card}{as_caption(picture)}</div>'


def as_text(picture: Picture) -> str:
    """The picture in words alone."""
    return "\n".join((picture.name, *picture.words))


def as_file(picture: Picture, *, margin: float = 14) -> str:
    """The narrow layout as an SVG file of its own: no outside style, light or dark as the reader's system."""
    width, height = NARROW, picture.narrow.height
    ground = f'<rect class="card" x="{0.5 - margin}" y="{0.5 - margin}" width="{width + 2 * margin - 1}"'
    ground += f' height="{height + 2 * margin - 1:.0f}" rx="12"/>'
    svg = drawing(
        picture.narrow, name=picture.name, words=picture.words, look="lp-file", width=width,
        extra=f"<style>{style_of_file()}</style>{ground}",
    )  # fmt: skip
    full = f'viewBox="{-margin:g} {-margin:g} {width + 2 * margin:g} {height + 2 * margin:.0f}"'
    size = f'{full} width="{1.1 * (width + 2 * margin):.0f}" height="{1.1 * (height + 2 * margin):.0f}"'
    return svg.replace(f'viewBox="0 0 {width:g} {height:.0f}"', size) + "\n"
