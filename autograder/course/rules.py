"""The course's rules for time: its zone, due dates, what lateness costs, extensions and excused absences.

They stand in the course's settings; without them times are UTC and lateness costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from autograder.course.times import FORM, TimeError, read_time, zone_of
from autograder.model import KitError

SETTINGS = "course.toml"
NEVER_LATE = timedelta(days=3650)


class LatePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lateness costs: a share of what a notebook earned, for each step that has begun.

    Attributes:
        rate: Share for one step, from 0 to 1.
        step_hours: Length of a step, in hours.
        grace_minutes: Lateness that costs nothing, in minutes; who is later than that is late from the due date on.
        cap: Largest share, from 0 to 1.
    """

    rate: Annotated[float, Meta(description="the share that one step costs, from 0 to 1", examples=["rate = 0.1"])] = (
        0.0
    )
    step_hours: Annotated[float, Meta(description="the length of a step, in hours", examples=["step_hours = 24"])] = (
        24.0
    )
    grace_minutes: Annotated[
        float, Meta(description="lateness that costs nothing, in minutes", examples=["grace_minutes = 10"])
    ] = 0.0
    cap: Annotated[float, Meta(description="the largest share, from 0 to 1", examples=["cap = 0.5"])] = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.rate <= 1 and 0 <= self.cap <= 1):
            raise ValueError("rate and cap are shares from 0 to 1: 0.1 takes a tenth")
        if not (0 < self.step_hours < math.inf and 0 <= self.grace_minutes < math.inf):
            raise ValueError("step_hours is more than 0, grace_minutes at least 0")


def late_penalty(policy: LatePolicy, score: float, seconds_late: float) -> float:
    """What lateness takes off a notebook: between 0 and its score, and never less for being later.

    Args:
        policy: The course's.
        score: What the notebook earned, manual marks included.
        seconds_late: After the due date of this student, extension included.
    """
    if seconds_late <= policy.grace_minutes * 60:
        return 0.0
    steps = math.ceil(seconds_late / (policy.step_hours * 3600))
    return max(0.0, score) * min(policy.cap, policy.rate * steps)


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More time for one student in one assignment: by so many days and hours, or until a certain time."""

    student: Annotated[str, Meta(description="a student's id, as text", examples=['student = "ann"'])]
    assignment: Annotated[
        str, Meta(description="the name of an assignment, as text", examples=['assignment = "1_first"'])
    ]
    days: Annotated[float, Meta(description="how many days more", examples=["days = 2"])] = 0.0
    hours: Annotated[float, Meta(description="how many hours more", examples=["hours = 12"])] = 0.0
    until: Annotated[str, Meta(description="a time, as text", examples=['until = "2026-01-14 18:00"'])] = ""

    def __post_init__(self) -> None:
        if self.until and (self.days or self.hours):
            raise ValueError("an extension has days and hours, or until; not both")
        if not abs(self.days * 24 + self.hours) < 24 * 10_000:
            raise ValueError("an extension is shorter than that")


class Excused(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An assignment that does not count for one student."""

    student: Annotated[str, Meta(description="a student's id, as text", examples=['student = "ann"'])]
    assignment: Annotated[
        str, Meta(description="the name of an assignment, as text", examples=['assignment = "1_first"'])
    ]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of `course.toml` that say when what is due.

    Attributes:
        due: Due dates by assignment, as texts.
    """

    zone: Annotated[
        str, Meta(description="the zone that times are meant in, as text", examples=['zone = "Europe/Berlin"'])
    ] = "UTC"
    due: Annotated[
        Mapping[str, str],
        Meta(
            description="a table of assignments and their due dates, as texts",
            examples=['due = { 1_first = "2026-01-12 18:00" }'],
        ),
    ] = {}
    late: Annotated[
        LatePolicy | None, Meta(description="a table that says what lateness costs", examples=["late = { rate = 0.1 }"])
    ] = None
    extension: Annotated[
        tuple[Extension, ...],
        Meta(description="a row [[extension]] for each student with more time", examples=["[[extension]]"]),
    ] = ()
    excused: Annotated[
        tuple[Excused, ...],
        Meta(description="a row [[excused]] for each student who is excused", examples=["[[excused]]"]),
    ] = ()

    @property
    def clock(self) -> ZoneInfo:
        """The course's zone."""
        return zone_of(self.zone)

    def due_dates(self) -> dict[str, datetime]:
        """Due dates by assignment, in UTC.

        Raises:
            KitError: One is no time, or could be two.
        """
        return {name: self._time(text, f"due.{name}") for name, text in self.due.items()}

    def is_excused(self, student: str, assignment: str) -> bool:
        """Whether an assignment does not count for a student."""
        return any((one.student, one.assignment) == (student, assignment) for one in self.excused)

    def extensions(self, due: Mapping[str, datetime]) -> dict[tuple[str, str], timedelta]:
        """How much more time there is, by student and assignment; who is excused is never late.

        Args:
            due: Due dates by assignment, in UTC.

        Raises:
            KitError: An extension ends at a certain time, and that is no time, or nobody knows when it begins.
        """
        excused = {(one.student, one.assignment): NEVER_LATE for one in self.excused}
        return {(one.student, one.assignment): self._length(one, due) for one in self.extension} | excused

    def _length(self, extension: Extension, due: Mapping[str, datetime]) -> timedelta:
        if not extension.until:
            return timedelta(days=extension.days, hours=extension.hours)
        if extension.assignment not in due:
            raise KitError(
                f"{SETTINGS}: the extension of {extension.student} in {extension.assignment} ends at a certain time, "
                f"and {extension.assignment} has no due date. Give it one in [due], or say how many days."
            )
        until = self._time(extension.until, f"the extension of {extension.student} in {extension.assignment}")
        return until - due[extension.assignment]

    def _time(self, text: str, where: str) -> datetime:
        try:
            return read_time(text, self.clock)
        except TimeError as error:
            raise KitError(f'{SETTINGS}, {where}: "{text}" cannot be read, {error}. Write it as {FORM}.') from None
