"""What the five documents hold, frozen: their code cells in order, and every stretch of prose.

A cell is named by the first three digits of the file and its ordinal, since execution counts repeat: the seventh code
cell of `004_…` is `004 C7 (In [7])`. A stretch of prose is named by the cell before it, and by its subject where one
stretch has several. Comments inside a cell belong to the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document: its file, the execution counts of its code cells in order, and its stretches of prose."""

    file: str
    counts: tuple[str, ...]
    prose: tuple[str, ...]


DOCUMENTS: Mapping[str, Document] = {
    "000": Document(
        file="000_7e496341710897c0.txt",
        counts=("1", "8", "3", "9", "11", "12", "13"),
        prose=(
            "text before C1",
            "text after C2",
        ),
    ),
    "001": Document(
        file="001_e60317554e9d6bca.txt",
        counts=("1", "2", "3", "4", "5", "6", "7", "8", "18", "12", "17"),
        prose=(
            "text before C1",
            "text after C1, the neuron as a formula",
            "text after C1, the question of influence",
            "text after C1, nested functions",
            "text after C1, chain rule",
            "text after C1, dropped terms",
            "text after C1, what the derivative is for",
            "text after C3",
            "text after C4, upstream of 1",
            "text after C4, chain for w0",
            "text after C5",
            "text after C6, chain for w2",
            "text after C6, dying neurons",
            "text after C6, d or ∂",
            "text after C7",
            "text after C8",
            "text after C9",
        ),
    ),
    "002": Document(
        file="002_f79dba4d71e8195c.txt",
        counts=("27", "28", "25", "25", "26", "27", "29", "30", "10", "None", "None", "16"),
        prose=(
            "text before C1",
            "pictures after C1",
            "text after C2",
            "text after C3",
            "text after C4",
            "text after C5",
            "text after C6",
            "text after C7",
            "text after C8",
        ),
    ),
    "003": Document(
        file="003_36ff75667dbc17b3.txt",
        counts=("7", "None"),
        prose=(
            "text before C1",
            "picture before C1",
            "picture after C1",
        ),
    ),
    "004": Document(
        file="004_df2b810b80766c62.txt",
        counts=("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"),
        prose=(
            "text before C1, aim",
            "picture before C1",
            "text before C1, forward pass first",
            "picture after C1, the forward pass",
            "pictures after C1, one formula in three forms",
            "text after C1, chain rule",
            "text after C1, all seven",
            "text after C1, what the derivatives are for",
            "text after C1, upstream of 1",
            "picture after C1, the upstream gradient",
            "text after C2, all variables",
            "text after C2, heading",
            "text after C3",
            "picture after C3",
            "picture after C4",
            "picture after C5",
            "picture after C6",
            "text after C6, one line",
            "text after C6, gradients",
            "text after C6, descent",
            "text after C7",
            "text after C8, closing remark",
            "text after C8, layer head",
            "text after C9",
            "text after C10",
        ),
    ),
}

MISTAKES = tuple(f"E{number}" for number in range(1, 45))
"""The mistakes of the documents that must not be inherited."""


def cells() -> tuple[str, ...]:
    """Every code cell, by its full name."""
    return tuple(
        f"{number} C{at} (In [{count}])"
        for number, document in DOCUMENTS.items()
        for at, count in enumerate(document.counts, start=1)
    )


def prose() -> tuple[str, ...]:
    """Every stretch of prose, by its full name."""
    return tuple(f"{number} {stretch}" for number, document in DOCUMENTS.items() for stretch in document.prose)
