"""One visual language for all pictures: colours, type sizes and the style sheet.

Blue is a value, orange is a gradient, amber is "this does not fit". Colour never stands alone: gradients are in
italics and below their value, amber comes with a mark, what is silent is dashed and crossed out, and every number is
printed. A solid box is a parameter, a dashed box an input, a round shape an operation.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "soft": "#57606a",
    "wash": "#f1f4f7",
    "line": "#848e99",
    "rim": "#d3d9e0",
    "value": "#0064a4",
    "value-wash": "#e5f1fa",
    "grad": "#b34700",
    "grad-wash": "#ffefe2",
    "amber": "#ffdc7c",
    "amber-wash": "#fff1c9",
    "amber-ink": "#4d3300",
    "amber-line": "#8f6200",
    "right": "#1a6b3c",
}
DARK = {
    "paper": "#15181c",
    "ink": "#e8edf2",
    "soft": "#a7b1bc",
    "wash": "#23292f",
    "line": "#7f8a96",
    "rim": "#3a424b",
    "value": "#6cc0f5",
    "value-wash": "#122e44",
    "grad": "#f7ab4f",
    "grad-wash": "#3d280f",
    "amber": "#f4c63d",
    "amber-wash": "#463710",
    "amber-ink": "#241800",
    "amber-line": "#ffd968",
    "right": "#72d292",
}
THEMES = {"light": LIGHT, "dark": DARK}

TEXT_ON = (
    ("ink", "paper"), ("ink", "wash"), ("ink", "value-wash"), ("ink", "grad-wash"),
    ("soft", "paper"), ("soft", "wash"), ("soft", "value-wash"), ("soft", "grad-wash"),
    ("value", "paper"), ("value", "wash"), ("value", "value-wash"), ("value", "grad-wash"),
    ("grad", "paper"), ("grad", "wash"), ("grad", "grad-wash"),
    ("ink", "amber-wash"), ("soft", "amber-wash"), ("value", "amber-wash"), ("grad", "amber-wash"),
    ("right", "paper"), ("right", "grad-wash"), ("amber-ink", "amber"), ("paper", "ink"),
)  # fmt: skip
"""Every pair of text and ground that a picture uses."""
LINES_ON = (("line", "paper"), ("amber-line", "paper"), ("value", "paper"), ("grad", "paper"), ("ink", "paper"))
"""Lines that carry meaning, on their ground."""

HEAT = 0.38
"""Strongest tint of a heat map: the share of blue or orange in the paper; ink stays readable on it."""

SMALL, PLAIN, BIG = 13, 14, 16
"""Type sizes, in units of a drawing."""
NARROW, WIDE = 400, 840
"""Widths of the two layouts, in units: 13 units are 11.7 px where the narrow one is 360 px wide."""
TURN = 720
"""From this width on, in px, a view shows the wide layout: 13 units are then 11.1 px."""

_DARK_WHEN = (
    'body[data-jp-theme-light="false"]',
    "body.vscode-dark",
    "body.vscode-high-contrast:not(.vscode-high-contrast-light)",
    "html[theme=dark]",
)

_SHAPES = """
text{fill:var(--lp-ink);font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;
 font-variant-numeric:tabular-nums}
.soft{fill:var(--lp-soft)}.b{font-weight:650}
.v{fill:var(--lp-value);font-weight:650}.g{fill:var(--lp-grad);font-weight:650;font-style:italic}
.ok{fill:var(--lp-right);font-weight:700}.on-amber{fill:var(--lp-amber-ink);font-weight:700}
.am-fill{fill:var(--lp-amber)}.corner{fill:var(--lp-amber-ink)}.inv{fill:var(--lp-paper);font-weight:700}
.halo{paint-order:stroke;stroke:var(--lp-paper);stroke-width:3.5px;stroke-linejoin:round}.i{font-style:italic}
.e{fill:none;stroke:var(--lp-line);stroke-width:2}.e.v{stroke:var(--lp-value)}
.e.past{stroke:var(--lp-grad);opacity:.55}.e.now{stroke:var(--lp-grad);stroke-width:3.4}
.e.neg{stroke-dasharray:3 4}.e.off{stroke-dasharray:2 6}.e.thin{stroke-width:1.2}.e.dash{stroke-dasharray:7 5}
.e.bold{stroke:var(--lp-ink);stroke-width:2.4}.e.am{stroke:var(--lp-amber-line);stroke-width:2.4}
.e.wide{stroke-width:3.6;stroke-linejoin:round}
.am-zone{fill:var(--lp-amber-wash)}.paper-dot{fill:var(--lp-paper);stroke:var(--lp-value);stroke-width:2.4}
.tip{fill:var(--lp-line)}.tip.v{fill:var(--lp-value)}.tip.now{fill:var(--lp-grad)}
.pill{fill:var(--lp-paper);stroke:var(--lp-rim);stroke-width:1.2}
.pill.now{fill:var(--lp-grad-wash);stroke:var(--lp-grad);stroke-width:1.8}
.pill.off{stroke:var(--lp-line);stroke-dasharray:3 4}
.pill.am,.am-box{fill:var(--lp-amber);stroke:var(--lp-amber-line);stroke-width:2}
.op{fill:var(--lp-paper);stroke:var(--lp-ink);stroke-width:1.8}
.op.now{fill:var(--lp-grad-wash);stroke:var(--lp-grad);stroke-width:3.4}
.op.off{stroke:var(--lp-line);stroke-dasharray:4 4}
.param{fill:var(--lp-wash);stroke:var(--lp-ink);stroke-width:2.2}
.input{fill:var(--lp-wash);stroke:var(--lp-ink);stroke-width:1.5;stroke-dasharray:4 3}
.param.dim,.input.dim{stroke:var(--lp-line)}
.result{fill:var(--lp-paper);stroke:var(--lp-line);stroke-width:1.2}
.hollow{fill:none}
.wash{fill:var(--lp-wash)}.paper{fill:var(--lp-paper)}.ink{fill:var(--lp-ink)}
.vw{fill:var(--lp-value-wash)}.gw{fill:var(--lp-grad-wash)}
.gate{fill:none;stroke:var(--lp-ink);stroke-width:4;stroke-linecap:round}.pool{fill-opacity:.38}.bar{fill-opacity:.85}
.tv{fill:var(--lp-value)}.tg{fill:var(--lp-grad)}.rim{fill:none;stroke:var(--lp-rim)}
.ring{fill:none;stroke:var(--lp-ink);stroke-width:2.4}.ring.g{stroke:var(--lp-grad)}.ring.am{stroke:var(--lp-amber-line)}
.hatch{fill:none;stroke:var(--lp-ink);stroke-width:1;opacity:.5}
.card{fill:var(--lp-paper);stroke:var(--lp-rim)}
"""

_FRAME = """
.lp{container-type:inline-size;max-width:900px}
.lp .lp-card{background:var(--lp-paper);border:1px solid var(--lp-rim);border-radius:12px;padding:10px 5px;
 box-sizing:border-box}
.lp .lp-card svg{display:block;width:100%;height:auto;margin:0 auto}
.lp svg.lp-narrow{max-width:560px}.lp svg.lp-wide{max-width:874px}
.lp .lp-wide{display:none!important}
@container (min-width:@TURN@px){.lp .lp-wide{display:block!important}.lp .lp-narrow{display:none!important}
 .lp .lp-card{padding:12px}}
.lp .lp-words{background:var(--lp-wash);color:var(--lp-ink);border-left:4px solid var(--lp-line);
 border-radius:0 8px 8px 0;
 padding:8px 14px;margin:6px 0 0;font-size:14px;line-height:1.5;min-height:3.2em;box-sizing:border-box}
.lp .lp-words p{margin:0;max-width:78ch}
.lp .lp-controls{gap:2px 14px;align-items:center;padding:2px 4px 6px}
.lp .lp-pair{flex:1 1 195px;min-width:min(195px,100%);max-width:300px}
.lp .lp-pair .widget-slider{flex:1 1 60px;min-width:50px}
.lp .widget-toggle-buttons{width:auto;display:flex;flex-flow:row wrap;align-items:center}
.lp .widget-toggle-buttons>.widget-label{width:auto!important;flex:none;margin-right:6px}
.lp .widget-toggle-button.mod-active{outline:2px solid var(--lp-value);outline-offset:-2px}
.lp .lp-controls .widget-dropdown,.lp .lp-controls .widget-text{flex:0 1 auto}
.lp .lp-controls .jupyter-button{overflow:visible}
.lp .lp-script{display:none}
@media (forced-colors:active){.lp svg{forced-color-adjust:none}}
"""


def variables(theme: dict[str, str]) -> str:
    """A theme as CSS variables."""
    return "".join(f"--lp-{name}:{colour};" for name, colour in theme.items())


def style_of_view() -> str:
    """The style sheet of a picture that lives in a page: light unless the page says that it is dark."""
    dark = ",".join(f"{when} .lp" for when in _DARK_WHEN)
    shapes = "".join(f".lp svg {rule}" for rule in _rules(_SHAPES))
    return f".lp{{{variables(LIGHT)}}}{dark}{{{variables(DARK)}}}{shapes}{_FRAME.replace('@TURN@', str(TURN))}"


def style_of_file() -> str:
    """The style sheet inside an SVG file: as light or dark as the reader's system."""
    return f"svg{{{variables(LIGHT)}}}@media (prefers-color-scheme:dark){{svg{{{variables(DARK)}}}}}{_SHAPES}"


def _rules(sheet: str) -> list[str]:
    """The rules of a sheet without nesting; each selector of a list becomes a rule of its own."""
    rules = []
    for rule in sheet.replace("\n", "").split("}")[:-1]:
        selectors, body = rule.split("{")
        rules += [f"{selector.strip()}{{{body}}}" for selector in selectors.split(",")]
    return rules
