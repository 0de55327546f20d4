"""What a student reads about a gap, and the outputs of an autograded notebook that carry it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec

from autograder.course.notebook import Repaired, SourceNotebook, execution_counts
from autograder.model import GapResult, Record, Status
from autograder.sandbox.wire import Output

RECORD = "autograder"
"""Key of a graded notebook's metadata that holds its record."""


def metadata(record: Record, source: SourceNotebook) -> dict[str, Any]:
    """What a graded notebook's metadata holds besides the kernel: all that its feedback page is made from."""
    lines = (line for cell in source.cells if cell.role == "text" for line in cell.source.split("\n"))
    title = next((line[2:].strip() for line in lines if line.startswith("# ")), record.notebook)
    return {"title": title, RECORD: msgspec.to_builtins(record)}


WORDS = {
    Status.RIGHT: "Right.",
    Status.PARTLY: "Right values; something else was lost.",
    Status.WRONG: "Not right yet.",
    Status.RAISED: "It raised an error.",
    Status.STOPPED: "It was stopped.",
    Status.DIED: "It ended Python itself.",
    Status.UNTOUCHED: "Not started.",
    Status.MISSING: "The cell is missing.",
    Status.UNREADABLE: "The notebook could not be read.",
    Status.NOT_HANDED_IN: "Not handed in.",
    Status.REVIEW: "To be graded by hand.",
}

CHECKS = {
    "values": "The page’s numbers and others",
    "edges": "Corner cases",
    "inputs_unchanged": "Inputs left as they were",
    "second_call": "A second call gives the same",
    "no_globals": "Uses what it is given, not the notebook’s variables",
}
"""What a check looks at, by its name."""


def verdict(result: GapResult) -> str:
    """What is said of one gap, in a few lines."""
    score = f"{result.score:g} of {result.points:g} points" if result.status is not Status.REVIEW else "no points yet"
    lines = [f"{result.gap}: {score}. {WORDS[result.status]}", result.message, *result.remarks]
    return "\n".join(clean(line) for line in lines if line)


def clean(text: str) -> str:
    """Text with everything removed that a terminal or a browser might obey: control and bidirectional characters."""
    return _DOUBTFUL.sub(lambda found: _harmless(found[0]), text)


def _harmless(letter: str) -> str:
    if letter.isprintable():
        return letter
    return {"\t": "    "}.get(letter, " " if unicodedata.category(letter) == "Zs" else "\N{REPLACEMENT CHARACTER}")


_DOUBTFUL = re.compile(r"[^\n -~\u200c\u200d]")
"""All but line ends, plain letters, and the joiners that some scripts and pictographs need."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""What a terminal obeys: colours, cursor, titles."""


def lines_of(text: str) -> str:
    """What a terminal would show of a program's output: no colours, and of a line written over, the last state."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    return clean("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def check_outputs(result: GapResult) -> list[dict[str, Any]]:
    """Outputs of a grade cell: the verdict, and the score in the form that nbgrader reads as partial credit."""
    outputs: list[dict[str, Any]] = [{"output_type": "stream", "name": "stdout", "text": verdict(result) + "\n"}]
    if result.status is not Status.REVIEW:
        data = {"text/plain": repr(float(result.score))}
        outputs.append({"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None})
    return outputs


def cell_outputs(shown: list[Output], count: int) -> list[dict[str, Any]]:
    """Captured outputs as nbformat has them."""
    return [_as_nbformat(output, count) for output in shown]


def _as_nbformat(output: Output, count: int) -> dict[str, Any]:
    if output.kind == "stream":
        name = "stderr" if output.name == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": output.text}
    if output.kind == "error":
        lines = {"ename": output.ename, "evalue": output.evalue, "traceback": output.traceback}
        return {"output_type": "error", **lines}
    data: Mapping[str, str] = output.data
    if output.kind == "execute_result":
        return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": count}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def outputs_of(
    record: Record, repaired: Repaired, shown: Mapping[int, list[Output]]
) -> dict[int, list[dict[str, Any]]]:
    """Outputs by place in the repaired notebook.

    Args:
        record: The verdicts, which become the outputs of check cells.
        repaired: The notebook that they belong to.
        shown: What cells showed when they were run, by place in `repaired`.
    """
    counts = execution_counts(repaired)
    verdicts = {f"check_{result.gap}": check_outputs(result) for result in record.gaps}
    found = {place: cell_outputs(outputs, counts[place]) for place, outputs in shown.items()}
    return found | {
        place: verdicts[cell.grade_id] for place, cell in enumerate(repaired.cells) if cell.grade_id in verdicts
    }
