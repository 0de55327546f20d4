"""Run nbgrader's own commands, as a user would type them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from autograder.course.secret import SECRET_VARIABLE
from autograder.model import KitError


def nbgrader(course: Path, command: str, assignment: str, *, secret: str, **variables: str) -> None:
    """Run one command in a course directory, with `--force`.

    Args:
        course: Where it runs.
        command: Such as "generate_assignment".
        assignment: What it is run on.
        secret: The course's secret for this run.
        variables: Further environment variables.

    Raises:
        KitError: It failed; the text ends with what it said.
    """
    # nbgrader calls alembic by its bare name.
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", command, assignment, "--force"],
        cwd=course,
        env={**os.environ, "PATH": paths, SECRET_VARIABLE: secret, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise KitError(f"`nbgrader {command} {assignment}` failed in {course}:\n{done.stderr[-3000:]}")
