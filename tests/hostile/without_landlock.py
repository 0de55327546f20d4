"""Run a command on a machine whose kernel has no Landlock: `python without_landlock.py COMMAND...`.

A filter answers ENOSYS to Landlock's calls, as a kernel without it does, and stays for everything that is started.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

from autograder.sandbox import confine

LANDLOCK = (444, 445, 446)
ENOSYS = 0x00050000 | 38
ALLOW = 0x7FFF0000


def take_landlock_away() -> None:
    """From here on the kernel has no Landlock for this process and its children."""
    steps = [(0x20, 0, 0, 0)]  # load the call's number
    for number in LANDLOCK:
        steps += [(0x15, 0, 1, number), (0x06, 0, 0, ENOSYS)]
    steps.append((0x06, 0, 0, ALLOW))
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    confine.forbid_new_privileges()
    confine.restrict_calls(confine.Confinement(ruleset=-1, program=program, landlock_abi=0))


if __name__ == "__main__":
    assert ctypes.sizeof(ctypes.c_void_p) == 8
    take_landlock_away()
    os.execvp(sys.argv[1], sys.argv[1:])
