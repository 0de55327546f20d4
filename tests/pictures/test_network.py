"""The network that the pictures compute with: its slopes are those of calculus."""

from __future__ import annotations

import numpy as np
import pytest

from lab.pictures.network import backward, dense, forward, gradients, layer, named, neuron, table

from .states import C0, G4, A, D, E, W, X

P = (X, W, 1.0, 1.0)


def leaves(x, w, b) -> dict[str, float]:
    return {f"x{i}": v for i, v in enumerate(x)} | {f"w{i}": v for i, v in enumerate(w)} | {"b": b}


@pytest.mark.parametrize(
    ("twin", "dx", "dw", "db"),
    [
        (P, [-3, -1, 2], [1, -2, 3], 1),
        (A, [1.75, 0.28, -0.63], [-0.49, 0.91, -1.47], -0.7),
        (D, [3, 0.1875, -4.5], [-0.375, 6, 0.75], 1.5),
        (E, [0, 0, 0], [0, 0, 0], 0),
        (G4, [-0.5, -6, 2, 1], [-4, 1, -3, 6], -2),
        (C0, [0, 0, 0], [0, 0, 0], 0),
    ],
    ids=["P", "A", "D", "E", "G4", "C0"],
)
def test_a_neurons_gradients_are_those_of_its_twin(twin, dx, dw, db):
    x, w, b, dvalue = twin
    steps = neuron(len(x))
    found = gradients(steps, forward(steps, leaves(x, w, b)), {"y": dvalue})
    assert [found[f"x{i}"] for i in range(len(x))] == pytest.approx(dx, abs=1e-12)
    assert [found[f"w{i}"] for i in range(len(x))] == pytest.approx(dw, abs=1e-12)
    assert found["b"] == pytest.approx(db, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_a_layers_gradients_are_those_of_numpy(seed):
    rng = np.random.default_rng(seed)
    count, inputs, neurons = rng.integers(1, 5, 3)
    x, w = rng.normal(size=(count, inputs)), rng.normal(size=(inputs, neurons))
    b, sent = rng.normal(size=neurons), rng.normal(size=(count, neurons))
    steps = layer(count, inputs, neurons)
    given = named("x", x.tolist()) | named("w", w.tolist()) | {f"b[{m}]": float(v) for m, v in enumerate(b)}
    values = forward(steps, given)
    found = gradients(steps, values, named("a", sent.tolist()))
    z = x @ w + b
    reached = np.where(z > 0, sent, 0)
    assert np.array(table("z", values, count, neurons)) == pytest.approx(z)
    assert np.array(table("z", found, count, neurons)) == pytest.approx(reached, abs=1e-9)
    assert np.array(table("w", found, inputs, neurons)) == pytest.approx(x.T @ reached, abs=1e-9)
    assert np.array(table("x", found, count, inputs)) == pytest.approx(reached @ w.T, abs=1e-9)
    assert [found[f"b[{m}]"] for m in range(neurons)] == pytest.approx(reached.sum(axis=0), abs=1e-9)


def test_every_wire_passes_what_arrives_times_its_local_slope():
    steps = dense(2, 3, 2)
    values = forward(steps, {name: 0.5 for step in steps for name in step.arguments if name[1:2] == "["})
    for wire in backward(steps, values, {f"z[{n},{m}]": 2.0 for n in range(2) for m in range(2)}):
        assert wire.passed == pytest.approx(wire.received * wire.local)


@pytest.mark.parametrize("z", [1e-9, 0.026, 1.0, 1e9])
def test_relu_has_slope_1_however_close_to_the_kink(z):
    steps = neuron(1)[-1:]
    assert gradients(steps, forward(steps, {"z": z}), {"y": 1.0})["z"] == pytest.approx(1)


@pytest.mark.parametrize("z", [-1e-9, -3.0, 0.0])
def test_relu_has_slope_0_at_and_below_0(z):
    steps = neuron(1)[-1:]
    assert gradients(steps, forward(steps, {"z": z}), {"y": 1.0})["z"] == 0
