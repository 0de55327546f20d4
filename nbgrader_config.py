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

from autograder.author.hand_out import ReleaseAssignment
from autograder.course.notebook import STUB
from autograder.course.private import close_to_others
from autograder.course.rules import zone_to_show
from autograder.gradebook.book import url_of
from autograder.gradebook.exchange import Collect, ReleaseFeedback
from autograder.gradebook.feedback_page import FeedbackPage
from autograder.gradebook.guard import keep_formgrader_up
from autograder.gradebook.late import CourseLatePolicy
from autograder.gradebook.plugins import (
    CopyLab,
    GradeByChecks,
    KitExporter,
    SaveMarks,
    SolvedByTheKit,
    SourceExporter,
)

c = get_config()

c.CourseDirectory.course_id = "backpropagation"
c.CourseDirectory.root = str(Path(__file__).resolve().parent) if "__file__" in globals() else str(Path.cwd())
c.CourseDirectory.db_url = url_of(Path(c.CourseDirectory.root) / "gradebook.db")
c.CourseDirectory.solution_directory = "solutions"

# The exchange hands out and takes in whole folders; what lies beside a source notebook, SourceExporter chooses.
c.ExchangeFactory.release_assignment = ReleaseAssignment
c.ExchangeFactory.collect = Collect
c.ExchangeFactory.release_feedback = ReleaseFeedback
c.NbGraderAPI.timezone = zone_to_show(Path(c.CourseDirectory.root))
keep_formgrader_up()
close_to_others(Path(c.CourseDirectory.root))

# A stub must not raise: Jupyter's Run All stops at the first error.
c.ClearSolutions.code_stub = {"python": STUB}
c.GenerateAssignment.exporter_class = SourceExporter
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
c.GenerateSolution.exporter_class = SourceExporter
c.GenerateSolution.preprocessors = [LockCells, ClearOutput, ClearMarkScheme, SolvedByTheKit]

c.Autograde.exporter_class = KitExporter
c.Autograde.sanitize_preprocessors = [
    ClearOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
c.AssignLatePenalties.plugin_class = CourseLatePolicy
c.Autograde.autograde_preprocessors = [GradeByChecks, SaveMarks, AssignLatePenalties, CheckCellMetadata]

c.GenerateFeedback.exporter_class = FeedbackPage
c.GenerateFeedback.preprocessors = []
