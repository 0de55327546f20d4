"""Named results of the notebook, printed as the documents print them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lab import texts


def results_shown(names: Sequence[str], space: Mapping[str, Any]) -> str:
    """Single numbers and lists in one line, arrays each on lines of their own, as numpy prints them.

    `xw0, xw1, z = -3.0, 2.0, 6.0`
    """
    lines: list[str] = []
    waiting: list[tuple[str, str]] = []
    for name in names:
        value = space.get(name)
        if isinstance(value, np.ndarray) and value.ndim:
            lines += [*_in_one_line(waiting), _of_array(name, value)]
            waiting = []
        else:
            waiting.append((name, _of_number(value)))
    return "\n".join([*lines, *_in_one_line(waiting)])


def _in_one_line(waiting: Sequence[tuple[str, str]]) -> list[str]:
    if not waiting:
        return []
    return [f"{', '.join(name for name, _ in waiting)} = {', '.join(text for _, text in waiting)}"]


def _of_array(name: str, array: np.ndarray) -> str:
    text = str(array)
    return f"{name} =\n{text}" if array.ndim > 1 else f"{name} = {text}"


def _of_number(value: object) -> str:
    if value is None:
        return texts.NOT_THERE
    try:
        return repr(_plain(value))
    except Exception:  # any object of the student's may stand under the name
        return f"<{type(value).__name__}>"


def _plain(value: object) -> object:
    """Without numpy's own number types, which print with their name."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if type(value) in (list, tuple):
        assert isinstance(value, list | tuple)
        return type(value)(_plain(item) for item in value)
    return value
