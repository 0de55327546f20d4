"""The course: where its folders are, and the kit's plug-ins in nbgrader's commands."""

from pathlib import Path

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

from autograder.course.notebook import STUB
from autograder.gradebook.feedback_page import FeedbackPage
from autograder.gradebook.plugins import CopyLab, GradeByChecks, KitExporter, SaveMarks, SolvedByTheKit

c = get_config()

c.CourseDirectory.course_id = "backpropagation"
c.CourseDirectory.root = str(Path(__file__).resolve().parent) if "__file__" in globals() else str(Path.cwd())
c.CourseDirectory.solution_directory = "solutions"
# nbgrader copies every file beside a source notebook to the students.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "__pycache__",
    "*.py",
    "*.pyc",
    "*.toml",
    "*.json",
    "*.txt",
    "feedback",
]

# A stub must not raise: Jupyter's Run All stops at the first error.
c.ClearSolutions.code_stub = {"python": STUB}
c.GenerateAssignment.preprocessors = [
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
c.GenerateSolution.preprocessors = [LockCells, ClearOutput, ClearMarkScheme, SolvedByTheKit]

c.Autograde.exporter_class = KitExporter
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.Autograde.autograde_preprocessors = [GradeByChecks, SaveMarks, AssignLatePenalties, CheckCellMetadata]

c.GenerateFeedback.exporter_class = FeedbackPage
c.GenerateFeedback.preprocessors = []
