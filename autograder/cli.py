"""The command line: grade, generate, demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from autograder.classes.jobs import chosen, jobs_in, left_in
from autograder.classes.run import NoKeeper, grade_class
from autograder.commands.collecting import collect
from autograder.commands.comment import comment
from autograder.commands.exporting import export
from autograder.commands.init import init
from autograder.commands.open_records import records
from autograder.commands.privacy import forget, pseudonyms
from autograder.commands.questions import questions
from autograder.commands.report import report
from autograder.commands.shared import FAULT, in_course, told_kindly
from autograder.commands.site import site
from autograder.course.course import Course, find_root
from autograder.course.private import keep_private
from autograder.course.pseudonyms import openly_named
from autograder.course.secret import secret_of
from autograder.gradebook.keeper import GradebookKeeper
from autograder.judging.grading import Grader
from autograder.model import KitError
from autograder.startup import prepare_process

VERIFYING = "verify"
"""Secret of the twins that `verify` uses, so that it finds the same at every run."""


@click.group()
@click.version_option(package_name="backprop-exercise-kit")
def main() -> None:
    """Grade the notebooks of a course, and keep the course in order."""
    prepare_process()


export.add_command(records)
for command in (collect, comment, export, forget, init, pseudonyms, questions, report, site):
    main.add_command(command)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--assignment", help="Grade this assignment only.")
@click.option("--student", help="Grade this student only.")
@click.option("--strict", is_flag=True, help="Exit with 2 if there is anything that somebody must look at.")
@click.option("--results", type=click.Path(dir_okay=False, path_type=Path), help="Write records here, one a line.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Notebooks graded at once.")
@in_course
@told_kindly
def grade(
    paths: tuple[Path, ...],
    assignment: str | None,
    student: str | None,
    strict: bool,
    results: Path | None,
    jobs: int,
    course: Path,
) -> None:
    """Grade notebooks, or a folder <student>/<assignment>/<notebook>.ipynb; without one, the course's `submitted`.

    That folder also goes into nbgrader's gradebook, with the graded notebooks in `autograded`. A run ends with what
    somebody must look at. Exit code 0 when all were graded, whatever the scores; 2 when the kit failed or somebody has
    to grade by hand.
    """
    console = Console()
    root = find_root(course)
    notices = keep_private(root)
    with Grader(Course(root, secret_of(root))) as grader:
        paths = paths or (grader.course.submitted,)
        goes_into_gradebook = any(path.resolve() == grader.course.submitted.resolve() for path in paths)
        if goes_into_gradebook:
            results = results or root / "results.jsonl"
        found = [job for path in paths for job in jobs_in(grader.course, path)]
        if goes_into_gradebook:
            notices += openly_named(root, [job.student for job in found])
        left = [] if assignment or student else [text for path in paths for text in left_in(grader.course, path)]
        graded = grade_class(
            grader,
            chosen(grader.course, found, assignment=assignment, student=student),
            workers=jobs,
            results=results,
            keeper=GradebookKeeper(grader.course) if goes_into_gradebook else NoKeeper(),
            console=console,
            passed_over=[*left, *notices],
        )
    if any(record.score is None for record in graded.records) or (strict and graded.to_look_at):
        sys.exit(FAULT)


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a generated file does not match its source.")
@in_course
@told_kindly
def generate(check: bool, course: Path) -> None:
    """Make release/, solutions/ and lab/open/ anew from source/, by nbgrader's own commands."""
    from autograder.author import generate as made

    root = find_root(course)
    plan = Course(root, made.OPEN_SECRET)
    changed = made.differences(plan) if check else made.generate(plan)
    for path in changed:
        click.echo(f"{path} {'does not match its source' if check else 'made anew'}")
    if check and changed:
        click.echo("Run `autograder generate`, look at the difference, and commit it.")
        sys.exit(1)


@main.command()
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Notebooks graded at once.")
@in_course
@told_kindly
def verify(jobs: int, course: Path) -> None:
    """Have the kit grade itself: solutions, untouched notebooks, honest styles, mistakes, mutants, generated folders.

    Ends with `name: value` lines; exit code 1 if there is any finding.
    """
    from autograder.author import generate as made
    from autograder.author import verify as verifying

    root = find_root(course)
    with Grader(Course(root, VERIFYING)) as grader:
        report = verifying.verify(grader, workers=jobs, told=lambda line: click.echo(line, err=True))
    stale = made.differences(Course(root, made.OPEN_SECRET))
    report.findings += [
        f"{path} does not match its source. Run `autograder generate`, look at it, and commit it." for path in stale
    ]
    click.echo(verifying.as_text(report))
    if report.findings:
        sys.exit(1)


@main.command("doctor")
def examine() -> None:
    """Try to break the confinement of this machine, and say what holds; exit code 2 if anything does not."""
    from autograder.sandbox import doctor

    findings = doctor.examine()
    click.echo(doctor.report(findings))
    if not all(finding.holds for finding in findings):
        sys.exit(FAULT)


@main.command()
@click.argument("assignment", required=False)
@in_course
@told_kindly
def lab(assignment: str | None, course: Path) -> None:
    """Open a copy of the release (of ASSIGNMENT, or of all) in JupyterLab, as a student would."""
    root = find_root(course)
    release = root / "release" / (assignment or "")
    if not release.is_dir():
        names = ", ".join(sorted({source.assignment for source in Course(root, "").sources.values()}))
        raise KitError(f"There is no release of {assignment}. The assignments are {names}.")
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(release, Path(folder) / (assignment or "course"))
        click.echo(f"A copy of {release.relative_to(root)} opens in JupyterLab; it is gone when you stop with Ctrl+C.")
        as_root = ["--allow-root"] if os.geteuid() == 0 else []
        subprocess.run(
            [sys.executable, "-m", "jupyterlab", *as_root, f"--ServerApp.root_dir={copy}"], cwd=copy, check=False
        )


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
@in_course
@told_kindly
def demo(folder: Path, course: Path) -> None:
    """Grade a class of synthetic students in FOLDER, from release to feedback."""
    from autograder.author.demo import run

    run(find_root(course), folder, Console())
