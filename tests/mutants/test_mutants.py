"""What `make mutate` rests on: its lists fit the repository, and a change is seen, or not, by the tests it names."""

from __future__ import annotations

import pytest

from .__main__ import ROOT, Run, Survivor, Worker, listed_tests, report, survivors
from .sample import modules, sample

MODULE = "autograder/classes/records.py"
LAST_COUNTS = "found[record.student, record.assignment, record.notebook] = record"
RUN = 100.0
"""Seconds that a worker may take in these tests."""


def test_every_module_names_tests_that_are_there() -> None:
    for path in modules():
        tests = listed_tests(str(path))
        assert tests, path
        assert all((ROOT / test).is_file() for test in tests), path


def test_every_survivor_has_a_reason_and_its_line_still_stands() -> None:
    for one in survivors():
        lines = {line.strip() for line in (ROOT / one.module).read_text(encoding="utf-8").splitlines()}
        assert one.before in lines, one
        assert not one.after or one.after not in lines, one
        assert one.reason.endswith("."), one


def test_a_sample_is_the_same_for_the_same_seed_and_says_something_new_in_each() -> None:
    found = sample(12, 5, only="classes/records")
    assert found == sample(12, 5, only="classes/records")
    assert found != sample(12, 6, only="classes/records")
    assert {one.module for one in found} == {MODULE}
    for one in found:
        before = (ROOT / MODULE).read_text(encoding="utf-8").splitlines()
        assert before[one.line - 1].strip() == one.before != one.after
        compile(one.source, MODULE, "exec")


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory):
    with Worker(tmp_path_factory.mktemp("mutants") / "copy") as made:
        yield made


def test_a_change_is_seen_by_its_tests_and_gone_in_the_next_run(worker: Worker) -> None:
    source, tests = (ROOT / MODULE).read_text(encoding="utf-8"), ["tests/classes/test_records.py"]
    changed = source.replace(
        LAST_COUNTS, "found.setdefault((record.student, record.assignment, record.notebook), record)"
    )
    codes = [worker.run(MODULE, text, tests, RUN).code for text in (source, changed, source)]
    assert codes == [0, 1, 0]


def test_a_run_that_takes_too_long_is_ended(worker: Worker) -> None:
    run = worker.run(MODULE, "while True:\n    pass\n", ["tests/classes/test_records.py"], 1.0)
    assert run.code is None


def test_what_was_not_seen_is_told_with_its_reason_and_fails_without_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    mutants = sample(3, 5, only="classes/records")
    done = [(mutant, Run(code=code, seconds=1.0, said="")) for mutant, code in zip(mutants, (0, 1, None), strict=True)]
    assert not report(done, [])
    assert "survivors_without_reason: 1\nseen_share: 0.667" in capsys.readouterr().out
    known = Survivor(
        module=MODULE, before=mutants[0].before, after=mutants[0].after, equivalent=True, reason="It is the same."
    )
    assert report(done, [known])
    assert "It is the same." in capsys.readouterr().out
