"""Verdicts as text files, one a notebook, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import groupby

from .said import Said
from .taking import Key, Verdicts

HEAD = """\
# What is said of every answer to {notebook}: in grading, and by `check` in the notebook.
# Made by `make verdicts-new`, compared by `make verdicts`; never edited. A verdict changes on purpose only.
"""
WHOLE = "whole notebooks"
Blocks = dict[tuple[str, ...], str]
"""Text of each verdict by notebook, gap, answer, and route: ("02_chain", "dmul", "pair: two at once", "check")."""


def files_of(verdicts: Verdicts) -> dict[str, str]:
    """The text of each notebook's file."""
    return {
        notebook: HEAD.format(notebook=notebook) + "".join(_sections(keys, verdicts))
        for notebook, keys in groupby(sorted(verdicts), key=lambda key: key.notebook)
    }


def _sections(keys: Iterator[Key], verdicts: Verdicts) -> Iterator[str]:
    for gap, of_gap in groupby(keys, key=lambda key: key.gap):
        yield f"\n{gap or WHOLE}\n"
        for key in of_gap:
            yield f"  {_one_line(key.kind)}: {_one_line(key.name)}\n"
            for (route, about), said in verdicts[key].items():
                other = f" {about}" if about != gap else ""
                yield f"    {route}{other}: {_line(said)}\n"
                yield from (f"      {line}\n" for line in said.text.split("\n") if said.text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(said: Said) -> str:
    points = f"{said.points} points" if said.points else ""
    return ", ".join(part for part in (said.status, points, said.mistake) if part)


def blocks_of(files: Mapping[str, str]) -> Blocks:
    """The verdicts in the files, each as its text."""
    found: Blocks = {}
    for notebook, text in files.items():
        place = [notebook, "", "", ""]
        for line in text.split("\n"):
            depth = (len(line) - len(line.lstrip(" "))) // 2 if not line.startswith("      ") else 3
            if line.startswith("#") or not line:
                continue
            if depth < 2:
                place[1 + depth :] = [line.strip(), *[""] * (2 - depth)]
            elif depth == 2:
                route, _, verdict = line.strip().partition(": ")
                place[3] = route
                found[tuple(place)] = verdict
            else:
                found[tuple(place)] += "\n" + line[6:]
    return found


Change = tuple[tuple[str, ...], tuple[str, ...]]
"""Lines that went and lines that came."""


def differences(old: Blocks, new: Blocks) -> dict[Change, list[tuple[str, ...]]]:
    """The verdicts that differ, by what went and what came."""
    found: dict[Change, list[tuple[str, ...]]] = {}
    for place in sorted({*old, *new}):
        if old.get(place) != new.get(place):
            found.setdefault(_change(old.get(place), new.get(place)), []).append(place)
    return found


def _change(old: str | None, new: str | None) -> Change:
    one, other = ([] if text is None else text.split("\n") for text in (old, new))
    went: list[str] = []
    came: list[str] = []
    for kind, start, stop, first, last in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            went += one[start:stop]
            came += other[first:last]
    return tuple(went), tuple(came)


MOST_NAMES = 3


def as_text(found: Mapping[Change, list[tuple[str, ...]]]) -> str:
    """The differences for a reader: the commonest first, each with its lines, its count and some of its places."""
    lines = []
    for (went, came), places in sorted(found.items(), key=lambda item: -len(item[1])):
        lines.append(f"{len(places)} verdict{'s' * (len(places) > 1)}:")
        lines += [*(f"  - {line}" for line in went), *(f"  + {line}" for line in came)]
        lines += [f"      {' / '.join(place)}" for place in places[:MOST_NAMES]]
        lines += [f"      and {len(places) - MOST_NAMES} more"] if len(places) > MOST_NAMES else []
    return "\n".join(lines)
