"""Try to break the confinement of this machine: `autograder doctor`, and the self-test before the first submission.

A runner started by a real warm process makes every attempt of `probes.py`. What it says of itself is believed only as
far as nothing outside contradicts it: the canary is looked at, and the sockets are asked who came.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.model import Cell, CellKind, KitError, Plan, Submission, Twin, TwinKind
from autograder.sandbox import confine, probes
from autograder.sandbox.confine import Limits
from autograder.sandbox.pool import Sandbox
from autograder.sandbox.speech import Speech

KIT = Path(__file__).parent.parent
ALL = "\nimport json\nprint(json.dumps({name: outcome(attempt) for name, attempt in attempts(PLACES).items()}))"
PROGRAM = "\nimport json\nprint(json.dumps({'run another program': execute(PLACES)}))"

ADVICE = (
    "Grade on Linux 5.13 or later with Landlock switched on, or in a container whose seccomp profile allows "
    "the calls landlock_* and seccomp: see docs/security.md."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One attempt to get out of the sandbox.

    Attributes:
        attempt: What was tried, as in "read a file".
        holds: It was refused.
        seen: How: the kernel's error, or what happened instead.
        advice: What to do if it does not hold; empty if it does.
    """

    attempt: str
    holds: bool
    seen: str
    advice: str = ""


def examine() -> list[Finding]:
    """Make every attempt on this machine; never raises for what it finds."""
    try:
        with Sandbox(Limits()) as sandbox:
            return _try_all(sandbox, [ALL, PROGRAM])
    except KitError as error:
        return [Finding(attempt="start a confined process", holds=False, seen=str(error), advice=_advice())]


def must_hold(sandbox: Sandbox | None = None) -> None:
    """Make every attempt but running another program; to be called once before the first submission of a run.

    Args:
        sandbox: One that is there already; the attempts then cost one more runner. Without it a warm process is started
            for them.

    Raises:
        KitError: An attempt was not refused, or nothing can be confined here.
    """
    if sandbox is None:
        with Sandbox(Limits()) as own:
            must_hold(own)
        return
    broken = [finding for finding in _try_all(sandbox, [ALL]) if not finding.holds]
    if broken:
        could = "; ".join(finding.attempt for finding in broken)
        raise KitError(
            f"Student code is not held on this machine, so nothing was graded. It could: {could}. "
            f"{broken[0].advice} `autograder doctor` has the details."
        )


def report(findings: Sequence[Finding]) -> str:
    """What was found, one attempt a line, and what to do."""
    width = max(len(finding.attempt) for finding in findings)
    lines = [
        f"{platform.system()} {platform.release()} on {platform.machine()}, Python {platform.python_version()}, "
        f"user {os.getuid()}, Landlock {confine.landlock_abi() if not confine.why_not() else 'none'}",
        "A student's code tries to",
        *(
            f"  {finding.attempt:{width}}  {'refused' if finding.holds else 'NOT REFUSED'}  {finding.seen}"
            for finding in findings
        ),
    ]
    broken = [finding for finding in findings if not finding.holds]
    if not broken:
        return "\n".join([*lines, f"All {len(findings)} attempts were refused: student code is held on this machine."])
    advice = dict.fromkeys(finding.advice for finding in broken)
    return "\n".join(
        [*lines, f"{len(broken)} of {len(findings)} attempts were not refused. Do not grade here.", *advice]
    )


def _advice() -> str:
    return confine.why_not() or ADVICE


def _try_all(sandbox: Sandbox, cells: Sequence[str]) -> list[Finding]:
    with (
        tempfile.TemporaryDirectory(prefix="autograder-doctor-") as folder,
        _targets(Path(folder), sandbox) as (places, visited),
    ):
        said = _said(sandbox, places, cells)
        harm = [*visited(), *_harm(Path(folder))]
    findings = [
        Finding(attempt=attempt, holds=bool(seen), seen=seen or "it worked", advice="" if seen else _advice())
        for attempt, seen in said.items()
    ]
    found = [Finding(attempt=what, holds=False, seen="seen from outside", advice=_advice()) for what in harm]
    return findings + found


def _said(sandbox: Sandbox, places: Mapping[str, str], cells: Sequence[str]) -> dict[str, str]:
    """What a runner says of each attempt, by attempt."""
    source = Path(probes.__file__).read_text(encoding="utf-8")
    own = [f"{source}\nPLACES = {dict(places)!r}\n{last}" for last in cells]
    submission = Submission(
        assignment="",
        notebook="doctor",
        sha256="",
        cells=tuple(Cell(kind=CellKind.OWN, source=text) for text in own),
    )
    page = Twin(name="P", kind=TwinKind.PAGE, givens={})
    plan = Plan(assignment="", notebook="doctor", gaps=(), twins=(page,), source=submission)
    shown = sandbox.capture(Speech(plan, None), submission)
    said: dict[str, str] = {}
    for place in range(len(own)):
        text = "".join(output.text for output in shown.get(place, []) if output.name == "stdout")
        try:
            said |= {str(attempt): str(seen) for attempt, seen in json.loads(text).items()}
        except ValueError:
            said["get through the attempts" if place == 0 else "run another program"] = ""
    return said


CANARY = "canary"


@contextmanager
def _targets(folder: Path, sandbox: Sandbox) -> Iterator[tuple[dict[str, str], Callable[[], list[str]]]]:
    """Files and sockets that everybody may use, so that only the confinement refuses; and who has used them."""
    folder.chmod(0o777)
    canary = folder / CANARY
    canary.write_text(CANARY, encoding="ascii")
    canary.chmod(0o666)
    name = secrets.token_hex(8)
    addresses: dict[str, tuple[str, int] | str] = {
        "tcp": ("127.0.0.1", 0),
        "udp": ("127.0.0.1", 0),
        "socket": f"{folder}/s",
        "abstract": f"\0{name}",
    }
    kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    with ExitStack() as stack:
        ends = {}
        for kind, address in addresses.items():
            family = socket.AF_INET if kind in kinds else socket.AF_UNIX
            ends[kind] = stack.enter_context(socket.socket(family, kinds.get(kind, socket.SOCK_STREAM)))
            ends[kind].bind(address)
            ends[kind].setblocking(False)
            if kind != "udp":
                ends[kind].listen()
        (folder / "s").chmod(0o777)
        places = {
            "canary": str(canary),
            "folder": str(folder),
            "checks": str(KIT / "judging" / "checking.py"),
            "tcp": str(ends["tcp"].getsockname()[1]),
            "udp": str(ends["udp"].getsockname()[1]),
            "socket": f"{folder}/s",
            "abstract": name,
            "grader": str(os.getpid()),
            "memory": str(sandbox.limits.memory_bytes),
            "program": next(path for path in ("/bin/true", "/usr/bin/true", sys.executable) if Path(path).exists()),
        }
        yield places, lambda: [f"reach a socket ({kind})" for kind, end in ends.items() if _was_reached(end)]


def _was_reached(end: socket.socket) -> bool:
    try:
        if end.type == socket.SOCK_DGRAM:
            end.recv(1)
        else:
            end.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _harm(folder: Path) -> list[str]:
    """What has been changed among the files."""
    canary = folder / CANARY
    if not canary.exists() or canary.read_text(encoding="ascii") != CANARY:
        return ["change a file"]
    if canary.stat().st_mode & 0o777 != 0o666:
        return ["change a file's mode unseen"]
    return [f"leave {path.name}" for path in folder.iterdir() if path.name not in (CANARY, "s")]
