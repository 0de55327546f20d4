"""Feed the decoder, the notebook reader and the results reader with bytes that reach new lines of their code.

`python tests/faults/fuzz.py --minutes 10` runs every target for its share of the time, and ends with what it found. The
fuzzer is atheris (libFuzzer for Python) where it is installed (`.venv/bin/pip install atheris`; it has no wheels for
every machine, so it is not in the lock), and otherwise hypothesis, whose search is led to inputs that reach more lines.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parent))

MODULES = (
    "autograder.sandbox.wire",
    "autograder.course.notebook",
    "autograder.handed_in.repair",
    "autograder.course.celltext",
    "json.decoder",
)
LONGEST = 1 << 15
ONE = "--only"


def main() -> int:
    """Fuzz every target in a process of its own, since a finding or a crash ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--without-atheris", action="store_true", help="use hypothesis even if atheris is there")
    parser.add_argument(ONE, help=argparse.SUPPRESS)
    given = parser.parse_args()
    by_atheris = importlib.util.find_spec("atheris") is not None and not given.without_atheris
    if given.only:
        (_by_atheris if by_atheris else _by_hypothesis)(given.only, given.minutes * 60)
        return 0
    from targets import TARGETS

    print(
        f"Fuzzing {', '.join(TARGETS)} for {given.minutes:g} minutes with {'atheris' if by_atheris else 'hypothesis'}."
    )
    share = given.minutes / len(TARGETS)
    found = []
    for name in TARGETS:
        command = [sys.executable, __file__, ONE, name, "--minutes", str(share)]
        command += ["--without-atheris"] if given.without_atheris else []
        if subprocess.run(command, check=False).returncode:
            found.append(name)
    print(f"findings: {len(found)}" + "".join(f"\n  {name}: see above" for name in found))
    return 1 if found else 0


def _by_atheris(name: str, seconds: float) -> None:
    """libFuzzer, which stops by itself; it exits with another code than 0 if the target raised, hung or grew."""
    import atheris

    with atheris.instrument_imports(include=list(MODULES)):
        import targets
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for at, data in enumerate(targets.seeds()[name]):
            (corpus / str(at)).write_bytes(data)
        limits = [f"-max_total_time={max(seconds, 1):.0f}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"]
        atheris.Setup(
            [sys.argv[0], str(corpus), *limits, "-print_final_stats=1", "-verbosity=0"], targets.TARGETS[name]
        )
        atheris.Fuzz()


def _by_hypothesis(name: str, seconds: float) -> None:
    from hypothesis import HealthCheck, given, seed, settings, target
    from hypothesis import strategies as st
    from targets import TARGETS, seeds

    known = seeds()[name]
    anything = st.binary(max_size=LONGEST) | _spoiled(known)
    ends_at, runs = time.monotonic() + seconds, 0
    most = 0

    def feed(data: bytes) -> None:
        nonlocal runs, most
        lines = _lines_reached(TARGETS[name], data)
        target(float(lines))
        runs, most = runs + 1, max(most, lines)

    number = 0
    while time.monotonic() < ends_at:
        number += 1
        quiet = settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seed(number)(quiet(given(anything)(feed)))()
    print(f"{name}: {runs} inputs, at most {most} lines reached")


def _spoiled(known: list[bytes]) -> object:
    """Known inputs with some bytes replaced, cut and repeated."""
    from hypothesis import strategies as st

    edits = st.lists(st.tuples(st.integers(0, LONGEST), st.integers(0, 20), st.binary(max_size=8)), max_size=6)

    def spoil(data: bytes, wanted: list[tuple[int, int, bytes]]) -> bytes:
        for at, length, by in wanted:
            place = at % (len(data) + 1)
            data = data[:place] + by + data[place + length :]
        return data

    return st.builds(spoil, st.sampled_from(known), edits)


def _lines_reached(function: Callable[[bytes], None], data: bytes) -> int:
    """How many different lines of the modules a call reaches."""
    found: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _argument: object) -> object:
        if event == "call" and frame.f_globals.get("__name__") not in MODULES:
            return None
        found.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        function(data)
    finally:
        sys.settrace(before)
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
