"""Today's verdicts on every answer of the repository: `make verdicts`, or `python -m tests.verdicts.snapshot`.

Known mistakes, wrong answers, honest styles, mutants, whole notebooks, doubtful cases and attacks are graded under one
secret and, but for the attacks, judged by `check` in a kernel: status, points, the name of the mistake, and the text
that the student reads. `kept/` holds what came, one file a notebook. The command takes everything anew, prints what
differs, and exits with 1 if anything does; with `--write` it keeps what came. A change of a verdict then shows in the
diff of a commit, and is meant.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Mapping
from pathlib import Path

from .answers import Answer
from .taking import Key, every_answer, taken
from .written import Blocks, as_text, blocks_of, differences, files_of

KEPT = Path(__file__).parent / "kept"
SAMPLE, OF_EACH, SEED = 300, 3, 12
PYTHON = (3, 11)
"""Whose texts are written down. Another one words some errors, and rounds some sums, in its own way: under it status,
points and names are compared, and texts are not."""


def kept() -> Blocks:
    """The verdicts that were written down."""
    return blocks_of({path.stem: path.read_text(encoding="utf-8") for path in sorted(KEPT.glob("*.txt"))})


def write(files: Mapping[str, str]) -> None:
    """Keep the files, and no others."""
    KEPT.mkdir(exist_ok=True)
    for path in KEPT.glob("*.txt"):
        path.unlink()
    for name, text in files.items():
        (KEPT / f"{name}.txt").write_text(text, encoding="utf-8")


def sample(every: Mapping[Key, Answer | None]) -> dict[Key, Answer | None]:
    """The same few answers each time: some of every kind in every notebook, then any."""
    keys = sorted(every)
    random.Random(SEED).shuffle(keys)
    by_kind: dict[tuple[str, str], list[Key]] = {}
    for key in keys:
        by_kind.setdefault((key.notebook, key.kind), []).append(key)
    chosen = dict.fromkeys(key for of_kind in by_kind.values() for key in of_kind[:OF_EACH])
    return {key: every[key] for key in [*chosen, *(key for key in keys if key not in chosen)][:SAMPLE]}


def main() -> int:
    """Compare or write; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="keep the verdicts as they are now")
    what.add_argument("--sample", action="store_true", help=f"compare {SAMPLE} of them, the same each time")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one for each core)")
    chosen = parser.parse_args()
    if chosen.write and sys.version_info[:2] != PYTHON:
        parser.error(f"write with Python {'.'.join(map(str, PYTHON))}, whose texts are written down")
    every = every_answer()
    wanted = sample(every) if chosen.sample else every
    files = files_of(taken(wanted, chosen.workers))
    if chosen.write:
        write(files)
        return 0
    new = blocks_of(files)
    found = differences(*_comparable(_of_the_same(kept(), new) if chosen.sample else kept(), new))
    print(as_text(found))
    print(f"{len(wanted)} answers, {len(new)} verdicts, {sum(map(len, found.values()))} of them not as written down.")
    if found:
        print("If that is meant, write them down with `make verdicts-new`, and say in the commit why.")
    return int(bool(found))


def _of_the_same(old: Blocks, new: Blocks) -> Blocks:
    """What is written down of the answers that were taken anew."""
    answers = {place[:3] for place in new}
    return {place: text for place, text in old.items() if place[:3] in answers}


def _comparable(*sides: Blocks) -> tuple[Blocks, ...]:
    """What can be compared under this Python."""
    if sys.version_info[:2] == PYTHON:
        return sides
    print("This is not the Python whose texts are written down: only status, points and names are compared.")
    return tuple({place: text.partition("\n")[0] for place, text in side.items()} for side in sides)


if __name__ == "__main__":
    sys.exit(main())
