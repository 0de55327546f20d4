"""One reading of times: what is taken, what is refused, and how a time is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.times import TimeError, as_nbgrader, read_time, shown, zone_of
from autograder.model import KitError

BERLIN = ZoneInfo("Europe/Berlin")
SIX = datetime(2026, 1, 12, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-12 18:00:00.000000 UTC",
        "2026-01-12 18:00:00 UTC",
        " 2026-01-12 18:00 UTC\n",
        "2026-01-12T18:00:00Z",
        "2026-01-12T18:00:00.000Z",
        "2026-01-12 18:00:00 GMT",
        "2026-01-12 19:00:00 +0100",
        "2026-01-12T19:00:00+01:00",
        "2026-01-12T19:00+01",
        "2026-01-12 19:00:00",
        "2026-01-12 19:00:00 CET",
        "2026-01-12 19:00:00 Europe/Berlin",
        "2026-01-12 13:00:00 America/New_York",
        "2026-01-12 12:30:00 -0530",
    ],
)
def test_both_forms_are_read_and_a_time_without_a_zone_is_the_courses(text):
    assert read_time(text, BERLIN) == SIX


def test_summer_time_has_its_own_abbreviation():
    assert read_time("2026-07-01 12:00:00 CEST", BERLIN) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    with pytest.raises(TimeError):
        read_time("2026-07-01 12:00:00 CET", BERLIN)  # the clocks there show another zone then


@pytest.mark.parametrize(
    "text",
    [
        "01/12/2026 6:30 PM",
        "12.01.2026",
        "12.01.2026 18:30",
        "2026-01-12-18-30-00",
        "2026-01-12",
        "20260112T183000",
        "2026-1-2 18:00",
        "2026-01-12 6:30 PM",
        "2026-01-12 18:00:00 tomorrow",
        "2026-02-30 18:00",
        "2026-01-12 24:30",
        "2026-01-12 18:00:00 Europe/Nowhere",
        "2026-01-12 18:00:00 EST",
        "2026-01-12 18:00:00 +9900",
        "2026-03-29 02:30:00",
        "2026-10-25 02:30:00",
        "0001-01-01 00:00 +1400",
        "tomorrow evening",
        "1768240800",
        "",
    ],
)
def test_what_could_mean_two_things_is_refused(text):
    with pytest.raises(TimeError):
        read_time(text, BERLIN)


def test_an_hour_that_clocks_show_twice_is_read_when_its_zone_is_named():
    first, second = (read_time(f"2026-10-25 02:30:00 {zone}", BERLIN) for zone in ("CEST", "CET"))
    assert second - first == timedelta(hours=1)


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_what_nbgrader_and_python_write_is_read_to_the_microsecond(clock, minutes):
    moment = clock.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_time(as_nbgrader(moment), BERLIN) == moment
    assert read_time(moment.isoformat(), BERLIN) == moment


def test_people_see_the_clocks_of_the_course():
    assert shown(SIX, BERLIN) == "2026-01-12 19:00 CET"


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "Europe", "../etc/passwd"])
def test_a_zone_that_is_none_is_refused_with_an_example(name):
    with pytest.raises(KitError, match="Europe/Berlin"):
        zone_of(name)
