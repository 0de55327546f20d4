"""What stands before a gap: the values with which its cell begins, as the reference has them."""

from __future__ import annotations

from autograder.model import Gap, Plan, Transcript, Twin, Value


def state_before(plan: Plan, gap: Gap, twin: Twin, reference: Transcript) -> dict[str, Value]:
    """Values by name: what locked cells have set, right outputs of earlier gaps, and what the twin puts in.

    Args:
        plan: Of the notebook.
        gap: Before whose cell they stand.
        twin: On whose numbers.
        reference: What the solutions gave.
    """
    cells = [cell.grade_id for cell in plan.source.cells]
    set_so_far = {name for cell in plan.source.cells[: cells.index(gap.name)] for name in cell.givens}
    state = {name: value for name, value in twin.givens.items() if name in set_so_far}
    for earlier in plan.gaps:
        if earlier.name == gap.name:
            break
        state |= twin.before.get(earlier.name, {})
        values = reference.answer(twin.name, earlier.name).values
        state |= {name: values[name] for name in earlier.outputs if name in values}
    return {**state, **twin.before.get(gap.name, {})}
