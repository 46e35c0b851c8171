"""What n paired seeds can show, before they are trained, and how many a difference takes.

All forecasts are for "better" or "worse": p by sign flips, corrected over k arms at their Holm's strictest
step (α / k, so they are never too hopeful in that respect), normal differences with a standard deviation
that is known. From many seeds on, the sign-flip test has the power of Student's t test, by the
noncentral t distribution; with few, p is coarse (multiples of 2^(1-n)), and power is counted over simulated
differences. The luck of tuning is taken for an error of the mean that no seed lessens.
Source: Hoeffding 1952, Annals of Mathematical Statistics 23 (the two tests' equal power).
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats

from shoal.statistics.comparisons import DRAWS, EXACT_UP_TO, as_scores
from shoal.statistics.verdicts import MINIMUM_SEEDS

MOST_SEEDS = 100_000
"""Numbers of seeds beyond this are answered with None: no one trains so many."""

_SIMULATED_UP_TO = 14
_COARSE = 64
_SIMULATIONS = 2000


def _check(alpha: float, arms: int, power: float = 0.5) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not {alpha}")
    if arms < 1:
        raise ValueError(f"at least one arm is compared with the baseline, not {arms}")
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, not {power}")


def seeds_to_reach(arms: int, alpha: float = 0.05) -> int:
    """The fewest paired seeds whose smallest p by sign flips, 2^(1-n), times ``arms`` is at most alpha.

    At alpha 0.05: 6 seeds for one arm, 8 for up to 6, 9 for up to 12, 10 for up to 25, 11 for up to 51. With
    fewer, no arm can be called better or worse however large its difference is. ValueError for more arms
    than Monte Carlo sign flips can correct for (3,276 at alpha 0.05).
    """
    _check(alpha, arms)
    n = 1
    while n <= EXACT_UP_TO and 2.0 ** (1 - n) * arms > alpha:
        n += 1
    if n > EXACT_UP_TO and arms / (1 + DRAWS) > alpha:
        raise ValueError(f"{arms} arms cannot be told apart at alpha {alpha}: compare fewer")
    return n


def t_test_power(effect: float, n: int, alpha: float) -> float:
    """Power in the effect's direction of the two-sided paired t test; effect = difference / deviation.

    P(T > c) for T noncentral t with n - 1 degrees and c Student's quantile, as the mean of a normal tail
    over 2000 equally likely sample deviations (scipy's nct is NaN for large effects). Within 1e-3.
    """
    critical = stats.t.ppf(1 - alpha / 2, n - 1)
    return _noncentral_tail(critical, n, effect * n**0.5)


def _noncentral_tail(critical: float, n: int, noncentrality: float) -> float:
    return float(special.ndtr(noncentrality - critical * _deviations(n)).mean())


@lru_cache(maxsize=256)
def _deviations(n: int) -> np.ndarray:
    """2000 equally likely values of s / σ for n seeds."""
    levels = (np.arange(2000) + 0.5) / 2000
    return np.sqrt(2 * special.gammaincinv((n - 1) / 2, levels) / (n - 1))


@lru_cache(maxsize=256)
def _sign_flip_effect(n: int, rejecting: int, power: float) -> float:
    """The effect at which the sign-flip test of n normal differences rejects with probability ``power``.

    It rejects when at most ``rejecting`` of the flips (the empty one among them, mirrors counted once)
    leave |sum| at least as large, that is when at most rejecting - 1 non-empty subsets S have a sum ≤ 0.
    With z + effect in z's place the sum of S is ≤ 0 up to effect = -mean(z over S): each simulation
    rejects from its rejecting-th largest such number on, and the answer is a quantile of those.
    """
    samples = np.random.default_rng(0).standard_normal((_SIMULATIONS, n))
    thresholds = []
    for part in np.array_split(samples, 8):
        sums, sizes = np.zeros((len(part), 1)), np.zeros(1)
        for column in part.T:
            sums = np.concatenate([sums, sums + column[:, None]], axis=1)
            sizes = np.concatenate([sizes, sizes + 1])
        means = sums[:, 1:] / sizes[1:]
        thresholds.append(-np.partition(means, rejecting - 1, axis=1)[:, rejecting - 1])
    return max(float(np.quantile(np.concatenate(thresholds), power)), 0.0)


def smallest_difference(
    n: int,
    deviation: float,
    *,
    arms: int = 1,
    alpha: float = 0.05,
    power: float = 0.8,
    luck: float = 0.0,
) -> float:
    """The smallest true difference that n paired seeds call better or worse with probability ``power``.

    deviation: standard deviation of paired differences, in the score's unit, which the answer shares. arms:
    how many are compared with the baseline. luck: that of tuning (``comparisons.compare``). inf if n seeds
    cannot reach significance at all.
    """
    _check(alpha, arms, power)
    if not deviation >= 0:
        raise ValueError(f"a standard deviation must be 0 or more, not {deviation}")
    if n < seeds_to_reach(arms, alpha):
        return float("inf")
    deviation *= (1 + n * luck) ** 0.5
    rejecting = int(alpha / arms * 2.0 ** min(n - 1, 60) * (1 + 1e-9))
    if n <= _SIMULATED_UP_TO and rejecting < _COARSE:
        return deviation * _sign_flip_effect(n, rejecting, power)

    def shortfall(effect: float) -> float:
        return t_test_power(effect, n, alpha / arms) - power

    return deviation * float(optimize.brentq(shortfall, 0.0, 1e3))


def seeds_for(
    difference: float,
    deviation: float,
    *,
    arms: int = 1,
    alpha: float = 0.05,
    power: float = 0.8,
    minimum_seeds: int = MINIMUM_SEEDS,
    luck: float = 0.0,
) -> int | None:
    """How many paired seeds call a true ``difference`` better or worse with probability ``power``.

    The inverse of ``smallest_difference``; at least ``minimum_seeds``. None: more than ``MOST_SEEDS``.
    """
    start = max(minimum_seeds, seeds_to_reach(arms, alpha))
    return _fewest(
        start,
        lambda n: (
            smallest_difference(n, deviation, arms=arms, alpha=alpha, power=power, luck=luck)
            <= abs(difference)
        ),
    )


def seeds_needed(
    differences: np.ndarray | list[float],
    margin: float,
    *,
    arms: int = 1,
    alpha: float = 0.05,
    power: float = 0.8,
    minimum_seeds: int = MINIMUM_SEEDS,
    luck: float = 0.0,
) -> int | None:
    """How many MORE paired seeds would bring a verdict other than "undecided" with probability ``power``.

    differences: [n ≥ 2], finite; their mean and standard deviation are taken for the truth, so this is a
    rough guide when n is small. "Same" counts when the mean lies inside ±margin, "better" and "worse" when
    it does not. luck: that of tuning, which no number of seeds takes away. None: more than ``MOST_SEEDS``, or
    infinite or too few differences.
    """
    _check(alpha, arms, power)
    values = as_scores(differences)
    if values.size < 2 or not np.isfinite(values).all():
        return None
    mean, deviation = abs(float(values.mean())), float(values.std(ddof=1))
    if mean >= margin:
        total = seeds_for(
            mean, deviation, arms=arms, alpha=alpha, power=power, minimum_seeds=minimum_seeds, luck=luck
        )
    else:

        def enough(n: int) -> bool:
            return _same_power(mean, deviation * (1 + n * luck) ** 0.5, margin, n, alpha) >= power

        total = _fewest(minimum_seeds, enough)
    return None if total is None else max(total - values.size, 0)


def _same_power(mean: float, deviation: float, margin: float, n: int, alpha: float) -> float:
    """A lower bound of P(the whole interval lies inside ±margin), for |true mean| = mean."""
    if deviation == 0:
        return float(mean <= margin)
    critical, root = stats.t.ppf(1 - alpha / 2, n - 1), n**0.5 / deviation
    above = _noncentral_tail(critical, n, (margin - mean) * root)
    below = _noncentral_tail(critical, n, (margin + mean) * root)
    return above + below - 1


def _fewest(start: int, enough: Callable[[int], bool]) -> int | None:
    """The smallest n ≥ start that is enough, by doubling and bisection; None beyond ``MOST_SEEDS``."""
    low, high = start - 1, start
    while not enough(high):
        if high >= MOST_SEEDS:
            return None
        low, high = high, min(high * 2, MOST_SEEDS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
