"""The class report as an instructor reads it, and what it must never say."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from autograder.classes.report import page, tables
from autograder.classes.report.summary import ClassSummary
from autograder.cli import main
from autograder.course.course import Course
from autograder.judging.mistakes import known_mistakes
from autograder.judging.pages import hash_of
from autograder.model import Comparison, GapResult, KitError, Numbers, Status, Story, TwinKind

from ..feedback.reader import Element, read
from . import classes
from .classes import ROOT, record, result

KNOWN = {mistake.slug: mistake for mistake in known_mistakes(Course(ROOT, ""), "02_chain")}
FORGOTTEN = KNOWN["neuron_backward_upstream_forgotten"]
CONSTANT = KNOWN["relu_dz_constant_one"]
HOSTILE = '</script ><script>alert("x")</script><img src=x onerror=alert(1)>\u202e'


def chain(student: str, first: Status, second: Status, *mistakes: object, **more: str) -> object:
    return record(
        student,
        "02_chain",
        result("relu_dz", first, CONSTANT if CONSTANT in mistakes else None),
        result("neuron_backward", second, FORGOTTEN if FORGOTTEN in mistakes else None, **more),
    )


def both(status: Status) -> list[GapResult]:
    return [result(gap, status) for gap in ("relu_dz", "neuron_backward")]


CLASS = ClassSummary(
    (
        chain("ada", Status.RIGHT, Status.RIGHT),
        chain("ben", Status.WRONG, Status.WRONG, CONSTANT, FORGOTTEN, source="# by ben\ndx = w  # ben"),
        chain("cem", Status.WRONG, Status.WRONG, CONSTANT, FORGOTTEN, source="dx   = w"),
        chain("dora", Status.RIGHT, Status.WRONG, FORGOTTEN, source='dx = [v for v in w]  # dora\nprint("dora")'),
        chain("eve", Status.STOPPED, Status.RAISED),
        record("fay", "02_chain", *both(Status.NOT_HANDED_IN), submission=""),
        record("gil", "02_chain", *both(Status.UNREADABLE)),
        record("hana", "02_chain", *both(Status.REVIEW)),
    )
)  # fmt: skip
STUDENTS = ("ada", "ben", "cem", "dora", "eve", "fay", "gil", "hana")


@pytest.fixture(scope="module")
def shown() -> Element:
    return read(page.page(CLASS, names=False, late=None))


def card(shown: Element, number: int = 1) -> Element:
    return next(one for one in shown.all("article") if one.attributes["aria-labelledby"] == f"costly-{number}")


def test_the_mistake_that_cost_most_comes_first_with_how_many_and_what_it_cost(shown: Element) -> None:
    words = card(shown).words
    assert "1 The upstream gradient is left out neuron_backward in 02_chain" in words
    assert "It cost 6 points" in words
    assert "3 of 5 students made it" in words
    assert "It cost 4 points" in card(shown, 2).words


def test_five_mistakes_stand_first_in_the_order_of_what_they_cost_and_say_how_many_there_are() -> None:
    summary = ClassSummary(tuple(classes.many(60, notebooks=("01_neuron", "02_chain"))))
    large = read(page.page(summary, names=False, late=None))
    cards = list(large.all("article", "costly"))
    assert len(cards) == 5
    costs = [float(re.findall(r"It cost ([\d.]+) points", one.words)[0]) for one in cards]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] >= max(one.cost for one in summary.mistakes[5:])
    assert f"The 5 mistakes that cost most, of {len(summary.mistakes)} with a name." in large.words
    assert large.words.index("What the class got wrong") < large.words.index("Gap by gap")


def test_two_examples_stand_beside_what_they_give_and_what_is_right(shown: Element) -> None:
    codes = [figure.words for figure in card(shown).all("figure")]
    assert codes == ["Written like this by 2 dx = w", 'And like this by 1 dx = [v for v in w] print("…")']
    assert [cell.text for cell in card(shown).one("table", "values").all("td")] == ["1  −2  0.5", "1  2  0.5"]


def test_what_goes_with_it_is_told_with_its_counts_and_whether_chance_may_do_that(shown: Element) -> None:
    words = card(shown).one("div", "with").words
    assert "2 of these 3 made it too, 2 in the whole class" in words
    assert "Chance may do that" in words
    often = [chain(f"s{n}", Status.WRONG, Status.WRONG, CONSTANT, FORGOTTEN) for n in range(9)]
    never = [chain(f"t{n}", Status.RIGHT, Status.RIGHT) for n in range(9)]
    said = card(read(page.page(ClassSummary((*often, *never)), names=False, late=None))).one("div", "with").words
    assert "More often than chance would bring about" in said


def test_the_sentence_for_the_lecture_is_the_mistake_s_own(shown: Element) -> None:
    said = card(shown).one("blockquote").words
    assert said == f"To say in the lecture{FORGOTTEN.meaning} {FORGOTTEN.question}"


def test_nobody_is_named_unless_names_are_asked_for(shown: Element) -> None:
    html = page.page(CLASS, names=False, late=None)
    assert not [name for name in STUDENTS if re.search(rf"\b{name}\b", html)]
    named = read(page.page(CLASS, names=True, late=None))
    assert "Who made it: ben, cem, dora." in card(named).words
    assert "Who made it" not in shown.words
    assert "fay, 02_chain" in named.words
    assert "gil, 02_chain" in named.words
    assert "hana, 02_chain" in named.words
    assert {"ada", "ben"} <= {text.text for text in named.by_id("heat").all("text", "row")}
    for where in (shown, named):
        assert "by ben" not in where.words
        assert 'print("dora")' not in where.words


def test_numbers_of_students_follow_their_points_and_not_their_names() -> None:
    renamed = ClassSummary(
        tuple(msgspec.structs.replace(one, student=f"z{9 - at}") for at, one in enumerate(CLASS.records))
    )
    assert page.page(renamed, names=False, late=None) == page.page(CLASS, names=False, late=None)


def test_a_gap_counts_only_those_whose_notebook_could_be_judged(shown: Element) -> None:
    words = shown.by_id("gap-relu_dz").words
    assert "2 of 5 right" in words
    assert "1 stopped" in words
    assert "right, 95 % interval0.12 to 0.77" in words
    assert "The number 1, whatever z is24" in words
    assert "others2 of 4" in words  # of the answers that the check could judge


def test_a_gap_shows_its_mistakes_and_its_checks_as_bars_of_their_counts(shown: Element) -> None:
    mistakes, checks = (
        next(one for one in shown.by_id("gap-relu_dz").all("table") if one.one("caption").words.startswith(caption))
        for caption in ("Mistakes", "Check by check")
    )
    (row,) = [row for row in mistakes.all("tr") if "whatever z is" in row.words]
    assert [bar.attributes["width"] for bar in row.all("rect")] == ["120"]
    (stopped,) = [row for row in mistakes.all("tr") if "stopped" in row.words]
    assert [bar.attributes["width"] for bar in stopped.all("rect")] == ["60"]
    assert [bar.attributes["width"] for bar in checks.all("rect")] == ["60"]


def test_points_are_distributed_as_a_figure_in_words_and_as_a_table() -> None:
    summary = ClassSummary(
        tuple(chain(f"s{at}", *([Status.RIGHT] * 2 if at < 3 else [Status.WRONG] * 2)) for at in range(4))
    )
    section = next(
        one
        for one in read(page.page(summary, names=False, late=None)).all("section")
        if one.attributes["aria-labelledby"] == "distribution"
    )
    assert [text.text for text in section.one("svg").all("text", "count")] == ["1", "3"]
    assert "The mean is 3, the median 4 of 4" in section.words
    assert section.one("svg").attributes["aria-label"].startswith("Points of 4 students")
    rows = [[cell.text for cell in row.all("td")] for row in section.all("tr")]
    assert rows[1] == ["0", "0.4", "1"]
    assert rows[-1] == ["3.6", "4", "3"]


def test_reliability_stands_with_its_interval_and_its_standard_error() -> None:
    summary = ClassSummary(tuple(classes.many(60, notebooks=("01_neuron", "02_chain"))))
    section = next(
        one
        for one in read(page.page(summary, names=False, late=None)).all("section")
        if one.attributes["aria-labelledby"] == "reliability"
    )
    first = [cell.words for cell in list(section.all("tr"))[1].all("td")]
    whole = summary.reliability[0]
    assert whole.interval is not None
    low, high = whole.interval
    assert first[4:] == [f"{whole.alpha:.2f}", f"{low:.2f} to {high:.2f}", f"± {whole.error:.2f}"]


def test_what_is_missing_unreadable_or_waits_is_counted(shown: Element) -> None:
    heads = [head.words for head in shown.one("div", "absences").all("h3")]
    assert heads[-3:] == ["Not handed in: 1", "Not readable: 1", "For review: 1"]


def test_late_submissions_are_counted_and_named_if_names_are_shown() -> None:
    late = {("eve", "1_neuron"): timedelta(minutes=75), ("ada", "1_neuron"): timedelta(days=3)}
    without = read(page.page(CLASS, names=False, late=late)).one("div", "absences").words
    assert "Late: 2 Handed in after the due date" in without
    assert "eve" not in without
    named = read(page.page(CLASS, names=True, late=late)).one("div", "absences")
    assert [line.words for line in next(named.all("ul")).all("li")] == [
        "ada, 1_neuron, 3 days", "eve, 1_neuron, 1 h 15 min",
    ]  # fmt: skip
    assert "Late: not known" in read(page.page(CLASS, names=False, late=None)).words


def test_every_figure_says_in_words_what_it_shows(shown: Element) -> None:
    for drawing in shown.all("svg"):
        assert drawing.attributes.get("aria-hidden") == "true" or len(drawing.attributes["aria-label"]) > 20
    letters = shown.by_id("letters").text.split("\n")
    assert letters[0] == "1\t4\tRR"
    assert sorted(line.partition("\t")[2] for line in letters[1:-1]) == sorted(
        ["2\tRM", "0\tMM", "0\tMM", "0\tte", "0\t..", "0\t..", "0\t??"]
    )


def test_hostile_texts_stay_texts_on_the_page_and_in_its_data() -> None:
    story = Story(name=HOSTILE, meaning=HOSTILE, question=HOSTILE)
    odd = Numbers(shape=(), entries=(HOSTILE,))
    compared = (Comparison(output=HOSTILE, twin=TwinKind.PAGE, yours=odd, wanted=odd),)
    wrong = msgspec.structs.replace(
        result("relu_dz", Status.WRONG, CONSTANT, source=f"x = 1\ny = {HOSTILE}"), story=story, compared=compared
    )
    html = page.page(ClassSummary((record(HOSTILE, "02_chain", wrong),)), names=True, late=None)
    shown = read(html)
    assert len(list(shown.all("script"))) == 2
    assert not list(shown.all("img"))
    assert "\u202e" not in html
    assert "<" not in shown.by_id("data").text
    assert json.loads(shown.by_id("data").text)["mistakes"] == [HOSTILE]


def test_a_page_asks_for_nothing_and_its_policy_names_its_own_script_and_style(shown: Element) -> None:
    policy = next(meta for meta in shown.all("meta") if "http-equiv" in meta.attributes).attributes["content"]
    assert "default-src 'none'" in policy
    assert hash_of(shown.one("style").text) in policy
    assert hash_of(list(shown.all("script"))[1].text) in policy
    assert not [e for e in shown.all() if "src" in e.attributes or e.attributes.get("href", "#")[0] != "#"]
    assert not [e for e in shown.all() if "style" in e.attributes or any(a.startswith("on") for a in e.attributes)]


def test_the_tables_hold_the_same_numbers() -> None:
    found = {
        name: list(csv.DictReader(io.StringIO(text)))
        for name, text in tables.tables(CLASS, page.labels(CLASS, names=False)).items()
    }
    relu = found["gaps.csv"][0]
    assert [relu[key] for key in ("gap", "answered", "right", "right_low", "stopped", "points_lost")] == [
        "relu_dz", "5", "2", "0.117621", "1", "6",
    ]  # fmt: skip
    assert [row["mistake"] for row in found["mistakes.csv"]] == [FORGOTTEN.slug, CONSTANT.slug]
    assert found["checks.csv"][0] == {
        "notebook": "02_chain", "gap": "relu_dz", "check": "values", "passed": "2", "judged": "4",
    }  # fmt: skip
    assert len(found["students.csv"]) == 16
    assert {row["student"] for row in found["students.csv"]} == set("12345678")


def test_a_name_that_a_spreadsheet_would_compute_stays_a_name() -> None:
    summary = ClassSummary((record("=1+1", "02_chain", result("relu_dz", Status.RIGHT)),))
    assert "\n'=1+1,02_chain" in tables.tables(summary, page.labels(summary, names=True))["students.csv"]


def test_statistics_of_a_large_class_are_those_of_its_scores() -> None:
    summary = ClassSummary(tuple(classes.many(60, notebooks=("01_neuron", "02_chain"))))
    whole, *parts = summary.reliability
    assert [part.name for part in parts] == ["01_neuron", "02_chain"]
    assert (whole.students, whole.gaps) == summary.complete.shape == (60, 16)
    assert whole.alpha is not None
    assert whole.alpha > 0.6  # ability decides in this class
    assert all(one.discrimination is not None and one.discrimination > -0.3 for one in summary.per_gap)
    assert sum(summary.lost.values()) == sum(one.cost for one in summary.per_gap)


def test_the_command_writes_the_page_and_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    classes.write(tmp_path / "results.jsonl", list(CLASS.records))
    done = CliRunner().invoke(main, ["report", "--csv", "tables"])
    assert done.output == (
        "report.html: 8 students, 1 notebook.\n"
        "tables: gaps.csv, mistakes.csv, checks.csv, reliability.csv, students.csv\n"
    )
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page.page(CLASS, names=False, late=None)
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == sorted(tables.NAMES)


def test_the_command_knows_from_the_course_s_files_who_came_late(tmp_path: Path) -> None:
    classes.write(tmp_path / "results.jsonl", list(CLASS.records))
    (tmp_path / "course.toml").write_text(
        '[due]\n1_neuron = "2026-01-12 18:00:00 UTC"\n'
        '[[extension]]\nstudent = "ben"\nassignment = "1_neuron"\ndays = 1\n',
        encoding="utf-8",
    )
    times = {"ada": "2026-01-12 17:59:00 UTC", "ben": "2026-01-13 17:00:00 UTC", "cem": "2026-01-12 20:30:00 UTC"}
    for student, time in {**times, "dora": "whenever"}.items():
        folder = tmp_path / "submitted" / student / "1_neuron"
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text(time, encoding="utf-8")
    out = tmp_path / "report.html"
    command = ["report", "--names", "--results", str(tmp_path / "results.jsonl"), "--out", str(out)]
    assert CliRunner().invoke(main, command).exit_code == 0
    words = read(out.read_text(encoding="utf-8")).one("div", "absences").words
    assert "Late: 1 Handed in after the due date, extensions taken off.cem, 1_neuron, 2 h 30 min" in words


def test_a_gap_for_review_counts_for_nobody() -> None:
    one = record("ada", "02_chain", result("relu_dz", Status.REVIEW), result("neuron_backward", Status.RIGHT))
    relu, backward = ClassSummary((one,)).per_gap
    assert (relu.answered, relu.cost, backward.answered, backward.right) == (0, 0, 1, 1)


def test_without_records_the_command_says_where_they_come_from(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"holds no records\. `autograder grade submitted`"):
        page.read(tmp_path / "results.jsonl")
