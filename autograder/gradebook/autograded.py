"""The notebook as graded, where formgrader and nbgrader's feedback look for it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from nbformat.notebooknode import from_dict
from nbgrader.utils import compute_checksum

from autograder.course import notebook
from autograder.course.course import Course
from autograder.judging import feedback
from autograder.judging.grading import Graded


def write_autograded(course: Course, graded: Graded) -> Path:
    """The notebook as graded, where formgrader and `generate_feedback` look for it."""
    record = graded.record
    path = course.autograded(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = notebook_with_outputs(course, graded)
    checksums = handed_out_checksums(course, course.key(record.assignment, record.notebook))
    for cell in content["cells"]:
        metadata = cell["metadata"].get("nbgrader")
        if metadata:
            checksum = checksums[metadata["grade_id"]]
            cell["metadata"] = {**cell["metadata"], "nbgrader": {**metadata, "checksum": checksum}}
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    os.replace(part, path)
    return path


@cache
def handed_out_checksums(course: Course, name: str) -> dict[str, str]:
    """The checksum that nbgrader gives each cell of a notebook as handed out."""
    content = notebook.as_json(handed_out(course, name), {})
    graded = [cell for cell in content["cells"] if "nbgrader" in cell["metadata"]]
    return {cell["metadata"]["nbgrader"]["grade_id"]: compute_checksum(from_dict(cell)) for cell in graded}


def notebook_with_outputs(course: Course, graded: Graded) -> dict[str, Any]:
    """A graded notebook as nbformat: the student's cells, the course's in their places, outputs and verdicts."""
    repaired, key = graded.repaired, course.key(graded.record.assignment, graded.record.notebook)
    if repaired.unreadable:
        repaired = handed_out(course, key, repaired.unreadable)
    content = notebook.as_json(repaired, feedback.outputs_of(graded.record, repaired, graded.shown))
    content["metadata"] |= feedback.metadata(graded.record, course.sources[key])
    return content


def handed_out(course: Course, name: str, reason: str = "") -> notebook.Repaired:
    """A notebook as handed out; above it the reason why the student's own could not be read.

    Args:
        course: Has the notebook.
        name: Of the notebook, such as "02_chain".
        reason: One sentence for the student; without one no cell is added.
    """
    cells = [
        notebook.FoundCell(
            role=cell.role, source=notebook.stub_of(cell.source), grade_id=cell.grade_id, metadata=cell.metadata
        )
        for cell in course.sources[name].cells
    ]
    above = [notebook.FoundCell(role="text", source=reason)] if reason else []
    return notebook.Repaired(cells=(*above, *cells))
