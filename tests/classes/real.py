"""A class like a real one: who hands in what, in stated shares, and the same for the same seed.

Right answers in many styles, known mistakes and such as no list has, cells that raise, end their process or never end,
gaps left as they were, cells and plots of the students' own, files that are missing or lie under another name. What
students write comes from the course's data (known mistakes, `tests/honest/`, `tests/wrong/`) and the tables below.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from autograder.course.course import Course
from autograder.judging.mistakes import known_mistakes
from autograder.model import Gap, Plan

TESTS = Path(__file__).parents[1]
T = TypeVar("T")


class Ability(StrEnum):
    """How a student does on the whole: mistakes come in heaps."""

    STRONG = "strong"
    MIDDLE = "middle"
    WEAK = "weak"


class Kind(StrEnum):
    """What stands in a gap."""

    REFERENCE = "right, as in the reference"
    STYLE = "right, in another style"
    KNOWN = "a known mistake"
    UNSEEN = "a mistake in other words, two at once, or nonsense"
    RAISES = "a cell that raises"
    ENDS = "a cell that ends its process"
    LOOPS = "a cell without end"
    UNTOUCHED = "as handed out"


# ---- the shares --------------------------------------------------------------------------------

STUDENTS: Mapping[Ability, float] = {Ability.MIDDLE: 0.4, Ability.STRONG: 0.4, Ability.WEAK: 0.2}

ANSWERS: Mapping[Ability, Mapping[Kind, float]] = {
    Ability.STRONG: {Kind.REFERENCE: 0.50, Kind.STYLE: 0.46, Kind.KNOWN: 0.02, Kind.UNSEEN: 0.01, Kind.RAISES: 0.01},
    Ability.MIDDLE: {Kind.REFERENCE: 0.40, Kind.STYLE: 0.37, Kind.KNOWN: 0.12, Kind.UNSEEN: 0.08, Kind.RAISES: 0.03},
    Ability.WEAK: {Kind.REFERENCE: 0.30, Kind.STYLE: 0.26, Kind.KNOWN: 0.22, Kind.UNSEEN: 0.14, Kind.RAISES: 0.08},
}
"""Of the gaps that somebody of such ability works on. In all, one answer of five is not right."""

GIVEN_UP, ENDING, LOOPING = 0.08, 0.01, 0.01
"""Of all notebooks: the last third of the gaps is untouched; one gap ends its process; one gap loops."""

NOTHING, MISSING, RENAMED = 0.03, 0.04, 0.04
"""Of the students: nothing handed in. Of the others' notebooks: not there; there under another name."""

WITH_CELLS, WITH_PLOTS = 0.35, 0.10
"""Of all notebooks: two cells of one's own; a plot."""


# ---- what is written ---------------------------------------------------------------------------

FILES = ("{notebook}_{student}.ipynb", "{notebook} (1).ipynb", "{notebook}-Copy1.ipynb", "my solution.ipynb")

RAISING = (
    "print(resutl)",
    "last = [1.0, 2.0, 3.0][3]",
    "share = 1 / 0",
    "np.ones((3, 2)) @ np.ones((3, 2))",
    "total = (1 +",
    "if True:\nprint('here')",
)
"""What stands above the rest of a cell that raises."""

ENDS = (
    "import os\nos._exit(1)",
    "np.lib.stride_tricks.as_strided(np.zeros(1), (2**40,), (8,)).sum()",
)

LOOPS = ("h = 0.1\nwhile h != 1.0:\n    h = h + 0.1", "step, steps = 0, 10\nwhile step < steps:\n    total = step")

OWN_CELLS = (
    "print({output})",
    "{output}",
    "print(type({output}), np.shape({output}))",
    "for trial in range(3):\n    print(trial, np.round(np.multiply(trial, {output}), 3))",
    "# Ask about this one.",
    "so_far = np.ravel({output})\nprint(so_far.size, so_far)",
    "def shown(what):\n    print('so far:', what)\n\n\nshown({output})",
)

PLOTS = (
    "import matplotlib.pyplot as plt\n\nplt.plot(np.ravel({output}), 'o-')\nplt.title('{output}')\nplt.show()",
    "import matplotlib.pyplot as plt\n\nfig, ax = plt.subplots()\nax.bar(range(np.size({output})), np.ravel({output}))",
)


# ---- the class ---------------------------------------------------------------------------------

Place = tuple[str, str]
"""A student and a notebook."""
Own = tuple[str, str]
"""A cell of the student's own: the grade_id of the cell that it follows, and its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """One notebook of one student.

    Attributes:
        file: Its name; empty if the notebook was not handed in.
        kinds: What stands in each gap.
        answers: Source by gap; what is untouched is absent.
        above: A cell that the answer needs, by gap.
        behind: Other cells of the student's own.
    """

    student: str
    notebook: str
    file: str
    kinds: Mapping[str, Kind]
    answers: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, str] = field(default_factory=dict)
    behind: Sequence[Own] = ()

    def filled(self, released: Mapping[str, Any]) -> dict[str, Any]:
        """The released notebook, filled in."""
        cells: list[dict[str, Any]] = []
        for cell in released["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            cells += [_own_cell(self.above[name])] if name in self.above else []
            cells.append({**cell, "source": self.answers.get(name, cell["source"])})
            cells += [_own_cell(source) for after, source in self.behind if after == name]
        return {**released, "cells": cells}


def real_class(plans: Sequence[Plan], students: int, *, seed: int = 1) -> list[HandedIn]:
    """The class: the notebooks of every student in turn, one for each plan.

    Args:
        plans: Of the notebooks that are handed in.
        students: How many; with ten of them and two notebooks, everything occurs.
        seed: Another one gives another class in the same shares.
    """
    rng = random.Random(seed)
    names = [f"student_{number:03}" for number in range(students)]
    kinds = _kinds(rng, names, plans)
    files = _files(rng, list(kinds))
    behind = _own_cells(rng, list(kinds), plans)
    return [
        _handed_in(rng, plan, place, files[place], kinds[place], behind[place])
        for name in names
        for plan in plans
        if (place := (name, plan.notebook))
    ]


def without_loops(handed_in: Iterable[HandedIn]) -> list[HandedIn]:
    """The notebooks in which no cell loops."""
    return [one for one in handed_in if Kind.LOOPS not in one.kinds.values()]


def write(handed_in: Iterable[HandedIn], course: Path, assignment: str) -> None:
    """Put notebooks where submissions are looked for, made from the course's release; every student has a folder."""
    released = {path.stem: json.loads(path.read_bytes()) for path in course.glob(f"release/{assignment}/*.ipynb")}
    for one in handed_in:
        folder = course / "submitted" / one.student / assignment
        folder.mkdir(parents=True, exist_ok=True)
        if one.file:
            (folder / one.file).write_text(json.dumps(one.filled(released[one.notebook])), encoding="utf-8")


def _own_cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _dealt(rng: random.Random, shares: Mapping[T, float], count: int) -> list[T]:
    """So many things in these shares, shuffled; each of them once at least, and the first for what is left."""
    first, *others = shares
    dealt = [one for one in others for _ in range(max(1, round(shares[one] * count)))]
    dealt += [first] * (count - len(dealt))
    rng.shuffle(dealt)
    return dealt


def _some(rng: random.Random, share: float, among: Sequence[T]) -> list[T]:
    """Such a share of things, at least one."""
    return rng.sample(among, max(1, round(share * len(among))))


def _kinds(rng: random.Random, names: Sequence[str], plans: Sequence[Plan]) -> dict[Place, dict[str, Kind]]:
    """What stands in the gaps of every notebook."""
    kinds: dict[Place, dict[str, Kind]] = {(name, plan.notebook): {} for name in names for plan in plans}
    abilities = dict(zip(names, _dealt(rng, STUDENTS, len(names)), strict=True))
    for ability, shares in ANSWERS.items():
        alike = [name for name in names if abilities[name] is ability]
        gaps = [(name, plan.notebook, gap.name) for name in alike for plan in plans for gap in plan.gaps]
        for (name, notebook, gap), kind in zip(gaps, _dealt(rng, shares, len(gaps)), strict=True):
            kinds[name, notebook][gap] = kind
    places = list(kinds)
    for place in _some(rng, GIVEN_UP, places):
        gaps_there = list(kinds[place])
        kinds[place].update(dict.fromkeys(gaps_there[len(gaps_there) * 2 // 3 :], Kind.UNTOUCHED))
    for kind, share in ((Kind.ENDS, ENDING), (Kind.LOOPS, LOOPING)):
        for place in _some(rng, share, [place for place in places if Kind.ENDS not in kinds[place].values()]):
            kinds[place][rng.choice(list(kinds[place])[:3])] = kind
    return kinds


def _files(rng: random.Random, places: Sequence[Place]) -> dict[Place, str]:
    """Under which name every notebook lies."""
    files = {place: f"{place[1]}.ipynb" for place in places}
    absent = _some(rng, NOTHING, sorted({student for student, _ in places}))
    present = [place for place in places if place[0] not in absent]
    missing = _some(rng, MISSING, present)
    files.update(dict.fromkeys([*missing, *(place for place in places if place[0] in absent)], ""))
    for student, notebook in _some(rng, RENAMED, [place for place in present if place not in missing]):
        files[student, notebook] = rng.choice(FILES).format(student=student, notebook=notebook)
    return files


def _own_cells(rng: random.Random, places: Sequence[Place], plans: Sequence[Plan]) -> dict[Place, list[Own]]:
    """Cells behind the check of a gap that sets a name."""
    gaps = {plan.notebook: [gap for gap in plan.gaps if gap.outputs] for plan in plans}
    own: dict[Place, list[Own]] = {place: [] for place in places}
    with_cells, with_plots = _some(rng, WITH_CELLS, places), _some(rng, WITH_PLOTS, places)
    for some, texts in ((with_cells, OWN_CELLS), (with_cells, OWN_CELLS), (with_plots, PLOTS)):
        for place in some:
            gap = rng.choice(gaps[place[1]])
            own[place].append((f"check_{gap.name}", rng.choice(texts).format(output=rng.choice(gap.outputs))))
    return own


def _handed_in(
    rng: random.Random, plan: Plan, place: Place, file: str, kinds: Mapping[str, Kind], behind: Sequence[Own]
) -> HandedIn:
    written = {gap.name: WRITERS[kinds[gap.name]](rng, gap) for gap in plan.gaps}
    return HandedIn(
        student=place[0],
        notebook=place[1],
        file=file,
        kinds=kinds,
        answers={gap: source for gap, (source, _) in written.items() if source},
        above={gap: helper for gap, (_, helper) in written.items() if helper},
        behind=behind,
    )


# ---- an answer of each kind ----------------------------------------------------------------------

Written = tuple[str, str]
"""Source of a gap's cell, empty if it is untouched; source of a cell above it, empty if it needs none."""


def _rows(folder: str, key: str, gap: Gap) -> list[dict[str, str]]:
    """The entries for a gap in the tests' data."""
    return [row for row in _all_rows(folder, key, gap.notebook) if row["gap"] == gap.name]


@cache
def _all_rows(folder: str, key: str, notebook: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = tomllib.loads((TESTS / folder / f"{notebook}.toml").read_text(encoding="utf-8"))[key]
    return rows


def _below_its_line(gap: Gap, source: str) -> str:
    """A cell with the comment that the gap has as its first line."""
    first = gap.stub.partition("\n")[0]
    return f"{first}\n{source.strip(chr(10))}"


def _style(rng: random.Random, gap: Gap) -> Written:
    row = rng.choice(_rows("honest", "honest", gap))
    return _below_its_line(gap, row["source"]), row.get("before", "").strip("\n")


def _known(rng: random.Random, gap: Gap) -> Written:
    """The first mistakes of a gap are the commonest."""
    own = [mistake for mistake in known_mistakes(Course(TESTS.parent, ""), gap.notebook) if mistake.gap == gap.name]
    (mistake,) = rng.choices(own, [1 / place for place in range(1, len(own) + 1)])
    return _below_its_line(gap, mistake.source), ""


def _unseen(rng: random.Random, gap: Gap) -> Written:
    return _below_its_line(gap, rng.choice(_rows("wrong", "wrong", gap))["source"]), ""


def _after(texts: Sequence[str]) -> Callable[[random.Random, Gap], Written]:
    """One of these texts, and below it the solution, which is not reached."""
    return lambda rng, gap: (_below_its_line(gap, f"{rng.choice(texts)}\n{gap.solution.partition(chr(10))[2]}"), "")


WRITERS: Mapping[Kind, Callable[[random.Random, Gap], Written]] = {
    Kind.REFERENCE: lambda _, gap: (gap.solution, ""),
    Kind.STYLE: _style,
    Kind.KNOWN: _known,
    Kind.UNSEEN: _unseen,
    Kind.RAISES: _after(RAISING),
    Kind.ENDS: _after(ENDS),
    Kind.LOOPS: _after(LOOPS),
    Kind.UNTOUCHED: lambda _, gap: ("", ""),
}
