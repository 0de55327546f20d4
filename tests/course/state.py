"""The values that stand before a gap on a twin, and what goes through a ReLU there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.model import Gap, Plan, Transcript, Value


def values_before(plan: Plan, gap: Gap, twin: str, reference: Transcript) -> dict[str, Value]:
    """Givens, right outputs of earlier gaps, and what the twin puts in for this gap and its driver."""
    of = next(one for one in plan.twins if one.name == twin)
    state = dict(of.givens)
    for earlier in plan.gaps:
        if earlier.name == gap.name:
            break
        state |= of.before.get(earlier.name, {})
        values = reference.answer(twin, earlier.name).values
        state |= {name: values[name] for name in earlier.outputs}
    return {**state, **of.before.get(gap.name, {}), **of.probes.get(gap.name, {})}


def pre_activations(plan: Plan, gap: Gap, s: Mapping[str, Value]) -> list[np.ndarray]:
    """Every z that a ReLU sees on the way to a gap's outputs, from the values before the gap; none if there is none."""
    match plan.notebook, gap.name:
        case (("04_layer_inputs" | "05_layer_parameters"), _):
            return []
        case _, ("products" | "nudge_slopes" | "dmul" | "gradient_step" | "backward_chain" | "nll"):
            return []
        case _, "ReLU":
            return [np.asarray(s["z"]), _of_neuron(s)]
        case _, "dw_termwise":
            return [np.asarray(s["x"]) * np.asarray(s["w"])]
        case _, "y_new":
            return [
                _of_neuron(s),
                _of_neuron({**s, "w": s["new_w"]}),
                _of_neuron({**s, "w": s["new_w"], "b": s["new_b"]}),
            ]
        case _, "z_after":
            return _along_the_steps(s)
        case (("01_neuron" | "02_chain" | "03_step"), _):
            return [_of_neuron(s)]
        case "06_relu_arrays", _:
            return [np.asarray(s["z"])]
    return [np.asarray(s["inputs"]) @ np.asarray(s["weights"]) + np.asarray(s["biases"])]


def _of_neuron(s: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(np.dot(s["x"], s["w"]) + s["b"])


def _along_the_steps(s: Mapping[str, Any]) -> list[np.ndarray]:
    x, w, b = np.asarray(s["x"]), np.asarray(s["w"]), s["b"]
    found = [_of_neuron({"x": x, "w": w, "b": b})]
    for _ in range(max(s["step_counts"])):
        if found[-1] > 0:
            w, b = w - s["lr"] * x, b - s["lr"]
        found.append(_of_neuron({"x": x, "w": w, "b": b}))
    return found
