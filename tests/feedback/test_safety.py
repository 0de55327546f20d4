"""What a page must never hold, whatever a student hands in."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from autograder.course.course import Course
from autograder.course.data import folders_of
from autograder.gradebook import feedback_page, markup
from autograder.judging import feedback
from autograder.model import TwinKind, Value

from .classroom import PNG, ROOT
from .reader import Element, read

OURS = """html head meta title style body a svg symbol circle path use header p b nav ol ul li span main section article
div h1 h2 h3 h4 h5 h6 dl dt dd figure figcaption table caption thead tbody tr th td code pre details summary footer time
img aside em strong del blockquote hr br"""
OF_FORMULAS = """math mrow mi mn mo mtext mspace mfrac msqrt msub msup msubsup munder mover munderover mtable mtr mtd
mstyle"""
TAGS = {*OURS.split(), *OF_FORMULAS.split()}
HANDLERS = re.compile(r"on\w+")
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def drawings(page: Element) -> list[Element]:
    """Pictures in a page that are, to the byte, pictures of the course."""
    own = {base64.b64encode(path.read_bytes()).decode() for path in folders_of(ROOT).static.glob("*.svg")}
    return [one for one in page.all("img") if one.attributes["src"].removeprefix("data:image/svg+xml;base64,") in own]


def test_there_are_no_other_tags_than_ours(pages: Mapping[str, Element]) -> None:
    for name, page in pages.items():
        assert {element.tag for element in page.all()} <= TAGS, name


def test_no_element_has_a_handler_or_a_style_of_its_own(pages: Mapping[str, Element]) -> None:
    names = {name for page in pages.values() for element in page.all() for name in element.attributes}
    assert not [name for name in names if HANDLERS.fullmatch(name)]
    assert not names & {"style", "srcset", "action", "formaction", "xlink:href", "background", "ping"}


def test_there_is_no_address_outside_the_page(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        ids = {element.attributes["id"] for element in page.all() if "id" in element.attributes}
        for element in page.all():
            if "href" in element.attributes:
                assert element.attributes["href"].removeprefix("#") in ids
            if "src" in element.attributes:
                assert element.tag == "img"
                assert element.attributes["src"].startswith("data:image/png;base64,") or element in drawings(page)


def test_the_style_sheet_loads_nothing(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        assert not re.search(r"url\(|@import|expression", page.one("style").text)


def test_the_policy_allows_our_style_sheet_and_pictures_only(pages: Mapping[str, Element]) -> None:
    for page in pages.values():
        digest = base64.b64encode(hashlib.sha256(page.one("style").text.encode()).digest()).decode()
        (policy,) = (one for one in page.all("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy")
        assert policy.attributes["content"] == (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
        )


def test_nothing_is_left_that_a_terminal_or_a_browser_obeys(sources: Mapping[str, str]) -> None:
    for name, text in sources.items():
        assert not OBEYED.search(text), name


def test_what_a_student_tried_is_there_as_text(pages: Mapping[str, Element]) -> None:
    text = pages["eve/01_neuron"].text
    for tried in ("<script>alert(8)</script>", "onerror=alert(9)", "onerror=alert(11)", "</pre><b onclick=x>"):
        assert tried in text


def test_only_the_picture_that_is_a_picture_is_shown(pages: Mapping[str, Element]) -> None:
    for notebook in ("01_neuron", "02_chain", "03_step"):
        page = pages[f"eve/{notebook}"]
        (picture,) = (one for one in page.all("img") if one not in drawings(page))
        assert picture.attributes["src"] == f"data:image/png;base64,{PNG}"
        assert picture.attributes["alt"]


def test_the_picture_of_the_course_stands_in_the_notebook(pages: Mapping[str, Element]) -> None:
    for name in ("eve/01_neuron", "eve/02_chain", "eve/03_step"):
        (picture,) = drawings(pages[name])
        assert len(picture.attributes["alt"]) > 100


@pytest.mark.parametrize(
    "address",
    [
        "lab/static/08.svg",
        "lab/static/../static/01_neuron.svg",
        "/lab/static/01_neuron.svg",
        "lab/static/*.svg",
        "lab/static/04_layer_inputs.svg",
        "x",
    ],
)
def test_no_other_picture_is_read(address: str) -> None:
    stills = tuple(Course(ROOT, "").stills("1_neuron").items())
    assert "<img" in markup.Prose(3, stills).html("![p](lab/static/01_neuron.svg)")
    assert "[picture: p]" in markup.Prose(3, stills).html(f"![p]({address})")


def numbers(value: Value) -> Iterator[float]:
    if isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    elif isinstance(value, list | tuple):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, float):
        yield value


def test_no_number_of_a_hidden_twin_is_on_any_page(sources: Mapping[str, str], course: Course) -> None:
    canaries: set[str] = set()
    for name in {name.partition("/")[2] for name in sources}:
        plan = course.plan(name)
        shown = {name for gap in plan.gaps for name in gap.open_twins}
        for twin in plan.twins:
            if twin.kind is TwinKind.PAGE or twin.name in shown:
                continue
            values = [*twin.givens.values(), *(value for probe in twin.probes.values() for value in probe.values())]
            drawn = {abs(one) for value in values for one in numbers(value) if len(f"{one:.12g}") > 10}
            canaries |= {text for one in drawn for text in (repr(one), f"{one:.6g}", f"{one:.8g}")}
    assert len(canaries) > 300
    for name, text in sources.items():
        assert not {number for number in re.findall(r"\d+\.\d{3,}", text) if number in canaries}, name


def test_a_spy_reads_that_it_failed_on_hidden_numbers_and_nothing_about_them(pages: Mapping[str, Element]) -> None:
    page = pages["ian/01_neuron"]
    assert "On hidden numbers, ValueError came up in line 4" in page.by_id("step-products").words
    assert "On hidden numbers, an error came up in line 3" in page.by_id("step-y_nested").words
    assert "On hidden numbers, z is not made of numbers only." in page.by_id("step-weighted_sum").words
    assert "arried" not in re.sub(r"f?'[Cc]arried", "", page.text)


# The parts by themselves


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<img src=x onerror=alert(1)>}",
        r"\text{</math><script>alert(1)</script>}",
        r"\frac{",
        "{" * 3000,
        "x" * 5000,
        r"\begin{matrix}",
        r"\text{&lt;b&gt;}\text{<b>}",
    ],
)
def test_a_formula_that_cannot_be_one_is_shown_as_code(latex: str) -> None:
    assert [element.tag for element in read(str(markup.formula(latex))).all()] == ["code"]


@pytest.mark.parametrize("latex", [r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{top}{x}"])
def test_a_formula_keeps_no_address_style_or_class(latex: str) -> None:
    found = read(str(markup.formula(latex)))
    assert {name for element in found.all() for name in element.attributes} <= {"display"}


def test_a_usual_formula_is_mathml() -> None:
    found = read(str(markup.formula(r"\frac{\partial L}{\partial w_{d,m}} = \sum_n x_{n,d}\,g_{n,m}", "block")))
    assert {"math", "mfrac", "msub", "mo"} <= {element.tag for element in found.all()}


@pytest.mark.parametrize(("latex", "signs"), [("z = -8", 1), ("2 - 3", 0), ("(-2) - |a| - 1", 1)])
def test_a_minus_behind_another_operator_is_set_as_a_sign(latex: str, signs: int) -> None:
    minus = [element for element in read(str(markup.formula(latex))).all("mo") if element.words == "−"]
    assert [element.attributes.get("form") for element in minus].count("prefix") == signs


def test_punctuation_stays_with_the_formula_before_it() -> None:
    (glued,) = read(str(markup.Prose(3).html("The derivative of $x^2$, or $x$"))).all("span", "glued")
    assert glued.words.endswith(",")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("10%\r50%\r100%\n", "100%\n"),
        ("tab\there", "tab    here"),
        ("no-break\u00a0space", "no-break space"),
        ("\u202eflip\u2066", "�flip�"),
        ("nul\x00 bell\x07 \ud800", "nul� bell� �"),
        ("naïve Ω 数 é 👩\u200d🔬", "naïve Ω 数 é 👩\u200d🔬"),
    ],
)
def test_outputs_are_cleaned(text: str, seen: str) -> None:
    assert feedback.lines_of(text) == seen


@pytest.mark.parametrize(
    "data",
    [
        {"image/png": "PHN2Zz4="},
        {"image/png": '"><script>'},
        {"image/png": ["not", "base64"]},
        {"image/png": 7},
        {"image/png": PNG[:20]},
        {"image/svg+xml": "<svg onload=alert(1)/>"},
        {"text/html": "<script>alert(1)</script>"},
        {"text/latex": "$x$"},
    ],
)
def test_a_display_that_is_no_png_brings_no_picture(data: dict[str, object]) -> None:
    shown = "".join(markup.outputs([{"output_type": "display_data", "data": data}]))
    assert not {element.tag for element in read(shown).all()} - {"pre", "p"}


def test_headings_of_a_student_stay_below_the_page_and_never_leap() -> None:
    prose = markup.Prose(3)
    made = "".join(prose.html(text) for text in ("##### deep", "# top", "### third", "###### sixth", "## second"))
    assert [element.tag for element in read(made).all() if element.tag[0] == "h"] == ["h3", "h3", "h4", "h5", "h4"]


@pytest.mark.parametrize("text", ["> " * 5000, "[" * 8000, "*a " * 6000, "$$" * 5000, "\\begin{a}" * 1500, "|" * 9000])
def test_text_made_to_be_slow_is_not(text: str) -> None:
    began = time.process_time()
    read(str(markup.Prose(3).html(text)))
    assert time.process_time() - began < 3


def test_no_notebook_has_more_cells_laid_out_than_there_is_time_for() -> None:
    slow = [{"cell_type": "markdown", "metadata": {}, "source": f"{number}" + "\\\\[" * 1650} for number in range(300)]
    last = {"cell_type": "markdown", "metadata": {}, "source": "the course's last words"}
    shown = list(feedback_page._that_fit([*slow, last]))
    assert len(shown) == len(slow) + 1
    assert sum(len(cell["source"]) for cell in shown if cell["source"] != feedback_page.NO_ROOM) <= 200_000
    assert shown[39]["source"] != feedback_page.NO_ROOM == shown[-2]["source"]
    assert shown[-1] is last
    prose, started = markup.Prose(3), time.process_time()
    prose.html(slow[0]["source"])
    assert time.process_time() - started < 1
