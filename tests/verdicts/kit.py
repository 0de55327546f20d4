"""What the snapshot takes from the kit: all of its imports of `autograder` stand here."""

from autograder.course import Course, read_toml
from autograder.feedback import clean, verdict
from autograder.grading import Grader
from autograder.mistakes import known_mistakes
from autograder.model import Comparison, GapResult, Plan, Record
from autograder.mutation import mutants

__all__ = [
    "Comparison",
    "Course",
    "GapResult",
    "Grader",
    "Plan",
    "Record",
    "clean",
    "known_mistakes",
    "mutants",
    "read_toml",
    "verdict",
]
