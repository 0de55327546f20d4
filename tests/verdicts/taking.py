"""Take the verdicts on answers, on several cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..hostile.entries import entries
from .answers import ROOT, Answer, answers
from .checked import checked
from .graded import graded
from .hostile import attacked
from .kit import Course, Grader
from .said import Said

SECRET = "verdicts"
ATTACKS = "hostile"
"""Stands for the notebook of what comes from `tests/hostile`."""
SHARES = 4
"""Into how many jobs the attacks are dealt out."""
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg"}
"""What processes that fork and plots that nobody sees need."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """An answer. `gap` is empty for one that is a whole notebook."""

    notebook: str
    gap: str
    kind: str
    name: str


Verdicts = dict[Key, dict[tuple[str, str], Said]]
"""By answer, then by route ("graded" or "check") and gap."""


def every_answer() -> dict[Key, Answer | None]:
    """All answers of the repository; None stands for an attack."""
    course = Course(ROOT, SECRET)
    found: dict[Key, Answer | None] = {Key(ATTACKS, "", "attack", entry.id): None for entry in entries()}
    for answer in (answer for name in course.sources for answer in answers(course.plan(name))):
        if key_of(answer) in found:
            raise ValueError(f"There are two answers {key_of(answer)}. Give one of them another name.")
        found[key_of(answer)] = answer
    return found


def key_of(answer: Answer) -> Key:
    """The key of an answer."""
    return Key(answer.notebook, answer.gap, answer.kind, answer.name)


def taken(wanted: Mapping[Key, Answer | None], workers: int) -> Verdicts:
    """The verdicts on these answers, graded and by `check`, in so many processes."""
    os.environ.update(ENVIRONMENT)
    found: Verdicts = {key: {} for key in sorted(wanted)}
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for job in [pool.submit(task, part) for task, part in _jobs(wanted)]:
            for key, said in job.result():
                found[key] |= said
    return found


Told = list[tuple[Key, dict[tuple[str, str], Said]]]
Job = tuple[Callable[[Sequence[Any]], Told], Sequence[Any]]


def _jobs(wanted: Mapping[Key, Answer | None]) -> Iterator[Job]:
    """What processes can do apart, the longest first."""
    attacks = [key.name for key, answer in wanted.items() if answer is None]
    by_notebook: dict[str, list[Answer]] = {}
    for answer in wanted.values():
        if answer is not None:
            by_notebook.setdefault(answer.notebook, []).append(answer)
    largest_first = sorted(by_notebook.values(), key=len, reverse=True)
    yield from ((_graded, part) for part in largest_first)
    yield from ((_attacked, attacks[at::SHARES]) for at in range(SHARES) if attacks[at::SHARES])
    yield from ((_checked, part) for part in largest_first)


def _graded(part: Sequence[Answer]) -> Told:
    with Grader(Course(ROOT, SECRET)) as grader:
        return [(key_of(answer), _kept(answer, said)) for answer, said in graded(grader, part)]


def _kept(answer: Answer, said: Mapping[str, Said]) -> dict[tuple[str, str], Said]:
    """All of a whole notebook; of the answer to one gap what is said of it, and of others that are not right."""
    return {
        ("graded", gap): one
        for gap, one in said.items()
        if not answer.gap or gap == answer.gap or one.status != "right"
    }


def _checked(part: Sequence[Answer]) -> Told:
    plan = Course(ROOT, SECRET).plan(part[0].notebook)
    return [
        (key_of(answer), {("check", gap): one for gap, one in said.items()}) for answer, said in checked(plan, part)
    ]


def _attacked(part: Sequence[str]) -> Told:
    return [
        (Key(ATTACKS, "", "attack", name), {("graded", gap): one for gap, one in said.items()})
        for name, said in attacked(SECRET, part)
    ]
