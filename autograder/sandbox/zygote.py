"""The warm process: imports everything once, never runs student code, forks one confined runner at a time.

Started as `python -m autograder.sandbox.zygote SOCKET PLACE MODE LIMITS`; the grader talks to it over a packet socket.
It is started afresh and never forked from the grader, whose memory holds the checks.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from importlib.machinery import FileFinder
from pathlib import Path

import msgspec

from autograder.sandbox import confine
from autograder.sandbox.confine import Confinement, Limits
from autograder.sandbox.place import Place


class Hello(msgspec.Struct, frozen=True):
    """First message of the warm process: how runners are confined, or why they cannot be."""

    problem: str
    isolation: str


class Forked(msgspec.Struct, frozen=True):
    """A runner has been started."""

    pid: int


class Ended(msgspec.Struct, frozen=True):
    """A runner has ended, by itself or because it was told to.

    Attributes:
        signal: That ended it, 0 if none did but the one that it was stopped with.
        code: Its exit code.
        cpu_s: CPU time, in seconds.
        orphans: Processes it left behind; all have been ended.
    """

    signal: int
    code: int
    cpu_s: float
    orphans: int


PACKET = 4096
RUN, STOP = b"run", b"stop"


def _warm_up(plotting: bool) -> Callable[[int, int, Place], None]:
    """Import everything; what a runner is to do with its two pipes and its place."""
    import numpy as np
    import numpy.linalg
    import numpy.random

    from autograder.sandbox.capture import make_shell
    from autograder.sandbox.replay import Replay, stand_in_for_lab
    from autograder.sandbox.wire import RunnerEnd
    from lab.results import results_shown

    (np.ones((4, 4)) @ np.ones((4, 4))).sum()
    repr(np.arange(3.0))
    np.einsum("ij,jk", np.ones((2, 2)), np.ones((2, 2)))
    shell = make_shell(plotting=plotting)
    stand_in_for_lab(shell, results_shown)
    return lambda reading, writing, place: Replay(shell, RunnerEnd(reading, writing), place).run()


def _hide_packages() -> None:
    """Forget which packages are installed: what a runner may not read does not exist for it, as `import` says it."""
    for path, finder in sys.path_importer_cache.items():
        if Path(path).name in ("site-packages", "dist-packages") and isinstance(finder, FileFinder):
            finder.invalidate_caches()


def _packages() -> list[str]:
    """The site-packages entries that a runner may read: what numpy, IPython and matplotlib have loaded."""
    found = set()
    for module in list(sys.modules.values()):
        origin = getattr(module, "__file__", None)
        if not origin or "-packages" + os.sep not in origin:
            continue
        base, _, rest = origin.rpartition("-packages" + os.sep)
        top = rest.split(os.sep)[0]
        if top not in ("autograder", "lab"):
            found.add(f"{base}-packages{os.sep}{top}")
            found.add(f"{base}-packages{os.sep}{top}.libs")
    return sorted(path for path in found if Path(path).exists())


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _let_go(reading: int, writing: int, confinement: Confinement, limits: Limits) -> None:
    """In the forked child: let go of everything but its pipes, for good."""
    os.setpgid(0, 0)
    confine.die_with_parent()
    nothing = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    kept = sorted({0, 1, 2, reading, writing, confinement.ruleset})
    for low, high in zip(kept, [*kept[1:], 1024], strict=True):
        os.closerange(low + 1, high)
    os.chdir("/")
    gc.enable()
    confine.apply(confinement, limits)


def _serve_one(control: socket.socket, pid: int) -> Ended | None:
    """Wait until the runner ends or is to be stopped; None when the grader has gone."""
    handle = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN)
    told = gone = False
    while not told and handle not in (ready := dict(poll.poll())):
        if control.fileno() in ready:
            told, gone = True, not control.recv(PACKET)
    os.killpg(pid, signal.SIGKILL)  # the leader is not reaped yet, so its group's number cannot have been reused
    _, status, usage = os.wait4(pid, 0)
    os.close(handle)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    orphans = 0
    try:
        while os.waitpid(-1, 0):
            orphans += 1
    except ChildProcessError:
        pass
    if gone or (not told and not control.recv(PACKET)):  # exactly one packet a run is consumed here
        return None
    return Ended(
        signal=0 if told and number == signal.SIGKILL else number,
        code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
        cpu_s=usage.ru_utime + usage.ru_stime,
        orphans=orphans,
    )


def main(descriptor: int, shared: int, plotting: bool, limits: Limits) -> None:
    """Serve runs until the grader closes its end.

    Args:
        descriptor: Of the socket that the grader holds the other end of.
        shared: Descriptor of the page of shared memory that says which cell is running.
        plotting: Whether matplotlib is imported beforehand.
        limits: What a run may use.
    """
    control, place = socket.socket(fileno=descriptor), Place(shared)
    problem = confine.why_not()
    if problem:
        control.send(msgspec.msgpack.encode(Hello(problem, "")))
        return
    gc.disable()  # nothing of what is loaded here goes away
    run = _warm_up(plotting)
    _hide_packages()
    os.environ.clear()
    confine.adopt_orphans()
    if _threads() != 1:
        control.send(msgspec.msgpack.encode(Hello("the warm process has started threads; numpy would hang in it", "")))
        return
    confinement = confine.prepare(confine.readable_paths(_packages()))
    control.send(msgspec.msgpack.encode(Hello("", f"landlock {confinement.landlock_abi}, seccomp, rlimits")))
    gc.collect()
    gc.freeze()  # else a collection in a runner touches, and so copies, every page (66 ms against 5)
    gc.set_threshold(10_000)  # the usual 700 would run dozens of times in a replay, over nothing
    while True:
        message, descriptors, *_ = socket.recv_fds(control, PACKET, 2)
        if not message:
            return
        pid = os.fork()
        if pid == 0:
            try:
                reading, writing = descriptors
                _let_go(reading, writing, confinement, limits)
                run(reading, writing, place)
            finally:
                os._exit(0 if sys.exc_info()[0] is None else 70)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # both sides do it, so that an early stop finds the group
        for end in descriptors:
            os.close(end)
        control.send(msgspec.msgpack.encode(Forked(pid)))
        ended = _serve_one(control, pid)
        if ended is None:
            return
        control.send(msgspec.msgpack.encode(ended))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "plotting", msgspec.json.decode(sys.argv[4], type=Limits))
    os._exit(0)  # taking apart what was imported would cost as much as three notebooks
