"""`autograder comment`: say something once to everybody who made a mistake."""

from __future__ import annotations

import difflib
from collections import Counter
from pathlib import Path

import click

from autograder.classes.records import read_records
from autograder.commands.shared import in_course, told_kindly
from autograder.course.comments import comments_of, write_comments
from autograder.course.course import Course, find_root
from autograder.judging.feedback import clean
from autograder.judging.mistakes import slugs_of
from autograder.model import KitError


@click.command()
@click.argument("slug", required=False)
@click.argument("text", required=False)
@in_course
@told_kindly
def comment(slug: str | None, text: str | None, course: Path) -> None:
    """Say TEXT in the feedback of everybody whose gap has the mistake SLUG, now and in later gradings.

    The course keeps it in comments.toml. An empty TEXT takes it back; without TEXT and SLUG all comments are listed.
    """
    root = find_root(course)
    comments = comments_of(root)
    if slug is None:
        _list(root, comments)
        return
    _must_be_known(root, slug)
    if text is None:
        raise KitError(f'Say what to tell them: autograder comment {slug} "text". An empty text takes a comment back.')
    said = clean(text).strip()
    write_comments(
        root, {**{key: old for key, old in comments.items() if key != slug}, **({slug: said} if said else {})}
    )
    click.echo(f"{slug}: {_reaches(root, slug)}" if said else f"{slug}: nothing is said any more.")
    click.echo(f"For feedback that was made before: nbgrader generate_feedback {_assignments(root, slug)} --force")


def _list(root: Path, comments: dict[str, str]) -> None:
    for slug, text in comments.items():
        click.echo(f"{slug}: {clean(text)}\n    {_reaches(root, slug)}")
    if not comments:
        click.echo('Nothing is said yet. The class report names mistakes: autograder comment SLUG "text"')


def _must_be_known(root: Path, slug: str) -> None:
    """KitError, with names that are close, for a slug that no mistake of the course has."""
    known = slugs_of(Course(root, ""))
    if slug not in known:
        close = difflib.get_close_matches(slug, known, n=3, cutoff=0.5)
        hint = f" Close to it: {', '.join(close)}." if close else ""
        raise KitError(
            f"No mistake is called {slug}.{hint} The class report and results.jsonl name those of the class."
        )


def _made(root: Path, slug: str) -> Counter[str]:
    """How many students made a mistake, by assignment, as far as the records tell."""
    records = read_records(root / "results.jsonl").values()
    made = {(one.assignment, one.student) for one in records for gap in one.gaps if gap.mistake == slug}
    return Counter(assignment for assignment, _ in made)


def _reaches(root: Path, slug: str) -> str:
    count = _made(root, slug).total()
    return f"{count} student{'s' if count != 1 else ''} so far will read it, and whoever makes it later."


def _assignments(root: Path, slug: str) -> str:
    return " ".join(_made(root, slug)) or "ASSIGNMENT"
