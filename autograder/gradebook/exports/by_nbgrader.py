"""nbgrader's own `export`, with every cell quoted that must be: nbgrader joins its rows with bare commas."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbgrader.plugins import CsvExportPlugin

from autograder.course.private import mask_of
from autograder.gradebook.exports.formats import defused

MUST_BE_QUOTED = ',"\r\n'


class Cell(str):
    """A text that quotes itself where it is put into a row."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        """The text as a CSV file holds it; a spreadsheet takes none for a formula."""
        text = defused(format(str(self), form))
        return '"' + text.replace('"', '""') + '"' if any(one in text for one in MUST_BE_QUOTED) else text


class QuotedExport(CsvExportPlugin):  # type: ignore[misc]  # nbgrader says no type
    """nbgrader's table of marks; names may hold commas, quotes and `=`."""

    parent: Any  # nbgrader's command

    def export(self, gradebook: Any) -> None:
        """Write the table, for its owner alone."""
        os.umask(mask_of(Path(self.parent.coursedir.root)))
        super().export(_Quoted(gradebook))


class _Quoted:
    """A gradebook whose names quote themselves."""

    def __init__(self, gradebook: Any) -> None:
        self.find_submission = gradebook.find_submission
        self.assignments = [_cells(one, "name", "duedate", "max_score") for one in gradebook.assignments]
        self.students = [_cells(one, "id", "last_name", "first_name", "email") for one in gradebook.students]


def _cells(row: Any, *names: str) -> SimpleNamespace:
    values = {name: getattr(row, name) for name in names}
    return SimpleNamespace(**{name: Cell(one) if isinstance(one, str) else one for name, one in values.items()})
