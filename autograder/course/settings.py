"""The settings of a course: `course.toml` at its root. Parts of the kit that need one more add a field here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from autograder.course.rules import SETTINGS, Rules
from autograder.course.times import zone_of
from autograder.course.typed import read_typed
from autograder.model import KitError


class Settings(Rules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that may stand in the file; what is left out is as usual.

    Attributes:
        id: As nbgrader's exchange and gradebook know the course; if empty, the name of its folder.
        worth: The share of its gap's points that a known mistake earns, by its slug.
        pseudonyms: Work that is collected lies under pseudonyms, and everything that is made of it names nobody.
    """

    id: Annotated[
        str, Meta(description="the course's id as nbgrader knows it, as text", examples=['id = "my-course"'])
    ] = ""
    worth: Annotated[
        Mapping[str, Any],
        Meta(
            description="a table of known mistakes, by slug, and the share of its points that each earns",
            examples=["worth = { my_gap_wrong_sign = 0.5 }"],
        ),
    ] = {}
    pseudonyms: Annotated[
        bool, Meta(description="whether work is collected under pseudonyms", examples=["pseudonyms = true"])
    ] = False


def settings_of(root: Path) -> Settings:
    """The settings of the course at `root`; as usual without the file.

    Raises:
        KitError: A field is unknown or of another type, or a time in it cannot be read.
    """
    path = root / SETTINGS
    settings = read_typed(path, Settings) if path.exists() else Settings()
    zone_of(settings.zone)
    settings.due_dates()
    return settings


def zone_to_show(root: Path) -> str:
    """The course's zone for pages of nbgrader's; UTC where the settings cannot be read, which grading says.

    Where its configuration raises, nbgrader goes on with settings of its own, and would run what students wrote.
    """
    try:
        return settings_of(root).zone
    except KitError:
        return "UTC"


def id_to_use(root: Path) -> str:
    """The course's id for nbgrader; the name of its folder where the settings say none, or cannot be read."""
    try:
        return settings_of(root).id or root.name
    except KitError:
        return root.name
