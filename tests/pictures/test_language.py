"""The visual language: readable in both themes, and the same thing looks the same in every picture."""

from __future__ import annotations

import pytest

from lab.drawing.looks import HEAT, LINES_ON, TEXT_ON, THEMES, style_of_file, style_of_view
from lab.drawing.words import listed, number, plain, term, total

from .states import drawn, pictures

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def luminance(colour: tuple[float, ...]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """WCAG 2.2, relative luminance and contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mixed(top: tuple[float, ...], ground: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(share * a + (1 - share) * b for a, b in zip(top, ground, strict=True))


@themes
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_has_a_contrast_of_at_least_4_5(theme, text, ground):
    assert contrast(rgb(theme[text]), rgb(theme[ground])) >= 4.5


@themes
@pytest.mark.parametrize(("line", "ground"), LINES_ON)
def test_lines_have_a_contrast_of_at_least_3(theme, line, ground):
    assert contrast(rgb(theme[line]), rgb(theme[ground])) >= 3


@themes
@pytest.mark.parametrize("tint", ["value", "grad"])
def test_ink_stays_readable_on_the_strongest_tint(theme, tint):
    assert contrast(rgb(theme["ink"]), mixed(rgb(theme[tint]), rgb(theme["paper"]), HEAT)) >= 4.5


def test_the_themes_have_the_same_names():
    light, dark = THEMES.values()
    assert light.keys() == dark.keys()


def test_a_view_follows_the_theme_of_jupyterlab_and_a_file_that_of_the_system():
    assert 'body[data-jp-theme-light="false"] .lp' in style_of_view()
    assert "prefers-color-scheme:dark" in style_of_file()
    assert style_of_view().count("{") == style_of_view().count("}")


def test_colours_stand_in_the_themes_only():
    sheet = style_of_view()
    for theme in THEMES.values():
        for name, colour in theme.items():
            sheet = sheet.replace(f"--lp-{name}:{colour};", "")
    assert "#" not in sheet


def test_gradients_are_in_italics_everywhere_and_values_never():
    for picture in pictures().values():
        for node in drawn(picture).iter():
            look = node.attrib.get("class", "").split()
            if "data-grad" in node.attrib and not {"soft", "on-amber"} & set(look):
                assert {"g", "i"} & set(look), node.attrib
            if "data-value" in node.attrib:
                assert not {"g", "i"} & set(look), node.attrib


def test_inputs_are_dashed_boxes_and_parameters_solid_ones():
    for name, picture in pictures().items():
        if name.startswith("circuit"):
            kinds = [node.attrib["data-box"] for node in drawn(picture).iter() if "data-box" in node.attrib]
            assert set(kinds) == {"input", "param"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (6.0, "6"), (-3.0, "−3"), (0.43999999999999995, "0.44"), (20.485, "20.485"), (-0.00642182, "−0.00642"),
        (0.0, "0"), (-0.0, "0"), (-1e-13, "−1e−13"), (123456.7, "123460"), (1e9, "1e9"), (float("nan"), "NaN"),
        (float("-inf"), "−∞"), (0.026, "0.026"), (5.9700000000000015, "5.97"),
    ],
)  # fmt: skip
def test_numbers_are_short(value, shown):
    assert number(value) == shown


def test_sums_factors_and_lists_read_well():
    assert total([0.2, 0.5, -0.26]) == "0.2 + 0.5 − 0.26"
    assert term(-2) == "(−2)"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([]) == "none"
    assert plain(-0.0) == "0.0"
