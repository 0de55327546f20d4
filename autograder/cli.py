"""The command line: grade, generate, demo."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autograder import batch
from autograder.course import Course, find_root, secret_of
from autograder.feedback import clean
from autograder.grading import Graded, Grader
from autograder.mistakes import known_mistakes
from autograder.model import KitError, Record
from autograder.report import print_class

FAULT = 2
"""Exit code when the kit failed, or somebody has to grade by hand."""

VERIFYING = "verify"
"""Secret of the twins that `verify` uses, so that it finds the same at every run."""

P = ParamSpec("P")
T = TypeVar("T")


def _told_kindly(command: Callable[P, T]) -> Callable[P, T]:
    """Show a fault of ours or of the course's files as one text, not as a traceback."""

    @wraps(command)
    def run(*arguments: P.args, **keywords: P.kwargs) -> T:
        try:
            return command(*arguments, **keywords)
        except KitError as error:
            click.echo(f"autograder: {clean(str(error))}", err=True)
            sys.exit(FAULT)

    return run


@click.group()
@click.version_option(package_name="backprop-exercise-kit")
def main() -> None:
    """Grade notebooks of the backpropagation course, and keep the course in order."""
    # nbgrader calls alembic by its bare name; it stands beside this command.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    gc.set_threshold(50_000)  # after the usual 700 objects, a fifth of all importing is looking for rubbish
    atexit.register(gc.freeze)  # else a quarter of a second at the end, for memory that is given back anyway
    sys.setswitchinterval(0.001)  # a worker whose runner has answered waits for another worker no longer than that
    # jsonschema takes this one if it is there, for a format that no notebook's schema asks for: a second of start-up.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: it is not there


_course = click.option(
    "--course",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=Path(),
    help="The course's folder.",
)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--results", type=click.Path(dir_okay=False, path_type=Path), help="Write records here, one a line.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Notebooks graded at once.")
@_course
@_told_kindly
def grade(paths: tuple[Path, ...], results: Path | None, jobs: int, course: Path) -> None:
    """Grade notebooks, or a folder <student>/<assignment>/<notebook>.ipynb.

    The course's own folder `submitted` also goes into nbgrader's gradebook, with the graded notebooks in `autograded`.
    Exit code 0 when all were graded, whatever the scores; 2 when the kit failed or somebody has to grade by hand.
    """
    console = Console()
    root = find_root(course)
    with Grader(Course(root, secret_of(root))) as grader:
        submitted = any(path.resolve() == root / "submitted" for path in paths)
        if submitted:
            results = results or root / "results.jsonl"
        jobs_found = [job for path in paths for job in batch.jobs_in(grader.course, path)]
        records = grade_class(grader, jobs_found, workers=jobs, results=results, gradebook=submitted, console=console)
    if any(record.score is None for record in records):
        sys.exit(FAULT)


def grade_class(
    grader: Grader, jobs: list[batch.Job], *, workers: int, results: Path | None, gradebook: bool, console: Console
) -> list[Record]:
    """Grade, with progress; write the gradebook if asked to; print the class's tables."""
    course = grader.course
    # Half a second, beside the first notebooks. To be joined before anything of it is imported: two threads that import
    # what imports each other are shown half of it.
    nbgrader = threading.Thread(target=importlib.import_module, args=("autograder.autograded",), daemon=True)
    if gradebook:
        nbgrader.start()
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Grading", total=len(jobs))

        def keep(graded: Graded) -> None:
            if gradebook:
                nbgrader.join()
                from autograder.autograded import write_autograded

                write_autograded(course, graded)

        def is_kept(record: Record) -> bool:
            return not gradebook or os.path.exists(course.autograded(record))

        def told(_record: Record) -> None:
            progress.advance(task)

        records = batch.grade_all(grader, jobs, workers=workers, results=results, keep=keep, is_kept=is_kept, told=told)
    if gradebook:
        nbgrader.join()
        from autograder import gradebook as book

        config = book.load_config(course.root)
        for notice in book.write(course, records, url=book.database_url(course.root, config), config=config):
            console.print(clean(notice), style="bold", markup=False)
    mistakes = [mistake for name in course.sources for mistake in known_mistakes(name)]
    print_class(console, records, mistakes)
    return records


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a generated file does not match its source.")
@_course
@_told_kindly
def generate(check: bool, course: Path) -> None:
    """Make release/, solutions/ and lab/open/ anew from source/, by nbgrader's own commands."""
    from autograder import generate as made

    root = find_root(course)
    plan = Course(root, made.OPEN_SECRET)
    changed = made.differences(plan) if check else made.generate(plan)
    for path in changed:
        click.echo(f"{path} {'does not match its source' if check else 'made anew'}")
    if check and changed:
        click.echo("Run `make release`, look at the difference, and commit it.")
        sys.exit(1)


@main.command()
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Notebooks graded at once.")
@_course
@_told_kindly
def verify(jobs: int, course: Path) -> None:
    """Have the kit grade itself: solutions, untouched notebooks, honest styles, mistakes, mutants, generated folders.

    Ends with `name: value` lines; exit code 1 if there is any finding.
    """
    from autograder import generate as made
    from autograder import verify as verifying

    root = find_root(course)
    with Grader(Course(root, VERIFYING)) as grader:
        report = verifying.verify(grader, workers=jobs, told=lambda line: click.echo(line, err=True))
    stale = made.differences(Course(root, made.OPEN_SECRET))
    report.findings += [
        f"{path} does not match its source. Run `make release`, look at it, and commit it." for path in stale
    ]
    click.echo(verifying.as_text(report))
    if report.findings:
        sys.exit(1)


@main.command("doctor")
def examine() -> None:
    """Try to break the confinement of this machine, and say what holds; exit code 2 if anything does not."""
    from autograder import doctor

    findings = doctor.examine()
    click.echo(doctor.report(findings))
    if not all(finding.holds for finding in findings):
        sys.exit(FAULT)


@main.command()
@click.argument("assignment", required=False)
@_course
@_told_kindly
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
@_course
@_told_kindly
def demo(folder: Path, course: Path) -> None:
    """Grade a class of synthetic students in FOLDER, from release to feedback."""
    from autograder.demo import run

    run(find_root(course), folder, Console())
