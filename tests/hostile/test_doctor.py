"""The self-test: it finds what does not hold, and grading refuses where nothing can be held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.model import KitError
from autograder.sandbox import doctor
from autograder.sandbox.confine import Limits
from autograder.sandbox.doctor import Finding
from autograder.sandbox.pool import Sandbox
from autograder.sandbox.warm import Warm

from ..sandbox.layers import NO_NAMESPACES
from .scene import REPOSITORY

HERE = Path(__file__).parent


def test_this_machine_refuses_every_attempt() -> None:
    findings = doctor.examine()
    assert [finding for finding in findings if not finding.holds] == []
    assert len(findings) > 40
    assert "run another program" in {finding.attempt for finding in findings}
    text = doctor.report(findings)
    assert text.endswith(f"All {len(findings)} attempts were refused: student code is held on this machine.")
    assert all(f"  {finding.attempt} " in text for finding in findings)


def test_the_self_test_before_grading_costs_one_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    forks = []
    fork = Warm.fork
    monkeypatch.setattr(Warm, "fork", lambda self: forks.append(self) or fork(self))
    with Sandbox(Limits()) as sandbox:
        assert sandbox.isolation
        forks.clear()
        doctor.must_hold(sandbox)
    assert len(forks) == 1


def test_the_self_test_needs_no_sandbox_of_its_caller() -> None:
    doctor.must_hold()


def test_a_report_says_what_does_not_hold_and_what_to_do() -> None:
    findings = [
        Finding(attempt="read a file", holds=True, seen="EACCES"),
        Finding(attempt="connect by TCP", holds=False, seen="it worked", advice="Do this."),
    ]
    lines = doctor.report(findings).split("\n")
    assert lines[-3:] == [
        "  connect by TCP  NOT REFUSED  it worked",
        "1 of 2 attempts were not refused. Do not grade here.",
        "Do this.",
    ]


@pytest.mark.parametrize(
    ("layer", "attempts"),
    [
        ("restrict_files(confinement)", {"read a file", "read the hidden checks", "list a folder"}),
        ("restrict_calls(confinement)", {"make a pair of sockets", "send by UDP", "get a handle of the grader"}),
        ("limit_resources(limits)", {"use more memory than allowed"}),
    ],
)
def test_a_missing_layer_is_found_and_grading_refuses(layer: str, attempts: set[str], tmp_path: Path) -> None:
    found = _examined(tmp_path, layer, "pass")
    assert attempts <= set(found["broken"])
    assert all(attempt in found["refused"] for attempt in attempts)
    assert "so nothing was graded" in found["refused"]
    assert "docs/security.md" in found["refused"]
    assert "Do not grade here." in found["report"]


@pytest.mark.parametrize("version", [1, 3, 4])
def test_with_an_older_landlock_every_attempt_is_refused_too(version: int, tmp_path: Path) -> None:
    found = _examined(tmp_path, "abi = landlock_abi()", f"abi = {version}")
    assert found["broken"] == []
    assert found["refused"] == ""


def _examined(folder: Path, line: str, instead: str) -> dict[str, Any]:
    """What the doctor of a copy of the kit finds whose confinement has another line."""
    done = subprocess.run(
        [sys.executable, "-B", str(HERE / "broken_kit.py"), str(folder), line, instead],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode == NO_NAMESPACES and not os.environ.get("CI"):
        pytest.skip("this machine lets this user make no namespaces, and outside of them no layer is switched off")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["kit"].startswith(str(folder))  # the copy
    return found


def test_without_landlock_grading_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    notebook = REPOSITORY / "solutions" / "1_neuron" / "01_neuron.ipynb"
    grade = "from autograder.cli import main; main()"
    arguments = ["grade", str(notebook), "--results", str(results), "--course", str(REPOSITORY)]
    done = _without_landlock(grade, *arguments)
    assert done.returncode == 2
    assert "offers no Landlock" in done.stderr
    assert "docs/security.md" in done.stderr
    assert "nothing was graded" in done.stderr
    assert "Traceback" not in done.stderr
    assert not results.exists()


def test_without_landlock_the_doctor_says_so() -> None:
    done = _without_landlock(
        "from autograder.sandbox import doctor; print(doctor.report(doctor.examine())); doctor.must_hold()"
    )
    assert "Landlock none" in done.stdout
    assert "Do not grade here." in done.stdout
    assert KitError.__name__ in done.stderr.splitlines()[-1]
    assert "offers no Landlock" in done.stderr


def _without_landlock(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HERE / "without_landlock.py"), sys.executable, "-c", code, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "AUTOGRADER_SECRET": "hostile"},
    )
