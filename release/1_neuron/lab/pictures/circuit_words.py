"""What the circuit says in words: the newest number, the stage of the walk, and every number that is shown."""

from __future__ import annotations

from lab.drawing.words import listed, number, term
from lab.pictures.network import Wire
from lab.pictures.neuron_circuit import (
    Circuit,
    computed,
    factor_for,
    is_right,
    is_silent,
    known,
    stages,
    wrong,
)  # fmt: skip


def caption(state: Circuit) -> tuple[str, ...]:
    """What the newest number says: a typed one, or the stage of the walk."""
    newest = state.typed[-1:] if state.typed and state.typed[-1][0] not in known(state) else ()
    return tuple(_about_typed(state, name, value) for name, value in newest) or _about_stage(state)


def _about_typed(state: Circuit, name: str, value: float) -> str:
    if is_right(state, name, value):
        return f"Right: the gradient at {name} is {number(value)}."
    if name == "y":
        return f"{number(value)} does not fit at y: what arrives there comes from outside. Which of the names holds it?"
    wire = computed(state).wires[name]
    factor = factor_for(wire, value)
    if factor is None:
        shown = number(value)
        return f"{shown} does not fit at {name}: 0 arrives from the right, and no factor makes {shown} of it."
    start = f"{number(value)} does not fit at {name}: {number(wire.received)} arrives from the right, so the wire"
    return f"{start} would have multiplied by {number(factor)}. {_source_of(state, wire, value, factor)}"


def _source_of(state: Circuit, wire: Wire, typed: float, factor: float) -> str:
    """Where such a factor may come from, as a question or a remark; never the right one."""
    values, step = computed(state).values, next(one for one in computed(state).steps if one.name == wire.target)
    own, result = values[wire.source], values[wire.target]

    def near(one: float, other: float) -> bool:
        return abs(one - other) <= 1e-6 * max(1.0, abs(other))

    product = step.operation == "product"
    other = next((values[name] for name in step.arguments if name != wire.source), None)
    remarks = [
        (near(typed, wire.local), "That is the local derivative alone: what arrives is not in it."),
        (near(factor, 1), "That passes on what arrives, as if the operation had no slope of its own."),
        (near(factor, -wire.local), "That is the right size with the other sign."),
        (
            product and near(factor, own),
            f"That is {wire.source} itself. Raise {wire.source} a little: what is it multiplied by?",
        ),
        (
            product and other is not None and near(factor, own + other),
            "That adds the two factors. Only one of them moves.",
        ),
        (near(factor, 1 / len(step.arguments)), "That shares it out equally. Does a sum share?"),
        (near(factor, result), f"That is the height {wire.target}, not the slope."),
        (near(factor, 0), "That is a closed gate. Is this one closed?"),
    ]
    return next((words for holds, words in remarks if holds), "Which number on this wire's operation could that be?")


def _about_stage(state: Circuit) -> tuple[str, ...]:
    numbers = computed(state)
    if state.done == 0:
        lead = f"Forward pass: z = {number(numbers.values['z'])} and y = {number(numbers.values['y'])}."
        return (
            (lead, "Go back one operation, or type a gradient yourself.") if not is_silent(state) else (lead, _SILENT)
        )
    if state.done == 1:
        return (
            f"From outside, dvalue = {number(state.dvalue)} arrives at y. The next operation on the way back is ReLU.",
        )
    names = stages(state)[state.done - 1]
    wires = [numbers.wires[name] for name in names]
    sums = listed([f"{w.source}: {number(w.received)} · {term(w.local)} = {number(w.passed)}" for w in wires])
    return (f"{_OPERATIONS[_operation(state)]} {sums}.", *([_SILENT] if is_silent(state) else []))


_SILENT = "z is not above 0: the gradient stops at ReLU, and everything behind it stays at 0."
_OPERATIONS = {
    "relu": "ReLU passes on all or nothing, and z decides.",
    "sum": "The sum hands the whole of what arrives to each addend.",
    "product": "The product multiplies what arrives by the other factor.",
}


def _operation(state: Circuit) -> str:
    """The operation that the walk has just passed."""
    source = stages(state)[state.done - 1][0]
    target = computed(state).wires[source].target
    return next(step.operation for step in computed(state).steps if step.name == target)


def details(state: Circuit) -> tuple[str, ...]:
    """Every number in sentences."""
    numbers, shown = computed(state), known(state)
    values = listed([f"{name} = {number(value)}" for name, value in numbers.values.items()])
    grads = [f"{number(numbers.grads[name])} at {name}" for stage in stages(state) for name in stage if name in shown]
    amber = [f"{name}, where {number(value)} was typed" for name, value in wrong(state).items()]
    return (
        f"Values: {values}.",
        f"Gradients so far: {listed(grads)}." if grads else "No gradient is shown yet.",
        *([f"It does not fit at {listed(amber)}."] if amber else []),
    )


def title(state: Circuit) -> str:
    """What stage this is."""
    if state.done == 0:
        return "Forward pass"
    return f"Backward, {state.done} of {len(stages(state))}: " + (
        "dvalue arrives"
        if state.done == 1
        else {"relu": "ReLU", "sum": "the sum", "product": "a product"}[_operation(state)]
    )
