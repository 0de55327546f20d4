"""Confine the calling process for good: Landlock, seccomp, resource limits, another user.

Each layer is applied in the forked runner just before student code. What each one stops alone is measured by
`autograder doctor` and by the tests; `docs/security.md` has the table.

Source:
    Linux: `landlock(7)`, `seccomp(2)`, `capabilities(7)`; numbers from the kernel's `unistd.h` of both machines.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Numbers on x86_64 and aarch64; None where a machine does not have the call.
ALLOWED_CALLS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "lseek": (8, 62),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "stat": (4, None),
    "lstat": (6, None),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "mincore": (27, 232),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "membarrier": (324, 283),
    "arch_prctl": (158, None),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getpgrp": (111, None),
    "getpgid": (121, 155),
    "getsid": (124, 156),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "capget": (125, 90),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "times": (100, 153),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "umask": (95, 166),
    "getrandom": (318, 278),
    "time": (201, None),
    "gettimeofday": (96, 169),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# Allowed for some arguments only: reading files, asking about terminals, reading one's own limits.
OPENAT, IOCTL, FCNTL, PRLIMIT64 = (257, 56), (16, 29), (72, 25), (302, 261)
CLONE3 = (435, 435)
ALLOWED_IOCTLS = (0x5401, 0x541B, 0x5421, 0x5451)  # TCGETS, FIONREAD, FIONBIO, FIOCLEX
ALLOWED_FCNTLS = (0, 1, 2, 3, 4, 1030)  # duplicate, flags of descriptors and files
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_TMPFILE", 0)

MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

NOBODY = 65534
CAP_DAC_READ_SEARCH = 2

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER = 1, 8, 38, 36
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT, _SECCOMP = 444, 445, 446, {"x86_64": 317, "aarch64": 277}
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_HIGHEST_FILE_RIGHT = {1: 13, 2: 14, 3: 15, 5: 16}  # number of file rights from that Landlock ABI on

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one runner (one notebook on one twin) may use.

    Attributes:
        cell_cpu_s: CPU time of one cell on one twin, in seconds.
        cell_wall_s: Elapsed time of one cell on all twins of a runner, in seconds; generous, since machines are shared.
        runner_cpu_s: CPU time of the runner, in whole seconds; the kernel's own stop.
        notebook_wall_s: Elapsed time of one notebook, in seconds: for its replays on open twins, again for those on
            hidden ones (what was too late on the former is not run on the latter), and again to show it. Before that,
            all but the hidden twins are tried in one go for the time of one cell.
        memory_bytes: Address space, in bytes.
        output_bytes: Printed and displayed output kept per cell, in bytes.
        frame_bytes: One message from the runner, in bytes.
        run_bytes: All messages of one runner, in bytes.
        submission_bytes: Size of a submitted notebook, in bytes.
    """

    cell_cpu_s: float = 2.0
    cell_wall_s: float = 15.0
    runner_cpu_s: int = 20
    notebook_wall_s: float = 120.0
    memory_bytes: int = 2 << 30
    output_bytes: int = 256 << 10
    frame_bytes: int = 2 << 20
    run_bytes: int = 16 << 20
    submission_bytes: int = 20 << 20

    def __post_init__(self) -> None:
        if self.cell_wall_s < self.cell_cpu_s:
            raise ValueError(f"cell_wall_s ({self.cell_wall_s}) is less than cell_cpu_s ({self.cell_cpu_s})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """Prepared once in the warm process, applied in every runner.

    Attributes:
        ruleset: File descriptor of the Landlock ruleset.
        program: seccomp filter, in BPF instructions of 8 bytes.
        landlock_abi: Version of Landlock's interface, at least 1.
    """

    ruleset: int
    program: bytes
    landlock_abi: int


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def prctl(operation: int, argument: int = 0) -> None:
    """Call `prctl(2)` with one argument; OSError if the kernel refuses."""
    result = _libc.prctl(operation, ctypes.c_ulong(argument), *[ctypes.c_ulong(0)] * 3)
    _checked(result, f"prctl {operation}")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    prctl(_PR_SET_PDEATHSIG, 9)


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def landlock_abi() -> int:
    """Version of Landlock's interface on this machine; 0 if there is none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def why_not() -> str:
    """Why this machine cannot confine student code, and what to do; empty if it can."""
    if platform.system() != "Linux" or platform.machine() not in MACHINES:
        return (
            f"Student code can be confined on Linux (x86_64 or aarch64); this is {platform.system()} on "
            f"{platform.machine()}. Grade in a Linux container or, on Windows, in WSL2: see docs/security.md."
        )
    if not landlock_abi():
        return (
            "The kernel offers no Landlock, so student code could read the gradebook. Use Linux 5.13 or later with "
            'Landlock switched on ("lsm=landlock,..." on the kernel command line), and in a container a seccomp '
            "profile that allows the landlock_* calls: see docs/security.md."
        )
    return ""


def readable_paths(packages: Iterable[str]) -> list[str]:
    """Paths a runner may read: the standard library, these site-packages entries, shared libraries, zone data.

    Never site-packages as a whole, and never the kit: the standard library's folder is listed entry by entry because
    site-packages often lies inside it.
    """
    standard = Path(sysconfig.get_path("stdlib"))
    entries = [entry for entry in standard.iterdir() if entry.name not in ("site-packages", "dist-packages")]
    libraries = ["/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo", "/etc/localtime", "/dev/null", "/dev/urandom"]
    multiarch = sysconfig.get_config_var("MULTIARCH")
    if multiarch:
        libraries += [f"/lib/{multiarch}", f"/usr/lib/{multiarch}"]
    return [*map(str, entries), *libraries, *packages]


def _ruleset(abi: int, readable: Iterable[str]) -> int:
    """A Landlock ruleset that grants reading below `readable`, and nothing else on files, TCP, scopes."""
    rights = (1 << _HIGHEST_FILE_RIGHT[max(version for version in _HIGHEST_FILE_RIGHT if version <= abi)]) - 1
    network = 3 if abi >= 4 else 0
    scopes = 3 if abi >= 6 else 0
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    attributes = struct.pack("QQQ", rights, network, scopes)[:size]
    create = _libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    ruleset = _checked(create, "landlock_create_ruleset")
    for path in readable:
        try:
            opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        access = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE
        rule = struct.pack("=Qi", access, opened)
        try:
            _checked(_libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, ctypes.c_uint32(0)), f"landlock_add_rule {path}")
        finally:
            os.close(opened)
    return ruleset


_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL, _ALLOW = 0x80000000, 0x7FFF0000
_REFUSE, _UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
_NUMBER, _ARCHITECTURE = 0, 4


def _argument(position: int) -> int:
    """Offset of the low word of a system call's argument (both machines are little-endian)."""
    return 16 + 8 * position


def _filter(machine: str) -> bytes:
    """An allow-list: listed calls pass, everything else fails with EPERM, foreign interfaces kill."""
    column, architecture = MACHINES[machine]

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("HBBI", code, then, otherwise, value)

    def only(call: tuple[int, int], checks: list[bytes]) -> list[bytes]:
        """The steps for one call whose arguments decide; they end in a return."""
        return [step(_EQUAL, call[column], 0, len(checks)), *checks]

    def one_of(position: int, values: tuple[int, ...]) -> list[bytes]:
        tests = [step(_EQUAL, value, len(values) - at, 0) for at, value in enumerate(values)]
        return [step(_LOAD, _argument(position)), *tests, step(_RETURN, _REFUSE), step(_RETURN, _ALLOW)]

    def allow(numbers: list[int]) -> list[bytes]:
        """Search by halves: when a filter is installed, the kernel tries it on every call that there is."""
        if len(numbers) == 1:
            return [step(_EQUAL, numbers[0], 0, 1), step(_RETURN, _ALLOW), step(_RETURN, _REFUSE)]
        middle = len(numbers) // 2
        low, high = allow(numbers[:middle]), allow(numbers[middle:])
        return [step(_AT_LEAST, numbers[middle], len(low), 0), *low, *high]

    reading_only = [
        step(_LOAD, _argument(2)),
        step(_ANY_BIT, WRITING_FLAGS & ~os.O_DIRECTORY, 0, 1),
        step(_RETURN, _REFUSE),
        step(_RETURN, _ALLOW),
    ]
    own_limits = [
        step(_LOAD, _argument(0)),
        step(_EQUAL, 0, 0, 4),
        step(_LOAD, _argument(2)),
        step(_EQUAL, 0, 0, 2),
        step(_LOAD, _argument(2) + 4),
        step(_EQUAL, 0, 1, 0),
        step(_RETURN, _REFUSE),
        step(_RETURN, _ALLOW),
    ]
    program = [
        step(_LOAD, _ARCHITECTURE),
        step(_EQUAL, architecture, 1, 0),
        step(_RETURN, _KILL),
        step(_LOAD, _NUMBER),
        step(_AT_LEAST, 0x40000000, 0, 1),  # the x32 interface of x86_64
        step(_RETURN, _KILL),
        step(_EQUAL, CLONE3[column], 0, 1),  # ENOSYS makes the C library fall back to clone, which is refused
        step(_RETURN, _UNKNOWN),
        *only(OPENAT, reading_only),
        *only(IOCTL, one_of(1, ALLOWED_IOCTLS)),
        *only(FCNTL, one_of(1, ALLOWED_FCNTLS)),
        *only(PRLIMIT64, own_limits),
    ]
    numbers = [entry[column] for entry in ALLOWED_CALLS.values()]
    return b"".join([*program, *allow(sorted(number for number in numbers if number is not None))])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def prepare(readable: Iterable[str]) -> Confinement:
    """Build ruleset and filter for this machine.

    Raises:
        RuntimeError: The machine cannot confine; the text says what to do.
    """
    reason = why_not()
    if reason:
        raise RuntimeError(reason)
    abi = landlock_abi()
    return Confinement(ruleset=_ruleset(abi, readable), program=_filter(platform.machine()), landlock_abi=abi)


def limit_resources(limits: Limits) -> None:
    """Set what the kernel counts: CPU, address space, and no files, processes, cores or locked memory."""
    caps = {
        resource.RLIMIT_CPU: limits.runner_cpu_s,
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for what, most in caps.items():
        resource.setrlimit(what, (most, most))


def leave_root() -> None:
    """As root, become nobody; keep only the right to read, since interpreters often lie below a closed home.

    Landlock decides what that right reaches. In a user namespace that does not map nobody, only the rights are dropped.
    """
    if os.geteuid() != 0:
        return
    prctl(_PR_SET_KEEPCAPS, 1)
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EPERM):
            raise
    kept = 1 << CAP_DAC_READ_SEARCH
    header = struct.pack("Ii", 0x20080522, 0)
    _checked(_libc.capset(header, struct.pack("6I", kept, kept, 0, 0, 0, 0)), "capset")


def forbid_new_privileges() -> None:
    """Needed before Landlock and seccomp; set-user-id programs lose their effect."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def restrict_files(confinement: Confinement) -> None:
    """Apply Landlock: files, TCP, abstract sockets and signals, as far as the kernel's version goes."""
    restrict = _libc.syscall(_LANDLOCK_RESTRICT, confinement.ruleset, ctypes.c_uint32(0))
    _checked(restrict, "landlock_restrict_self")
    os.close(confinement.ruleset)


def restrict_calls(confinement: Confinement) -> None:
    """Apply seccomp: from here on only `ALLOWED_CALLS` and reading."""
    program = _Program(len(confinement.program) // 8, confinement.program)
    number = _SECCOMP[platform.machine()]
    _checked(_libc.syscall(number, ctypes.c_uint(1), ctypes.c_uint(0), ctypes.byref(program)), "seccomp")


def apply(confinement: Confinement, limits: Limits) -> None:
    """Confine this process for good, all layers. OSError if any of them fails: then nothing may run."""
    limit_resources(limits)
    leave_root()
    forbid_new_privileges()
    restrict_files(confinement)
    restrict_calls(confinement)
