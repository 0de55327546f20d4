"""A small network of single operations that finds its own slopes, for drawing only.

The pictures stand in the students' folder, so no formula that a gap asks for may be read here. There is none to read:
an operation knows only how to compute, and how strongly it answers to one of its arguments is found by moving that
argument and looking (the nudge of notebook 01). The half way towards 0 is moved, so that no nudge crosses the kink of
ReLU, and at 0 itself the answer is that of the left side, as this course agrees; all three operations are straight
lines on that stretch, so the slope is exact up to rounding. Everything else is bookkeeping along the wires, the same
for a neuron and for a layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.drawing.draw import Rows

Values = Mapping[str, float]

OPERATIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "product": math.prod,
    "sum": sum,
    "relu": lambda given: (given[0] + abs(given[0])) / 2,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One operation.

    Attributes:
        name: Of its result.
        operation: "product", "sum" or "relu".
        arguments: Names of what goes in.
    """

    name: str
    operation: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wire:
    """What runs back along one wire.

    Attributes:
        source: The argument.
        target: Result of the operation that the wire leads to.
        received: Gradient that reached the operation.
        local: The operation's own slope for this argument.
    """

    source: str
    target: str
    received: float
    local: float

    @property
    def passed(self) -> float:
        """What the operation sends back along the wire."""
        return _tidy(self.received * self.local)


def forward(steps: Sequence[Step], given: Values) -> dict[str, float]:
    """All values, those given and those computed."""
    values = dict(given)
    for step in steps:
        values[step.name] = OPERATIONS[step.operation]([values[name] for name in step.arguments])
    return values


def backward(steps: Sequence[Step], values: Values, upstream: Values) -> Iterator[Wire]:
    """Every wire, from the output to the inputs; gradients add where a value is used more than once.

    Args:
        steps: The network, from its inputs to its outputs.
        values: Of every name.
        upstream: Gradients of the outputs, by name.
    """
    arrived = dict(upstream)
    for step in reversed(steps):
        for place, name in enumerate(step.arguments):
            wire = Wire(name, step.name, arrived.get(step.name, 0.0), _answer(step, values, place))
            arrived[name] = arrived.get(name, 0.0) + wire.passed
            yield wire


def gradients(steps: Sequence[Step], values: Values, upstream: Values) -> dict[str, float]:
    """The gradient for every name.

    Args:
        steps: The network, from its inputs to its outputs.
        values: Of every name.
        upstream: Gradients of the outputs, by name.
    """
    arrived = dict(upstream)
    for wire in backward(steps, values, upstream):
        arrived[wire.source] = _tidy(arrived.get(wire.source, 0.0) + wire.passed)
    return arrived


def _answer(step: Step, values: Values, place: int) -> float:
    """By how much the result moves for each unit by which one argument moves."""
    stands = [values[name] for name in step.arguments]
    way = stands[place] / 2 or 1.0
    moved = [value - way if index == place else value for index, value in enumerate(stands)]
    compute = OPERATIONS[step.operation]
    return _tidy((compute(stands) - compute(moved)) / way)


def _tidy(value: float) -> float:
    return float(f"{value:.12g}") + 0.0


def neuron(inputs: int) -> tuple[Step, ...]:
    """One neuron over x0, w0, x1, w1 and so on, and b; its results are xw0 and so on, z and y."""
    products = tuple(Step(f"xw{i}", "product", (f"x{i}", f"w{i}")) for i in range(inputs))
    return (*products, Step("z", "sum", (*(step.name for step in products), "b")), Step("y", "relu", ("z",)))


def dense(samples: int, inputs: int, neurons: int) -> tuple[Step, ...]:
    """A dense layer over x[n,d], w[d,m] and b[m]; its results are xw[n,d,m] and z[n,m].

    Args:
        samples: Rows of the batch, n.
        inputs: Of each neuron, d.
        neurons: Of the layer, m.
    """
    steps: list[Step] = []
    for n in range(samples):
        for m in range(neurons):
            products = [Step(f"xw[{n},{d},{m}]", "product", (f"x[{n},{d}]", f"w[{d},{m}]")) for d in range(inputs)]
            steps += [*products, Step(f"z[{n},{m}]", "sum", (*(step.name for step in products), f"b[{m}]"))]
    return tuple(steps)


def layer(samples: int, inputs: int, neurons: int) -> tuple[Step, ...]:
    """A dense layer with ReLU behind it, whose results are a[n,m].

    Args:
        samples: Rows of the batch, n.
        inputs: Of each neuron, d.
        neurons: Of the layer, m.
    """
    places = [(n, m) for n in range(samples) for m in range(neurons)]
    return (*dense(samples, inputs, neurons), *(Step(f"a[{n},{m}]", "relu", (f"z[{n},{m}]",)) for n, m in places))


def named(letter: str, table: Rows) -> dict[str, float]:
    """A table as named values: x[0,0], x[0,1] and so on."""
    return {f"{letter}[{r},{c}]": value for r, row in enumerate(table) for c, value in enumerate(row)}


def table(letter: str, values: Values, rows: int, columns: int) -> Rows:
    """Named values as a table.

    Args:
        letter: That the names begin with, as x in x[n,d].
        values: By name.
        rows: How many.
        columns: How many.
    """
    return tuple(tuple(values.get(f"{letter}[{r},{c}]", 0.0) for c in range(columns)) for r in range(rows))


def walk(values: Values, direction: Values, length: float) -> dict[str, float]:
    """The values that one reaches by going `length` times `direction`, for every name that it has.

    Args:
        values: Where one starts, by name.
        direction: By name; names that it lacks stay out.
        length: In units of `direction`.
    """
    return {name: value + length * direction.get(name, 0.0) for name, value in values.items()}
