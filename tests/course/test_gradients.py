"""Every reference gradient against two oracles that know no chain rule of ours: HIPS autograd, and central differences.

The forward functions are written here once more and plainly, from the formulas of the notebooks' prose; the oracles
differentiate them on the page and on every twin, under three secrets. Twins with a z on the kink are left out: there
the oracles' answer is a matter of convention (autograd takes 1/2), and which twins those are is tested too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import autograd
import autograd.numpy as np
import pytest

from autograder.model import Gap, Plan, Transcript, TwinKind
from lab.judge import as_array, difference

from .state import pre_activations, values_before

Array: TypeAlias = Any
State: TypeAlias = Mapping[str, Any]
Gradient: TypeAlias = Callable[[Callable[[Array], Array], Array], Array]
Oracle: TypeAlias = Callable[[State, Gradient], dict[str, Array]]

OFF_THE_KINK = 1e-3


def by_autograd(f: Callable[[Array], Array], at: Array) -> Array:
    """Gradient of a scalar function at an array of any shape, exact up to rounding."""
    return autograd.grad(f)(np.array(at, dtype=float))


def by_central_differences(f: Callable[[Array], Array], at: Array, *, step: float = 1e-5) -> Array:
    """The same from values of `f` alone; truncation O(step**2), rounding O(eps / step)."""
    at = np.array(at, dtype=float)
    slopes = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[index] = step
        slopes[index] = (f(at + nudge) - f(at - nudge)) / (2 * step)
    return slopes


# ---- forward functions ---------------------------------------------------------------------------------------------


def relu(z: Array) -> Array:
    return np.maximum(z, 0.0)


def pre_activation(x: Array, w: Array, b: Array) -> Array:
    return np.sum(x * w) + b


def neuron(x: Array, w: Array, b: Array) -> Array:
    return relu(pre_activation(x, w, b))


def dense(inputs: Array, weights: Array, biases: Array) -> Array:
    return np.dot(inputs, weights) + biases


# ---- notebooks 01 to 03: one neuron --------------------------------------------------------------------------------


def nudge_slopes(s: State, gradient: Gradient) -> dict[str, Array]:
    table = s.get("pairs", [[0, 3], [1, 4], [2, 5], [6, 7]])  # sum of products of two values; the last index is a 1

    def f(v: Array) -> Array:
        u = [*[v[i] for i in range(len(s["values"]))], 1.0]
        return sum(u[i] * u[j] for i, j in table)

    half_way = s["h"] / 2 * np.eye(len(s["values"]))  # a forward difference of squares and products is the slope there
    return {"slopes": np.array([gradient(f, s["values"] + half_way[i])[i] for i in range(len(half_way))])}


def relu_dz(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"relu_dz": gradient(relu, s["z"])}


def drelu_dsum(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"drelu_dsum": gradient(lambda z: s["dvalue"] * relu(z), s["z"])}


def drelu_dxw(s: State, gradient: Gradient) -> dict[str, Array]:
    addends = [s["xw0"], s["xw1"], s["xw2"], s["b"]]
    local = gradient(np.sum, addends)
    chained = gradient(lambda terms: s["dvalue"] * relu(np.sum(terms)), addends)
    ends = ("dxw0", "dxw1", "dxw2", "db")
    return {f"dsum_{end}": local[at] for at, end in enumerate(ends)} | {
        f"drelu_{end}": chained[at] for at, end in enumerate(ends)
    }


def dmul(s: State, gradient: Gradient) -> dict[str, Array]:
    found = {}
    for i, (x, w) in enumerate(zip(s["x"], s["w"], strict=True)):
        found[f"dmul_dx{i}"], found[f"dmul_dw{i}"] = gradient(lambda pair: pair[0] * pair[1], [x, w])
    return found


def _of_neuron(s: State, gradient: Gradient, upstream: float) -> tuple[Array, Array, Array]:
    x, w, b = np.array(s["x"]), np.array(s["w"]), s["b"]
    return (
        gradient(lambda x: upstream * neuron(x, w, b), x),
        gradient(lambda w: upstream * neuron(x, w, b), w),
        gradient(lambda b: upstream * neuron(x, w, b), b),
    )


def drelu_dx(s: State, gradient: Gradient) -> dict[str, Array]:
    return {f"drelu_dx{i}": slope for i, slope in enumerate(_of_neuron(s, gradient, s["dvalue"])[0])}


def drelu_dw(s: State, gradient: Gradient) -> dict[str, Array]:
    return {f"drelu_dw{i}": slope for i, slope in enumerate(_of_neuron(s, gradient, s["dvalue"])[1])}


def drelu_dx0_one_line(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"drelu_dx0_one_line": _of_neuron(s, gradient, s["dvalue"])[0][0]}


def neuron_backward(s: State, gradient: Gradient) -> dict[str, Array]:
    return dict(zip(("dx", "dw", "db"), _of_neuron(s, gradient, s["dvalue"]), strict=True))


def dw_termwise(s: State, gradient: Gradient) -> dict[str, Array]:
    x = np.array(s["x"])  # the rule on trial is right for another function: a ReLU behind each product
    return {"dw_termwise": gradient(lambda w: s["dvalue"] * np.sum(relu(x * w)), s["w"])}


def gradients(s: State, gradient: Gradient) -> dict[str, Array]:
    return dict(zip(("dx", "dw", "db"), _of_neuron(s, gradient, 1.0), strict=True))


def gradient_step(s: State, gradient: Gradient) -> dict[str, Array]:
    """The notebook's own step; what the function makes of the driver's numbers is arithmetic."""
    given = {name: s["notebook"][name] for name in ("x", "w", "b", "lr")}
    _, dw, db = _of_neuron(given, gradient, 1.0)
    return {"new_w": np.array(given["w"]) - given["lr"] * dw, "new_b": given["b"] - given["lr"] * db}


def drop(s: State, gradient: Gradient) -> dict[str, Array]:
    """How fast y falls along the step, for a way as long as the step."""
    x, w, b = np.array(s["x"]), np.array(s["w"]), s["b"]
    _, dw, db = _of_neuron(s, gradient, 1.0)
    return {
        "drop": s["lr"] * gradient(lambda t: -neuron(x, w - t * dw, b - t * db), 0.0),
        "drop_weights_only": s["lr"] * gradient(lambda t: -neuron(x, w - t * dw, b), 0.0),
    }


def z_after(s: State, gradient: Gradient) -> dict[str, Array]:
    found = []
    for steps in s["step_counts"]:
        x, w, b = np.array(s["x"]), np.array(s["w"]), s["b"]
        for _ in range(steps):
            _, dw, db = _of_neuron({"x": x, "w": w, "b": b}, gradient, 1.0)
            w, b = w - s["lr"] * dw, b - s["lr"] * db
        found.append(np.sum(x * w) + b)
    return {"z_after_steps": np.array(found)}


# ---- notebooks 04 to 06: a layer -----------------------------------------------------------------------------------


def _of_dense(s: State, gradient: Gradient, inputs: Array, upstream: Array) -> tuple[Array, Array, Array]:
    """Gradients of the sum of upstream times output, for weights, biases and inputs."""
    weights = np.array(s["weights"])
    biases = np.array(s.get("biases", np.zeros((1, weights.shape[1]))))
    return (
        gradient(lambda weights: np.sum(upstream * dense(inputs, weights, biases)), weights),
        gradient(lambda biases: np.sum(upstream * dense(inputs, weights, biases)), biases),
        gradient(lambda inputs: np.sum(upstream * dense(inputs, weights, biases)), inputs),
    )


def _some_inputs(s: State, samples: int) -> Array:
    """Any inputs will do: a dense layer's gradient for its inputs does not depend on them."""
    return np.sin(np.arange(1.0, 1.0 + samples * len(s["weights"]))).reshape(samples, -1)


def dx0(s: State, gradient: Gradient) -> dict[str, Array]:
    upstream = np.array(s["dvalues_sample"])
    inputs = _some_inputs(s, 1)
    through = [
        gradient(lambda x, m=m: upstream[0, m] * np.sum(x[0] * s["weights"][:, m]), inputs)[0, 0]
        for m in range(upstream.shape[1])
    ]
    return {"dx0_parts": np.array(through), "dx0": _of_dense(s, gradient, inputs, upstream)[2][0, 0]}


def dinputs_sample(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dinputs_sample": _of_dense(s, gradient, _some_inputs(s, 1), np.array(s["dvalues_sample"]))[2][0]}


def dinputs_batch(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dinputs": _of_dense(s, gradient, _some_inputs(s, len(s["dvalues"])), np.array(s["dvalues"]))[2]}


def dx_columns(s: State, gradient: Gradient) -> dict[str, Array]:
    """Samples in columns from the start: outputs are weights_by_neuron times inputs."""
    columns = _some_inputs(s, len(s["dvalues"])).T
    upstream = np.array(s["dvalues"]).T
    return {"dX": gradient(lambda inputs: np.sum(upstream * np.dot(s["weights_by_neuron"], inputs)), columns)}


def dweight_entry(s: State, gradient: Gradient) -> dict[str, Array]:
    i, j = s["which_input"], s["which_neuron"]
    parts = [
        _of_dense(s, gradient, np.array(s["inputs"])[n : n + 1], np.array(s["dvalues"])[n : n + 1])[0][i, j]
        for n in range(len(s["inputs"]))
    ]
    return {"dweight_parts": np.array(parts), "dweight": dweights(s, gradient)["dweights"][i, j]}


def dweights(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dweights": _of_dense(s, gradient, np.array(s["inputs"]), np.array(s["dvalues"]))[0]}


def dbiases(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dbiases": _of_dense(s, gradient, np.array(s["inputs"]), np.array(s["dvalues"]))[1]}


def dweights_dbiases(s: State, gradient: Gradient) -> dict[str, Array]:
    for_weights, for_biases, _ = _of_dense(s, gradient, np.array(s["inputs"]), np.array(s["dvalues"]))
    return {"dweights_and_dbiases": np.concatenate([for_weights, for_biases])}


def dweight_nudged(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dweight_nudged": dweights(s, gradient)["dweights"][s["which_input"], s["which_neuron"]]}


def relu_mask(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"relu_dz": gradient(lambda z: np.sum(relu(z)), s["z"])}


def drelu_array(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"drelu": gradient(lambda z: np.sum(s["dvalues"] * relu(z)), s["z"])}


def activation_relu(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dinputs": drelu_array(s, gradient)["drelu"]}


# ---- notebook 07: all together -------------------------------------------------------------------------------------


def _half_squares(a: Array) -> Array:
    return 0.5 * np.sum(a**2)


def half_squares(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dvalues": gradient(_half_squares, s["a"])}


def _of_layer(s: State, gradient: Gradient) -> tuple[Array, Array, Array]:
    """Gradients of the sum of dvalues times activations, from the parameters and inputs, ReLU in between."""
    inputs, weights, biases, upstream = (np.array(s[name]) for name in ("inputs", "weights", "biases", "dvalues"))
    return (
        gradient(lambda weights: np.sum(upstream * relu(dense(inputs, weights, biases))), weights),
        gradient(lambda biases: np.sum(upstream * relu(dense(inputs, weights, biases))), biases),
        gradient(lambda inputs: np.sum(upstream * relu(dense(inputs, weights, biases))), inputs),
    )


def dense_gradients(s: State, gradient: Gradient) -> dict[str, Array]:
    return dict(zip(("dweights", "dbiases", "dinputs"), _of_layer(s, gradient), strict=True))


def parameter_step(s: State, gradient: Gradient) -> dict[str, Array]:
    for_weights, for_biases, _ = _of_layer(s, gradient)
    return {
        "new_weights": s["weights"] - s["lr"] * for_weights,
        "new_biases": s["biases"] - s["lr"] * for_biases,
    }


def loss_new(s: State, gradient: Gradient) -> dict[str, Array]:
    """How fast half the squares fall along the step, for a way as long as the step; from the loss alone."""
    inputs, weights, biases = (np.array(s[name]) for name in ("inputs", "weights", "biases"))

    def loss(weights: Array, biases: Array) -> Array:
        return _half_squares(relu(dense(inputs, weights, biases)))

    for_weights = gradient(lambda weights: loss(weights, biases), weights)
    for_biases = gradient(lambda biases: loss(weights, biases), biases)
    falls = gradient(lambda t: -loss(weights - t * for_weights, biases - t * for_biases), 0.0)
    return {"drop_forecast": s["lr"] * falls}


def layer_dense(s: State, gradient: Gradient) -> dict[str, Array]:
    """The driver's two layers: the second one gets its own rectified output, the gradient of half its squares."""
    again = "inputs_again" in s
    inputs = np.array(s["inputs_again"] if again else s["inputs"])
    upstream = np.array(s["dvalues_again"] if again else s["dvalues_rows"])
    first = _of_dense(s, gradient, inputs, upstream)
    if "weights_other" in s:
        other = {"weights": s["weights_other"], "biases": s["biases_other"]}
        second = _of_dense(other, gradient, np.array(s["inputs_other"]), np.array(s["dvalues_other"]))
    else:
        weights, biases, rows = np.array(s["weights"]), np.array(s["biases"]), np.array(s["inputs"])
        second = (
            gradient(lambda weights: _half_squares(relu(dense(rows, weights, biases))), weights),
            gradient(lambda biases: _half_squares(relu(dense(rows, weights, biases))), biases),
            gradient(lambda rows: _half_squares(relu(dense(rows, weights, biases))), rows),
        )
    names = ("dweights", "dbiases", "dinputs")
    return dict(zip(names, first, strict=True)) | {
        f"{name}_second": slope for name, slope in zip(names, second, strict=True)
    }


def backward_chain(s: State, gradient: Gradient) -> dict[str, Array]:
    """Forward, a stand-in moves all columns one place back and multiplies them by its scale."""
    scales, upstream = [np.array(scale) for scale in s["scales"]], np.array(s["dvalues_rows"])

    def onward(values: Array, layers: list[Array]) -> Array:
        for scale in layers:
            values = np.roll(values, -1, axis=1) * scale
        return np.sum(upstream * values)

    anything = np.cos(np.arange(float(upstream.size))).reshape(upstream.shape)
    handed = [gradient(lambda v, k=k: onward(v, scales[k:]), anything) for k in range(len(scales), 0, -1)]
    return {"handed": np.array(handed), "returned": gradient(lambda v: onward(v, scales), anything)}


def nll(s: State, gradient: Gradient) -> dict[str, Array]:
    return {"dnll_dp": gradient(lambda p: -np.log(p), s["p"])}


ORACLES: Mapping[str, Oracle] = {
    "nudge_slopes": nudge_slopes,
    "relu_dz": relu_dz,
    "drelu_dsum": drelu_dsum,
    "drelu_dxw": drelu_dxw,
    "dmul": dmul,
    "drelu_dx": drelu_dx,
    "drelu_dw": drelu_dw,
    "drelu_dx0_one_line": drelu_dx0_one_line,
    "neuron_backward": neuron_backward,
    "dw_termwise": dw_termwise,
    "gradients": gradients,
    "gradient_step": gradient_step,
    "drop": drop,
    "z_after": z_after,
    "dx0": dx0,
    "dinputs_sample": dinputs_sample,
    "dinputs_batch": dinputs_batch,
    "dX_columns": dx_columns,
    "dweight_entry": dweight_entry,
    "dweights": dweights,
    "dbiases": dbiases,
    "dweights_dbiases": dweights_dbiases,
    "dweight_nudged": dweight_nudged,
    "relu_mask": relu_mask,
    "drelu_array": drelu_array,
    "Activation_ReLU": activation_relu,
    "half_squares": half_squares,
    "drelu_chain": drelu_array,
    "dense_gradients": dense_gradients,
    "parameter_step": parameter_step,
    "loss_new": loss_new,
    "Layer_Dense": layer_dense,
    "backward_chain": backward_chain,
    "nll": nll,
}

NO_GRADIENT = {
    ("products", "xw0"): "a forward value",
    ("products", "xw1"): "a forward value",
    ("products", "xw2"): "a forward value",
    ("weighted_sum", "z"): "a forward value",
    ("ReLU", "y"): "a forward value",
    ("ReLU", "activation"): "a forward value",
    ("y_nested", "y_nested"): "a forward value",
    ("neuron_forward", "output"): "a forward value",
    ("bias_outside", "y_outside"): "a forward value, of the formula on trial",
    ("bias_outside", "difference"): "a difference of two forward values",
    ("gradient_step", "stepped_w"): "arithmetic on numbers that the driver makes up; new_w is the step of gradients",
    ("gradient_step", "stepped_b"): "likewise; new_b is the step of a gradient",
    ("y_new", "y_new"): "a forward value",
    ("y_new", "y_weights_only"): "a forward value",
    ("shapes_dinputs", "N"): "a count",
    ("shapes_dinputs", "D"): "a count",
    ("shapes_dinputs", "M"): "a count",
    ("shapes_dinputs", "dinputs_shape"): "a shape",
    ("shapes_parameters", "dweights_shape"): "a shape",
    ("shapes_parameters", "dbiases_shape"): "a shape",
    ("silent_neurons", "silent_count"): "a count of forward values",
    ("silent_neurons", "dead"): "a statement about forward values",
    ("Activation_ReLU", "inputs"): "what was handed in",
    ("Activation_ReLU", "output"): "a forward value",
    ("forward", "z"): "a forward value",
    ("forward", "a"): "a forward value",
    ("half_squares", "loss"): "a forward value",
    ("loss_new", "loss_new"): "a forward value",
    ("Layer_Dense", "output"): "a forward value",
    ("backward_chain", "called"): "an order of calls",
    ("nll", "nll"): "a forward value",
}

ON_THE_KINK = {"C0", "kink", "seeded_kink_1"}
"""The edge twins that have a z of exactly 0, whatever the secret."""


def cases(under_secrets: tuple[tuple[Plan, Transcript], ...]) -> list[tuple[Plan, Gap, str, State, Transcript]]:
    """Every gap that has an oracle on every twin that judges it, with the values that stand before it."""
    found = []
    for plan, reference in under_secrets:
        for gap in plan.gaps:
            for twin in plan.judging(gap.name, *TwinKind):
                s = values_before(plan, gap, twin.name, reference)
                if gap.name in ORACLES:
                    found.append((plan, gap, twin.name, {**s, "notebook": twin.givens}, reference))
    return found


def is_off_the_kink(plan: Plan, gap: Gap, s: State) -> bool:
    return all(np.all(np.abs(z) > OFF_THE_KINK) for z in pre_activations(plan, gap, s))


def test_every_answer_of_the_course_has_an_oracle_or_a_reason_why_it_is_no_gradient(
    gaps: tuple[Gap, ...], under_secrets: tuple[tuple[Plan, Transcript], ...]
) -> None:
    answers = {(gap.name, name) for gap in gaps for name in gap.answers}
    held = {
        (gap.name, name)
        for _, gap, twin, s, _ in cases(under_secrets)
        if twin == "P"
        for name in ORACLES[gap.name](s, by_autograd)
    }
    assert held | set(NO_GRADIENT) == answers
    assert held & set(NO_GRADIENT) == set()


@pytest.mark.parametrize(
    ("gradient", "tolerance"),
    [
        pytest.param(by_autograd, 1e-9, id="autograd"),
        pytest.param(by_central_differences, 1e-6, id="central-differences"),
    ],
)
def test_reference_gradients_agree_with_a_second_oracle_on_the_page_and_on_every_twin(
    gradient: Gradient, tolerance: float, under_secrets: tuple[tuple[Plan, Transcript], ...]
) -> None:
    wrong = []
    for plan, gap, twin, s, reference in cases(under_secrets):
        if not is_off_the_kink(plan, gap, s):
            continue
        got = reference.answer(twin, gap.name).values
        for name, want in ORACLES[gap.name](s, gradient).items():
            right = as_array(got[name])
            assert right is not None
            most = max(tolerance, gap.tolerance)
            if (found := difference(right, np.array(want, dtype=float), tolerance=most)) is not None:
                wrong.append(f"{gap.name}.{name} on {twin} {found.text}")
    assert wrong == []


def test_only_the_twins_made_for_the_kink_have_no_gradient(
    under_secrets: tuple[tuple[Plan, Transcript], ...],
) -> None:
    found = {
        (plan.notebook, twin) for plan, gap, twin, s, _ in cases(under_secrets) if not is_off_the_kink(plan, gap, s)
    }
    kinds = {(plan.notebook, twin.name): twin.kind for plan, _ in under_secrets for twin in plan.twins}
    assert {twin for _, twin in found} == ON_THE_KINK
    assert {kinds[key] for key in found} == {TwinKind.EDGE}
