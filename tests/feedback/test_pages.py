"""What a student reads."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from nbgrader.converters.base import NbGraderException
from traitlets.config import Config

from autograder.course.course import Course
from autograder.gradebook.feedback_page import FeedbackPage
from autograder.judging import feedback

from . import classroom
from .reader import Element

FINGERPRINT = re.compile(r"graded by course and kit \w+")
"""Changes with every file of the kit, also while the tests run."""


def step(page: Element, gap: str) -> Element:
    return page.by_id(f"step-{gap}")


def story(page: Element, gap: str) -> dict[str, str]:
    told = step(page, gap).one("dl", "story")
    return {row.one("dt").words: row.one("dd").words for row in told.all("div")}


def test_every_notebook_of_a_submission_has_a_page_handed_in_or_not(files: Mapping[str, Path]) -> None:
    assert {"ada/03_step", "cem/03_step", "dora/01_neuron", "dora/02_chain", "fay/06_relu_arrays"} <= set(files)
    assert len(files) == 7 + 3 * 6 + 3


def test_a_page_has_every_gap_with_a_word_and_points(pages: Mapping[str, Element], course: Course) -> None:
    for name, page in pages.items():
        for gap in course.plan(name.partition("/")[2]).gaps:
            shown = step(page, gap.name).words
            assert gap.name in shown
            assert f"of {gap.points:g} points" in shown
            assert any(word.rstrip(".") in shown for word in feedback.WORDS.values()), (name, gap.name)


def test_a_named_mistake_is_told_as_what_was_seen_what_it_means_and_a_question(pages: Mapping[str, Element]) -> None:
    page = pages["ben/01_neuron"]
    assert step(page, "weighted_sum").one("h4").words == "The bias is forgotten"
    told = story(page, "weighted_sum")
    assert list(told) == ["What was seen", "What it usually means", "A question"]
    assert told["A question"].endswith("?")


def test_wrong_numbers_stand_beside_the_wanted_ones_of_the_page(pages: Mapping[str, Element]) -> None:
    rows = step(pages["ben/01_neuron"], "weighted_sum").one("table", "pairs").all("tr")
    assert [[cell.words for cell in row.all() if cell.tag in ("th", "td")] for row in rows] == [
        ["result", "yours", "wanted"],
        ["z", "5", "6"],
    ]


def test_an_array_of_the_wrong_shape_stands_beside_the_wanted_one(pages: Mapping[str, Element]) -> None:
    yours, wanted = step(pages["fay/04_layer_inputs"], "dinputs_batch").all("table", "grid")
    assert yours.one("caption").words == "Yours, shape (4, 3)"
    assert wanted.one("caption").words == "Wanted, shape (3, 4)"
    assert [len(list(row.all("td"))) for row in yours.one("tbody").all("tr")] == [3, 3, 3, 3]


def test_entries_that_differ_are_marked_in_words_too(pages: Mapping[str, Element]) -> None:
    yours, wanted = step(pages["fay/06_relu_arrays"], "relu_mask").all("table", "grid")
    marked = [cell.words for cell in yours.all("td", "differs")]
    assert marked == ["1 differs"] * 3
    assert [cell.words for cell in wanted.all("td", "differs")] == ["0 differs"] * 3


def test_the_line_that_sets_the_wrong_result_is_marked(pages: Mapping[str, Element]) -> None:
    (line,) = [
        line for line in step(pages["ben/01_neuron"], "weighted_sum").all("span", "line") if "sets" in line.classes
    ]
    assert line.attributes["data-line"] == "2"
    assert line.words == "z = xw0 + xw1 + xw2 (sets the result)"


def test_the_line_that_raised_is_marked_and_the_error_explained(pages: Mapping[str, Element]) -> None:
    page = pages["cem/01_neuron"]
    (line,) = [line for line in step(page, "products").all("span", "line") if "raised" in line.classes]
    assert line.words == "xw2 = x[3] * w[3] (raised here)"
    assert story(page, "products")["What was seen"].startswith("IndexError came up in line 4 of the cell:")
    assert story(page, "weighted_sum")["What was seen"].startswith("SyntaxError came up in line 2 of the cell: '(' was")
    assert "<cell" not in step(page, "weighted_sum").text


@pytest.mark.parametrize(("gap", "word"), [("y_nested", "It was stopped"), ("bias_outside", "It ended Python itself")])
def test_a_cell_that_was_ended_says_so(pages: Mapping[str, Element], gap: str, word: str) -> None:
    assert step(pages["cem/01_neuron"], gap).one("p", "verdict").words == word


def test_who_slips_early_reads_which_later_steps_are_right(pages: Mapping[str, Element]) -> None:
    said = pages["ben/01_neuron"].one("p", "slip").words
    assert said.startswith("The first slip is at weighted_sum, and it costs only the points of that step")
    assert "every later step was judged from right values" in said
    assert "Right, though they come after it: y_nested, neuron_forward, bias_outside, nudge_slopes." in said


def test_who_slips_reads_how_to_go_on(pages: Mapping[str, Element]) -> None:
    said = pages["ben/01_neuron"].one("p", "slip").words
    assert said.endswith('check("weighted_sum") judges it at once, and hint("weighted_sum") helps.')


def test_who_has_not_gone_on_reads_which_step_is_next(pages: Mapping[str, Element]) -> None:
    said = pages["cem/02_chain"].one("p", "slip").words
    assert said == 'Next is drelu_dsum, not started yet. In your notebook, hint("drelu_dsum") begins with a question.'


def test_who_has_everything_right_reads_just_that(pages: Mapping[str, Element]) -> None:
    page = pages["ada/02_chain"]
    assert page.one("p", "lead").words == "Every step is right."
    assert page.one("p", "score").words == "28 of 28 points"
    assert not list(page.all("p", "slip"))


def test_checks_say_in_words_what_passed(pages: Mapping[str, Element]) -> None:
    items = [item.words for item in step(pages["fay/06_relu_arrays"], "drelu_array").one("div", "checks").all("li")]
    assert items[0] == "The page’s numbers and others: passed"
    assert any(item.startswith("Inputs left as they were: not passed dvalues changed while this ran") for item in items)
    assert "Results of their own: passed" in items


def test_an_unreadable_file_says_why(pages: Mapping[str, Element]) -> None:
    page = pages["dora/01_neuron"]
    assert page.one("p", "lead").words == "The notebook could not be read."
    assert "cannot be read" in page.one("p", "slip").words
    assert not list(page.all("pre"))


def test_a_notebook_that_was_not_handed_in_says_so(pages: Mapping[str, Element]) -> None:
    assert pages["dora/02_chain"].one("p", "slip").words == "02_chain.ipynb was not handed in."


def test_scores_are_those_of_the_gradebook(pages: Mapping[str, Element]) -> None:
    page = pages["gil/01_neuron"]
    shown = step(page, "weighted_sum")
    assert shown.one("p", "worth").words == "2 of 2 points"
    assert "Your instructor has set these points; the checks alone give 0." in shown.words
    assert "With 0.5 extra." in shown.words
    assert page.one("p", "score").words == "14 of 18 points"  # 16 less 2
    assert "2 points were taken off because the assignment came in late." in page.words


def test_a_comment_is_shown_as_markdown_with_its_tags_escaped(pages: Mapping[str, Element]) -> None:
    comment = step(pages["gil/01_neuron"], "weighted_sum").one("aside", "comment")
    assert comment.one("h4").words == "Nearly"
    assert [one.tag for one in comment.all() if one.tag in ("em", "math", "b")] == ["em", "math"]


def test_the_notebook_is_shown_as_it_ran(pages: Mapping[str, Element]) -> None:
    page = pages["ben/01_neuron"]
    gaps = [cell for cell in page.all("div", "gap")]
    assert len(gaps) == 7
    assert gaps[1].one("p", "small-title").words == "Your gap weighted_sum"
    assert len(list(page.all("math"))) > 20
    assert "$" not in page.one("section", "notebook").text


def test_outputs_lose_colours_and_lines_written_over(pages: Mapping[str, Element]) -> None:
    shown = " ".join(out.words for out in pages["eve/01_neuron"].all("pre", "out"))
    assert "written" in shown
    assert "half" not in shown
    assert "[31m" not in shown


def test_a_usual_page_is_small(sources: Mapping[str, str]) -> None:
    assert max(len(text.encode()) for text in sources.values()) < 300_000


def test_both_routes_make_the_same_page(course: Course, sources: Mapping[str, str], tmp_path: Path) -> None:
    other = Course(tmp_path / "course", classroom.SECRET)
    shutil.copytree(course.root, other.root, ignore=shutil.ignore_patterns("feedback", "autograded"))
    classroom.nbgrader(other, "autograde", "1_neuron", "--student", "ben")
    classroom.nbgrader(other, "generate_feedback", "1_neuron", "--student", "ben")
    for notebook in ("01_neuron", "02_chain", "03_step"):
        page = (other.root / "feedback/ben/1_neuron" / f"{notebook}.html").read_text(encoding="utf-8")
        assert FINGERPRINT.sub("", page) == FINGERPRINT.sub("", sources[f"ben/{notebook}"])


def export(course: Course, path: Path, student: str, notebook: str) -> str:
    quick = Config({"Exporter": {"default_preprocessors": []}})  # as nbgrader sets it
    names = {"student": student, "assignment": "1_neuron", "notebook": notebook}
    url = f"sqlite:///{course.root / 'gradebook.db'}"
    page, _ = FeedbackPage(config=quick).from_filename(str(path), resources={"nbgrader": {**names, "db_url": url}})
    return page


def test_a_notebook_without_a_record_is_refused_with_what_to_do(course: Course, tmp_path: Path) -> None:
    content = json.loads((course.root / "autograded/ben/1_neuron/02_chain.ipynb").read_text(encoding="utf-8"))
    del content["metadata"][feedback.RECORD]
    path = tmp_path / "02_chain.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(NbGraderException, match="Grade it again"):
        export(course, path, "ben", "02_chain")


def test_a_submission_that_the_gradebook_does_not_know_is_refused(course: Course, tmp_path: Path) -> None:
    content = json.loads((course.root / "autograded/ben/1_neuron/02_chain.ipynb").read_text(encoding="utf-8"))
    content["metadata"][feedback.RECORD]["student"] = "nobody"
    path = tmp_path / "02_chain.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(NbGraderException, match="no submission of nobody"):
        export(course, path, "nobody", "02_chain")


def test_what_went_wrong_on_our_side_is_no_score_and_not_shown(course: Course, tmp_path: Path) -> None:
    content = json.loads((course.root / "autograded/ben/1_neuron/02_chain.ipynb").read_text(encoding="utf-8"))
    result = content["metadata"][feedback.RECORD]["gaps"][0]
    result |= {"status": "review", "fault": "ValueError: 0.1234", "checks": [], "compared": [], "story": {}}
    result["message"] = "Your instructor looks at it by hand."
    path = tmp_path / "02_chain.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    page = export(course, path, "ben", "02_chain")
    assert "To be graded by hand" in page
    assert "Your instructor looks at it by hand." in page
    assert "ValueError" not in page
