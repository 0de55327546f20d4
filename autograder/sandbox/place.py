"""Which cell a runner is in: eight bytes of shared memory, so that no message is needed to know what hangs.

A runner can write anything there; a forged place can only put the blame on another cell of the same student. The whole
page is cleared before the next runner starts: what one has written there, no other may read.
"""

from __future__ import annotations

import mmap
import os
import struct

_PLACE = struct.Struct("<ii")
NOWHERE = -1


class Place:
    """One page of memory, shared by the grader, the warm process and its runners."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)

    @classmethod
    def make(cls) -> tuple[Place, int]:
        """A new page, and the descriptor that another process can open it by."""
        descriptor = os.memfd_create("place")
        os.ftruncate(descriptor, mmap.PAGESIZE)
        return cls(descriptor), descriptor

    def clear(self) -> None:
        """Forget all that a runner has written."""
        self._memory[:] = bytes(len(self._memory))
        self.set(NOWHERE)

    def set(self, index: int, turn: int = 0) -> None:
        """Say that the cell with this index is about to run for another twin, or its function is about to be called."""
        _PLACE.pack_into(self._memory, 0, index, turn)

    def get(self) -> tuple[int, int]:
        """Index and turn as last set; untrusted."""
        index, turn = _PLACE.unpack_from(self._memory, 0)
        return index, turn
