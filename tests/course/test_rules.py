"""Late policy, extensions and excused absences, as pure functions of course.toml."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.apps.api import NbGraderAPI
from traitlets.config.loader import PyFileConfigLoader

from autograder.course.rules import NEVER_LATE, LatePolicy, late_penalty
from autograder.course.settings import settings_of
from autograder.gradebook.plugins import GradeByChecks
from autograder.model import KitError

ROOT = Path(__file__).parents[2]

HOUR, DAY = 3600.0, 86400.0
TENTH = LatePolicy(rate=0.1, grace_minutes=15, cap=0.5)

shares = st.floats(0, 1)
scores = st.floats(0, 200)
seconds = st.floats(0, 400 * DAY)
policies = st.builds(
    LatePolicy, rate=shares, cap=shares, step_hours=st.floats(0.01, 1000), grace_minutes=st.floats(0, 10_000)
)


@pytest.mark.parametrize(
    ("late", "lost"),
    [(0, 0), (15 * 60, 0), (15 * 60 + 1, 2), (DAY, 2), (DAY + 1, 4), (4.5 * DAY, 10), (5 * DAY, 10), (99 * DAY, 10)],
)
def test_a_tenth_a_day_after_a_quarter_of_an_hour_and_at_most_half(late, lost):
    assert late_penalty(TENTH, 20.0, late) == pytest.approx(lost)


def test_a_step_may_be_an_hour():
    assert late_penalty(LatePolicy(rate=0.02, step_hours=1), 50.0, 3 * HOUR) == pytest.approx(3)


@given(policies, scores, seconds, seconds)
def test_a_penalty_lies_between_nothing_and_the_cap_and_never_shrinks(policy, score, late, later):
    first, second = (late_penalty(policy, score, late) for late in sorted((late, later)))
    assert 0 <= first <= second <= score * policy.cap <= score


@given(policies, scores, scores, seconds)
def test_who_earned_more_never_ends_with_less(policy, score, more, late):
    less, most = sorted((score, more))
    assert less - late_penalty(policy, less, late) <= most - late_penalty(policy, most, late) + 1e-9


@given(policies, scores, seconds)
def test_within_grace_and_on_time_nothing_is_lost(policy, score, late):
    assert late_penalty(policy, score, 0) == 0
    assert late_penalty(policy, score, min(late, policy.grace_minutes * 60)) == 0


@given(policies, st.floats(-50, 0), seconds)
def test_there_is_nothing_to_take_from_nothing(policy, score, late):
    assert late_penalty(policy, score, late) == 0


COURSE = """
zone = "Europe/Berlin"

[due]
1_neuron = "2026-01-12 18:00"

[late]
rate = 0.1

[[extension]]
student = "ada"
assignment = "1_neuron"
days = 2
hours = 12

[[extension]]
student = "ben"
assignment = "1_neuron"
until = "2026-01-19 18:00"

[[excused]]
student = "cyd"
assignment = "1_neuron"
"""


def read(folder: Path, text: str):
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return settings_of(folder)


def test_the_file_is_read_on_the_clocks_of_the_course(tmp_path):
    rules = read(tmp_path, COURSE)
    due = rules.due_dates()
    assert due == {"1_neuron": datetime(2026, 1, 12, 17, 0, tzinfo=UTC)}
    assert rules.extensions(due) == {
        ("ada", "1_neuron"): timedelta(days=2, hours=12),
        ("ben", "1_neuron"): timedelta(days=7),
        ("cyd", "1_neuron"): NEVER_LATE,
    }
    assert rules.is_excused("cyd", "1_neuron")
    assert not rules.is_excused("cyd", "2_layer")


def test_without_a_file_times_are_utc_and_lateness_costs_nothing(tmp_path):
    rules = settings_of(tmp_path)
    assert (rules.zone, rules.late, rules.due_dates()) == ("UTC", None, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('zone = "Berlin"', "Europe/Berlin"),
        ("zone = 1", "course.toml: `zone = 1` is not what is allowed"),
        ("zone", "course.toml is no valid TOML: "),
        ("[late]\nrate = 10", "0.1 takes a tenth"),
        ("[late]\npercent = 10", "course.toml, [late]: there is no field `percent`"),
        ("[late]\nstep_hours = 0", "more than 0"),
        ('[due]\n1_neuron = "12.01.2026"', "2026-01-12 18:00:00 UTC"),
        ('[[extension]]\nstudent = "ada"', "row 1 of extension: the field `assignment` is missing"),
        ('[[extension]]\nstudent = "a"\nassignment = "b"\ndays = 1\nuntil = "2026-01-19"', "not both"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(tmp_path, text, said):
    with pytest.raises(KitError) as raised:
        read(tmp_path, text)
    assert said in str(raised.value)
    assert "course.toml" in str(raised.value) or "time zone" in str(raised.value)


def test_what_is_wrong_there_does_not_take_the_kit_out_of_nbgraders_configuration(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text('zone = "Berlin"', encoding="utf-8")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    monkeypatch.setattr(NbGraderAPI, "get_submitted_timestamp", NbGraderAPI.get_submitted_timestamp)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config()
    assert config.NbGraderAPI.timezone == "UTC"
    assert GradeByChecks in config.Autograde.autograde_preprocessors


def test_an_extension_until_a_time_needs_a_due_date(tmp_path):
    rules = read(tmp_path, COURSE.replace('1_neuron = "2026-01-12 18:00"', ""))
    with pytest.raises(KitError, match="no due date"):
        rules.extensions({})


def test_the_file_in_the_instructors_page_is_read(tmp_path):
    page = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(zone.*?)```", page, re.DOTALL)
    rules = read(tmp_path, block)
    assert rules.late == LatePolicy(rate=0.1, step_hours=24, grace_minutes=15, cap=0.5)
    assert rules.extensions(rules.due_dates())["ada", "1_neuron"] == timedelta(days=7)
    assert rules.is_excused("ben", "1_neuron")
