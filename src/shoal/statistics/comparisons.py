"""Two arms compared, paired by seed: the difference, its interval, p by sign flips, chance of improvement.

Interval and p of arms that were tuned hold the luck of it, too (see ``compare``).

Differences are arm - baseline in the metric's own unit, whichever direction is better. Diverged runs are
never dropped: ``fill_diverged`` gives them the worst score, and every other function refuses NaN.

An infinite score (a target that was missed, judged by time) has no mean. Where a paired difference is
infinite, the median with its order-statistic interval stands in the mean's place, and sign flips are done
on signed ranks (Wilcoxon). Two equal infinities differ by 0: both are worst.
"""

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from shoal.statistics.intervals import Interval, as_scores, mean_interval, median_interval

EXACT_UP_TO = 20
"""Seeds up to which all sign flips are counted (2¹⁰ sums of each half of the seeds)."""

DRAWS = 2**16 - 1
"""Random sign flips beyond that; the smallest p they can give is 1 / 2¹⁶."""


class Comparison(NamedTuple):
    """What n paired seeds say of arm - baseline; ``center``: what ``difference`` and interval estimate."""

    n: int
    difference: float
    interval: Interval
    p: float
    probability_of_improvement: float
    center: Literal["mean", "median"]


def worst_score(bound: float, *arms: ArrayLike, higher_is_better: bool) -> float:
    """The score that a diverged run gets: ``bound`` or, if that is worse, the worst score any arm has.

    bound: the worst a sensible run can have: accuracy 0; the rmse of always predicting the training mean;
    inf for the time to a target. So a diverged run never ranks above one that finished.
    """
    seen = np.concatenate([np.asarray(scores, dtype=np.float64).ravel() for scores in arms] or [np.empty(0)])
    candidates = np.append(seen[~np.isnan(seen)], bound)
    return float(candidates.min() if higher_is_better else candidates.max())


def fill_diverged(scores: ArrayLike, worst: float) -> NDArray[np.float64]:
    """The scores [n] with every NaN (a diverged run) replaced by ``worst``; see ``worst_score``."""
    if np.isnan(worst):
        raise ValueError("the worst score must be a number, not NaN")
    values = np.asarray(scores, dtype=np.float64)
    return np.where(np.isnan(values), worst, values)


def paired_differences(arm: ArrayLike, baseline: ArrayLike) -> NDArray[np.float64]:
    """arm - baseline [n], seed by seed; equal infinities differ by 0. ValueError if the lengths differ."""
    ours, theirs = as_scores(arm), as_scores(baseline)
    if ours.shape != theirs.shape:
        raise ValueError(f"paired by seed, but {ours.size} scores against {theirs.size}")
    with np.errstate(invalid="ignore"):
        return np.where(ours == theirs, 0.0, ours - theirs)


def sign_flip_p(differences: ArrayLike) -> float:
    """Two-sided p of paired differences [n]: the share of sign flips whose |sum| is at least the observed.

    Exact for up to ``EXACT_UP_TO`` seeds, otherwise (1 + hits) / (1 + ``DRAWS``) from a fixed seed. If
    the arms are exchangeable within each seed, P(p ≤ α) ≤ α with no other assumption. The smallest p of n
    seeds is 2^(1-n): ``power.seeds_to_reach`` says how many a correction over many arms takes.
    Fisher 1935, The design of experiments, 21; the +1 of Phipson & Smyth 2010,
    Permutation p-values should never be zero, Stat. Appl. in Genetics and Molecular Biology 9.
    """
    values = as_scores(differences)
    if not np.isfinite(values).all():
        values = np.sign(values) * stats.rankdata(np.abs(values))
    # Sums that differ by rounding alone are ties, and ties count.
    threshold = abs(float(values.sum())) - 1e-12 * float(np.abs(values).sum())
    if values.size <= EXACT_UP_TO:
        if threshold <= 0:
            return 1.0
        # Flips of one half meet those of the other; both tails are equally large.
        ours, theirs = _sums(values[: values.size // 2]), np.sort(_sums(values[values.size // 2 :]))
        hits = int((theirs.size - np.searchsorted(theirs, threshold - ours)).sum())
        return 2 * hits / 2.0**values.size
    hits = int(np.count_nonzero(np.abs(_flips(values.size) @ values) >= threshold))
    return (1 + hits) / (1 + DRAWS)


def _sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums under all sign flips, [2 ** n]."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


@lru_cache(maxsize=1)  # all arms of a look have equally many seeds
def _flips(size: int) -> NDArray[np.float64]:
    """The drawn signs of ``size`` seeds, -1 or 1, [DRAWS, size]."""
    drawn = np.random.default_rng(0).integers(0, 2, (DRAWS, size), dtype=np.int8) * 2 - 1
    return drawn.astype(np.float64)


def lucky_p(differences: NDArray[np.float64], resolution: float, luck: float) -> float:
    """Student's two-sided p of a mean whose standard error has the luck of tuning in it; 0 without luck."""
    count = differences.size
    if not luck or count < 2 or not np.isfinite(differences).all():
        return 0.0
    deviation = max(float(differences.std(ddof=1)), resolution / 12**0.5)
    if deviation == 0:
        return 0.0
    error = deviation * (1 / count + luck) ** 0.5
    return 2 * float(stats.t.sf(abs(float(differences.mean())) / error, count - 1))


def probability_of_improvement(arm: ArrayLike, baseline: ArrayLike, higher_is_better: bool = True) -> float:
    """P(a run of the arm is better than a run of the baseline), over all unpaired pairs, ties one half.

    arm [n], baseline [m], infinities allowed. Agarwal et al. 2021, arXiv:2108.13264.
    """
    ours, theirs = as_scores(arm)[:, None], as_scores(baseline)[None, :]
    better = ours > theirs if higher_is_better else ours < theirs
    return float(np.mean(better + 0.5 * (ours == theirs)))


def compare(
    arm: ArrayLike,
    baseline: ArrayLike,
    *,
    higher_is_better: bool = True,
    level: float = 0.95,
    resolution: float = 0.0,
    luck: float = 0.0,
) -> Comparison:
    """Compare two arms whose scores [n] stand in the same order of seeds.

    resolution: the smallest step between two scores, as in ``mean_interval``. ``p`` is uncorrected.

    luck: how arms were tuned is in all of their seeds, and no evaluation seed shows it. An arm whose point
    was chosen on k tuning seeds misses its best one by a share of what a mean over k seeds varies: the
    standard error of a difference with the deviation s is taken as s · √(1/n + luck), with a luck of c/k. p
    is then the larger one of the sign flips' and of Student's test with this error. How large c is follows
    from no theorem, but from tables where the best point is known
    (docs/decisions/0018-the-luck-of-tuning.md). Medians (infinite differences) leave it out.
    """
    differences = paired_differences(arm, baseline)
    p = max(sign_flip_p(differences), lucky_p(differences, resolution, luck))
    chance = probability_of_improvement(arm, baseline, higher_is_better)
    if np.isfinite(differences).all():
        interval = mean_interval(differences, level, resolution, luck)
        return Comparison(differences.size, float(differences.mean()), interval, p, chance, "mean")
    # With an even n and infinities of both signs in the middle there is no midpoint: the tie is 0.
    middle = np.sort(differences)[[(differences.size - 1) // 2, differences.size // 2]]
    center = 0.0 if middle[0] == -middle[1] else float(middle.mean())
    return Comparison(differences.size, center, median_interval(differences, level), p, chance, "median")
