"""Formgrader's autograde button, through a real Jupyter server over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ASSIGNMENT, NOTEBOOK, Course, hand_in

TOKEN = "routes-token"
STARTS_WITHIN = 90


class Server:
    """A Jupyter server in a course's folder, as `jupyter lab` starts it, without the front end."""

    def __init__(self, course: Path, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folders = {name: str(home / name.lower()) for name in ("HOME", "IPYTHONDIR")}
        folders |= {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        self.log = (home / "server.log").open("w")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
                *(f"--port={self.port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"),
                *(f"--ServerApp.root_dir={course}",),
                "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True, 'jupyterlab': False}",
            ],
            cwd=course,
            env={**os.environ, **folders},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def ask(self, path: str, *, method: str = "GET", token: str = TOKEN) -> tuple[int, str]:
        """Status and text of an answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", method=method)
        request.add_header("Authorization", f"token {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def wait(self) -> None:
        """Until it answers."""
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            assert self.process.poll() is None, Path(self.log.name).read_text()[-3000:]
            try:
                self.ask("api/status")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise TimeoutError(Path(self.log.name).read_text()[-3000:])

    def close(self) -> None:
        """End it, and its grader's warm processes with it."""
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture(scope="module")
def server(routes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server on a copy of the course, so that its marks are its own."""
    folder = tmp_path_factory.mktemp("formgrader") / "course"
    shutil.copytree(routes.by_kit, folder)
    running = Server(folder, tmp_path_factory.mktemp("home"))
    try:
        running.wait()
        yield running, folder
    finally:
        running.close()


def scores(answer: str) -> dict[str, tuple[float, bool]]:
    found = json.loads(answer)
    return {one["student"]: (one["score"], one["needs_manual_grade"]) for one in found if one["autograded"]}


def test_the_button_grades_one_student_again(server):
    running, folder = server
    before = scores(running.ask(f"formgrader/api/submissions/{ASSIGNMENT}")[1])
    assert before["untouched"] == (0, False)
    course = Course(folder, "routes")
    hand_in(course, "untouched", {gap.name: gap.solution for gap in course.plan(NOTEBOOK).gaps})
    status, answer = running.ask(f"formgrader/api/submission/{ASSIGNMENT}/untouched/autograde", method="POST")
    assert status == 200
    assert json.loads(answer)["success"], answer
    after = scores(running.ask(f"formgrader/api/submissions/{ASSIGNMENT}")[1])
    assert after == {**before, "untouched": (28, False)}


def test_the_button_grades_a_notebook_that_hangs_and_the_server_answers_on(server):
    running, folder = server
    hand_in(Course(folder, "routes"), "wrong", {"relu_dz": "while True: pass", "dmul": "import os\nos._exit(0)"})
    status, answer = running.ask(f"formgrader/api/submission/{ASSIGNMENT}/wrong/autograde", method="POST")
    assert (status, json.loads(answer)["success"]) == (200, True)
    assert scores(running.ask(f"formgrader/api/submissions/{ASSIGNMENT}")[1])["wrong"] == (0, False)


def test_the_pages_of_formgrader_open(server):
    running, _ = server
    for page in ("", "/manage_submissions/" + ASSIGNMENT, "/gradebook/" + ASSIGNMENT, "/manage_students"):
        status, text = running.ask(f"formgrader{page}")
        assert status == 200, page
        assert "nbgrader" in text.lower()


def test_nobody_grades_without_the_token(server):
    running, _ = server
    status, _ = running.ask(f"formgrader/api/submission/{ASSIGNMENT}/right/autograde", method="POST", token="other")
    assert status in (302, 403)
