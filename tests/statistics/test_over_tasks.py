"""Tests over data sets, against scipy, published numbers and least arithmetic by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from shoal.statistics.over_tasks import across_tasks, friedman, nemenyi_distance, ranks, signed_rank_p

SCORES = np.random.default_rng(0).normal(size=(9, 4)) + np.array([0.0, 0.5, 1.0, 1.5])


def test_ranks_and_friedman_agree_with_scipy_and_the_formula():
    found = ranks(SCORES)
    assert found[0].tolist() == stats.rankdata(-SCORES[0]).tolist()
    chi2, p = stats.friedmanchisquare(*SCORES.T)
    assert friedman(found)[:2] == pytest.approx((chi2, p), rel=1e-12)
    tasks, arms = SCORES.shape
    spread = (found.mean(axis=0) ** 2).sum() - arms * (arms + 1) ** 2 / 4
    by_hand = 12 * tasks / (arms * (arms + 1)) * spread
    assert friedman(found).chi2 == pytest.approx(by_hand, rel=1e-12)
    assert ranks([[0.9, 0.9, 0.1]]).tolist() == [[1.5, 1.5, 3.0]]
    assert ranks([[0.9, 0.8]], higher_is_better=False).tolist() == [[2.0, 1.0]]


def test_the_numbers_of_demsars_example():
    """JMLR 7, 3.2.2: four algorithms on 14 data sets, average ranks 3.143, 2.000, 2.893, 1.964."""
    average, tasks, arms = np.array([3.143, 2.000, 2.893, 1.964]), 14, 4
    chi2 = 12 * tasks / (arms * (arms + 1)) * ((average**2).sum() - arms * (arms + 1) ** 2 / 4)
    assert chi2 == pytest.approx(9.28, abs=0.02)
    assert (tasks - 1) * chi2 / (tasks * (arms - 1) - chi2) == pytest.approx(3.69, abs=0.02)
    assert nemenyi_distance(tasks, arms, 0.05) == pytest.approx(1.25, abs=0.005)
    assert nemenyi_distance(tasks, arms, 0.10) == pytest.approx(1.12, abs=0.005)


def test_iman_and_davenports_f_is_the_anova_of_the_ranks():
    """F of a two-way analysis of variance on the ranks, tasks being blocks."""
    found = ranks(SCORES)
    tasks, arms = found.shape
    between = tasks * ((found.mean(axis=0) - found.mean()) ** 2).sum() / (arms - 1)
    rest = found - found.mean(axis=0) - found.mean(axis=1, keepdims=True) + found.mean()
    f = between / ((rest**2).sum() / ((arms - 1) * (tasks - 1)))
    assert friedman(found).f == pytest.approx(f, rel=1e-10)
    assert friedman(found).f_p == pytest.approx(stats.f.sf(f, arms - 1, (arms - 1) * (tasks - 1)))


def test_friedman_without_difference_with_one_order_and_with_too_little():
    assert friedman(np.full((5, 3), 2.0)) == (0.0, 1.0, 0.0, 1.0)
    assert friedman(ranks(np.tile([3.0, 2.0, 1.0], (5, 1)))).f_p == 0.0
    assert friedman(ranks(SCORES[:, :2])) is None and friedman(ranks(SCORES[:1])) is None
    with pytest.raises(ValueError, match="without NaN"):
        ranks([[math.nan, 1.0]])


@pytest.mark.parametrize("count", [4, 6, 11, 18])
def test_signed_ranks_agree_with_scipy(count):
    differences = np.random.default_rng(count).normal(0.4, 1.0, size=count)
    assert signed_rank_p(differences) == pytest.approx(stats.wilcoxon(differences, mode="exact").pvalue)


def test_fewer_than_six_tasks_cannot_reach_five_percent_and_infinities_are_large():
    assert signed_rank_p([1.0, 2.0, 3.0, 4.0, 5.0]) == 0.0625
    assert signed_rank_p([1.0, 2.0, 3.0, 4.0, 5.0, math.inf]) == pytest.approx(2 / 64)
    assert signed_rank_p([0.0, 0.0]) == 1.0


def test_the_mean_over_tasks_by_hand_covers_and_separates_errors_from_differences():
    found = across_tasks([1.0, 2.0, 6.0], [1.0, 2.0, 3.0])
    assert found.center == 3.0 and found.between == pytest.approx(math.sqrt(7 - 2))
    half = stats.t.ppf(0.975, 2) * math.sqrt(7 / 3)
    assert found.interval == pytest.approx((3 - half, 3 + half))
    assert across_tasks([1.0, 1.1], [1.0, 1.0]).between == 0.0
    assert across_tasks([1.0], [1.0]).interval == (-math.inf, math.inf)
    assert across_tasks([1.0, math.inf, 2.0], [1.0, math.nan, 1.0]).center == 2.0
    source, covered = np.random.default_rng(1), 0
    for _ in range(1000):
        errors = source.uniform(0.1, 3.0, size=7)
        truth = 0.5 + 0.8 * source.normal(size=7)
        low, high = across_tasks(truth + errors * source.normal(size=7), errors**2).interval
        covered += low <= 0.5 <= high
    # Binomial(1000, 0.95): three standard deviations below are 929.
    assert covered >= 929
