"""Intervals against scipy and brute force, and their coverage counted."""

import math

import numpy as np
import pytest
from scipy import stats

from shoal.statistics.intervals import Interval, bootstrap_t_interval, mean_interval, median_interval


def covered(intervals: list[Interval], truth: float) -> float:
    return float(np.mean([one.low <= truth <= one.high for one in intervals]))


def binomial_error(rate: float, trials: int, errors: float = 4.0) -> float:
    return errors * math.sqrt(rate * (1 - rate) / trials)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_mean_interval_is_scipys_confidence_interval_of_the_t_test(level):
    scores = np.random.default_rng(1).normal(3, 2, 7)
    expected = stats.ttest_1samp(scores, 0).confidence_interval(level)
    assert mean_interval(scores, level) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_luck_widens_the_interval_by_the_root_of_one_over_n_plus_luck():
    """1, 2, 3, 4: mean 2.5, deviation √(5/3), Student's 97.5 % quantile with 3 degrees 3.182446."""
    low, high = mean_interval([1.0, 2.0, 3.0, 4.0], luck=0.05)
    half = 3.182446 * 1.290994 * 0.547723  # √(1/4 + 0.05)
    assert (low, high) == pytest.approx((2.5 - half, 2.5 + half), abs=1e-5)
    without = mean_interval([1.0, 2.0, 3.0, 4.0])
    twice = mean_interval([1.0, 2.0, 3.0, 4.0], luck=3 / 4)
    assert twice.high - 2.5 == pytest.approx(2 * (without.high - 2.5), rel=1e-12)


def test_an_interval_with_luck_covers_where_one_without_does_not():
    """Ten scores that share an offset of a fifth of their variance."""
    generator = np.random.default_rng(5)
    draws = generator.normal(0, 1, (1500, 10)) + generator.normal(0, 0.2**0.5, (1500, 1))
    rate = covered([mean_interval(row, luck=0.2) for row in draws], 0.0)
    assert abs(rate - 0.95) < binomial_error(0.95, 1500)
    assert covered([mean_interval(row) for row in draws], 0.0) < 0.85


def test_one_score_says_nothing():
    assert mean_interval([0.5]) == (-math.inf, math.inf)
    assert bootstrap_t_interval([0.5]) == (-math.inf, math.inf)


def test_equal_scores_are_as_uncertain_as_their_resolution():
    assert mean_interval([1.0] * 10) == (1.0, 1.0)
    half = stats.t.ppf(0.975, 9) * (1 / 36) / math.sqrt(12) / math.sqrt(10)
    for interval in (mean_interval, bootstrap_t_interval):
        low, high = interval([1.0] * 10, resolution=1 / 36)
        assert low < 1 < high
    assert mean_interval([1.0] * 10, resolution=1 / 36) == pytest.approx((1 - half, 1 + half))


def test_resolution_changes_nothing_where_the_spread_is_larger():
    scores = [0.1, 0.5, 0.9]
    assert mean_interval(scores, resolution=0.01) == mean_interval(scores)


@pytest.mark.parametrize("interval", [mean_interval, bootstrap_t_interval])
@pytest.mark.parametrize(
    ("scores", "says"),
    [
        ([], "non-empty"),
        ([[1.0]], "shape"),
        ([1.0, math.nan], "fill_diverged"),
        ([1.0, math.inf], "infinite"),
    ],
)
def test_what_has_no_mean_is_refused(interval, scores, says):
    with pytest.raises(ValueError, match=says):
        interval(scores)


def test_a_level_outside_0_and_1_is_refused():
    with pytest.raises(ValueError, match="level"):
        mean_interval([1.0, 2.0], 95)


@pytest.mark.parametrize("n", [3, 10])
def test_mean_interval_covers_at_its_level(n):
    draws = np.random.default_rng(2).normal(5, 3, (3000, n))
    assert abs(covered([mean_interval(row) for row in draws], 5) - 0.95) < binomial_error(0.95, 3000)


def test_bootstrap_t_is_better_for_skewed_scores_and_worse_for_their_differences():
    generator, trials = np.random.default_rng(3), 1000
    skewed = generator.lognormal(0, 1, (trials, 10))
    student = covered([mean_interval(row) for row in skewed], math.exp(0.5))
    bootstrap = covered([bootstrap_t_interval(row, draws=500) for row in skewed], math.exp(0.5))
    assert student < 0.88 and bootstrap > student + 0.03
    paired = skewed - generator.lognormal(0, 1, (trials, 10))
    assert covered([mean_interval(row) for row in paired], 0) > 0.95
    assert covered([bootstrap_t_interval(row, draws=500) for row in paired], 0) < 0.94


def test_bootstrap_t_on_normal_scores_covers_at_its_level():
    draws = np.random.default_rng(4).normal(5, 3, (1000, 10))
    rate = covered([bootstrap_t_interval(row, draws=500) for row in draws], 5)
    assert abs(rate - 0.95) < binomial_error(0.95, 1000)


@pytest.mark.parametrize("n", range(1, 16))
def test_median_interval_is_the_narrowest_pair_of_order_statistics_by_brute_force(n):
    scores = np.random.default_rng(n).permutation(n) + 1.0
    fits = [k for k in range(1, n // 2 + 1) if 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n >= 0.95]
    expected = (max(fits), n + 1 - max(fits)) if fits else (-math.inf, math.inf)
    assert median_interval(scores) == expected


def test_median_interval_allows_infinite_scores():
    assert median_interval([math.inf] * 9 + [1.0]) == (math.inf, math.inf)
    assert median_interval([math.inf] + [1.0] * 9) == (1.0, 1.0)
