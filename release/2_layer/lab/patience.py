"""A check that ends: student code is interrupted after some seconds of work, and again until it stops."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from types import TracebackType
from typing import Self

SECONDS = 5.0
"""How long the cells of one check may work; right answers take thousandths. A busy machine counts for nobody."""
AT_MOST = 20.0
"""Seconds in all, for what only waits."""
TURN = 0.2
"""Seconds between two looks, and until what has caught one interrupt gets the next."""


class Patience:
    """Interrupts the notebook after some seconds, as the stop button does.

    Attributes:
        ended_after: The seconds after which it has done so; 0 if it has not.
    """

    def __init__(self) -> None:
        self.ended_after = 0.0
        self._done = threading.Event()
        self._turn = threading.Lock()
        self._listened = signal.getsignal(signal.SIGINT)

    def __enter__(self) -> Self:
        with contextlib.suppress(RuntimeError):  # a Python without threads: then the stop button must do
            threading.Thread(target=self._watch, daemon=True).start()
            if self._listened == signal.SIG_IGN:  # of a program that was started in the background
                signal.signal(signal.SIGINT, signal.default_int_handler)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, problem: BaseException | None, _t: TracebackType | None
    ) -> bool:
        try:
            with self._turn:
                self._done.set()
        except KeyboardInterrupt:  # one that was on its way when the cell ended
            self._done.set()
        if self._listened == signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return self.ended_after > 0 and isinstance(problem, KeyboardInterrupt)

    def _watch(self) -> None:
        worked, began = time.process_time(), time.monotonic()
        while not self._done.wait(TURN):
            if time.process_time() - worked >= SECONDS:
                self._interrupt(SECONDS)
            elif time.monotonic() - began >= AT_MOST:
                self._interrupt(AT_MOST)

    def _interrupt(self, seconds: float) -> None:
        with self._turn:
            if not self._done.is_set():
                self.ended_after = self.ended_after or seconds
                _thread.interrupt_main()
