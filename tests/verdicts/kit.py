"""What the snapshot takes from the kit: all of its imports of `autograder` stand here."""

from autograder.author.mutation import mutants
from autograder.course.course import Course
from autograder.course.typed import read_toml
from autograder.judging.feedback import clean, verdict
from autograder.judging.grading import Grader
from autograder.judging.mistakes import known_mistakes
from autograder.model import Comparison, GapResult, Plan, Record

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
