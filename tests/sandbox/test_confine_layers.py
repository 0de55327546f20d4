"""What each layer of the confinement stops alone, compared with the table in docs/security.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ..hostile.elsewhere import NOBODY, as_user, can_change_user, open_folder
from .layers import NO_NAMESPACES

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "security.md"
ROWS = {
    "read files, list folders": [
        "read a file",
        "read a file by way of /proc",
        "read the hidden checks",
        "list a folder",
    ],
    "make, write, cut, remove, rename, link files; make folders": [
        "make a file",
        "write to a file",
        "cut a file off",
        "remove a file",
        "rename a file",
        "link a file",
        "make a folder",
    ],
    "change modes and dates of files": ["change a file's mode", "change a file's times"],
    "list processes; read one's own environment in `/proc`": [
        "read the processes' list",
        "read its own environment in /proc",
    ],
    "read other processes' environment and memory in `/proc`": [
        "read its parent's environment",
        "read the grader's memory in /proc",
    ],
    "connect by TCP": ["connect by TCP"],
    "send by UDP, connect to a socket with a path, make a pair of sockets": [
        "send by UDP",
        "connect to a socket with a path",
        "make a pair of sockets",
    ],
    "connect to an abstract socket": ["connect to an abstract socket"],
    "start processes and threads": ["start a process", "start a thread"],
    "signal other processes": ["signal its parent", "signal the grader"],
    "trace other processes, read their memory": ["trace its parent", "read its parent's memory"],
    "get a handle of another process, leave the group": ["get a handle of the grader", "leave its group"],
    "change limits and priorities of others": ["change the grader's limits", "change its parent's priority"],
    "take more memory than allowed": ["use more memory than allowed"],
    "become root, make namespaces": ["become root", "make a namespace"],
    "io_uring, memory files, shared memory, keyrings, bpf, perf, userfaultfd": [
        "use io_uring",
        "make a file in memory",
        "share memory with other processes",
        "use the kernel's keyrings",
        "load a program into the kernel",
        "watch the processor",
        "handle page faults",
    ],
}
"""The table's rows, with the attempts that each stands for."""
UNDECIDED = {"raise its own limits"}
"""Refused in any user namespace, whatever the layers; the doctor tries it where it counts."""


def measured(user: int, layers: list[str]) -> Mapping[str, Mapping[str, str]]:
    """Outcomes by layer and attempt for a grader that is this user."""
    with open_folder() as folder:
        place = folder / "memory"
        place.mkdir()
        os.chown(place, user, user)
        command = [sys.executable, "-B", str(HERE / "layers.py"), str(place), "nothing", *layers]
        if user != os.geteuid():
            command = as_user(command, user, folder)
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process with threads cannot leave its namespace
        )
    if done.returncode == NO_NAMESPACES:
        reason = (
            "this machine lets this user make no namespaces "
            "(on Ubuntu: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0)"
        )
        if os.environ.get("CI"):
            pytest.fail(f"in CI the layers must be measured: {reason}")
        pytest.skip(reason)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


def table() -> dict[str, dict[str, bool]]:
    """What docs/security.md says: row, layer, whether it stops all attempts of the row."""
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("| attempt |"))
    names = [name.strip() for name in lines[start].strip("|").split("|")][1:]
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        row, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[row] = {name: cell == "stops" for name, cell in zip(names, cells, strict=True)}
    return rows


def test_the_table_has_these_rows() -> None:
    assert list(table()) == list(ROWS)


def test_every_attempt_of_the_doctor_is_in_the_table() -> None:
    from autograder.sandbox import probes

    nowhere = {"grader": "1", "canary": "", "folder": "", "checks": ""}
    in_table = {attempt for attempts in ROWS.values() for attempt in attempts}
    assert in_table | UNDECIDED == set(probes.attempts(nowhere))


def _holds_as_the_table_says(found: Mapping[str, Mapping[str, str]], layers: list[str]) -> None:
    for row, attempts in ROWS.items():
        open_ones = [attempt for attempt in attempts if not found["nothing"][attempt]]  # others this kernel never has
        assert open_ones or row.startswith(("become", "io_uring")), f"without any layer nothing of this works: {row}"
        for layer in layers:
            stops = all(found[layer][attempt] for attempt in open_ones)
            assert stops == table()[row][layer] or not open_ones, (row, layer, found[layer])


@pytest.mark.skipif(os.geteuid() == 0 and not can_change_user(), reason="root cannot become another user here")
def test_layers_for_a_grader_that_is_no_root() -> None:
    layers = ["Landlock", "seccomp", "limits"]
    user = os.geteuid() or NOBODY
    _holds_as_the_table_says(measured(user, layers), layers)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_layers_for_a_grader_that_is_root() -> None:
    layers = ["Landlock", "seccomp", "another user"]
    _holds_as_the_table_says(measured(0, layers), layers)


ALONE = {
    "read files, list folders": "**Reading.**",
    "list processes; read one's own environment in `/proc`": "**Reading.**",
    "send by UDP, connect to a socket with a path, make a pair of sockets": "**UDP, sockets with a path",
    "get a handle of another process, leave the group": "**Handles, groups, namespaces",
    "become root, make namespaces": "**Handles, groups, namespaces",
    "io_uring, memory files, shared memory, keyrings, bpf, perf, userfaultfd": "**Handles, groups, namespaces",
    "take more memory than allowed": "**Memory.**",
}
"""Attempts that one layer refuses alone, and where docs/security.md says why that is left so."""


def test_two_layers_refuse_every_attempt_or_the_page_says_why_not() -> None:
    alone = [row for row, layers in table().items() if sum(layers.values()) < 2]
    assert sorted(alone) == sorted(ALONE)
    reasons = PAGE.read_text(encoding="utf-8").partition("Where one layer stands alone")[2]
    assert all(f"* {reason}" in reasons for reason in ALONE.values())
