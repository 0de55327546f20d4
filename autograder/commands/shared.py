"""What all commands share: where the course is, and how a fault is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sized
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from autograder.course.course import find_root
from autograder.course.private import keep_private
from autograder.judging.feedback import clean
from autograder.model import KitError

FAULT = 2
"""Exit code when the kit failed, or somebody has to grade by hand."""

PSEUDONYMS = click.option("--pseudonyms", is_flag=True, help="Call students by the pseudonyms of pseudonyms.csv.")

P = ParamSpec("P")
T = TypeVar("T")

in_course = click.option(
    "--course",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    help="The course's folder.",
)


def file_option(name: str, default: str, about: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """An option for a file that is read or written.

    Args:
        name: Such as "--out".
        default: The file that is meant without it, below the working directory.
        about: What `--help` says of it.
    """
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option(name, type=kind, default=Path(default), show_default=True, help=about)


def private_root(course: Path) -> Path:
    """The root of the course at or above a folder; its work and marks, and what is written from here on, are closed.

    Raises:
        KitError: There is no course.
    """
    root = find_root(course)
    keep_private(root)
    return root


def so_many(things: Sized, word: str) -> str:
    """How many, such as "1 sheet" or "24 sheets"."""
    return f"{len(things)} {word}{'s' if len(things) != 1 else ''}"


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
