"""Verdicts as text files, one a notebook, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import groupby

from .checked import COMMON
from .said import Said
from .taking import ATTACKS, Key, Verdicts

ANSWERS = """\
# What is said of every answer to {notebook}: in grading, and by `check` in the notebook. Of other gaps than
# the one that is answered, what is not right. Of what was stopped no text: it depends on how busy the machine is.
{common}"""
HOSTILE = """\
# What grading says of the attacks of tests/hostile: all points, and the gaps that are neither right nor untouched.
# Only what is the same in every run is kept: of what was stopped or died no text and no remark, of an attack whose
# outcome is open (`any_status`) the points alone, and no remark on a cell that was left out. `@NAME@` stands for a
# path, a port or a token of the run.
"""
MADE = """\
# Made by `make verdicts-new`, compared by `make verdicts`; never edited. A verdict changes on purpose only.
"""
WHOLE = "whole notebooks"
Blocks = dict[tuple[str, ...], str]
"""Text of each verdict by notebook, gap, answer, and route: ("02_chain", "dmul", "pair: two at once", "check")."""


def files_of(verdicts: Verdicts) -> dict[str, str]:
    """The text of each notebook's file."""
    return {
        notebook: head_of(notebook) + "".join(_sections(keys, verdicts))
        for notebook, keys in groupby(sorted(verdicts), key=lambda key: key.notebook)
    }


def head_of(notebook: str) -> str:
    """The first lines of a notebook's file."""
    common = "".join(f"# {name} stands for: {sentence}\n" for name, sentence in COMMON.items())
    return (HOSTILE if notebook == ATTACKS else ANSWERS.format(notebook=notebook, common=common)) + MADE


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
    """The verdicts in the files, each as its text, and the first lines of each file."""
    found: Blocks = {}
    for notebook, text in files.items():
        gap = answer = route = ""
        for line in text.split("\n"):
            if line.startswith("#"):
                _add(found, (notebook, "", "", "head"), line)
            elif line.startswith("      "):
                _add(found, (notebook, gap, answer, route), line[6:])
            elif line.startswith("    "):
                route, _, verdict = line.strip().partition(": ")
                _add(found, (notebook, gap, answer, route), verdict)
            elif line.startswith("  "):
                answer = line.strip()
            elif line:
                gap = line
    return found


def _add(found: Blocks, place: tuple[str, ...], line: str) -> None:
    found[place] = f"{found[place]}\n{line}" if place in found else line


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
