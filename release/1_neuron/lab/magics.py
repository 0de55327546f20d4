"""What of IPython's magics is not as in a kernel while a cell is run on other numbers."""

from __future__ import annotations


def once(magic: str, line: str) -> str:
    """The line of a magic with which a timing loop of seconds runs once: nobody reads the time.

    Args:
        magic: Its name.
        line: What stands behind it.
    """
    counts = [count for count in ("-n", "-r") if magic == "timeit" and count not in line]
    return " ".join([*(f"{count}1" for count in counts), line])
