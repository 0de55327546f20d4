"""What holds for every picture in every state: it is XML, it can be read, and it says in words what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lab.drawing.looks import NARROW, TURN, WIDE
from lab.drawing.picture import as_art, as_page, as_svg, as_text

from .states import SVG, drawn, pictures

PICTURES = pictures()
both_layouts = pytest.mark.parametrize("narrow", [True, False], ids=["narrow", "wide"])
every_picture = pytest.mark.parametrize("picture", PICTURES.values(), ids=list(PICTURES))


def sizes(root) -> Iterator[float]:
    for node in root.iter():
        if "font-size" in node.attrib:
            yield float(node.attrib["font-size"])


@every_picture
@both_layouts
def test_a_drawing_is_xml_with_a_name_and_a_description(picture, narrow):
    root = drawn(picture, narrow=narrow)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == picture.name
    assert root.find(f"{SVG}desc").text == " ".join(picture.words)


@every_picture
def test_text_is_at_least_11_px_at_360_px(picture):
    assert min(sizes(drawn(picture))) * 360 / NARROW >= 11


@every_picture
def test_text_is_at_least_11_px_where_the_wide_layout_begins(picture):
    inside = TURN - 26  # the card's padding and rim
    assert min(sizes(drawn(picture, narrow=False))) * inside / WIDE >= 10.7


@every_picture
@both_layouts
def test_a_drawing_fits_its_box_and_is_no_tower(picture, narrow):
    left, top, width, height = map(float, drawn(picture, narrow=narrow).attrib["viewBox"].split())
    assert (left, top, width) == (0, 0, NARROW if narrow else WIDE)
    panel = picture.narrow if narrow else picture.wide
    assert panel.width <= width
    assert height <= (840 if narrow else 580)


@every_picture
def test_drawings_have_no_ids_and_no_scripts(picture):
    art = as_art(picture)
    assert " id=" not in art
    assert "<script" not in art
    assert "url(" not in art
    assert "NaN" not in re.sub(r">[^<]*<|data-number=\"nan\"|aria-label=\"[^\"]*\"", "", art)


@every_picture
def test_the_words_are_sentences(picture):
    for sentence in picture.words:
        assert re.match(r"[\w−∞(].*[.?!]$", sentence), sentence
        assert "  " not in sentence
    assert picture.caption


def test_drawings_are_the_same_every_time():
    assert {name: as_art(one) for name, one in pictures().items()} == {n: as_art(one) for n, one in PICTURES.items()}


@every_picture
def test_a_move_sends_few_bytes(picture):
    assert len(as_art(picture).encode()) < 60_000


@every_picture
def test_without_a_kernel_the_same_drawing_stands_there(picture):
    page = as_page(picture)
    assert page.count("<svg") == 1
    assert 'lp-wide"' not in page and "lp-alone" in page  # noqa: PT018 (one statement about one page)
    assert as_text(picture).startswith(picture.name + "\n")


@every_picture
@both_layouts
def test_every_class_of_a_drawing_is_in_the_style_sheet(picture, narrow):
    from lab.drawing.looks import style_of_file

    known = set(re.findall(r"\.([a-z][\w-]*)", style_of_file()))
    used = {one for node in drawn(picture, narrow=narrow).iter() for one in node.attrib.get("class", "").split()}
    assert used - known - {"lp-narrow", "lp-wide"} == set()


def test_both_layouts_are_sent_and_the_page_chooses():
    art = as_art(next(iter(PICTURES.values())))
    assert re.findall(r'class="lp-(wide|narrow)"', art) == ["wide", "narrow"]
    assert as_svg(next(iter(PICTURES.values())), narrow=True) in art
