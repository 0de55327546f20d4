"""What pictures are made of, for every course: looks, shapes, controls, words; and the mirror, for any two arrays.

A course's own pictures stand in its package `lab/pictures`, which lies beside this one in what students get. None of
this needs numpy, and ipywidgets is imported when the first picture is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.drawing.view import View

__all__ = ["mirror"]


def mirror(got: object, want: object, name: str = "") -> View[Any]:
    """Yours, what is wanted, and the difference as heat maps; works for every array of at most two axes.

    Args:
        got: The student's value, of any type.
        want: The right value, numbers that the student may see.
        name: What the value is called.
    """
    from lab.drawing import heat_mirror

    return heat_mirror.view(got, want, name)
