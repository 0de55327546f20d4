"""What a wrong answer looks like: its numbers beside the wanted ones, and the name of a known mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab import texts
from lab.drawing import heat_mirror
from lab.gaps import Answer, Gap, Mistake, Numbers, fresh
from lab.judge import as_array, difference, shown
from lab.names import read_by
from lab.verdict import Compared

MOST_SHOWN = 240


def compared(name: str, yours: object, wanted: object, gap: Gap) -> Compared:
    """A wrong result beside the wanted one, in the mirror where both are numbers and either is an array.

    Args:
        name: Of the result, as students know it.
        yours: The student's value, of any type.
        wanted: The right value.
        gap: Says how close is equal.
    """
    mine, right = as_array(yours), as_array(wanted)
    if mine is not None and right is not None and name in gap.accepts_row and mine.shape == (1, *right.shape):
        mine = mine[0]
    plain = Compared(name=gap.called(name), yours=shown(yours), wanted=shown(wanted))
    if mine is None or right is None or mine.size == right.size == 1:
        return plain
    drawn = heat_mirror.mirror(mine, right, gap.called(name), gap.tolerance)
    return plain if drawn.got.problem or drawn.want.problem else replace(plain, mirror=drawn)


def inputs_shown(numbers: Numbers, gap: Gap) -> str:
    """The numbers a gap was asked about, as text: `x = -0.7, y = 0.61`.

    Of the page itself, which the student has before them, tables are only named.
    """
    given = {**numbers.state, **numbers.probe}
    names = read_by(compile(gap.driver, "<driver>", "exec", dont_inherit=True)) if gap.driver else [*gap.inputs]
    values = {name: shown(fresh(given[name]), MOST_SHOWN) for name in dict.fromkeys(names) if name in given}
    here = numbers is gap.numbers[0]
    named_only = [name for name, text in values.items() if text.endswith("…") or (here and "\n" in text)]
    return texts.given(
        [(name, text) for name, text in values.items() if name not in named_only],
        named_only if here else [],
    )


def named(gap: Gap, answers: Mapping[str, Answer], *, wrong_values: bool) -> tuple[str, str, str, str]:
    """Name, slug or family, explanation and question of the known mistake that gives the same on all open numbers.

    The rule is grading's: where no mistake has the same values and the same conduct, one with the same wrong values and
    clean conduct fits. Several mistakes of one family give the family; anything else gives nothing.

    Args:
        gap: Has the known mistakes.
        answers: What the student's cell gave, by the name of the numbers.
        wrong_values: Whether a value is wrong, and not the conduct alone.
    """
    nothing = ("", "", "", "")
    if all(answer.raised for answer in answers.values()):
        return nothing
    alike = [mistake for mistake in gap.mistakes if _same_everywhere(gap, answers, mistake)]
    conduct = _conduct(gap, answers, answers)
    fits = [mistake for mistake in alike if _conduct(gap, answers, mistake.answers) == conduct]
    if wrong_values and not fits:
        fits = [mistake for mistake in alike if _is_clean(_conduct(gap, answers, mistake.answers))]
    if len(fits) == 1:
        one = fits[0]
        return one.name, one.slug, f"{one.seen} {one.meaning}", one.question
    if len({mistake.family for mistake in fits}) == 1:
        return fits[0].family_name, fits[0].family, "", ""
    return nothing


def _same_everywhere(gap: Gap, answers: Mapping[str, Answer], mistake: Mistake) -> bool:
    return all(name in mistake.answers and _same(gap, mine, mistake.answers[name]) for name, mine in answers.items())


def _same(gap: Gap, one: Answer, other: Answer) -> bool:
    if one.raised or other.raised:
        return _kind_of_error(one) == _kind_of_error(other)
    if one.values.keys() != other.values.keys():
        return False
    return all(
        difference(one.values[name], value, tolerance=gap.tolerance) is None for name, value in other.values.items()
    )


def _kind_of_error(answer: Answer) -> str:
    """The exception's type; shapes that do not fit are a ValueError of numpy's and an IndexError in a loop."""
    return "ValueError" if answer.raised == "IndexError" else answer.raised


Conduct = list[tuple[frozenset[str], frozenset[str], bool, bool]]


def _conduct(gap: Gap, judged: Mapping[str, Answer], of: Mapping[str, Answer]) -> Conduct:
    """What else an answer did on the judged numbers; empty for a gap without points for it."""
    answers = [of[name] for name in judged] if gap.conduct else []
    return [
        (answer.touched, answer.shared - answer.touched, answer.repeats, answer.needs_globals) for answer in answers
    ]


def _is_clean(conduct: Conduct) -> bool:
    return all(one == (frozenset(), frozenset(), True, False) for one in conduct)
