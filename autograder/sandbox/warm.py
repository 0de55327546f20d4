"""The grader's handle on a warm process, which forks runners."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TypeVar

import msgspec

from autograder.model import KitError
from autograder.sandbox.confine import Limits
from autograder.sandbox.place import Place
from autograder.sandbox.zygote import PACKET, RUN, STOP, Ended, Forked, Hello

Message = TypeVar("Message", Hello, Forked, Ended)


class Warm:
    """One warm process; forks one confined runner at a time."""

    def __init__(self, limits: Limits, *, plotting: bool) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mode = "plotting" if plotting else "plain"
        settings = msgspec.json.encode(limits).decode()
        # A fixed hash seed makes the order of sets the same in every run; one thread, since numpy's would hang a fork.
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", os.path.join(_cache(), "matplotlib")),
        }
        self.place, shared = Place.make()
        module = ["-m", "autograder.sandbox.zygote", str(theirs.fileno()), str(shared), mode, settings]
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", *module],
            pass_fds=[theirs.fileno(), shared],
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        os.close(shared)
        self._control = ours
        hello = self._receive(Hello)
        if hello.problem:
            self.close()
            raise KitError(f"Student code cannot be confined on this machine, so nothing was graded. {hello.problem}")
        self.isolation = hello.isolation

    def _receive(self, kind: type[Message]) -> Message:
        packet = self._control.recv(PACKET)
        if not packet:
            raise KitError("The sandbox's warm process ended unexpectedly. Run `autograder doctor` to see why.")
        return msgspec.msgpack.decode(packet, type=kind)

    def fork(self) -> tuple[int, int, int]:
        """Start a runner; its process id, and our ends of the pipes (reading, writing)."""
        self.place.clear()
        to_read, to_write = os.pipe(), os.pipe()
        socket.send_fds(self._control, [RUN], [to_write[0], to_read[1]])
        os.close(to_write[0])
        os.close(to_read[1])
        return self._receive(Forked).pid, to_read[0], to_write[1]

    def stop(self) -> Ended:
        """End the runner, if it has not ended by itself."""
        self._control.send(STOP)
        return self._receive(Ended)

    def close(self) -> None:
        """End the warm process."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _cache() -> str:
    return os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
