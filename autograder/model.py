"""The frozen values that flow through the grader; every other module is a function from one to the next."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import msgspec
import numpy as np

Scalar: TypeAlias = int | float | bool | str | None
Value: TypeAlias = "Scalar | np.ndarray | list[Value] | tuple[Value, ...]"
"""What a name of a notebook can hold on its way between grader and sandbox."""


class KitError(Exception):
    """A fault on our side or in the course's files: never a score. The text says where, what, and what to do."""


class Status(StrEnum):
    """How one gap of one submission ended."""

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    RAISED = "raised"
    STOPPED = "stopped"
    DIED = "died"
    UNTOUCHED = "untouched"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    NOT_HANDED_IN = "not-handed-in"
    REVIEW = "review"


class TwinKind(StrEnum):
    """What a twin is for: the documents' numbers, other numbers, or a corner case."""

    PAGE = "page"
    GENERAL = "general"
    EDGE = "edge"


class CellKind(StrEnum):
    """Who a cell belongs to: the course (locked), the student inside a gap, or the student outside gaps."""

    LOCKED = "locked"
    GAP = "gap"
    OWN = "own"


class CheckKind(StrEnum):
    """Which share of a gap's points a check decides."""

    VALUE = "value"
    EDGE = "edge"
    CONDUCT = "conduct"


class Outcome(StrEnum):
    """What a runner saw of one gap on one twin."""

    ANSWERED = "answered"
    RAISED = "raised"
    STOPPED = "stopped"
    DIED = "died"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One gap of a notebook: what the student fills in, and how it is observed.

    Attributes:
        name: grade_id of the solution cell, unique over the course.
        points: Of the grade cell `check_<name>` in the source notebook.
        edge_points: Part of `points` that only the edge twins decide.
        conduct_points: Part of `points` that only conduct decides.
        inputs: Names the student is told to use.
        outputs: Names read from the notebook's namespace after the cell has run.
        driver: Python that calls the function or class which the gap defines; empty for plain gaps.
        results: Names the driver leaves, read after it has run, and what students know them as.
        supplies: Functions that later gaps call; the reference's stand there after this gap.
        closed: Only `inputs` (and imports) exist while the cell runs.
        accepts_row: Outputs of shape (D,) that may also come as (1, D).
        tolerance: Largest |got - want| / max(1, |want|) that counts as equal.
        open_twins: Names of the twins whose numbers the student may see.
        solution: The reference's cell, without markers.
        stub: The cell as students get it.
    """

    name: str
    notebook: str
    points: float
    edge_points: float
    conduct_points: float
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    driver: str
    results: Mapping[str, str]
    supplies: tuple[str, ...]
    closed: bool
    accepts_row: tuple[str, ...]
    tolerance: float
    open_twins: tuple[str, ...]
    minutes: int
    difficulty: int
    solution: str
    stub: str

    def __post_init__(self) -> None:
        if self.value_points <= 0:
            raise KitError(
                f"{self.notebook}: gap {self.name} has {self.points:g} points in the notebook, and edge and conduct "
                f"take {self.edge_points + self.conduct_points:g} of them in checks/{self.notebook}.toml; "
                "leave something for the value."
            )

    @property
    def value_points(self) -> float:
        """Points for right values on the page and on every general twin."""
        return self.points - self.edge_points - self.conduct_points

    @property
    def answers(self) -> tuple[str, ...]:
        """All names that are compared, outputs first."""
        return (*self.outputs, *self.results)

    def called(self, answer: str) -> str:
        """What students know an output or a result as."""
        return self.results.get(answer, answer)

    def shows(self, twin: Twin) -> bool:
        """Whether a student may see the numbers of `twin` at this gap: the page's, and those of its open twins."""
        return twin.kind is TwinKind.PAGE or twin.name in self.open_twins


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The notebook on other numbers.

    Attributes:
        givens: Value of every name that locked cells set, derived ones included.
        probes: For a gap with a driver, the values that replace givens in the driver's namespace.
        before: Values put in just before a gap, whatever earlier gaps gave.
        only: Gaps judged on this twin; None means all.
    """

    name: str
    kind: TwinKind
    givens: Mapping[str, Value]
    probes: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    before: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    only: frozenset[str] | None = None

    def judges(self, gap: str) -> bool:
        """Whether this twin counts for `gap`."""
        return self.only is None or gap in self.only


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One code cell as it is replayed.

    Attributes:
        grade_id: Of locked and gap cells; empty for the student's own cells.
        givens: Names that a locked cell sets and a twin replaces.
        index: Position in the submitted notebook, or -1 for a cell put back from the source.
    """

    kind: CellKind
    source: str
    grade_id: str = ""
    givens: tuple[str, ...] = ()
    index: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One notebook handed in (or the source notebook, or a known mistake), ready to be replayed.

    Attributes:
        sha256: Of the bytes as handed in.
        remarks: Per gap, and under "" for the whole notebook, what was repaired.
        unreadable: Why nothing could be read; empty otherwise.
    """

    assignment: str
    notebook: str
    sha256: str
    cells: tuple[Cell, ...]
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unreadable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that grading a notebook needs to know before anything runs.

    Attributes:
        notebook: What it goes by in the course: its name, or "assignment/name" where another one has that name too.
        source: The reference.
        documents: Values that outputs must have whatever the reference gives.
    """

    assignment: str
    notebook: str
    gaps: tuple[Gap, ...]
    twins: tuple[Twin, ...]
    source: Submission
    documents: tuple[DocumentValue, ...] = ()

    @property
    def name(self) -> str:
        """Of the notebook's file."""
        return self.notebook.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Where the source notebook lies, below the course's root."""
        return f"source/{self.assignment}/{self.name}.ipynb"

    def gap(self, name: str) -> Gap:
        """The gap of that name."""
        return next(gap for gap in self.gaps if gap.name == name)

    @property
    def page(self) -> Twin:
        """The documents' own numbers."""
        return self.twins[0]

    def judging(self, gap: str, *kinds: TwinKind) -> tuple[Twin, ...]:
        """The twins of these kinds that count for `gap`."""
        return tuple(twin for twin in self.twins if twin.kind in kinds and twin.judges(gap))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one gap gave on one twin, as the sandbox reports it: untrusted.

    Attributes:
        values: By name; a name that was never set is absent.
        problem: For `raised` the exception in one line, for `stopped` the limit, for `died` the signal.
        line: Line of the gap's cell where it raised, from 1; 0 if unknown.
        touched: Inputs that the cell or function changed.
        shared: Values that are one array or list with an output.
        repeats: A second call gave the same.
        needs_globals: The function gave something else once the notebook's variables were overwritten.
    """

    outcome: Outcome
    values: Mapping[str, Value] = field(default_factory=dict)
    problem: str = ""
    line: int = 0
    touched: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    repeats: bool = True
    needs_globals: bool = False

    @property
    def error(self) -> str:
        """Type of the exception, if it is one of Python's own: a name or text of the student's may hold numbers."""
        kind = getattr(builtins, self.problem.partition(":")[0], None)
        return kind.__name__ if isinstance(kind, type) and issubclass(kind, BaseException) else "an error"


ABSENT = Answer(outcome=Outcome.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What a submission gave: answers[twin][gap], and what its own cells did."""

    answers: Mapping[str, Mapping[str, Answer]]
    remarks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def answer(self, twin: str, gap: str) -> Answer:
        """The answer of `gap` on `twin`; ABSENT if there is none."""
        return self.answers.get(twin, {}).get(gap, ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a check gets to see: one gap, what was wanted and what came, on every twin that judges it."""

    gap: Gap
    twins: tuple[Twin, ...]
    want: Mapping[str, Answer]
    got: Mapping[str, Answer]
    documents: Mapping[str, Mapping[str, DocumentValue]]

    def right(self, twin: Twin, name: str) -> Value:
        """What output `name` must be on `twin`: the documents' value where they have one."""
        document = self.documents.get(twin.name, {}).get(name)
        return self.want[twin.name].values[name] if document is None else document.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentValue:
    """A number of the documents, with the cells it stands in, such as "004 C4 (In [4])"."""

    gap: str
    output: str
    twin: str
    value: Value
    printed: str
    cells: tuple[str, ...]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One check on one gap."""

    check: str
    passed: bool
    message: str = ""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an answer that is not right, in its parts; empty where nothing is known.

    Attributes:
        name: Of the mistake, in a few words.
        seen: What was observed.
        meaning: What it usually means.
        question: One question that leads on; never the fix.
    """

    name: str = ""
    seen: str = ""
    meaning: str = ""
    question: str = ""

    @property
    def text(self) -> str:
        """All parts in one line."""
        name = f"{self.name}." if self.name else ""
        return " ".join(part for part in (name, self.seen, self.meaning, self.question) if part)


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers as a student reads them.

    Attributes:
        shape: () for a single number.
        entries: Row by row; fewer than `shape` says where there are too many to show.
    """

    shape: tuple[int, ...]
    entries: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """An output that is not right, beside the wanted one, on numbers that a student may see.

    Attributes:
        twin: PAGE for the documents' numbers, GENERAL for an open twin.
        differs: Places in both `entries` that differ; empty where the shapes do.
    """

    output: str
    twin: TwinKind
    yours: Numbers
    wanted: Numbers
    differs: tuple[int, ...] = ()


class GapResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one gap earned, and why.

    Attributes:
        message: What is said of it, in one line; `story` has its parts.
        line: Line of the gap's cell that raised, from 1; 0 if none did.
        sets: Lines of the gap's cell that set its results (those that are not right, if it is known which).
        compared: Wrong outputs beside wanted ones; never of a hidden twin.
        fault: Of the kit, for a gap up for review: for the instructor, never shown to students.
        source: The gap's cell as handed in, where its mistake has a name: the class report shows two of them, without
            comments and without a student's name. Empty for all others.
    """

    gap: str
    points: float
    score: float
    status: Status
    mistake: str = ""
    message: str = ""
    remarks: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    story: Story = Story()
    line: int = 0
    sets: tuple[int, ...] = ()
    compared: tuple[Comparison, ...] = ()
    fault: str = ""
    source: str = ""


SCHEMA = 1
"""Of records, as docs/records.md describes it: raised when a field goes or means something else, not for a new one."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One graded notebook, as written to a results file (one JSON object a line).

    Attributes:
        submission: sha256 of the submitted bytes.
        notebook: The name of its file.
        suite: Hash of all that decides its marks; a record is reused only if both agree.
        score: Sum over the gaps; None when a gap is up for review.
        attempt: Which of the student's files for this notebook it is, counted over all that were graded into one
            results file, from 1; a file that is graded again counts once.
    """

    schema: int = SCHEMA
    student: str
    assignment: str
    notebook: str
    submission: str
    suite: str
    score: float | None
    max_score: float
    isolation: str
    gaps: tuple[GapResult, ...]
    remarks: tuple[str, ...] = ()
    attempt: int = 1

    @property
    def handed_in(self) -> bool:
        """Whether there was a notebook; without one there is nothing to be right or wrong."""
        return any(result.status is not Status.NOT_HANDED_IN for result in self.gaps)
