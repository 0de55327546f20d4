"""What the grader says to a runner: the cells to run, the numbers to run them on, and right values in their turn."""

from __future__ import annotations

import itertools
import marshal
import re
from collections.abc import Collection, Mapping
from functools import cache

from autograder.model import Cell, CellKind, Gap, KitError, Plan, Submission, Transcript, Value
from autograder.sandbox.place import NOWHERE
from autograder.sandbox.wire import After, Before, Case, Frames, RunCell, bytes_of, frame_of, pack_all

CONDUCT_TWINS = 3
"""Conduct does not depend on the numbers; it is looked at on the first twins only."""
_CALM = (
    r"(numpy|math|cmath|itertools|functools|operator|collections|fractions|statistics|typing|dataclasses)"
    r"(\.(?!_|tests\b)\w+)*"
)
_AS = r"( as \w+)?"
_IMPORT = re.compile(
    rf"(import {_CALM}{_AS}(, {_CALM}{_AS})*|from {_CALM} import ([*]|\w+{_AS}(, \w+{_AS})*)) *(#.*)?",
)
"""What a closed gap may have imported elsewhere: modules whose import does nothing but define names."""
MOST_IMPORTS, LONGEST_IMPORT = 100, 200
"""Lines, and characters of one: they run before anything that could be blamed for a runner's end."""

_SHOWS = re.compile(r"(show\([^()]*\))? *(#.*)?")

Places = tuple[int, ...]
"""Which twins of the plan, by place."""
Given = Mapping[str, Mapping[int, Frames]]
"""Outputs by gap and twin (by place)."""


class Speech:
    """What the grader has to say about a notebook, packed once for all submissions of a run.

    Attributes:
        order: The gaps in the order in which they are handed out: closed ones first, before any right value.
        groups: Places of the twins that share a runner: those whose numbers a student may see, and the hidden ones.
            What a student reads was said by a runner that never knew a hidden number.
    """

    def __init__(self, plan: Plan, reference: Transcript | None) -> None:
        self.plan = plan
        self.reference = reference
        self.order = sorted(plan.gaps, key=lambda gap: not gap.closed)
        self.rank = {gap.name: at for at, gap in enumerate(self.order)}
        shown = [any(gap.shows(twin) for gap in plan.gaps) for twin in plan.twins]
        split = [tuple(place for place, seen in enumerate(shown) if seen is wanted) for wanted in (True, False)]
        self.groups: tuple[Places, ...] = tuple(places for places in split if places)
        self.givens: list[Frames] = [pack_all(twin.givens) for twin in plan.twins]
        self._replies: dict[tuple[Places, int], bytes] = {}
        self._right_answers: dict[tuple[int, str], tuple[bytes, Mapping[str, Value]]] = {}

    def right_answer(self, place: int, gap: Gap) -> tuple[bytes, Mapping[str, Value]] | None:
        """The reference's answer to a gap on one twin, as the bytes of its frames and as values; None if there is none.

        An answer of the same bytes needs no unpacking, and comparing it with the reference takes no time.
        """
        if self.reference is None:
            return None
        key = (place, gap.name)
        if key not in self._right_answers:
            values = self.reference.answer(self.plan.twins[place].name, gap.name).values
            self._right_answers[key] = (bytes_of(pack_all(values)), values)
        return self._right_answers[key]

    def first(self, places: Places) -> Before | None:
        """How the first gap is run."""
        return self._before(places, 0, {})

    def reply(self, places: Places, at: int, got: Given) -> bytes:
        """What is sent once gap `order[at]` has answered on every twin: right values, and how the next one is run.

        Gaps are handed out one at a time, in a fixed order; right values are only ever of gaps that have answered.

        Args:
            places: Where each gap's values stand in what was sent.
            at: Position in the order in which gaps are handed out.
            got: What the gaps have answered so far, by gap and place of the twin.
        """
        key = (places, at)
        if self.reference is None or key not in self._replies:
            self._replies[key] = frame_of(self._after(places, at, got))
        return self._replies[key]

    def _after(self, places: Places, at: int, got: Given) -> After:
        gap, following = self.order[at], self._before(places, at + 1, got)
        if gap.closed:
            return After([], (), b"", following)
        states = [self._right(place, gap, got) for place in places]
        code = _compiled(gap.solution, f"the solution of gap {gap.name}") if gap.supplies else b""
        return After(states, gap.supplies, code, following)

    def _before(self, places: Places, at: int, got: Given) -> Before | None:
        if at == len(self.order):
            return None
        gap = self.order[at]
        return Before(
            closed=gap.closed,
            outputs=gap.outputs,
            defines=(gap.name, *gap.supplies) if gap.driver else (),
            driver=_compiled(gap.driver, f"checks/{gap.notebook}.toml: the driver of gap {gap.name}"),
            results=tuple(gap.results),
            cases={number: self._case(gap, place, got) for number, place in enumerate(places)},
        )

    def _case(self, gap: Gap, place: int, got: Given) -> Case:
        twin = self.plan.twins[place]
        if gap.closed:
            state = {name: self.givens[place][name] for name in gap.inputs}
        else:
            state = {**self._of_closed(gap, place, got), **pack_all(twin.before.get(gap.name, {}))}
        return Case(state, pack_all(twin.probes.get(gap.name, {})), self._calls(gap, place))

    def _calls(self, gap: Gap, place: int) -> int:
        if not gap.driver or not self.plan.twins[place].judges(gap.name):
            return 0
        judging = [at for at, twin in enumerate(self.plan.twins) if twin.judges(gap.name)]
        return 3 if gap.conduct_points and place in judging[:CONDUCT_TWINS] else 1

    def _of_closed(self, gap: Gap, place: int, got: Given) -> Frames:
        """Right outputs of closed gaps before this one: no `After` brings them, since closed gaps run first."""
        found: Frames = {}
        for earlier in self.plan.gaps[: self.plan.gaps.index(gap)]:
            found |= self._right(place, earlier, got) if earlier.closed else {}
        return found

    def _right(self, place: int, gap: Gap, got: Given) -> Frames:
        """Right outputs of `gap` on one twin; for the reference itself, what it gave."""
        if self.reference is None:
            gave = got.get(gap.name, {}).get(place, {})
            return {name: frame for name, frame in gave.items() if name in gap.outputs}
        values = self.reference.answer(self.plan.twins[place].name, gap.name).values
        return pack_all({name: values[name] for name in gap.outputs if name in values})


def cells_to_run(speech: Speech, submission: Submission, left_out: Collection[int]) -> list[tuple[int, RunCell]]:
    """The cells with their places in the submission; closed gaps come first, with nothing but imports before them.

    A gap without a cell has the place NOWHERE, behind the cell of the course that should precede it: like a cell that
    is left out, it is not run, and what follows finds right values.

    Args:
        speech: Has the plan, and the order in which gaps are handed out.
        submission: All cells of the notebook.
        left_out: Places in it of cells that have ended a runner before.
    """
    cells = [(at, _to_run(speech, cell, skipped=at in left_out)) for at, cell in enumerate(submission.cells)]
    order = {cell.grade_id: at for at, cell in enumerate(speech.plan.source.cells)}
    ranks = [order.get(cell.grade_id, NOWHERE) for cell in submission.cells]
    for gap in speech.plan.gaps:
        if order[gap.name] not in ranks:
            behind = max(
                (at for at, rank in enumerate(ranks) if rank < order[gap.name] and rank != NOWHERE), default=-1
            )
            cells.insert(behind + 1, (NOWHERE, RunCell("", speech.rank[gap.name], skipped=True)))
            ranks.insert(behind + 1, order[gap.name])
    closed = [gap.closed for gap in speech.order]
    return sorted(cells, key=lambda entry: not (entry[1].gap >= 0 and closed[entry[1].gap]))


def _to_run(speech: Speech, cell: Cell, *, skipped: bool) -> RunCell:
    gap = speech.rank[cell.grade_id] if cell.kind is CellKind.GAP else -1
    only_shows = cell.kind is CellKind.LOCKED and _only_shows(cell.source)
    return RunCell(cell.source, gap, cell.givens, skipped or only_shows)


def _compiled(source: str, what: str) -> bytes:
    """Code without its comments and docstrings, which are nobody's business in a runner; empty for no source."""
    try:
        code = compile(source, "<kit>", "exec", dont_inherit=True, optimize=2)
    except SyntaxError as error:
        raise KitError(f"{what} is no Python: {error}.") from None
    return marshal.dumps(code) if source else b""


@cache
def _only_shows(source: str) -> bool:
    """Whether a cell of the course does nothing that a replay could see: half of them only show values."""
    return all(_SHOWS.fullmatch(line) for line in source.splitlines())


def imports_of(speech: Speech, submission: Submission) -> str:
    """The import lines of a notebook, wherever they stand: all that a closed gap may rely on besides its inputs."""
    if not speech.order[:1] or not speech.order[0].closed:
        return ""
    lines = [line.strip() for cell in submission.cells for line in cell.source.splitlines()]
    wanted = dict.fromkeys(line for line in lines if len(line) <= LONGEST_IMPORT and _IMPORT.fullmatch(line))
    some = itertools.islice(wanted, MOST_IMPORTS)
    return "\n".join(f"try:\n    {line}\nexcept Exception:\n    pass" for line in some)
