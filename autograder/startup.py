"""What a command sets in its process before it does anything; each line with what it was measured to save."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from pathlib import Path


def prepare_process() -> None:
    """Make this process start fast and share its cores well; called once, by the command line."""
    # nbgrader calls alembic by its bare name; it stands beside this command.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for stream in (sys.stdout, sys.stderr):  # a terminal that has no letter for a student's name shows a ? for it
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    gc.set_threshold(50_000)  # after the usual 700 objects, a fifth of all importing is looking for rubbish
    atexit.register(gc.freeze)  # else a quarter of a second at the end, for memory that is given back anyway
    sys.setswitchinterval(0.001)  # a worker whose runner has answered waits for another worker no longer than that
    # jsonschema takes this one if it is there, for a format that no notebook's schema asks for: a second of start-up.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: it is not there
