"""The statistics of the class report: pure functions from numbers to numbers.

What cannot be told from so few students, or where nobody differs, is None and never a number.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray
Interval: TypeAlias = tuple[float, float]

CONFIDENCE = 0.95
FEWEST = 3
"""Students from which a spread or a correlation is told at all."""


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: int, trials: int, *, confidence: float = CONFIDENCE) -> Interval | None:
    """Where the share of a binomial count lies; None without trials.

    With p = successes / trials, n = trials and the normal quantile z, the bounds are
    (p + z² / 2n ± z √(p (1 − p) / n + z² / 4n²)) / (1 + z² / n).

    Args:
        successes: From 0 to `trials`.
        trials: How many could have succeeded.
        confidence: Two-sided, between 0 and 1.

    Raises:
        ValueError: There are more successes than trials, or fewer than none.

    Source:
        Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927) 209-212.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} cannot have succeeded")
    if not trials:
        return None
    z, share = _z(confidence), successes / trials
    middle = share + z**2 / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    low, high = (middle - reach) / (1 + z**2 / trials), (middle + reach) / (1 + z**2 / trials)
    return max(low, 0.0), min(high, 1.0)


def correlation(one: Array, other: Array) -> float | None:
    """Pearson's r of two arrays of shape (n,); None for fewer than three, or where either does not vary."""
    if len(one) < FEWEST or _constant(one) or _constant(other):
        return None
    a, b = one - one.mean(), other - other.mean()
    return float(a @ b / math.sqrt((a @ a) * (b @ b)))


def _constant(values: Array) -> bool:
    return bool(np.ptp(values) < 1e-12)


def discrimination(scores: Array) -> list[float | None]:
    """How well each gap tells strong from weak: its correlation with the sum of all *other* gaps.

    The plain correlation with the total would count the gap on both sides, and flatter it.

    Args:
        scores: Points by student and gap, shape (n, k), no entry missing.

    Returns:
        One a gap; None where nobody differs, or for fewer than three students or two gaps.

    Source:
        Corrected item-total correlation: Nunnally & Bernstein, Psychometric Theory (3rd ed., 1994), chapter 8.
    """
    total = scores.sum(axis=1)
    return [correlation(scores[:, gap], total - scores[:, gap]) for gap in range(scores.shape[1])]


def cronbach_alpha(scores: Array) -> float | None:
    """Reliability of a total of k gaps: k / (k − 1) · (1 − Σ var(gap) / var(total)), with variances over n − 1.

    It assumes that all gaps measure one thing and that their errors do not go together. Gaps that were all left
    untouched together break that, and raise it.

    Args:
        scores: Points by student and gap, shape (n, k), no entry missing.

    Returns:
        At most 1; None for fewer than three students or two gaps, or where all totals agree.

    Source:
        Cronbach, Coefficient alpha and the internal structure of tests, Psychometrika 16 (1951) 297-334.
    """
    students, gaps = scores.shape
    total = scores.sum(axis=1)
    if students < FEWEST or gaps < 2 or _constant(total):
        return None
    return float(gaps / (gaps - 1) * (1 - scores.var(axis=0, ddof=1).sum() / total.var(ddof=1)))


def alpha_interval(alpha: float, *, students: int, gaps: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Where Cronbach's alpha lies: ln(1 − alpha) ± z √(2k / ((k − 1)(n − 2))), turned back.

    Args:
        alpha: As estimated, below 1.
        students: n.
        gaps: k.
        confidence: Two-sided, between 0 and 1.

    Returns:
        None for fewer than three students or two gaps, or an alpha of 1, which leaves no room.

    Raises:
        ValueError: `alpha` is larger than 1.

    Source:
        Bonett, Sample size requirements for testing and estimating coefficient alpha, Journal of Educational and
        Behavioral Statistics 27 (2002) 335-340.
    """
    if alpha > 1 + 1e-12:
        raise ValueError(f"alpha is at most 1, not {alpha}")
    if students < FEWEST or gaps < 2 or alpha > 1 - 1e-12:
        return None
    reach = _z(confidence) * math.sqrt(2 * gaps / ((gaps - 1) * (students - 2)))
    return 1 - (1 - alpha) * math.exp(reach), 1 - (1 - alpha) * math.exp(-reach)


def standard_error_of_measurement(scores: Array) -> float | None:
    """How far a total is off, in points: its standard deviation times √(1 − alpha).

    Args:
        scores: Points by student and gap, shape (n, k), no entry missing.

    Returns:
        None where there is no alpha.

    Source:
        Lord & Novick, Statistical Theories of Mental Test Scores (1968), section 3.8.
    """
    alpha = cronbach_alpha(scores)
    return None if alpha is None else float(scores.sum(axis=1).std(ddof=1) * math.sqrt(max(1 - alpha, 0.0)))


def fisher_exact(both: int, first: int, second: int, everybody: int) -> float:
    """How likely chance brings two things together at least so often (one-sided).

    The probability that of `first` students, drawn from `everybody`, at least `both` are among the `second`.

    Args:
        both: Students who have both.
        first: Who have the one, alone or with the other.
        second: Who have the other.
        everybody: Among how many.

    Raises:
        ValueError: No class has such counts.

    Source:
        Fisher, The logic of inductive inference, Journal of the Royal Statistical Society 98 (1935) 39-82.
    """
    least = max(0, first + second - everybody)
    if not least <= both <= min(first, second) or max(first, second) > everybody:
        raise ValueError(f"{both} of {first} and {second} among {everybody} cannot be")
    draws = _log_ways(everybody, first)
    return sum(
        math.exp(_log_ways(second, k) + _log_ways(everybody - second, first - k) - draws)
        for k in range(both, min(first, second) + 1)
    )


def _log_ways(n: int, k: int) -> float:
    """Logarithm of how many ways there are to choose k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
