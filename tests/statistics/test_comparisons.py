"""Paired comparisons against scipy and brute force, and their alarm rate A against A."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from shoal.statistics import comparisons
from shoal.statistics.comparisons import (
    compare,
    fill_diverged,
    lucky_p,
    paired_differences,
    probability_of_improvement,
    sign_flip_p,
    worst_score,
)
from shoal.statistics.corrections import holm
from shoal.statistics.intervals import mean_interval, median_interval
from shoal.statistics.verdicts import verdict


def brute_force_p(differences: np.ndarray) -> float:
    flips = np.array(list(product([1, -1], repeat=len(differences))))
    return float(np.mean(np.abs(flips @ differences) >= abs(differences.sum()) - 1e-9))


@pytest.mark.parametrize("n", [1, 2, 5, 9, 12])
def test_sign_flip_p_is_the_enumeration(n):
    for shift in (0.0, 0.5, 3.0):
        differences = np.random.default_rng(n).normal(shift, 1, n)
        assert sign_flip_p(differences) == pytest.approx(brute_force_p(differences), abs=1e-12)


def test_sign_flip_p_is_scipys_permutation_test():
    differences = np.random.default_rng(5).normal(0.6, 1, 10)
    expected = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert sign_flip_p(differences) == pytest.approx(expected, rel=1e-12)


def test_the_smallest_p_of_ten_seeds():
    assert sign_flip_p(np.arange(1.0, 11)) == 2 / 1024


def test_sums_that_differ_by_rounding_are_ties():
    # All the sums are multiples of 0.1; 0.1 + 0.2 and 0.3 differ in the last bit.
    differences = np.array([0.1, 0.2, 0.3, -0.3, 0.6, 0.1])
    assert sign_flip_p(differences) == sign_flip_p(np.round(differences * 10))


def test_no_difference_at_all_has_p_one():
    assert sign_flip_p(np.zeros(10)) == 1.0


def test_monte_carlo_flips_agree_with_the_exact_ones(monkeypatch):
    differences = np.random.default_rng(6).normal(0.4, 1, 18)
    exact = sign_flip_p(differences)
    monkeypatch.setattr(comparisons, "EXACT_UP_TO", 10)
    drawn = sign_flip_p(differences)
    assert drawn != exact
    assert abs(drawn - exact) < 4 * math.sqrt(exact * (1 - exact) / comparisons.DRAWS)


def test_monte_carlo_p_is_never_zero():
    assert sign_flip_p(np.ones(40)) == 1 / 2**16


def test_infinite_differences_are_flipped_by_signed_ranks():
    differences = np.array([math.inf, math.inf, 3.0, 2.0, -1.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    expected = stats.wilcoxon(
        np.where(np.isinf(differences), 99, differences), method=stats.PermutationMethod(n_resamples=5000)
    ).pvalue
    assert sign_flip_p(differences) == pytest.approx(expected, abs=1e-12)
    assert sign_flip_p(np.full(10, -math.inf)) == 2 / 1024


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_probability_of_improvement_counts_all_pairs(higher_is_better):
    generator = np.random.default_rng(7)
    ours, theirs = generator.integers(0, 5, 8).astype(float), generator.integers(0, 5, 6).astype(float)
    ours[0], theirs[:2] = math.inf, math.inf
    sign = 1 if higher_is_better else -1
    counted = [0.5 if a == b else float(sign * a > sign * b) for a in ours for b in theirs]
    assert probability_of_improvement(ours, theirs, higher_is_better) == pytest.approx(np.mean(counted))


def test_probability_of_improvement_is_mann_whitneys_u():
    generator = np.random.default_rng(8)
    ours, theirs = generator.normal(0.5, 1, 12), generator.normal(0, 1, 9)
    expected = stats.mannwhitneyu(ours, theirs).statistic / (12 * 9)
    assert probability_of_improvement(ours, theirs) == pytest.approx(expected, rel=1e-12)


def test_diverged_runs_get_the_worst_score():
    accuracy = np.array([0.9, math.nan, 0.8])
    assert fill_diverged(accuracy, 0.0).tolist() == [0.9, 0.0, 0.8]
    assert math.isnan(accuracy[1])
    with pytest.raises(ValueError, match="worst"):
        fill_diverged(accuracy, math.nan)


def test_a_diverged_run_never_ranks_above_one_that_finished():
    assert worst_score(0.0, [0.9, math.nan], [0.5], higher_is_better=True) == 0.0
    assert worst_score(80.0, [50.0, math.nan], [200.0], higher_is_better=False) == 200.0
    assert worst_score(math.inf, [50.0], higher_is_better=False) == math.inf
    assert worst_score(80.0, higher_is_better=False) == 80.0


def test_paired_differences_treat_two_missed_targets_as_equal():
    inf = math.inf
    assert paired_differences([inf, inf, 1, 2], [inf, 1, inf, 5]).tolist() == [0.0, inf, -inf, -3.0]
    with pytest.raises(ValueError, match="2 scores against 1"):
        paired_differences([1, 2], [1])
    with pytest.raises(ValueError, match="fill_diverged"):
        paired_differences([1, math.nan], [1, 2])


def test_compare_puts_the_parts_together():
    generator = np.random.default_rng(9)
    ours, theirs = generator.normal(1, 1, 10), generator.normal(0, 1, 10)
    result = compare(ours, theirs, level=0.9)
    assert result.n == 10 and result.center == "mean"
    assert result.difference == pytest.approx(np.mean(ours) - np.mean(theirs))
    assert result.interval == mean_interval(ours - theirs, 0.9)
    assert result.p == pytest.approx(brute_force_p(ours - theirs), abs=1e-12)
    assert result.probability_of_improvement == probability_of_improvement(ours, theirs)


@pytest.mark.parametrize(("n", "luck"), [(6, 0.01), (10, 0.5), (10, 0.015), (30, 0.25)])
def test_p_with_luck_is_scipys_t_test_of_scores_that_vary_as_much_more(n, luck):
    """s · √(1/n + luck) is the standard error of scores whose spread is √(1 + n · luck) times as large."""
    generator = np.random.default_rng(n)
    theirs, differences = generator.normal(0, 1, n), generator.normal(0.7, 1, n)
    center = differences.mean()
    wider = center + (1 + n * luck) ** 0.5 * (differences - center)
    expected = stats.ttest_1samp(wider, 0.0).pvalue
    assert lucky_p(differences, 0.0, luck) == pytest.approx(expected, rel=1e-10)
    found = compare(theirs + differences, theirs, luck=luck)
    assert found.p == pytest.approx(max(expected, sign_flip_p(differences)), rel=1e-8)
    assert found.difference == pytest.approx(center)


def test_p_with_luck_is_never_below_that_of_sign_flips():
    """Six differences that hardly vary: Student's p is tiny, the sign flips' is 2⁻⁵."""
    found = compare([1.0, 1.01, 0.99, 1.0, 1.02, 0.98], [0.0] * 6, luck=0.01)
    assert found.p == 2.0**-5
    assert compare([0.5] * 10, [0.0] * 10, luck=0.5).p == 2.0**-9  # nothing varies: no luck, either


def test_luck_counts_rounding_as_spread():
    """Equal differences of 2/36: the deviation is that of rounding to 1/36."""
    error = 1 / 36 / math.sqrt(12) * math.sqrt(1 / 10 + 0.5)
    expected = 2 * stats.t.sf(2 / 36 / error, 9)
    assert lucky_p(np.full(10, 2 / 36), 1 / 36, 0.5) == pytest.approx(expected, rel=1e-10)


def test_an_interval_with_luck_excludes_zero_just_where_its_p_is_below_alpha():
    generator = np.random.default_rng(12)
    for differences in generator.normal(0.8, 1, (200, 10)):
        found = compare(differences, np.zeros(10), luck=0.1)
        p = lucky_p(differences, 0.0, 0.1)
        assert (found.interval.low > 0 or found.interval.high < 0) == (p < 0.05)


def test_medians_leave_luck_out():
    ours, theirs = np.array([math.inf] * 3 + [5.0] * 7), np.arange(10.0)
    assert compare(ours, theirs, luck=0.5) == compare(ours, theirs)


def test_compare_with_missed_targets_takes_the_median():
    theirs = np.arange(10.0)
    ours = np.array([math.inf] * 3 + [5.0] * 7)
    result = compare(ours, theirs, higher_is_better=False)
    differences = paired_differences(ours, theirs)
    assert result.center == "median" and result.difference == 0.5
    assert result.interval == median_interval(differences)
    both = compare([math.inf, 1.0], [1.0, math.inf])
    assert both.difference == 0.0 and both.interval == (-math.inf, math.inf)


def test_an_arm_that_always_diverges_is_worse():
    theirs = np.random.default_rng(10).normal(10, 1, 10)
    for worst in (100.0, math.inf):
        result = compare(fill_diverged([math.nan] * 10, worst), theirs, higher_is_better=False)
        word = verdict(result.difference, result.interval, result.p, 0.1, 10, higher_is_better=False)
        assert word == "worse"


@pytest.mark.parametrize("arms", [1, 6])
def test_a_against_a_alarms_at_most_at_rate_alpha(arms):
    """Skewed scores with a seed effect; arms that do not differ from the baseline; no margin."""
    generator, trials, alpha = np.random.default_rng(11), 1200, 0.05
    alarms = 0
    for _ in range(trials):
        scores = generator.normal(0, 1, 10) + generator.lognormal(0, 0.7, (arms + 1, 10))
        results = [compare(row, scores[0], level=1 - alpha) for row in scores[1:]]
        corrected = holm([result.p for result in results])
        words = [
            verdict(result.difference, result.interval, p, 0.0, 10, alpha)
            for result, p in zip(results, corrected, strict=True)
        ]
        alarms += any(word != "undecided" for word in words)
    assert alarms / trials <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / trials)
    assert alarms > 0
