"""Judge the cell that the student ran last for a gap."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from types import CodeType

from IPython.core.interactiveshell import InteractiveShell

from lab import cells, kernel, texts
from lab.cells import Entry
from lab.data import notebooks
from lab.errors import line_of, text_of
from lab.findings import found_in, of_error
from lab.gaps import Answer, Gap, fresh
from lab.judge import difference
from lab.names import NOTHING, Needs, needs_of
from lab.stage import answer_on, supplied_right
from lab.values import equal
from lab.verdict import Status, Verdict


def judge_gap(gap: Gap, shell: InteractiveShell) -> Verdict:
    """The verdict on the cell that was run last for `gap`."""
    ran = cells.entries(kernel.history(shell))
    entry = cells.answer_to(gap, ran, kernel.memory(shell).cells)
    if entry is None:
        says = texts.MISSING.format(line=gap.first_line, names=texts.listed(gap.sets))
        return Verdict(gap=gap.name, status=Status.MISSING, says=(says,))
    if cells.is_untouched(gap, entry.source):
        says = texts.UNTOUCHED.format(entry=entry.number, gap=gap.name)
        return Verdict(gap=gap.name, status=Status.UNTOUCHED, entry=entry.number, says=(says,))
    return replace(_judged(gap, entry, ran, shell), entry=entry.number)


def _judged(gap: Gap, entry: Entry, ran: Sequence[Entry], shell: InteractiveShell) -> Verdict:
    name = f"<In [{entry.number}]>"
    try:
        code = compiled(entry.source, name, shell)
    except (SyntaxError, ValueError) as error:
        problem = Answer(values={}, raised=type(error).__name__, problem=text_of(error), line=line_of(error, name))
        return of_error(gap, gap.numbers[0], problem, entry.source)
    needs = NOTHING if gap.closed else needs_of(code, gap, shell.user_ns, ran, entry)
    doubts = _doubts(gap, needs, shell)
    if doubts:
        return Verdict(gap=gap.name, status=Status.UNSURE, says=doubts)
    judged = gap.numbers[:1] if needs.computed else gap.numbers
    answers = {numbers.name: answer_on(numbers, gap, code, needs, shell, name) for numbers in judged}
    verdict = found_in(gap, judged, answers, entry.source)
    says = verdict.says or ((texts.RIGHT_ON_PAGE,) if needs.computed else (texts.RIGHT,))
    notes = (*_page_only(needs), *_outdated(gap, entry, ran, answers[gap.numbers[0].name], verdict.status, shell))
    return replace(verdict, says=says, notes=notes)


def compiled(source: str, name: str, shell: InteractiveShell) -> CodeType:
    """A cell compiled as the notebook does, magics included.

    Args:
        source: The cell.
        name: What stands for its file in tracebacks.
        shell: Knows the magics.
    """
    try:
        tree = ast.parse(source, name)
    except SyntaxError:
        transformed: str = shell.transform_cell(source)  # type: ignore[no-untyped-call]
        tree = ast.parse(transformed, name)
    return compile(tree, name, "exec", dont_inherit=True)


def _doubts(gap: Gap, needs: Needs, shell: InteractiveShell) -> tuple[str, ...]:
    """Why nothing certain can be said: what the cell uses is not what grading puts there."""
    found = [texts.ENTANGLED.format(name=name, cell=_cell(needs.computed[name])) for name in sorted(needs.entangled)]
    gaps = notebooks()[gap.notebook]
    for function in sorted(needs.functions):
        definer = gap.supplied[function]
        if function in needs.missing:
            found.append(texts.NOT_YET_DEFINED.format(name=function, gap=definer))
        elif not supplied_right(function, gaps[definer], shell):
            found.append(texts.NOT_YET_RIGHT.format(name=function, gap=definer))
    state = gap.numbers[0].state
    off = [name for name in state if name in needs.made_of and not _as_on_page(name, state[name], shell)]
    if off:
        name, number = sorted(needs.computed.items())[0]
        found.append(texts.BUILT_ON_OTHERS.format(name=name, cell=_cell(number), others=texts.listed(off)))
    return tuple(found)


def _as_on_page(name: str, right: object, shell: InteractiveShell) -> bool:
    return name in shell.user_ns and equal(shell.user_ns[name], fresh(right))


def _page_only(needs: Needs) -> tuple[str, ...]:
    if not needs.computed:
        return ()
    name, number = sorted(needs.computed.items())[0]
    return (texts.PAGE_ONLY.format(name=name, cell=_cell(number)),)


def _cell(number: int) -> str:
    return f"In [{number}]" if number else texts.ANOTHER_CELL


def _outdated(
    gap: Gap, entry: Entry, ran: Sequence[Entry], answer: Answer, status: Status, shell: InteractiveShell
) -> tuple[str, ...]:
    """Notes on results that are no longer, or not yet, what the judged cell gives."""
    again = cells.assigned_since(gap.sets, entry, ran)
    if again:
        name, other = again
        return (texts.AGAIN.format(name=name, other=other.number, entry=entry.number, line=gap.first_line),)
    if status is not Status.RIGHT:
        return ()
    space = shell.user_ns
    stale = [
        name
        for name in gap.outputs
        if difference(space.get(name), answer.values.get(name), tolerance=gap.tolerance) is not None
    ]
    return (texts.STALE.format(names=texts.listed(stale), entry=entry.number),) if stale else ()
