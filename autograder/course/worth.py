"""What a named mistake is worth: a share of its gap's points, from the table `worth` of the course's `course.toml`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

from autograder.course.rules import SETTINGS
from autograder.course.settings import settings_of
from autograder.model import Gap, KitError


def worth_of(root: Path) -> dict[str, float]:
    """The share of a gap's points by mistake; none if the course gives none.

    Raises:
        KitError: A share is no number from 0 to 1.
    """
    path, table = root / SETTINGS, settings_of(root).worth
    for slug, share in table.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise KitError(
                f"{path}: in [worth], {slug} = {share!r} is no share. Give a number from 0 to 1, such as 0.5."
            )
    return {slug: float(share) for slug, share in table.items()}


def must_be_known(root: Path, worth: Mapping[str, float], known: Collection[str]) -> None:
    """Refuse a share of a mistake that the course does not know: it would silently give nothing.

    Args:
        root: Of the course.
        worth: Share by slug.
        known: Slugs and families of the course's mistakes.

    Raises:
        KitError: A slug is not among them.
    """
    for slug in worth:
        if slug not in known:
            close = difflib.get_close_matches(slug, known, n=3, cutoff=0.5)
            hint = f" Close to it: {', '.join(close)}." if close else ""
            raise KitError(f"{root / SETTINGS}: in [worth], no mistake is called {slug}.{hint}")


def told(gap: Gap, points: float) -> str:
    """What a student reads who gets points for a mistake."""
    return f"For this mistake your course gives {points:g} of {gap.points:g} points."
