"""The kit's settings for nbgrader, for a course's `nbgrader_config.py`: `configure(c, __file__)`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    DeduplicateIds,
    LockCells,
    OverwriteCells,
    OverwriteKernelspec,
    SaveCells,
)

from autograder.author.hand_out import ReleaseAssignment
from autograder.course.notebook import STUB
from autograder.course.private import close_to_others
from autograder.course.settings import id_to_use, zone_to_show
from autograder.gradebook.book import url_of
from autograder.gradebook.exchange import Collect, ReleaseFeedback
from autograder.gradebook.exports.by_nbgrader import QuotedExport
from autograder.gradebook.feedback_page import FeedbackPage
from autograder.gradebook.guard import keep_formgrader_up, take_names_literally
from autograder.gradebook.late import CourseLatePolicy
from autograder.gradebook.plugins import (
    CopyLab,
    GradeByChecks,
    KitExporter,
    SaveMarks,
    SolvedByTheKit,
    SourceExporter,
)


def configure(config: Any, file: str) -> None:
    """Have nbgrader's commands and formgrader work through the kit; what is set after this call counts.

    The course's folder also comes onto Python's path, behind everything else: a plug-in of the course's own that lies
    beside its settings, such as a rule for late penalties, can be named as nbgrader documents it. Nothing here raises:
    nbgrader would go on with settings of its own, and run what students wrote.

    Args:
        config: What `get_config()` gave.
        file: The course's `nbgrader_config.py`.
    """
    root = Path(file).resolve().parent
    if str(root) not in sys.path:
        sys.path.append(str(root))
    _the_course(config, root)
    _handing_out(config)
    _grading(config)


def _the_course(config: Any, root: Path) -> None:
    config.CourseDirectory.course_id = id_to_use(root)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = url_of(root / "gradebook.db")
    config.CourseDirectory.solution_directory = "solutions"
    config.NbGraderAPI.timezone = zone_to_show(root)
    config.ExportApp.plugin_class = QuotedExport
    keep_formgrader_up()
    take_names_literally()
    close_to_others(root)


def _handing_out(config: Any) -> None:
    # The exchange hands out and takes in whole folders; what lies beside a source notebook, SourceExporter chooses.
    config.ExchangeFactory.release_assignment = ReleaseAssignment
    config.ExchangeFactory.collect = Collect
    config.ExchangeFactory.release_feedback = ReleaseFeedback
    # A stub must not raise: Jupyter's Run All stops at the first error.
    config.ClearSolutions.code_stub = {"python": STUB}
    config.GenerateAssignment.exporter_class = SourceExporter
    config.GenerateAssignment.preprocessors = [
        LockCells,
        ClearSolutions,
        ClearOutput,
        CheckCellMetadata,
        ComputeChecksums,
        SaveCells,
        ClearHiddenTests,
        ClearMarkScheme,
        ComputeChecksums,
        CheckCellMetadata,
        CopyLab,
    ]
    config.GenerateSolution.exporter_class = SourceExporter
    config.GenerateSolution.preprocessors = [LockCells, ClearOutput, ClearMarkScheme, SolvedByTheKit]


def _grading(config: Any) -> None:
    config.Autograde.exporter_class = KitExporter
    config.Autograde.sanitize_preprocessors = [
        ClearOutput,
        DeduplicateIds,
        OverwriteKernelspec,
        OverwriteCells,
        CheckCellMetadata,
    ]
    config.AssignLatePenalties.plugin_class = CourseLatePolicy
    config.Autograde.autograde_preprocessors = [GradeByChecks, SaveMarks, AssignLatePenalties, CheckCellMetadata]
    config.GenerateFeedback.exporter_class = FeedbackPage
    config.GenerateFeedback.preprocessors = []
