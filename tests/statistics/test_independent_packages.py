"""Our numbers beside those of independent packages on the same scores.

scipy: the interval of paired scores (ttest_rel), sign flips with ties (permutation_test), signed ranks with
ties and zeros (wilcoxon), the order statistics around a median (quantile_test), Friedman's test.
statsmodels: Holm's correction, power and seeds of the paired t test.
scikit-posthocs: Wilcoxon's signed ranks corrected by Holm, Nemenyi's distance.
baycomp: the interval, and with luck the p, as the posterior of its correlated t test.

What they have besides is another quantity: scipy's bootstrap is no studentized one, and baycomp's signed-rank
posterior is of the sum of two differences. The permutation test without ties and Mann and Whitney's U stand
in the tests of their own files.
"""

import math

import baycomp
import numpy as np
import pytest
import scikit_posthocs
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from cli.results import BASELINE, arm, result
from shoal.experiments import over_tasks
from shoal.statistics.comparisons import compare, lucky_p, sign_flip_p
from shoal.statistics.corrections import holm
from shoal.statistics.intervals import median_interval
from shoal.statistics.over_tasks import nemenyi_distance, ranks, signed_rank_p
from shoal.statistics.power import seeds_for, smallest_difference, t_test_power

SEEDS = (5, 10, 20)
EVERY = stats.PermutationMethod(n_resamples=10**6)


def scores(seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """An arm and a baseline, paired by seed."""
    generator = np.random.default_rng(seeds)
    shared = generator.normal(0.8, 0.02, seeds)
    return shared + generator.normal(0.01, 0.01, seeds), shared + generator.normal(0, 0.01, seeds)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("level", [0.95, 0.995])
def test_the_interval_is_scipys_of_the_paired_t_test(seeds, level):
    ours, theirs = scores(seeds)
    expected = stats.ttest_rel(ours, theirs).confidence_interval(level)
    found = compare(ours, theirs, level=level)
    assert found.interval == pytest.approx((expected.low, expected.high), rel=1e-10)
    assert found.difference == pytest.approx(np.mean(ours) - np.mean(theirs), rel=1e-10)


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("level", [0.95, 0.995])
def test_the_interval_is_baycomps_posterior_without_its_correction_for_shared_folds(seeds, level):
    """Its variance is s² (1/n + 1/(n-1)), ours s²/n. Told scores whose spread is less by that, it gives each
    end of our interval the probability that it leaves out."""
    ours, theirs = scores(seeds)
    interval = compare(ours, theirs, level=level).interval
    differences = ours - theirs
    shrunk = (1 + seeds / (seeds - 1)) ** -0.5 * (differences - differences.mean()) + differences.mean()
    for end, side in ((interval.low, 0), (interval.high, 1)):
        outside = baycomp.two_on_single(np.zeros(seeds), shrunk - end)[side]
        assert outside == pytest.approx((1 - level) / 2, rel=1e-6)


@pytest.mark.parametrize("seeds", SEEDS)
def test_with_the_luck_of_shared_folds_p_and_interval_are_those_of_baycomps_corrected_t_test(seeds):
    """Nadeau and Bengio's correction is a luck of 1/(n-1) in n folds of one cross-validation."""
    ours, theirs = scores(seeds)
    found = compare(ours, theirs, luck=1 / (seeds - 1))
    tails = baycomp.two_on_single(theirs, ours)
    assert found.p == pytest.approx(max(2 * min(tails), sign_flip_p(ours - theirs)), rel=1e-6)
    assert lucky_p(ours - theirs, 0.0, 1 / (seeds - 1)) == pytest.approx(2 * min(tails), rel=1e-6)
    for end, side in ((found.interval.low, 0), (found.interval.high, 1)):
        assert baycomp.two_on_single(theirs, ours - end)[side] == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("seeds", [5, 10, 12])
def test_sign_flips_with_ties_and_zeros_are_scipys_permutation_test(seeds):
    differences = np.random.default_rng(seeds).integers(-2, 5, seeds) / 36
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=10**6
    ).pvalue
    assert len(set(differences)) < seeds
    assert sign_flip_p(differences) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("tasks", [6, 9, 10])
def test_signed_ranks_with_ties_and_zeros_are_scipys_by_pratt(tasks):
    differences = np.random.default_rng(tasks).integers(-1, 4, tasks).astype(float)
    assert 0 in differences and len(set(abs(differences))) < tasks
    expected = stats.wilcoxon(differences, zero_method="pratt", method=EVERY).pvalue
    assert signed_rank_p(differences) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seeds", [6, 10, 11, 20])
def test_the_medians_interval_is_scipys_of_the_quantile_test(seeds):
    drawn = np.random.default_rng(seeds).normal(size=seeds)
    expected = stats.quantile_test(drawn, p=0.5).confidence_interval(0.95)
    assert median_interval(drawn) == (expected.low, expected.high)


@pytest.mark.parametrize("arms", [1, 4, 16])
def test_holm_is_that_of_statsmodels(arms):
    p = np.random.default_rng(arms).random(arms) ** 3
    p[0] = p[-1]
    rejected, expected, _, _ = multipletests(p, 0.05, method="holm")
    assert holm(p) == pytest.approx(expected, rel=1e-12)
    assert ((holm(p) <= 0.05) == rejected).all()


@pytest.mark.parametrize(("seeds", "arms"), [(10, 1), (20, 1), (20, 4), (40, 16)])
def test_power_is_that_of_statsmodels(seeds, arms):
    """Of the one-sided test at α / 2: ours counts verdicts in the difference's direction."""
    other, alpha = TTestPower(), 0.05 / arms
    for effect in (0.3, 0.8):
        expected = other.power(effect, seeds, alpha / 2, alternative="larger")
        assert t_test_power(effect, seeds, alpha) == pytest.approx(expected, abs=1e-3)
    if seeds > 14:  # of fewer, the sign flips' own power is less than that of the t test
        smallest = other.solve_power(None, seeds, alpha / 2, 0.8, alternative="larger")
        assert smallest_difference(seeds, 2.0, arms=arms) == pytest.approx(2 * smallest, rel=2e-3)


@pytest.mark.parametrize(("effect", "arms"), [(0.6, 1), (0.5, 4), (0.6, 16)])
def test_the_seeds_for_a_difference_are_those_of_statsmodels(effect, arms):
    exact = TTestPower().solve_power(effect, None, 0.05 / arms / 2, 0.8, alternative="larger")
    assert exact > 14 and seeds_for(effect, 1.0, arms=arms) == math.ceil(exact)


TASKS, NAMES = 12, ("adam", "sgd", "lion", "muon")
UNITS = np.random.default_rng(4).normal([0.0, 1.2, 0.9, -0.2], [0.0, 1.3, 1.6, 0.7], (TASKS, len(NAMES)))
"""Differences from the baseline in margins, [tasks, arms], the baseline's being 0."""


def judged() -> over_tasks.OverTasks:
    def task(row: np.ndarray):
        arms = [
            arm(name, difference=float(one) / 100, counted=(0.8, 0.9 + float(one) / 100), verdict="undecided")
            for name, one in zip(NAMES[1:], row[1:], strict=True)
        ]
        return result(BASELINE, *arms)

    return over_tasks.judge([task(row) for row in UNITS], list(NAMES), "adam", 0.05)


def test_arms_over_tasks_are_scikit_posthocs_signed_ranks_corrected_by_holm():
    """It corrects over all pairs of arms, we over those with the baseline: p of pairs are equal, and its
    correction of all pairs is ours of all pairs."""
    plain = scikit_posthocs.posthoc_wilcoxon(list(UNITS.T), method="exact").to_numpy()
    mine = holm(plain[0, 1:])
    assert [one.p_corrected for one in judged().arms[1:]] == pytest.approx(list(mine), rel=1e-12)
    corrected = scikit_posthocs.posthoc_wilcoxon(list(UNITS.T), method="exact", p_adjust="holm").to_numpy()
    pairs = np.triu_indices(len(NAMES), 1)
    every = [signed_rank_p(UNITS[:, one] - UNITS[:, other]) for one, other in zip(*pairs, strict=True)]
    assert holm(every) == pytest.approx(corrected[pairs], rel=1e-12)


def test_friedman_over_tasks_is_scipys_and_nemenyis_distance_is_that_of_scikit_posthocs():
    found = judged()
    chi2, _ = stats.friedmanchisquare(*UNITS.T)
    arms = len(NAMES)
    f = (TASKS - 1) * chi2 / (TASKS * (arms - 1) - chi2)
    assert found.friedman_p == pytest.approx(stats.f.sf(f, arms - 1, (arms - 1) * (TASKS - 1)), rel=1e-10)
    assert found.nemenyi_distance == nemenyi_distance(TASKS, arms, 0.05)
    average = ranks(UNITS).mean(axis=0)
    assert [one.average_rank for one in found.arms] == pytest.approx(list(average))
    p = scikit_posthocs.posthoc_nemenyi_friedman(UNITS).to_numpy()
    for one, other in zip(*np.triu_indices(arms, 1), strict=True):
        # At error rate p two average ranks that differ by exactly as much are at the distance.
        distance = nemenyi_distance(TASKS, arms, float(p[one, other]))
        assert distance == pytest.approx(abs(average[one] - average[other]), rel=1e-5)
