"""The pictures of the documents' own values as SVG files, for readers without a kernel.

`python -m lab.pictures.static lab/static` writes them; the same bytes every time.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from lab.drawing.picture import Picture, as_file
from lab.pictures import (
    before_and_after,
    circuit_view,
    falling_stairs,
    fan_of_wires,
    neuron_circuit,
    nudge_bench,
    sluice_gates,
    stairs_drawing,
    weight_loom,
)

X, W, B = (1.0, -2.0, 3.0), (-3.0, -1.0, 2.0), 1.0
INPUTS = ((1.0, 2.0, 3.0, 2.5), (2.0, 5.0, -1.0, 2.0), (-1.5, 2.7, 3.3, -0.8))
WEIGHTS = ((0.2, 0.5, -0.26), (0.8, -0.91, -0.27), (-0.5, 0.26, 0.17), (1.0, -0.5, 0.87))
BIASES = ((2.0, 3.0, 0.5),)
DVALUES = ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (3.0, 3.0, 3.0))
Z = ((1, 2, -3, -4), (2, -7, -1, 3), (-1, 2, 5, -1))
WATER = ((1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12))


def pictures() -> dict[str, Picture]:
    """For each notebook, its picture of the documents' values."""
    bench = nudge_bench.choose(nudge_bench.open_all(nudge_bench.start(X, W, B, 0.5)), "x0")
    circuit = neuron_circuit.walk_to(neuron_circuit.start(X, W, B, 1.0), 3)
    return {
        "01_neuron": nudge_bench.picture(bench),
        "02_chain": circuit_view.picture(circuit),
        "03_step": _stairs(),
        "04_layer_inputs": fan_of_wires.picture(fan_of_wires.start(WEIGHTS, DVALUES)),
        "05_layer_parameters": weight_loom.picture(weight_loom.start(INPUTS, DVALUES, BIASES, 1, 0)),
        "06_relu_arrays": sluice_gates.picture(sluice_gates.start(Z, WATER)),
        "07_all_together": before_and_after.picture(before_and_after.start(INPUTS, WEIGHTS, BIASES, 0.001, DVALUES)),
    }


def _stairs() -> Picture:
    """The documents' learning rate, and the large one that notebook 03 tries beside it."""
    small = falling_stairs.start(X, W, B, 0.001, 3)
    large = replace(small, lr=0.15, steps=5)
    one, other = falling_stairs.picture(small), falling_stairs.picture(large)
    both = stairs_drawing.both(falling_stairs.scene(small), falling_stairs.scene(large))
    return replace(
        one, narrow=both, caption=(*one.caption, *other.caption), details=(*one.details, *other.details),
        name="Stairs: y after each step, with a small learning rate and with a large one",
    )  # fmt: skip


def files() -> dict[str, str]:
    """File names and contents."""
    return {f"{name}.svg": as_file(picture) for name, picture in pictures().items()}


def write(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
