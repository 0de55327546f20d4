"""What all commands share: where the course is, and how a fault is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from autograder.judging.feedback import clean
from autograder.model import KitError

FAULT = 2
"""Exit code when the kit failed, or somebody has to grade by hand."""

P = ParamSpec("P")
T = TypeVar("T")

in_course = click.option(
    "--course",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    help="The course's folder.",
)


def told_kindly(command: Callable[P, T]) -> Callable[P, T]:
    """Show a fault of ours or of the course's files as one text, not as a traceback."""

    @wraps(command)
    def run(*arguments: P.args, **keywords: P.kwargs) -> T:
        try:
            return command(*arguments, **keywords)
        except KitError as error:
            click.echo(f"autograder: {clean(str(error))}", err=True)
            sys.exit(FAULT)

    return run
