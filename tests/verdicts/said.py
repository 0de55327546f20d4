"""What is said of one gap, by grading or by `check`."""

from __future__ import annotations

import msgspec


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict as it reaches a student.

    Attributes:
        points: Empty where none are given, as in the notebook.
        mistake: Slug of the named mistake or its family; empty if there is none.
        text: What the student reads besides.
    """

    status: str = ""
    points: str = ""
    mistake: str = ""
    text: str = ""
