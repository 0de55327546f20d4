"""Judge the cell that the student ran last for a gap."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import CodeType

from IPython.core.interactiveshell import InteractiveShell

from lab import cells, kernel, patience, texts
from lab.cells import Entry
from lab.data import notebooks
from lab.errors import line_of, text_of
from lab.findings import found_in, of_error, stopped
from lab.gaps import Answer, Gap, fresh
from lab.judge import difference
from lab.names import NOTHING, Needs, needs_of, read_by
from lab.outside import is_taken
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
    answers: dict[str, Answer] = {}
    doubts: tuple[str, ...] = ()
    with patience.Patience() as waiting:
        doubts = _doubts(gap, needs, shell)
        if not doubts:
            _answers(answers, gap, code, needs, shell, name)
    if doubts:
        return Verdict(gap=gap.name, status=Status.UNSURE, says=doubts)
    if waiting.ended_after:
        return stopped(gap, len(answers), texts.TOO_LONG.format(seconds=f"{waiting.ended_after:g}"))
    if any(answer.raised == "KeyboardInterrupt" for answer in answers.values()):
        return stopped(gap, len(answers), texts.INTERRUPTED)
    judged = gap.numbers[: len(answers)]
    verdict = found_in(gap, judged, answers, entry.source)
    missing = _not_set(gap, code, entry, shell) if verdict.status is Status.RIGHT else ()
    if missing:
        text = texts.NOT_SET.format(entry=entry.number, names=texts.listed(missing))
        return Verdict(gap=gap.name, status=Status.UNSURE, says=(text,))
    says = verdict.says or ((texts.RIGHT_ON_PAGE,) if needs.computed else (texts.RIGHT,))
    notes = (
        *_takes(gap, entry, shell),
        *_page_only(needs),
        *_outdated(gap, entry, ran, answers[gap.numbers[0].name], verdict.status, shell),
    )
    return replace(verdict, says=says, notes=notes)


def _answers(
    found: dict[str, Answer], gap: Gap, code: CodeType, needs: Needs, shell: InteractiveShell, name: str
) -> None:
    """Run the cell on one set of numbers after the other, until it is interrupted."""
    for numbers in gap.numbers[:1] if needs.computed else gap.numbers:
        found[numbers.name] = answer_on(numbers, gap, code, needs, shell, name)
        if found[numbers.name].raised == "KeyboardInterrupt":
            return


def _not_set(gap: Gap, code: CodeType, entry: Entry, shell: InteractiveShell) -> tuple[str, ...]:
    """Numbers of the course that the cell reads and the notebook does not have, if the cell has raised there."""
    if entry.number not in kernel.memory(shell).raised:
        return ()
    state, used = gap.numbers[0].state, {*read_by(code)}
    return tuple(name for name in state if name in used and name not in shell.user_ns and name not in gap.earlier)


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


def _takes(gap: Gap, entry: Entry, shell: InteractiveShell) -> tuple[str, ...]:
    """A warning of names that the cell has taken from Python or a module: later cells may need them."""
    space, modules = shell.user_ns, gap.modules
    own = cells.assigned(entry.source) - {*gap.sets}
    taken = [
        name
        for name in sorted(own)
        if name in space and is_taken(name, space[name], sys.modules.get(modules.get(name, "")))
    ]
    pythons = [name for name in taken if name not in modules]
    found = [texts.TAKES_NAME.format(names=texts.listed(pythons), first=pythons[0])] if pythons else []
    modules_taken = [name for name in taken if name in modules]
    return (*found, *(texts.TAKES_MODULE.format(name=name, module=modules[name]) for name in modules_taken))


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
    absent = [name for name in gap.numbers[0].state if name in gap.earlier and name not in space]
    if absent and entry.number in kernel.memory(shell).raised:
        return (texts.STOPPED_THERE.format(entry=entry.number, names=texts.listed(absent)),)
    stale = [
        name
        for name in gap.outputs
        if difference(space.get(name), answer.values.get(name), tolerance=gap.tolerance) is not None
    ]
    return (texts.STALE.format(names=texts.listed(stale), entry=entry.number),) if stale else ()
