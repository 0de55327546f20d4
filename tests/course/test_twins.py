"""The twins: other numbers that leave no room for luck, and corner cases that show one thing each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.course.course import Course
from autograder.course.data import folders_of
from autograder.course.typed import read_toml
from autograder.judging import checking
from autograder.judging.mistakes import Mistake, as_submissions, known_mistakes
from autograder.model import Gap, Plan, Transcript, Twin, TwinKind, Value
from autograder.sandbox.confine import Limits
from autograder.sandbox.pool import Sandbox
from autograder.sandbox.speech import Speech

from .conftest import ROOT, SECRETS
from .state import pre_activations, values_before

CHECKS = checking.checks_in(folders_of(ROOT).checks)
Case = tuple[Plan, Gap, Twin, dict[str, Value]]

UPSTREAM = {
    "02_chain": "dvalue",
    "04_layer_inputs": "dvalues",
    "05_layer_parameters": "dvalues",
    "06_relu_arrays": "dvalues",
    "07_all_together": "dvalues",
    "dx0": "dvalues_sample",
    "dinputs_sample": "dvalues_sample",
    "Layer_Dense": "dvalues_rows",
    "backward_chain": "dvalues_rows",
}
"""The upstream gradient of a gap, else of its notebook."""

NO_UPSTREAM = {
    "01_neuron": "the forward pass, and slopes of any function",
    "03_step": "the output itself is made small: its upstream gradient is 1 by definition",
    "forward": "the forward pass",
    "half_squares": "makes the upstream gradient",
    "loss_new": "its upstream gradient is that of half the squares, which are never negative",
    "nll": "a single number has no sizes and no upstream gradient",
}

SIZES = {"04_layer_inputs", "05_layer_parameters", "07_all_together"}
"""Notebooks with samples, inputs and neurons; 06 has samples and neurons only."""


def cases(under_secrets: tuple[tuple[Plan, Transcript], ...], kind: TwinKind) -> list[Case]:
    """Every gap on every twin of a kind that judges it, under every secret, with the values before it."""
    return [
        (plan, gap, twin, values_before(plan, gap, twin.name, reference))
        for plan, reference in under_secrets
        for gap in plan.gaps
        for twin in plan.judging(gap.name, kind)
    ]


@pytest.fixture(scope="module")
def general(under_secrets: tuple[tuple[Plan, Transcript], ...]) -> list[Case]:
    return cases(under_secrets, TwinKind.GENERAL)


@pytest.fixture(scope="module")
def corners(under_secrets: tuple[tuple[Plan, Transcript], ...]) -> list[Case]:
    return cases(under_secrets, TwinKind.EDGE)


def place(case: Case) -> str:
    return f"{case[1].name} on {case[2].name}"


def upstream(plan: Plan, gap: Gap, s: dict[str, Value]) -> np.ndarray | None:
    if gap.name in NO_UPSTREAM or plan.notebook in NO_UPSTREAM:
        return None
    return np.asarray(s[UPSTREAM.get(gap.name, UPSTREAM[plan.notebook])])


def constant_axes(array: np.ndarray) -> list[int]:
    """Axes along which some line of the array holds the same number throughout; axes of size 1 do not count."""
    return [axis for axis, size in enumerate(array.shape) if size > 1 and np.any(np.ptp(array, axis=axis) == 0)]


def drawn(plan: Plan) -> list[Twin]:
    """The twins that depend on the secret."""
    rows = read_toml(folders_of(ROOT).checks / f"{plan.notebook}.toml").get("draw", [])
    names = {f"{row['name']}_{at}" for row in rows for at in range(1, row.get("count", 1) + 1)}
    return [twin for twin in plan.twins if twin.name in names]


def test_general_twins_stay_off_the_kink(general: list[Case]) -> None:
    near = [
        place((plan, gap, twin, s))
        for plan, gap, twin, s in general
        if any(np.any(np.abs(z) <= 1e-3) for z in pre_activations(plan, gap, s))
    ]
    assert near == []


def test_general_twins_of_a_gap_have_a_small_active_and_a_silent_pre_activation(general: list[Case]) -> None:
    found: dict[str, list[float]] = {}
    for plan, gap, _, s in general:
        for z in pre_activations(plan, gap, s):
            found.setdefault(gap.name, []).extend(np.ravel(z).tolist())
    assert [name for name, z in found.items() if not any(0 < one <= 1 for one in z)] == []
    assert [name for name, z in found.items() if min(z) > 0] == ["drop"], (
        "a silent neuron makes every forecast of the drop 0, so `drop` has active twins only"
    )


def test_upstream_gradients_of_general_twins_have_both_signs_and_never_pass_for_1(general: list[Case]) -> None:
    scalars: dict[str, list[float]] = {}
    for case in general:
        plan, gap, _, s = case
        dvalues = upstream(plan, gap, s)
        if dvalues is None:
            continue
        if dvalues.ndim:
            assert dvalues.min() < 0 < dvalues.max(), place(case)
        else:
            assert dvalues != 1, place(case)
            scalars.setdefault(gap.name, []).append(float(dvalues))
    assert [name for name, values in scalars.items() if not min(values) < 0 < max(values)] == []


def test_upstream_gradients_of_general_twins_are_constant_along_no_axis(general: list[Case]) -> None:
    for case in general:
        plan, gap, _, s = case
        dvalues = upstream(plan, gap, s)
        assert dvalues is None or constant_axes(dvalues) == [], place(case)


def sizes(plan: Plan, s: dict[str, Value]) -> tuple[int, ...]:
    """Samples, neurons, and inputs where the notebook has them."""
    if plan.notebook == "06_relu_arrays":
        return np.shape(s["z"])
    inputs, neurons = np.shape(s["weights"])
    return len(s["dvalues" if plan.notebook == "04_layer_inputs" else "inputs"]), neurons, inputs


def test_samples_inputs_and_neurons_of_general_twins_all_differ_or_are_all_equal(general: list[Case]) -> None:
    different: dict[str, set[tuple[int, ...]]] = {}
    for case in general:
        plan, gap, _, s = case
        if (plan.notebook in SIZES or plan.notebook == "06_relu_arrays") and gap.name != "nll":
            found = sizes(plan, s)
            assert len(set(found)) in (1, len(found)), place(case)
            if len(set(found)) > 1:
                different.setdefault(gap.name, set()).add(found)
    assert {name: found for name, found in different.items() if len(found) < 2} == {}


def is_whole(value: Value) -> bool:
    entries = np.asarray(value)
    return entries.ndim > 0 and entries.dtype.kind == "i"


def corners_of(plan: Plan, gap: Gap, twin: Twin, s: dict[str, Value], usual_lengths: set[int]) -> set[str]:
    """What is special about an edge twin, seen from one gap."""
    found = set()
    probe = twin.probes.get(gap.name, {})
    if any(np.any(np.asarray(z) == 0) for z in pre_activations(plan, gap, s)):
        found.add("z is 0")
    if plan.notebook in SIZES | {"06_relu_arrays"} and sizes(plan, s)[0] == 1:
        found.add("one sample")
    given = {name: s[name] for name in (*gap.inputs, *probe) if name in s and name not in ("pairs", "step_counts")}
    if any(is_whole(value) for value in given.values()) or (gap.name == "ReLU" and isinstance(s["z"], int)):
        found.add("whole numbers")
    elif any(isinstance(value, np.ndarray) for name, value in probe.items() if name in ("x", "w", "dw")):
        found.add("arrays for lists")
    if plan.notebook in ("01_neuron", "02_chain", "03_step") and length(gap, s) not in usual_lengths:
        found.add("another length")
    if 0 in np.ravel(np.asarray(s.get("step_counts", [1]))) and gap.name == "z_after":
        found.add("no steps")
    if any(name.endswith(("_again", "_other", "_first")) for name in probe):
        found.add("used more than once")
    return found


def length(gap: Gap, s: dict[str, Value]) -> int:
    """Number of entries of the list that a gap goes through."""
    return len(np.ravel(np.asarray(s["values" if gap.name == "nudge_slopes" else "w"])))


def usual_lengths(general: list[Case]) -> dict[str, set[int]]:
    """Lengths of the lists of each gap of one neuron, on general twins."""
    usual: dict[str, set[int]] = {}
    for plan, gap, _, s in general:
        if plan.notebook in ("01_neuron", "02_chain", "03_step"):
            usual.setdefault(gap.name, set()).add(length(gap, s))
    return usual


def test_edge_twins_show_exactly_one_corner(corners: list[Case], general: list[Case]) -> None:
    usual = usual_lengths(general)
    found = {
        place((plan, gap, twin, s)): corners_of(plan, gap, twin, s, usual.get(gap.name, set()))
        for plan, gap, twin, s in corners
    }
    assert {case: what for case, what in found.items() if len(what) != 1} == {}


def test_every_gap_with_points_for_corner_cases_has_one_and_no_other_gap_has(plans: tuple[Plan, ...]) -> None:
    with_edge = {gap.name for plan in plans for gap in plan.gaps if gap.edge_points}
    with_twin = {gap.name for plan in plans for gap in plan.gaps if plan.judging(gap.name, TwinKind.EDGE)}
    assert with_twin == with_edge


def test_every_gap_has_at_least_three_twins_drawn_from_the_secret(plans: tuple[Plan, ...]) -> None:
    few = {
        gap.name: [twin.name for twin in drawn(plan) if twin.judges(gap.name) and twin.kind is TwinKind.GENERAL]
        for plan in plans
        for gap in plan.gaps
    }
    assert {name: twins for name, twins in few.items() if len(twins) < 3} == {}


def test_no_secret_changes_an_open_twin_and_one_of_a_gap_is_general(plans: tuple[Plan, ...]) -> None:
    for plan in plans:
        secret = {twin.name for twin in drawn(plan)}
        for gap in plan.gaps:
            kinds = {twin.kind for twin in plan.twins if twin.name in gap.open_twins}
            assert TwinKind.GENERAL in kinds, gap.name
            assert TwinKind.PAGE not in kinds, gap.name
            assert not secret.intersection(gap.open_twins), gap.name


def test_every_corner_case_stands_among_the_open_numbers_and_among_hidden_ones_of_its_own(
    corners: list[Case], general: list[Case]
) -> None:
    """A tick in the notebook has seen every kind of corner that costs points; what it has seen does not decide them."""
    usual = usual_lengths(general)
    seen: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for plan, gap, twin, s in corners:
        what = corners_of(plan, gap, twin, s, usual.get(gap.name, set()))
        seen[twin.name in gap.open_twins] |= {(gap.name, one) for one in what}
    assert seen[True] == seen[False]


def test_a_secret_changes_the_drawn_twins_and_no_other(root: Path, course: Course) -> None:
    other = Course(root, SECRETS[1])
    for name in course.sources:
        secret = {twin.name for twin in drawn(course.plan(name))}
        pairs = zip(course.plan(name).twins, other.plan(name).twins, strict=True)
        changed = {one.name for one, two in pairs if not same(one, two)}
        assert changed == secret


def same(one: Twin, two: Twin) -> bool:
    return repr((one.name, one.givens, one.probes, one.before)) == repr((two.name, two.givens, two.probes, two.before))


# ---- known mistakes are caught, whatever the secret -----------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits()) as made:
        yield made


def uncaught(sandbox: Sandbox, plan: Plan, known: tuple[Mistake, ...]) -> list[Mistake]:
    """Mistakes that lose nothing on the twins drawn from the secret, nor on the named corner cases.

    The named general twins are left out: they stand in the repository, so the secret's own must do without them.
    """
    secret = drawn(plan)
    corners = [twin for twin in plan.twins if twin.kind is TwinKind.EDGE and twin not in secret]
    hidden = replace(plan, twins=(*secret, *corners))
    reference = sandbox.replay(Speech(hidden, None), hidden.source)
    speech = Speech(hidden, reference)
    left = []
    carriers = list(as_submissions(hidden, known))
    transcripts = sandbox.replay_together(speech, [submission for submission, _ in carriers])
    for (_, carried), transcript in zip(carriers, transcripts, strict=True):
        for gap, mistake in carried.items():
            case = checking.case_of(hidden, hidden.gap(gap), transcript, reference)
            if all(result.passed for _, result in checking.results(CHECKS, case)):
                left.append(mistake)
    return left


ONLY_THE_PAGE = {"relu_dz_of_relu6": "there so that one mistake fails on the page, where z is 6, and nowhere else"}


def uncaught_under(sandbox: Sandbox, course: Course) -> list[str]:
    return [
        mistake.slug
        for name in course.sources
        for mistake in uncaught(sandbox, course.plan(name), known_mistakes(course, name))
        if mistake.slug not in ONLY_THE_PAGE
    ]


def hold_every_mistake(sandbox: Sandbox, root: Path, secrets: Sequence[str]) -> None:
    for secret in secrets:
        assert uncaught_under(sandbox, Course(root, secret)) == [], f"under the secret {secret!r}"


def test_every_known_mistake_is_caught_under_ten_secrets(sandbox: Sandbox, root: Path) -> None:
    hold_every_mistake(sandbox, root, [f"secret {number}" for number in range(10)])


@pytest.mark.long
def test_every_known_mistake_is_caught_under_a_thousand_secrets(sandbox: Sandbox, root: Path) -> None:
    hold_every_mistake(sandbox, root, [f"secret {number}" for number in range(1_000)])


def test_a_right_answer_in_the_place_of_a_mistake_is_not_caught(sandbox: Sandbox, course: Course) -> None:
    plan = course.plan("02_chain")
    honest = tuple(replace(one, source=plan.gap(one.gap).solution) for one in known_mistakes(course, "02_chain")[::9])
    assert {one.slug for one in uncaught(sandbox, plan, honest)} == {one.slug for one in honest}
