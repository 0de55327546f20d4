"""Runs tests on one changed module after the other, in a copy of the repository: a script, with the copy as its folder.

What tests import from elsewhere is imported once; each run is a fork, and imports the kit and the tests anew. Requests
come as lines of JSON, and so do the answers go.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis  # noqa: F401
import IPython.core.interactiveshell  # noqa: F401
import nbclient  # noqa: F401
import nbformat  # noqa: F401
import nbgrader.api
import nbgrader.apps
import nbgrader.converters
import nbgrader.preprocessors  # noqa: F401
import numpy as np  # noqa: F401
import playwright.sync_api  # noqa: F401
import pytest
import rich.console  # noqa: F401

OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-m", "not long and not browser", "--tb=line", "--no-header")
OPTIONS += ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # plugins that are imported before
NO_TEST = 70
"""Exit code of a run in which pytest itself failed."""
SAID = 4000
"""Characters of a run's output that are passed on."""


def main() -> None:
    """Answer until there are no more requests."""
    for number, line in enumerate(sys.stdin):
        request = json.loads(line)
        with changed(Path(request["module"]), request["source"], number):
            answer = run(request["tests"], request["seconds"])
        print(json.dumps(answer), flush=True)


@contextlib.contextmanager
def changed(module: Path, source: str, number: int) -> Iterator[None]:
    """The module with another source; its times tell Python each time that the bytecode it has kept is out of date."""
    before = module.read_text(encoding="utf-8")
    write(module, source, 2 * number)
    yield
    write(module, before, 2 * number + 1)


def write(module: Path, source: str, number: int) -> None:
    """Write a module, as of a second of its own."""
    module.write_text(source, encoding="utf-8")
    os.utime(module, (1_000_000_000 + number, 1_000_000_000 + number))


def run(tests: list[str], seconds: float) -> dict[str, Any]:
    """Run tests in a fork until one fails: its exit code (None if time was up), how long it took, and what it said."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            for stream in (1, 2):
                os.dup2(said.fileno(), stream)
            code = NO_TEST
            try:
                code = int(pytest.main([*OPTIONS, *tests]))
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = ended(pid, started + seconds)
        said.seek(0)
        text = said.read().decode(errors="replace")
    return {"code": code, "seconds": time.monotonic() - started, "said": text[-SAID:]}


def ended(pid: int, until: float) -> int | None:
    """The exit code of a process, or None if time is up; what it has started is ended with it."""
    try:
        while time.monotonic() < until:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
