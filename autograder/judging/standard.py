"""The checks of every gap. Each states one property; `pytest autograder/checks --submission FILE` runs them.

A check gets a `Case`: what was wanted and what came, on every twin that judges the gap. It fails by AssertionError with
a text for the student, which never holds a value of a hidden twin.
"""

from __future__ import annotations

import pytest

from autograder.model import Case, Outcome, Twin, TwinKind
from lab.judge import difference, shown


@pytest.mark.value
def test_values(case: Case) -> None:
    """The page gives the documents' own values, other numbers the reference's: nothing was typed in or is luck."""
    for kind in (TwinKind.PAGE, TwinKind.GENERAL):
        for twin in _of(case, kind):
            _agree(case, twin)


@pytest.mark.edge
def test_edges(case: Case) -> None:
    """Corner cases: z exactly 0, one sample, one input, whole numbers."""
    for twin in _of(case, TwinKind.EDGE):
        _agree(case, twin)


@pytest.mark.conduct
def test_inputs_unchanged(case: Case) -> None:
    """The caller's values are the caller's."""
    for twin in case.twins:
        touched = [
            name for name in case.gap.inputs if name in case.got[twin.name].touched and _is_input(case, twin, name)
        ]
        names = ", ".join(f"`{name}`" for name in touched)
        _require(not touched, f"{names} changed while this ran; later steps still need the old value.")


@pytest.mark.conduct
def test_results_of_their_own(case: Case) -> None:
    """A result is an array of its own: what becomes of it leaves the inputs as they are."""
    for twin in case.twins:
        answer = case.got[twin.name]
        others = set(answer.shared).difference(answer.touched)
        one = [name for name in case.gap.inputs if name in others and _is_input(case, twin, name)]
        names = ", ".join(f"`{name}`" for name in one)
        _require(not one, f"A result is one array with {names}: what is done to one is done to the other.")


@pytest.mark.conduct
def test_second_call(case: Case) -> None:
    """A second call with the same values gives the same."""
    for twin in case.twins:
        _require(case.got[twin.name].repeats, "A second call with the same values gives something else.")


@pytest.mark.conduct
def test_no_globals(case: Case) -> None:
    """What comes in as an argument is used, not the notebook's variable of the same name."""
    for twin in case.twins:
        _require(
            not case.got[twin.name].needs_globals,
            "It gives something else once the notebook's own variables are changed: inside, it uses one of them "
            "where it was given an argument (or an attribute).",
        )


def _require(holds: bool, text: str) -> None:
    """Fail with `text`. Not `assert`: that vanishes under `python -O`, and every check with it."""
    if not holds:
        raise AssertionError(text)


def _is_input(case: Case, twin: Twin, name: str) -> bool:
    """Whether others still rely on the old value: an array or list that the gap was given; numbers may be rebound."""
    value = twin.probes.get(case.gap.name, {}).get(name, twin.givens.get(name))
    return name not in case.gap.outputs and not isinstance(value, int | float)


def _of(case: Case, kind: TwinKind) -> list[Twin]:
    return [twin for twin in case.twins if twin.kind is kind]


def _agree(case: Case, twin: Twin) -> None:
    """Every output of the gap is as wanted on this twin."""
    answer, where = case.got[twin.name], _where(case, twin)
    ended = answer.outcome is Outcome.ANSWERED
    hides = answer.outcome is Outcome.RAISED and not case.gap.shows(twin)
    problem = answer.error if hides else answer.problem or answer.outcome
    _require(ended, f"{where}, it does not get to the end: {problem}.")
    for name in case.gap.answers:
        right = case.right(twin, name)
        problem = _problem(case, twin, name, right)
        if not problem:
            continue
        seen = case.gap.shows(twin)
        yours = (
            f" Yours: {shown(answer.values[name])}, wanted: {shown(right)}." if seen and name in answer.values else ""
        )
        raise AssertionError(f"{where}, `{case.gap.called(name)}` {problem}.{yours}")


def _problem(case: Case, twin: Twin, name: str, right: object) -> str:
    answer, gap = case.got[twin.name], case.gap
    if name not in answer.values:
        return "was never set"
    differs = difference(answer.values[name], right, tolerance=gap.tolerance, accept_row=name in gap.accepts_row)
    if differs and differs.kind == "type" and not gap.shows(twin):
        return "is not made of numbers only"  # the name of a student's type could hold hidden numbers
    if differs and differs.kind == "factor" and not gap.shows(twin):
        return "is a constant factor away from what is wanted, everywhere"  # the factor would tell the hidden value
    if differs and differs.kind == "shape" and not gap.shows(twin):
        return "does not have the shape that is wanted"  # the sizes of a student's array could be hidden numbers
    return differs.text if differs else ""


def _where(case: Case, twin: Twin) -> str:
    if twin.kind is TwinKind.PAGE:
        return "On the page's numbers"
    if twin.kind is TwinKind.EDGE:
        return "In a corner case"
    return "On an open twin" if case.gap.shows(twin) else "On hidden numbers"
