"""What a wrong answer looks like: its numbers beside the wanted ones, and the name of a known mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lab import texts
from lab.gaps import Answer, Gap, Mistake, Numbers, fresh
from lab.judge import as_array, difference, shown
from lab.names import read_by
from lab.pictures import heat_mirror
from lab.verdict import Compared

MOST_SHOWN = 240


def compared(name: str, yours: object, wanted: object, gap: Gap) -> Compared:
    """A wrong result beside the wanted one, in the mirror where both are numbers and either is an array."""
    mine, right = as_array(yours), as_array(wanted)
    if mine is not None and right is not None and name in gap.accepts_row and mine.shape == (1, *right.shape):
        mine = mine[0]
    plain = Compared(name=name, yours=shown(yours), wanted=shown(wanted))
    if mine is None or right is None or mine.size == right.size == 1:
        return plain
    drawn = heat_mirror.mirror(mine, right, name, gap.tolerance)
    return plain if drawn.got.problem or drawn.want.problem else replace(plain, mirror=drawn)


def inputs_shown(numbers: Numbers, gap: Gap) -> str:
    """The numbers a gap was asked about, as text: `dvalue = -0.7, z = 0.61`.

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


def named(gap: Gap, answers: Mapping[str, Answer]) -> tuple[str, str, str, str]:
    """Name, slug or family, explanation and question of the known mistake that gives the same on all open numbers.

    Several mistakes of one family give the family; anything else gives nothing.
    """
    nothing = ("", "", "", "")
    if all(answer.raised for answer in answers.values()):
        return nothing
    fits = [mistake for mistake in gap.mistakes if _same_everywhere(gap, answers, mistake)]
    if len(fits) == 1:
        one = fits[0]
        return one.name, one.slug, f"{one.seen} {one.meaning}", one.question
    if len({mistake.family for mistake in fits}) == 1:
        return texts.FAMILIES[fits[0].family], fits[0].family, "", ""
    return nothing


def _same_everywhere(gap: Gap, answers: Mapping[str, Answer], mistake: Mistake) -> bool:
    return all(name in mistake.answers and _same(gap, mine, mistake.answers[name]) for name, mine in answers.items())


def _same(gap: Gap, one: Answer, other: Answer) -> bool:
    if one.raised or other.raised:
        return one.raised == other.raised
    if one.values.keys() != other.values.keys():
        return False
    conduct = [(answer.touched, answer.repeats, answer.needs_globals) for answer in (one, other)]
    if gap.conduct and conduct[0] != conduct[1]:
        return False
    return all(
        difference(one.values[name], value, tolerance=gap.tolerance) is None for name, value in other.values.items()
    )
