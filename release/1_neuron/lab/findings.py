"""From what a cell gave on the open numbers to what is said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lab import texts
from lab.explain import compared, inputs_shown, named
from lab.gaps import Answer, Gap, Numbers, fresh_all
from lab.judge import difference
from lab.raised import Around, told
from lab.verdict import Status, Verdict


def found_in(gap: Gap, judged: Sequence[Numbers], answers: Mapping[str, Answer], source: str) -> Verdict:
    """The first thing that is wrong on the first set of numbers on which anything is; right if nothing is.

    Args:
        gap: What was asked for.
        judged: The sets of numbers on which the cell ran.
        answers: What it gave on each, by their names.
        source: The cell.
    """
    wrong = _first_problem([numbers for numbers in judged if not numbers.corner], gap, answers, source)
    corner = _first_problem([numbers for numbers in judged if numbers.corner], gap, answers, source)
    verdict = wrong or _beside_values(gap, corner, _conduct(gap, judged, answers) if gap.conduct else ())
    if verdict.status is Status.RIGHT or len(judged) < len(gap.numbers):
        return verdict
    name, slug, explained, question = _named(gap, answers, bool(wrong), bool(corner))
    if not name:
        return verdict
    explained, question = explained or verdict.explained, question or verdict.question
    return replace(verdict, named=name, mistake=slug, explained=explained, question=question)


def _named(gap: Gap, answers: Mapping[str, Answer], is_wrong: bool, in_corner: bool) -> tuple[str, str, str, str]:
    """The name that fits on all numbers, or else on those without corner cases, if anything is wrong on them."""
    found = named(gap, answers, wrong_values=is_wrong or in_corner)
    usual = [numbers for numbers in gap.numbers if not numbers.corner]
    their = {numbers.name: answers[numbers.name] for numbers in usual}
    if found[0] or not (is_wrong or (gap.conduct and _conduct(gap, usual, their))):
        return found
    return named(gap, their, wrong_values=is_wrong)


def _first_problem(judged: Sequence[Numbers], gap: Gap, answers: Mapping[str, Answer], source: str) -> Verdict | None:
    return next(filter(None, (_problem_on(numbers, gap, answers[numbers.name], source) for numbers in judged)), None)


def _beside_values(gap: Gap, corner: Verdict | None, conduct: tuple[str, ...]) -> Verdict:
    """The verdict where all values count as right: corner cases and conduct cost a share each."""
    if corner is not None:
        return replace(corner, status=Status.PARTLY, says=(*corner.says, texts.CORNER, *conduct))
    return Verdict(gap=gap.name, status=Status.PARTLY if conduct else Status.RIGHT, says=conduct)


def of_error(gap: Gap, numbers: Numbers, answer: Answer, source: str) -> Verdict:
    """The verdict on a cell that raised on these numbers: type, text and line, and what it usually means.

    Args:
        gap: The gap that was checked.
        numbers: The first ones on which its cell raised.
        answer: What it raised, and where.
        source: The cell.
    """
    line = texts.IN_LINE.format(number=answer.line) if answer.line else ""
    problem = {"type": answer.raised, "text": answer.problem or texts.NO_TEXT, "line": line}
    verdict = Verdict(gap=gap.name, status=Status.RAISED)
    here = told(answer.raised, answer.problem, _around(gap, numbers, answer, source))
    if gap.driver and answer.problem == f"name '{gap.name}' is not defined" and not answer.line:
        return replace(verdict, says=(texts.NOT_DEFINED.format(name=gap.name),), explained=here[0], question=here[1])
    meaning, question = here if here[0] else texts.ERRORS.get(answer.raised, ("", ""))
    if answer.raised in ("SyntaxError", "IndentationError", "TabError"):
        return replace(verdict, says=(texts.UNREADABLE.format(**problem),), explained=meaning, question=question)
    asked, where = inputs_shown(numbers, gap), _where(gap, numbers)
    if gap.driver and not answer.line:
        says = (texts.RAISED_WHEN_USED.format(where=where, **problem),)
        return replace(verdict, says=says, asked=asked, explained=here[0], question=here[1] or texts.WHEN_USED)
    says = (texts.RAISED.format(where=where, **problem),)
    if answer.raised == "NameError" and gap.closed:
        closed = texts.CLOSED.format(names=texts.listed(gap.inputs))
        return replace(verdict, says=(*says, closed), asked=asked)
    return replace(verdict, says=says, asked=asked, explained=meaning, question=question)


def _around(gap: Gap, numbers: Numbers, answer: Answer, source: str) -> Around:
    values = fresh_all({**numbers.state, **numbers.probe})
    return Around(source=source, line=answer.line, values=values, wanted=gap.sets, driver=gap.driver)


def stopped(gap: Gap, ran: int, text: str) -> Verdict:
    """The verdict on a cell that was stopped while it ran on the last of so many sets of numbers.

    Args:
        gap: What was asked for.
        ran: On how many sets of numbers it was begun; 0 if it was not.
        text: Says what happened; `{where}` is the place of that set.
    """
    numbers = gap.numbers[max(ran, 1) - 1]
    says = text.format(where=_where(gap, numbers))
    return Verdict(gap=gap.name, status=Status.RAISED, says=(says,), asked=inputs_shown(numbers, gap))


def _where(gap: Gap, numbers: Numbers) -> str:
    if numbers.corner:
        return texts.IN_CORNER
    if not numbers.page:
        return texts.ON_OTHERS
    return texts.ON_PAGE if numbers is gap.numbers[0] else texts.ON_SECOND_PAGE


def _problem_on(numbers: Numbers, gap: Gap, answer: Answer, source: str) -> Verdict | None:
    if answer.raised:
        return of_error(gap, numbers, answer, source)
    want = fresh_all(numbers.want)
    wrong = {name: text for name, right in want.items() if (text := _differs(name, right, gap, answer))}
    if not wrong:
        return None
    first, *others = wrong
    says = [f"{_where(gap, numbers)}, `{gap.called(first)}` {wrong[first]}."]
    says += [texts.ALSO_WRONG.format(names=texts.listed(map(gap.called, others)))] if others else []
    rest = [name for name in want if name not in wrong]
    says += [texts.THESE_RIGHT.format(names=texts.listed(map(gap.called, rest)))] if rest else []
    given = [name for name in [first, *others][:2] if name in answer.values]
    return Verdict(
        gap=gap.name,
        status=Status.WRONG,
        says=tuple(says),
        asked=inputs_shown(numbers, gap),
        compared=tuple(compared(name, answer.values[name], want[name], gap) for name in given),
    )


def _differs(name: str, right: object, gap: Gap, answer: Answer) -> str:
    if name not in answer.values:
        return texts.NEVER_SET
    differs = difference(answer.values[name], right, tolerance=gap.tolerance, accept_row=name in gap.accepts_row)
    return differs.text if differs else ""


def _conduct(gap: Gap, judged: Sequence[Numbers], answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """What is lost besides right values."""
    found = []
    changed = _inputs_among([(numbers, answers[numbers.name].touched) for numbers in judged], gap)
    if changed:
        found.append(texts.CHANGED.format(names=texts.listed(changed)))
    one = (
        []
        if gap.driver
        else _inputs_among(
            [(numbers, answers[numbers.name].shared - answers[numbers.name].touched) for numbers in judged], gap
        )
    )
    if one:
        found.append(texts.SHARED.format(names=texts.listed(one)))
    if gap.driver and not all(answer.repeats for answer in answers.values()):
        found.append(texts.SECOND_CALL)
    if gap.driver and any(answer.needs_globals for answer in answers.values()):
        found.append(texts.NEEDS_GLOBALS)
    return tuple(found)


def _inputs_among(names: Iterable[tuple[Numbers, frozenset[str]]], gap: Gap) -> list[str]:
    """Inputs among names seen on each set of numbers, on whose old value others rely."""
    return sorted(
        {
            name
            for numbers, seen in names
            for name in seen
            if name in gap.inputs and name not in gap.outputs and not _is_number(name, numbers, gap)
        }
    )


def _is_number(name: str, numbers: Numbers, gap: Gap) -> bool:
    """Whether an input is a single number that was given: rebinding it harms nobody."""
    if name in numbers.probe:
        return isinstance(numbers.probe[name], int | float)
    return name not in gap.earlier and isinstance(numbers.state.get(name), int | float)
