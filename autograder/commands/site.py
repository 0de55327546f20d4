"""`autograder site`: the course in a browser, with nothing to install."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.commands.shared import in_course, told_kindly
from autograder.course.course import Course, find_root
from autograder.course.secret import secret_of


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("build/site"))
@click.option(
    "--builder",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(sys.executable),
    help="The Python of an environment with JupyterLite's builder (this one).",
)
@click.option(
    "--pyodide",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with a Pyodide distribution for the site to carry; without it, the site takes the CDN's.",
)
@in_course
@told_kindly
def site(folder: Path, builder: Path, pyodide: Path | None, course: Path) -> None:
    """Build a static site in FOLDER from release/: students open it and work. Exit code 1 if there is a leak in it."""
    from autograder.author.site import build, has_numpy, site_leaks

    root = find_root(course)
    build(root, folder, builder, pyodide)
    if not has_numpy(pyodide):
        click.echo(f"{pyodide} has no numpy, so the notebooks of this site will not run.", err=True)
    found = site_leaks(Course(root, secret_of(root)), folder)
    for text in found:
        click.echo(text)
    if found:
        sys.exit(1)
    click.echo(f"The site is in {folder}. Nothing of solutions or hidden numbers is in it. To look at it:")
    click.echo(f"python -m http.server --bind 127.0.0.1 --directory {folder}")
