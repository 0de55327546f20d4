"""The rows of a course's data files: which fields each has, and what is allowed in them.

The description of a field is what an author reads who got it wrong, its example is the line to write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from autograder.course.typed import read_toml, typed
from autograder.model import KitError, TwinKind

Name = Annotated[str, Meta(pattern=r"^[A-Za-z_]\w*$")]
"""A name as in Python: of a gap, a variable, a mistake."""
Text = Annotated[str, Meta(min_length=1)]
Names = tuple[Name, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of a table, or a whole file."""


class Array(Row, frozen=True, kw_only=True):
    """An array, where a plain list would stay a list: `{ array = [[1.0, 2.0]] }`."""

    array: list[Any]


Given = bool | int | float | str | list[Any] | Array
"""A value that a twin gives to a name."""


class GapRow(Row, frozen=True, kw_only=True):
    """Gap: how it is observed."""

    name: Annotated[
        Name, Meta(description="the grade_id of the gap's cell in the notebook", examples=['name = "my_gap"'])
    ]
    inputs: Annotated[Names, Meta(description="names that students are told to use", examples=['inputs = ["x", "w"]'])]
    outputs: Annotated[
        Names,
        Meta(
            description="names that are read after the cell has run; an empty list for a gap with a driver",
            examples=['outputs = ["my_output"]'],
        ),
    ]
    minutes: Annotated[int, Meta(ge=1, description="how long it takes, in whole minutes", examples=["minutes = 3"])]
    difficulty: Annotated[int, Meta(ge=1, le=5, description="a whole number from 1 to 5", examples=["difficulty = 2"])]
    edge: Annotated[float, Meta(ge=0, description="points for corner cases, from 0", examples=["edge = 0.5"])] = 0.0
    conduct: Annotated[
        float,
        Meta(
            ge=0,
            description="points for leaving inputs alone and the like, from 0",
            examples=["conduct = 0.5"],
        ),
    ] = 0.0
    driver: Annotated[
        str,
        Meta(
            description="Python that calls what the gap defines, as text",
            examples=['driver = "doubled = double(x)"'],
        ),
    ] = ""
    results: Annotated[
        dict[Name, Text],
        Meta(
            description="a table of names that the driver leaves, and what students know them as",
            examples=['results = { of_x = "spread(x)" }'],
        ),
    ] = {}
    supplies: Annotated[
        Names,
        Meta(
            description="functions or classes of this gap that later gaps call", examples=['supplies = ["my_function"]']
        ),
    ] = ()
    closed: Annotated[
        bool, Meta(description="true if only `inputs` exist while the cell runs", examples=["closed = true"])
    ] = False
    accepts: Annotated[
        dict[Name, tuple[Literal["row"], ...]],
        Meta(
            description='a table of outputs of shape (D,) that may also come as (1, D), each with ["row"]',
            examples=['accepts = { my_output = ["row"] }'],
        ),
    ] = {}
    tolerance: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="largest |got - want| / max(1, |want|) that counts as equal, from 0 to 1",
            examples=["tolerance = 1e-6"],
        ),
    ] = 1e-9
    open: Annotated[
        Names | None,
        Meta(
            description="names of the twins whose numbers students see at this gap; without it, those of the notebook",
            examples=['open = ["A", "B"]'],
        ),
    ] = None


Kind = Annotated[
    TwinKind,
    Meta(
        description='"general" for other numbers, "edge" for exactly one corner case, "page" for the documents\' own',
        examples=['kind = "general"'],
    ),
]
Only = Annotated[
    Names | None,
    Meta(description="names of the gaps that it judges; without it, all of them", examples=['only = ["my_gap"]']),
]


class TwinRow(Row, frozen=True, kw_only=True):
    """Twin: the notebook on numbers that are written down."""

    name: Annotated[Name, Meta(description="a name of its own among the twins", examples=['name = "steep"'])]
    kind: Kind
    givens: Annotated[
        dict[Name, Given],
        Meta(
            description="a table of the notebook's givens with other values", examples=["givens = { x = [0.5, -1.0] }"]
        ),
    ] = {}
    probe: Annotated[
        dict[Name, dict[Name, Given]],
        Meta(
            description="for gaps with a driver, a table of values where the driver runs",
            examples=["probe.my_gap = { x = [2.0, -0.5] }"],
        ),
    ] = {}
    before: Annotated[
        dict[Name, dict[Name, Given]],
        Meta(
            description="for gaps, a table of values that are put in just before the cell runs",
            examples=["before.my_gap = { x = 0.0 }"],
        ),
    ] = {}
    only: Only = None


class DrawRow(Row, frozen=True, kw_only=True):
    """Draw: twins that are drawn from the course's secret."""

    name: Annotated[Name, Meta(description="a name of its own among the twins", examples=['name = "random"'])]
    kind: Kind
    count: Annotated[int, Meta(ge=1, le=100, description="how many are drawn, from 1", examples=["count = 2"])] = 1
    givens: Annotated[
        str,
        Meta(
            description="Python that sets givens, with `rng` (numpy's generator), `np` and the page's values",
            examples=['givens = "x = rng.normal(size=3)"'],
        ),
    ] = ""
    keep: Annotated[
        str,
        Meta(
            description="a Python expression that is true for numbers that will do", examples=['keep = "min(x) > 0.1"']
        ),
    ] = "True"
    probe: Annotated[
        dict[Name, str],
        Meta(
            description="for gaps with a driver, Python that sets values where the driver runs",
            examples=['probe.my_gap = "x = rng.normal(size=3)"'],
        ),
    ] = {}
    before: Annotated[
        dict[Name, str],
        Meta(
            description="for gaps, Python that sets values which are put in just before the cell runs",
            examples=['before.my_gap = "x = rng.normal()"'],
        ),
    ] = {}
    only: Only = None


class Checks(Row, frozen=True, kw_only=True):
    """File of checks."""

    open: Annotated[
        Names,
        Meta(
            min_length=1,
            description="names of the twins whose numbers students see, at gaps without an `open` of their own",
            examples=['open = ["A"]'],
        ),
    ]
    derive: Annotated[
        str,
        Meta(description="Python that sets the givens which follow from others", examples=['derive = "y = 2 * x"']),
    ] = ""
    constant: Annotated[
        Names,
        Meta(
            description="givens that are the same on all twins, since the notebook means them to be",
            examples=['constant = ["my_constant"]'],
        ),
    ] = ()
    gap: Annotated[
        tuple[GapRow, ...],
        Meta(description="a row [[gap]] for each gap, in the notebook's order", examples=["[[gap]]"]),
    ]
    twin: Annotated[tuple[TwinRow, ...], Meta(description="a row [[twin]] for each twin", examples=["[[twin]]"])] = ()
    draw: Annotated[
        tuple[DrawRow, ...], Meta(description="a row [[draw]] for each kind of drawn twin", examples=["[[draw]]"])
    ] = ()


OfGap = Annotated[Name, Meta(description="the name of a gap of the notebook", examples=['gap = "my_gap"'])]
Source = Annotated[
    Text, Meta(description="the whole cell of the gap, as text", examples=["source = '''\n# my_gap: from x, w\n…\n'''"])
]
Family = Annotated[
    Name,
    Meta(description="what it has in common with others (families.toml lists them)", examples=['family = "sign"']),
]


class MistakeRow(Row, frozen=True, kw_only=True):
    """Mistake: a wrong answer that students are known to give."""

    gap: OfGap
    slug: Annotated[Name, Meta(description="a name of its own in the course", examples=['slug = "my_gap_wrong_sign"'])]
    family: Family
    source: Source
    name: Annotated[Text, Meta(description="the mistake in a few words", examples=['name = "the sign is turned"'])]
    seen: Annotated[
        Text, Meta(description="one sentence of what was seen", examples=['seen = "Every entry has the other sign."'])
    ]
    meaning: Annotated[
        Text, Meta(description="one sentence of what it usually means", examples=['meaning = "A minus is missing."'])
    ]
    question: Annotated[
        Text,
        Meta(
            description="one question that leads on; never the fix",
            examples=['question = "What does a step upwards change?"'],
        ),
    ]


class Mistakes(Row, frozen=True, kw_only=True):
    """File of known mistakes."""

    mistake: Annotated[
        tuple[MistakeRow, ...], Meta(description="a row [[mistake]] for each", examples=["[[mistake]]"])
    ] = ()


class DocumentRow(Row, frozen=True, kw_only=True):
    """Value of the documents."""

    gap: OfGap
    output: Annotated[Name, Meta(description="one of the gap's outputs or results", examples=['output = "my_output"'])]
    twin: Annotated[Name, Meta(description='a twin of the notebook, "P" for the page', examples=['twin = "P"'])] = "P"
    value: Annotated[
        bool | int | float | list[Any], Meta(description="a number, or a list of them", examples=["value = 0.5"])
    ]
    printed: Annotated[str, Meta(description="the value as the document prints it", examples=['printed = "0.5"'])] = ""
    cells: Annotated[
        tuple[Text, ...],
        Meta(min_length=1, description="where it stands in the documents", examples=['cells = ["chapter 2, cell 4"]']),
    ]


class NoValueRow(Row, frozen=True, kw_only=True):
    """Output that the documents have no value for."""

    gap: OfGap
    output: Annotated[Name, Meta(description="one of the gap's outputs or results", examples=['output = "my_output"'])]
    reason: Annotated[Text, Meta(description="why they have none", examples=['reason = "They stop before it."'])]


class Documents(Row, frozen=True, kw_only=True):
    """File of the documents' values."""

    no_value: Annotated[
        tuple[NoValueRow, ...],
        Meta(description="a row [[no_value]] for each output without a value", examples=["[[no_value]]"]),
    ] = ()

    value: Annotated[tuple[DocumentRow, ...], Meta(description="a row [[value]] for each", examples=["[[value]]"])] = ()


class ChangeRow(Row, frozen=True, kw_only=True):
    """Change to a right answer."""

    gap: OfGap
    change: Annotated[
        Text,
        Meta(description="the change as `autograder verify` prints it", examples=['change = "x + y -> y + x"']),
    ]


class EquivalentRow(Row, frozen=True, kw_only=True):
    """Equivalent: changes that make no difference."""

    reason: Annotated[Text, Meta(description="why they make none", examples=['reason = "A sum has no order."'])]
    changes: Annotated[
        tuple[ChangeRow, ...],
        Meta(
            min_length=1,
            description="a list of changes, each with its gap",
            examples=['changes = [{ gap = "my_gap", change = "x + y -> y + x" }]'],
        ),
    ]


class Equivalents(Row, frozen=True, kw_only=True):
    """File of changes that make no difference."""

    equivalent: Annotated[
        tuple[EquivalentRow, ...], Meta(description="a row [[equivalent]] for each reason", examples=["[[equivalent]]"])
    ] = ()


class HonestRow(Row, frozen=True, kw_only=True):
    """Honest style: an unusual right answer."""

    gap: OfGap
    name: Annotated[Text, Meta(description="the style in a few words", examples=['name = "with a loop"'])]
    source: Source
    before: Annotated[
        str, Meta(description="a cell of the student's own above it, as text", examples=['before = "import math"'])
    ] = ""


class Honest(Row, frozen=True, kw_only=True):
    """File of honest styles."""

    honest: Annotated[
        tuple[HonestRow, ...], Meta(description="a row [[honest]] for each", examples=["[[honest]]"])
    ] = ()


class WrongRow(Row, frozen=True, kw_only=True):
    """Wrong answer, with what it is to be called."""

    gap: OfGap
    kind: Annotated[
        Literal["rewriting", "pair", "nonsense"],
        Meta(
            description='"rewriting" of a known mistake, "pair" of two of them, or "nonsense"',
            examples=['kind = "rewriting"'],
        ),
    ]
    name: Annotated[Text, Meta(description="the answer in a few words", examples=['name = "an if in a loop"'])]
    source: Source
    family: Annotated[
        str, Meta(description="of a rewriting, the family that it is to get", examples=['family = "sign"'])
    ] = ""
    mistake: Annotated[
        str, Meta(description="of a rewriting, the slug of the mistake", examples=['mistake = "my_gap_wrong_sign"'])
    ] = ""
    mistakes: Annotated[
        Names,
        Meta(description="of a pair, the slugs of both mistakes", examples=['mistakes = ["one_slug", "other_slug"]']),
    ] = ()


class Wrong(Row, frozen=True, kw_only=True):
    """File of wrong answers."""

    wrong: Annotated[tuple[WrongRow, ...], Meta(description="a row [[wrong]] for each", examples=["[[wrong]]"])] = ()


class HintsRow(Row, frozen=True, kw_only=True):
    """Hints for one gap."""

    hints: Annotated[
        tuple[Text, ...],
        Meta(
            min_length=1,
            description="a list of texts, from a nudge to an example on other numbers",
            examples=['hints = ["First.", "Second.", "Third."]'],
        ),
    ]


def read_hints(path: Path) -> dict[str, HintsRow]:
    """The hints of a notebook by gap, each in a table of the gap's name; none without the file.

    Raises:
        KitError: As `read_typed`.
    """
    found = read_toml(path) if path.is_file() else {}
    for name, row in found.items():
        if not isinstance(row, dict):
            raise KitError(
                f"{path}: `{name}` is not in the table of a gap. Write the gap's name as [my_gap] above its hints."
            )
    return {name: typed(row, HintsRow, f"{path}, [{name}]") for name, row in found.items()}
