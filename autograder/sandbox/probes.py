"""Attempts to get out of the sandbox: what `autograder doctor` has a runner try, as student code would.

The text of this file is sent to a runner as a cell, so it imports nothing of the kit. Every attempt raises if it is
refused; what it would do if it succeeded is undone or harms nobody.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import resource
import socket
import threading
from collections.abc import Callable

Places = dict[str, str]
"""Where to try: `canary` and `folder` (files), `checks` (a folder of the kit), `tcp`, `udp`, `socket`, `abstract`,
`grader` (a process), `memory` (bytes), `program` (an executable file)."""

REFUSED = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EAGAIN, errno.ENOMEM, errno.ESRCH}
_CALLS = {  # on x86_64 and aarch64
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "add_key": (248, 217),
}
_SEIZE = 0x4206  # unlike PTRACE_ATTACH it does not stop the process


def _call(name: str, *arguments: int) -> None:
    number = _CALLS[name][platform.machine() == "aarch64"]
    _checked(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _reopen(path: str) -> None:
    handle = os.open(path, os.O_PATH)
    try:
        os.close(os.open(f"/proc/self/fd/{handle}", os.O_RDONLY))
    finally:
        os.close(handle)


def _write(path: str, flags: int) -> None:
    os.close(os.open(path, os.O_WRONLY | flags, 0o600))


def _connect(family: int, kind: int, address: object) -> None:
    with socket.socket(family, kind) as end:
        end.connect(address)  # type: ignore[arg-type]  # an address is of a type for each family
        end.send(b"x")


def _fork() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def _thread() -> None:
    try:
        threading.Thread(target=int).start()
    except RuntimeError as error:
        raise PermissionError(errno.EAGAIN, str(error)) from None


def _trace(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.ptrace(_SEIZE, pid, None, None))
    libc.ptrace(17, pid, None, None)  # PTRACE_DETACH


def _read_memory(pid: int) -> None:
    class Part(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    mine = ctypes.create_string_buffer(8)
    here, there = Part(ctypes.addressof(mine), 8), Part(id(os), 8)
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))


def _raise_limits() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except ValueError as error:
        raise PermissionError(errno.EPERM, str(error)) from None


def _use_memory(most: int) -> None:
    # Asked for and not touched: to fill this much takes longer than a cell may.
    mmap.mmap(-1, most, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()


def _share_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    segment = libc.shmget(0, 4096, 0o600)
    _checked(segment)
    libc.shmctl(segment, 0, None)


def attempts(at: Places) -> dict[str, Callable[[], object]]:
    """Every attempt by what it tries to do."""
    parent, grader = os.getppid(), int(at["grader"])
    file, new = at["canary"], f"{at['folder']}/new"
    inet, unix, stream, datagram = socket.AF_INET, socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM
    return {
        "read a file": lambda: _read(file),
        "read a file by way of /proc": lambda: _reopen(file),
        "read the hidden checks": lambda: _read(at["checks"]),
        "list a folder": lambda: os.listdir(at["folder"]),
        "make a file": lambda: _write(new, os.O_CREAT),
        "write to a file": lambda: _write(file, os.O_APPEND),
        "cut a file off": lambda: os.truncate(file, 0),
        "change a file's mode": lambda: os.chmod(file, 0o777),
        "change a file's times": lambda: os.utime(file, (0, 0)),
        "remove a file": lambda: os.remove(file),
        "rename a file": lambda: os.rename(file, new),
        "link a file": lambda: os.link(file, new),
        "make a folder": lambda: os.mkdir(new),
        "read the processes' list": lambda: os.listdir("/proc"),
        "read its own environment in /proc": lambda: _read("/proc/self/environ"),
        "read its parent's environment": lambda: _read(f"/proc/{parent}/environ"),
        "read the grader's memory in /proc": lambda: _read(f"/proc/{grader}/mem"),
        "connect by TCP": lambda: _connect(inet, stream, ("127.0.0.1", int(at["tcp"]))),
        "send by UDP": lambda: _connect(inet, datagram, ("127.0.0.1", int(at["udp"]))),
        "connect to a socket with a path": lambda: _connect(unix, stream, at["socket"]),
        "connect to an abstract socket": lambda: _connect(unix, stream, f"\0{at['abstract']}"),
        "make a pair of sockets": socket.socketpair,
        "start a process": _fork,
        "start a thread": _thread,
        "signal its parent": lambda: os.kill(parent, 0),
        "signal the grader": lambda: os.kill(grader, 0),
        "get a handle of the grader": lambda: os.close(os.pidfd_open(grader)),
        "trace its parent": lambda: _trace(parent),
        "read its parent's memory": lambda: _read_memory(parent),
        "change the grader's limits": lambda: resource.prlimit(grader, resource.RLIMIT_CORE, (0, 0)),
        "change its parent's priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 0),
        "leave its group": lambda: os.setpgid(0, 0),
        "raise its own limits": _raise_limits,
        "use more memory than allowed": lambda: _use_memory(int(at["memory"])),
        "become root": lambda: os.setresuid(0, 0, 0),
        "use io_uring": lambda: _call("io_uring_setup", 1, 0),
        "make a file in memory": lambda: os.close(os.memfd_create("x")),
        "share memory with other processes": _share_memory,
        "use the kernel's keyrings": lambda: _call("keyctl", 0, -3, 0),
        "make a namespace": lambda: _call("unshare", 0x10000000),
        "load a program into the kernel": lambda: _call("bpf", 0, 0, 0),
        "watch the processor": lambda: _call("perf_event_open", 0, 0, -1, -1, 0),
        "handle page faults": lambda: _call("userfaultfd", 1),
    }


def outcome(attempt: Callable[[], object]) -> str:
    """How it was refused; empty if it was not."""
    try:
        attempt()
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return name if error.errno in REFUSED else ""
    return ""


def execute(at: Places) -> str:
    """Try to become another program; it does not return if it can."""
    return outcome(lambda: os.execv(at["program"], [at["program"]]))
