"""Forecasts against scipy's noncentral t, and against counted verdicts."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from shoal.statistics.comparisons import compare, sign_flip_p
from shoal.statistics.intervals import mean_interval
from shoal.statistics.power import (
    MOST_SEEDS,
    seeds_for,
    seeds_needed,
    seeds_to_reach,
    smallest_difference,
    t_test_power,
)
from shoal.statistics.verdicts import verdict


@pytest.mark.parametrize("n", [3, 6, 10, 30])
@pytest.mark.parametrize("alpha", [0.05, 0.002])
@pytest.mark.parametrize("effect", [0.0, 0.4, 1.0])
def test_t_test_power_is_the_noncentral_t(n, alpha, effect):
    expected = stats.nct.sf(stats.t.ppf(1 - alpha / 2, n - 1), n - 1, effect * math.sqrt(n))
    assert t_test_power(effect, n, alpha) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("arms", range(1, 52))
def test_the_fewest_seeds_reach_significance_and_one_less_does_not(arms):
    n = seeds_to_reach(arms)
    assert sign_flip_p(np.ones(n)) * arms <= 0.05 < sign_flip_p(np.ones(n - 1)) * arms


def test_what_the_docstring_says_of_seeds_to_reach():
    assert [seeds_to_reach(k) for k in (1, 6, 7, 12, 13, 25, 26, 30, 51, 3276)] == [
        6, 8, 9, 9, 10, 10, 11, 11, 11, 17,
    ]  # fmt: skip


def test_too_many_arms_for_any_number_of_seeds():
    assert seeds_to_reach(10**4) == 19
    with pytest.raises(ValueError, match="fewer"):
        seeds_to_reach(10**6)


@pytest.mark.parametrize(("n", "arms"), [(8, 5), (10, 1), (10, 10), (10, 25), (11, 30), (18, 30), (30, 3)])
def test_power_is_as_planned(n, arms):
    """At the smallest difference, 80 % of paired experiments end in "better" at the strictest step."""
    trials = 600
    difference = smallest_difference(n, 2.0, arms=arms)
    draws = np.random.default_rng(n + arms).normal(difference, 2.0, (trials, n))
    words = [
        verdict(row.mean(), mean_interval(row), min(sign_flip_p(row) * arms, 1), 0.0, n, minimum_seeds=1)
        for row in draws
    ]
    # Binomial error of the trials, the forecast's own simulation error, and 1 % for the t approximation.
    assert abs(words.count("better") / trials - 0.8) < 3 * math.sqrt(0.16 / trials + 0.16 / 2000) + 0.01


@pytest.mark.parametrize(("n", "luck"), [(10, 0.01), (10, 0.5), (18, 0.1), (30, 0.25)])
def test_power_with_luck_is_as_planned(n, luck):
    """All seeds of an experiment share an offset of variance ``luck``; few seeds have a little more power."""
    trials, difference = 800, smallest_difference(n, 1.0, luck=luck)
    generator = np.random.default_rng(n)
    draws = generator.normal(difference, luck**0.5, (trials, 1)) + generator.normal(0, 1, (trials, n))
    found = [compare(row, np.zeros(n), luck=luck) for row in draws]
    words = [verdict(one.difference, one.interval, one.p, 0.0, n) for one in found]
    error = 3 * math.sqrt(0.16 / trials + 0.16 / 2000) + 0.01
    assert abs(words.count("better") / trials - 0.8) < error


def test_luck_bounds_what_any_number_of_seeds_shows():
    """With endless seeds the error is √luck, and a difference of (1.960 + 0.842) · √luck has power 0.8."""
    floor = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * 0.1**0.5
    assert smallest_difference(20_000, 1.0, luck=0.1) == pytest.approx(floor, rel=2e-3)
    assert seeds_for(0.99 * floor, 1.0, luck=0.1) is None
    n = seeds_for(1.2 * floor, 1.0, luck=0.1)
    assert smallest_difference(n, 1.0, luck=0.1) <= 1.2 * floor < smallest_difference(n - 1, 1.0, luck=0.1)
    same = np.array([1.0, -1.0] * 5)
    assert seeds_needed(same, margin=0.5) is not None
    assert seeds_needed(same, margin=0.5, luck=0.1) is None


def test_smallest_difference_scales_and_is_out_of_reach_with_too_few_seeds():
    assert smallest_difference(10, 3.0) == pytest.approx(3 * smallest_difference(10, 1.0))
    assert smallest_difference(10, 0.0) == 0.0
    assert smallest_difference(10, 1.0, arms=26) == math.inf
    with pytest.raises(ValueError, match="deviation"):
        smallest_difference(10, math.nan)
    with pytest.raises(ValueError, match="arm"):
        smallest_difference(10, 1.0, arms=0)


@pytest.mark.parametrize("arms", [1, 8, 30])
def test_more_seeds_show_smaller_differences(arms):
    shown = [smallest_difference(n, 1.0, arms=arms) for n in range(11, 41)]
    # The change from counting to the noncentral t, after 14 seeds, may cost up to 3 %.
    assert all(later < 1.03 * earlier for earlier, later in pairwise(shown))
    assert shown[-1] < 0.6 * shown[0]


@pytest.mark.parametrize(("difference", "arms"), [(1.5, 1), (0.9, 1), (0.5, 4), (0.1, 10)])
def test_seeds_for_is_the_inverse(difference, arms):
    n = seeds_for(difference, 1.0, arms=arms)
    assert smallest_difference(n, 1.0, arms=arms) <= difference
    assert n == 10 or smallest_difference(n - 1, 1.0, arms=arms) > difference


def test_no_number_of_seeds_shows_nothing():
    assert seeds_for(0.0, 1.0) is None
    assert seeds_for(0.0, 1.0, minimum_seeds=MOST_SEEDS + 1) is None


def test_seeds_needed_tells_a_difference():
    differences = np.array([0.5, -0.9, 1.6, 0.3, 0.1])
    total = seeds_for(differences.mean(), differences.std(ddof=1))
    assert seeds_needed(differences, margin=0.0) == total - 5
    assert seeds_needed(differences - differences.mean(), margin=0.0) is None


def test_seeds_needed_tells_sameness_and_it_comes_true():
    differences = np.random.default_rng(1).normal(0, 1, 10)
    differences = (differences - differences.mean()) / differences.std(ddof=1)
    n = 10 + seeds_needed(differences, margin=0.6)
    draws = np.random.default_rng(2).normal(0, 1, (1000, n))
    words = [verdict(row.mean(), mean_interval(row), 1.0, 0.6, n) for row in draws]
    assert abs(words.count("same") / 1000 - 0.8) < 0.05
    assert n < seeds_for(0.3, 1.0)


def test_seeds_needed_is_none_left_when_the_verdict_stands_and_unknown_without_spread():
    clear = np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.1, 0.9, 1.0])
    assert seeds_needed(clear, margin=0.1) == 0
    assert seeds_needed(np.zeros(4), margin=0.1) == 6
    assert seeds_needed([1.0], margin=0.1) is None
    assert seeds_needed([1.0, math.inf], margin=0.1) is None


def test_more_seeds_do_settle_an_undecided_pair():
    generator = np.random.default_rng(3)
    first = generator.normal(0.5, 1, 10)
    assert verdict(*_judged(first)) == "undecided"
    more = seeds_needed(first, margin=0.05)
    assert more is not None
    settled = [
        verdict(*_judged(generator.normal(first.mean(), first.std(ddof=1), 10 + more))) for _ in range(120)
    ]
    assert abs(settled.count("better") / 120 - 0.8) < 0.12


def _judged(differences):
    result = compare(differences, np.zeros(len(differences)))
    return result.difference, result.interval, result.p, 0.05, result.n
