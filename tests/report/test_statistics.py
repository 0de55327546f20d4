"""The statistics against other libraries' answers for the same class, and at the edges where nothing can be told.

`known_answers.json` was made by the libraries that it names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.classes.report import statistics

KNOWN: dict[str, Any] = json.loads((Path(__file__).parent / "known_answers.json").read_text(encoding="utf-8"))
SCORES = np.array(KNOWN["scores"])


def test_alpha_and_its_standard_error_are_those_of_another_library() -> None:
    assert statistics.cronbach_alpha(SCORES) == pytest.approx(KNOWN["alpha"], abs=1e-9)
    assert statistics.standard_error_of_measurement(SCORES) == pytest.approx(KNOWN["standard_error"], abs=1e-9)


def test_the_interval_of_alpha_is_near_another_formula_s_and_right_by_its_own() -> None:
    students, gaps = SCORES.shape
    found = statistics.alpha_interval(KNOWN["alpha"], students=students, gaps=gaps)
    assert found is not None
    assert found == pytest.approx(KNOWN["alpha_feldt_95"], abs=0.04)  # Feldt's, which takes an F distribution
    reach = 1.959963984540054 * (2 * gaps / ((gaps - 1) * (students - 2))) ** 0.5
    low, high = np.log([1 - found[0], 1 - found[1]]) - np.log(1 - KNOWN["alpha"])
    assert (low, high) == pytest.approx((reach, -reach))


def test_the_interval_of_alpha_holds_the_true_one_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    gaps, students, hits = 8, 40, 0
    true = gaps * 0.4 / (1 + (gaps - 1) * 0.4)  # Spearman-Brown, for gaps that correlate by 0.4
    for _ in range(400):
        scores = np.sqrt(0.4) * rng.normal(size=(students, 1)) + np.sqrt(0.6) * rng.normal(size=(students, gaps))
        alpha = statistics.cronbach_alpha(scores)
        assert alpha is not None
        low, high = statistics.alpha_interval(alpha, students=students, gaps=gaps) or (1.0, 0.0)
        hits += low <= true <= high
    assert 0.92 <= hits / 400 <= 0.98


def test_discrimination_leaves_the_gap_itself_out_as_another_library_does() -> None:
    found = statistics.discrimination(SCORES)
    assert found == pytest.approx(KNOWN["discrimination"], abs=1e-9)
    total = SCORES.sum(axis=1)
    flattered = [np.corrcoef(SCORES[:, gap], total)[0, 1] for gap in range(SCORES.shape[1])]
    assert all(own < other for own, other in zip(found, flattered, strict=True))


@pytest.mark.parametrize("confidence", [95, 90])
def test_wilson_intervals_are_those_of_another_library(confidence: int) -> None:
    for successes, trials, low, high in KNOWN[f"wilson_{confidence}"]:
        found = statistics.wilson(successes, trials, confidence=confidence / 100)
        assert found == pytest.approx((low, high), abs=1e-9)


def test_fisher_s_exact_test_is_that_of_another_library() -> None:
    for both, first, second, everybody, chance in KNOWN["fisher"]:
        assert statistics.fisher_exact(both, first, second, everybody) == pytest.approx(chance, rel=1e-9)


def test_what_cannot_be_told_is_none_and_never_a_number() -> None:
    alike, two = np.ones((5, 4)), SCORES[:2]
    assert statistics.wilson(0, 0) is None
    assert [statistics.cronbach_alpha(scores) for scores in (alike, two, SCORES[:, :1])] == [None] * 3
    assert statistics.standard_error_of_measurement(two) is None
    assert statistics.discrimination(alike) == [None] * 4
    assert statistics.discrimination(np.empty((0, 3))) == [None] * 3
    assert statistics.alpha_interval(1.0, students=9, gaps=3) is None
    assert statistics.alpha_interval(0.5, students=2, gaps=3) is None


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="7 of 5"):
        statistics.wilson(7, 5)
    with pytest.raises(ValueError, match="4 of 3 and 5 among 9"):
        statistics.fisher_exact(4, 3, 5, 9)
    with pytest.raises(ValueError, match="at most 1"):
        statistics.alpha_interval(1.2, students=9, gaps=3)
