"""Results as other programs read them: Gradescope's results.json, LTI scores, JUnit, CSV.

A gap that waits for a mark by hand never counts as 0: it has no score, and the whole says that it waits.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import msgspec

from autograder.gradebook.exports.results import NotebookResult, StudentResult, number
from autograder.model import GapResult, Status

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula."""
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no room for."""
WAITS = "This step waits for your instructor's mark."
_SKIPPED = frozenset([Status.UNTOUCHED, Status.MISSING])


def gradescope(result: StudentResult) -> bytes:
    """One student's results.json (https://gradescope-autograders.readthedocs.io/en/latest/specs/).

    The sum is that of the gaps with a score; late penalties are Gradescope's own business and left out.
    """
    tests = [
        _gradescope_test(one, gap, f"{at}.{number_in}")
        for at, one in enumerate(result.notebooks, 1)
        for number_in, gap in enumerate(one.record.gaps, 1)
    ]
    waiting = sum("score" not in test for test in tests)
    output = f"{waiting} steps wait for your instructor's mark and are not in the sum." if waiting else ""
    remarks = [remark for one in result.notebooks for remark in one.record.remarks]
    content = {"output": "\n".join([*([output] if output else []), *remarks]), "tests": tests}
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def _gradescope_test(one: NotebookResult, gap: GapResult, place: str) -> dict[str, Any]:
    mark = one.marks.by_gap[gap.gap]
    test: dict[str, Any] = {
        "max_score": mark.points,
        "name": f"{one.notebook}: {gap.gap}",
        "number": place,
        "tags": [str(gap.status), *([gap.mistake] if gap.mistake else [])],
        "visibility": "visible",
    }
    if one.waits(gap.gap):
        return {**test, "output": WAITS}
    output = " ".join([gap.message, *gap.remarks])
    status = "passed" if mark.score >= mark.points else "failed"
    return {**test, "score": mark.score, "status": status, "output": output}


def ags(results: Iterable[StudentResult], now: datetime) -> bytes:
    """LTI 1.3 scores (application/vnd.ims.lis.v1.score+json), one a line, for a tool that may send them.

    Args:
        results: Of the class; who handed nothing in or is excused has no score.
        now: When they are exported: a platform ignores a score that is older than the one it has.
    """
    stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return b"".join(
        msgspec.json.encode(_score(one, stamp)) + b"\n" for one in results if one.handed_in and not one.excused
    )


def _score(result: StudentResult, stamp: str) -> dict[str, Any]:
    score = {"userId": result.student, "timestamp": stamp, "activityProgress": "Submitted"}
    if result.waits:
        return {**score, "gradingProgress": "PendingManual", "comment": "Some steps wait for your instructor's mark."}
    marks = {"scoreGiven": round(max(0.0, result.score), 2), "scoreMaximum": result.points}
    return {**score, **marks, "gradingProgress": "FullyGraded"}


def junit(assignment: str, results: Sequence[StudentResult]) -> bytes:
    """JUnit XML as CI programs read it (https://github.com/testmoapp/junitxml): a suite a notebook, a case a gap."""
    suites = [_suite(assignment, result, one) for result in results for one in result.notebooks]
    top = ElementTree.Element("testsuites", {"name": assignment, **_sums(suites)})
    top.extend(suites)
    ElementTree.indent(top)
    return bytes(ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)) + b"\n"


def _suite(assignment: str, result: StudentResult, one: NotebookResult) -> ElementTree.Element:
    cases = [_case(f"{assignment}.{one.notebook}", one, gap) for gap in one.record.gaps]
    counts = {
        "tests": str(len(cases)),
        **{f"{kind}s": str(sum(case.find(kind) is not None for case in cases)) for kind in ("failure", "error")},
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    name = _xml(f"{result.student}.{one.notebook}")
    suite = ElementTree.Element("testsuite", {"name": name, **counts, "file": f"{one.notebook}.ipynb"})
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in {"score": one.marks.score, "max_score": one.marks.points}.items():
        ElementTree.SubElement(properties, "property", {"name": key, "value": number(value)})
    suite.extend(cases)
    return suite


def _case(where: str, one: NotebookResult, gap: GapResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"name": gap.gap, "classname": where})
    kind, said = _verdict(one, gap)
    if kind:
        ElementTree.SubElement(case, kind, {"message": _xml(said), "type": str(gap.status)})
    return case


def _verdict(one: NotebookResult, gap: GapResult) -> tuple[str, str]:
    """The element that says how a gap ended; none for one with all points, by hand or not."""
    mark = one.marks.by_gap[gap.gap]
    if one.waits(gap.gap):
        return "skipped", WAITS
    if mark.score >= mark.points:
        return "", ""
    if gap.status in _SKIPPED or not one.handed_in:
        return "skipped", gap.message or str(gap.status)
    kind = "error" if gap.status in (Status.RAISED, Status.STOPPED, Status.DIED, Status.UNREADABLE) else "failure"
    return kind, gap.message or str(gap.status)


def _sums(suites: Sequence[ElementTree.Element]) -> dict[str, str]:
    return {key: str(sum(int(suite.get(key, "0")) for suite in suites)) for key in _COUNTED}


_COUNTED = ("tests", "failures", "errors", "skipped")


def _xml(text: str) -> str:
    return NO_XML.sub("\ufffd", text)


def table(results: Iterable[StudentResult]) -> bytes:
    """A row a notebook: points by the gradebook, less what lateness costs, and whether it was handed in or waits."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(["student", "notebook", "state", "score", "points", "late_penalty", "handed_in"])
    for result in results:
        for one in result.notebooks:
            writer.writerow(_row(result, one))
    return made.getvalue().encode()


def _row(result: StudentResult, one: NotebookResult) -> list[str]:
    waits = any(one.waits(gap) for gap in one.marks.by_gap)
    graded = "waits for a mark" if waits else "graded" if one.handed_in else "not handed in"
    state = "excused" if result.excused else graded
    score = number(one.marks.score) if state == "graded" else ""
    when = one.marks.handed_in.strftime("%Y-%m-%d %H:%M:%S UTC") if one.marks.handed_in else ""
    return [
        defused(result.student),
        one.notebook,
        state,
        score,
        number(one.marks.points),
        number(one.marks.late_penalty),
        when,
    ]


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
