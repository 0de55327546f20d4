"""The one reading of times that people and programs write, and how a time is shown.

Taken are nbgrader's own form (`2026-01-12 18:00:00 UTC`) and ISO 8601 (`2026-01-12T18:00:00+01:00`), with or without
seconds and zone; a time without a zone is one of the course's own. Whatever could mean two things is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from autograder.model import KitError

FORM = "2026-01-12 18:00:00 UTC, or 2026-01-12T18:00:00+01:00"
"""How a time is wanted."""

_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<clock>\d\d:\d\d)(?::(?P<seconds>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r" ?(?P<zone>[A-Za-z][A-Za-z0-9_+/-]*|[+-]\d\d(?::?\d\d)?)?"
)


class TimeError(ValueError):
    """A time that cannot be read, or could mean two things; the text says what is wrong with it."""


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name, such as "Europe/Berlin".

    Raises:
        KitError: There is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder of the zone data; no name of a zone; none of this name
        text = f"There is no time zone {name!r}. Give the name of a place, such as Europe/Berlin, or UTC."
        raise KitError(text) from None


def read_time(text: str, zone: tzinfo) -> datetime:
    """The moment that a text names, in UTC.

    Args:
        text: As a person or a program has written it; blanks around it do not matter.
        zone: The course's, for a time that names none.

    Raises:
        TimeError: It is no time in one of the two forms, or it could be two.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise TimeError("it is not written as a time")
    part = (found["part"] or "").ljust(6, "0")[:6]
    try:
        clock = datetime.fromisoformat(f"{found['date']} {found['clock']}:{found['seconds'] or '00'}.{part}")
        return _moment(clock, found["zone"] or "", zone)
    except TimeError:
        raise
    except (ValueError, OverflowError) as error:
        raise TimeError(f"there is no such time: {error}") from None


def _moment(clock: datetime, named: str, zone: tzinfo) -> datetime:
    if not named:
        return _local(clock, zone)
    if named[0] in "+-":
        return clock.replace(tzinfo=_offset(named)).astimezone(UTC)
    if named.upper() in ("UTC", "GMT", "Z"):
        return clock.replace(tzinfo=UTC)
    folds = (clock.replace(fold=fold, tzinfo=zone) for fold in (0, 1))
    here = {there.astimezone(UTC) for there in folds if there.tzname() == named and _exists(clock, zone)}
    if len(here) == 1:  # the abbreviation that clocks of the course show then, such as CEST
        return here.pop()
    if "/" in named:
        return _local(clock, _zone_of_text(named))
    raise TimeError(f"{named} is the abbreviation of more than one zone, or of none")


def _zone_of_text(name: str) -> ZoneInfo:
    try:
        return zone_of(name)
    except KitError:
        raise TimeError(f"there is no time zone {name}") from None


def _offset(text: str) -> timezone:
    digits = text[1:].replace(":", "").ljust(4, "0")
    distance = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-distance if text[0] == "-" else distance)


def _local(clock: datetime, zone: tzinfo) -> datetime:
    """A time on the clocks of a zone; TimeError if they skip it, or show it twice."""
    if not _exists(clock, zone):
        raise TimeError(f"clocks in {zone} skip that hour")
    first, second = (clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second:
        raise TimeError(f"clocks in {zone} show that hour twice, so the zone must be named")
    return first


def _exists(clock: datetime, zone: tzinfo) -> bool:
    there = clock.replace(tzinfo=zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == clock.replace(fold=0)


def as_nbgrader(moment: datetime) -> str:
    """A moment as nbgrader's own programs write it and read it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")


def shown(moment: datetime, zone: tzinfo) -> str:
    """A moment as people read it, on the clocks of the course."""
    there = moment.astimezone(zone)
    return f"{there:%Y-%m-%d %H:%M} {there.tzname()}"
