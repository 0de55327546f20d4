"""What a student imports: check a gap, ask for a hint or a question, show results, see how far you are.

Everything heavier than this file is loaded when it is first used.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (students choose their Python themselves)
    raise ImportError(
        f"lab needs Python 3.11 or newer, and this notebook runs on {sys.version.split()[0]}. "
        "Choose another kernel (menu Kernel), or install a newer Python: START.md says what you need."
    )

__all__ = ["ask", "card", "check", "hint", "progress", "show", "versions"]


def check(gap: object = None) -> None:
    """Say how the cell that you ran last for a gap does, on the page's numbers and on others.

    Args:
        gap: Its name, such as "mean".

    Raises:
        lab.kernel.NotRight: Under `nbgrader validate` only, if the gap is not right.
    """
    from lab.front import check as do

    do(gap)


def hint(gap: object = None) -> None:
    """Show the next of the three hints for a gap."""
    from lab.front import hint as do

    do(gap)


def ask(gap: object = None) -> None:
    """Ask one question about your right cell for a gap; called again, answer it.

    Args:
        gap: Its name, such as "mean".
    """
    from lab.front import ask as do

    do(gap)


def card() -> None:
    """Show names, conventions and tools of the course."""
    from lab.front import card as do

    do()


def show(*names: object) -> None:
    """Print named results of the notebook; "not there yet" for what is missing."""
    from lab.front import show as do

    do(*names)


def progress(notebook: object = None) -> None:
    """Show gaps done, points, and about how many minutes are left; it follows later checks.

    Args:
        notebook: Its name, such as "02_chain"; left out, the one you are in.
    """
    from lab.front import progress as do

    do(notebook)


def versions() -> None:
    """Print which Python and numpy run this notebook."""
    import platform

    import numpy as np

    print("Python", platform.python_version(), "and numpy", np.__version__)


def _listen() -> None:
    """Keep which notebook cell each `In [...]` belongs to, as far as the front end tells."""
    running = sys.modules.get("IPython")
    if running is not None and running.get_ipython() is not None:
        from lab.front import warm_up
        from lab.kernel import listen

        listen(warm_up)


_listen()
