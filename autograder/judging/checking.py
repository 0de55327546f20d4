"""Transcript and reference into check results, by calling the hidden pytest checks directly.

The checks are ordinary pytest functions, so that an author can run them with pytest; a class is graded by calling the
same functions, since a pytest session costs fifty times as much (`docs/performance.md`).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autograder.model import Case, CheckKind, CheckResult, DocumentValue, Gap, KitError, Plan, Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One pytest function of `checks/`, and which gaps it is for (empty: all that have points for its kind)."""

    name: str
    kind: CheckKind
    function: Callable[[Case], None]
    gaps: frozenset[str]


def checks_in(folder: Path) -> tuple[Check, ...]:
    """All checks of a course's folder of checks, in the order of their files.

    Raises:
        KitError: There are none, or a check does not say which kind it is of.
    """
    found = tuple(check for path in sorted(folder.glob("test_*.py")) for check in _of(_module(path)))
    if not found:
        raise KitError(f"There are no checks in {folder}: no file test_*.py there has a function test_*.")
    return found


def _module(path: Path) -> ModuleType:
    """A file of checks, run; it belongs to no package."""
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    try:
        # Not by an import, which would leave compiled code in the course.
        exec(compile(path.read_bytes(), path, "exec"), vars(module))
    except Exception as error:  # the course's own code
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        line = error.lineno if isinstance(error, SyntaxError) else (*lines, 1)[-1]
        raise KitError(
            f"{path}, line {line}: {type(error).__name__}: {error}. Mend it; no gap can be checked."
        ) from None
    return module


def _of(module: ModuleType) -> list[Check]:
    found = []
    for name, function in vars(module).items():
        if not name.startswith("test_"):
            continue
        markers = {marker.name: marker.args for marker in getattr(function, "pytestmark", [])}
        gaps = frozenset(markers.get("gap", ()))
        found.append(Check(name=name, kind=_kind(module, name, markers), function=function, gaps=gaps))
    return sorted(found, key=lambda check: _place(check, module))


def _place(check: Check, module: ModuleType) -> tuple[bool, int]:
    """Where a check stands: the kit's first, and each lot as it was written, however it was imported."""
    function = check.function
    return function.__module__ == module.__name__, function.__code__.co_firstlineno


def _kind(module: ModuleType, name: str, markers: Collection[str]) -> CheckKind:
    kinds = [kind for kind in CheckKind if kind.value in markers]
    if len(kinds) != 1:
        wanted = ", ".join(f"@pytest.mark.{kind.value}" for kind in CheckKind)
        said = " and ".join(f"@pytest.mark.{kind.value}" for kind in kinds) or "none of them"
        raise KitError(
            f"{module.__file__}: the check {name} must have exactly one of the markers {wanted}, which says what share "
            f"of a gap's points it decides; it has {said}. Write one above the function."
        )
    return kinds[0]


def applies(check: Check, gap: Gap) -> bool:
    """Whether a check is for this gap: it has points for it, and what it looks at exists."""
    if check.gaps and gap.name not in check.gaps:
        return False
    if check.kind is CheckKind.EDGE:
        return gap.edge_points > 0
    if check.kind is CheckKind.CONDUCT:
        is_of_plain_gaps = check.name == "test_results_of_their_own"
        return gap.conduct_points > 0 and (
            check.name == "test_inputs_unchanged" or is_of_plain_gaps is not bool(gap.driver)
        )
    return True


def _documents(plan: Plan, gap: Gap) -> dict[str, dict[str, DocumentValue]]:
    """Document values of a gap, by twin and output."""
    found: dict[str, dict[str, DocumentValue]] = {}
    for value in plan.documents:
        if value.gap == gap.name:
            found.setdefault(value.twin, {})[value.output] = value
    return found


def case_of(plan: Plan, gap: Gap, transcript: Transcript, reference: Transcript) -> Case:
    """What the checks of one gap get to see.

    Args:
        plan: Of the notebook.
        gap: The gap to be checked.
        transcript: What the submission gave.
        reference: What the solutions gave.
    """
    twins = tuple(twin for twin in plan.twins if twin.judges(gap.name))
    return Case(
        gap=gap,
        twins=twins,
        want={twin.name: reference.answer(twin.name, gap.name) for twin in twins},
        got={twin.name: transcript.answer(twin.name, gap.name) for twin in twins},
        documents=_documents(plan, gap),
    )


def results(checks: Iterable[Check], case: Case) -> list[tuple[CheckKind, CheckResult]]:
    """Run those checks that apply to the case's gap. Anything but AssertionError is a fault of a check and goes up."""
    found = []
    for check in checks:
        if not applies(check, case.gap):
            continue
        try:
            check.function(case)
            result = CheckResult(check=check.name.removeprefix("test_"), passed=True)
        except AssertionError as failure:
            result = CheckResult(check=check.name.removeprefix("test_"), passed=False, message=str(failure))
        found.append((check.kind, result))
    return found
