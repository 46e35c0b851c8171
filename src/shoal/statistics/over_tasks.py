"""Several data sets: what differences on each say of techniques on data sets like these.

The data sets are the unit: seeds of one data set say nothing of another. So the paired test is Wilcoxon's
signed ranks over data sets (exact, by sign flips), all arms together are told apart by Friedman's test on
their ranks, and the mean difference has a Student interval over data sets.
Demšar 2006, Statistical comparisons of classifiers over multiple data sets, JMLR 7; Friedman 1937, JASA 32;
Iman & Davenport 1980, Communications in Statistics 9; Nemenyi 1963 (thesis, Princeton); Wilcoxon 1945,
Biometrics Bulletin 1; Pratt 1959, JASA 54 (differences of 0 are ranked, then left out; Demšar splits them).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from shoal.statistics.comparisons import sign_flip_p
from shoal.statistics.intervals import EVERYTHING, Interval, as_scores, mean_interval, median_interval


class Friedman(NamedTuple):
    """chi2 with its p (ties corrected for), and Iman and Davenport's less conservative F with its p."""

    chi2: float
    p: float
    f: float
    f_p: float


class AcrossTasks(NamedTuple):
    """center: the mean of the differences, the median where one is infinite. between: the standard deviation
    of the true differences between data sets, that of the estimates less what their own errors explain; NaN
    where it cannot be told."""

    center: float
    interval: Interval
    between: float


def ranks(scores: ArrayLike, higher_is_better: bool = True) -> NDArray[np.float64]:
    """The ranks [tasks, arms] of scores [tasks, arms], 1 the best, ties sharing a mean. ValueError: NaN."""
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or np.isnan(values).any():
        raise ValueError(f"scores must be [tasks, arms] without NaN, not of shape {values.shape}")
    found: NDArray[np.float64] = stats.rankdata(-values if higher_is_better else values, axis=1)
    return found


def friedman(ranked: NDArray[np.float64]) -> Friedman | None:
    """Whether any of the arms differ, from ranks [tasks, arms]; None for fewer than 3 arms or 2 tasks.

    F is infinite, and its p 0, where all tasks rank alike; without any difference p is 1.
    """
    tasks, arms = ranked.shape
    if tasks < 2 or arms < 3:
        return None
    if not np.ptp(ranked, axis=1).any():
        return Friedman(0.0, 1.0, 0.0, 1.0)
    chi2, p = map(float, stats.friedmanchisquare(*ranked.T))
    rest = tasks * (arms - 1) - chi2
    f = (tasks - 1) * chi2 / rest if rest > 1e-12 * chi2 else float("inf")
    return Friedman(chi2, p, f, float(stats.f.sf(f, arms - 1, (arms - 1) * (tasks - 1))))


def nemenyi_distance(tasks: int, arms: int, alpha: float = 0.05) -> float:
    """Average ranks that differ by at least this much differ, at error rate ``alpha`` over all pairs."""
    quantile = float(stats.studentized_range.ppf(1 - alpha, arms, np.inf))
    return quantile / 2**0.5 * (arms * (arms + 1) / (6 * tasks)) ** 0.5


def signed_rank_p(differences: ArrayLike) -> float:
    """Two-sided p of Wilcoxon's signed ranks of differences [tasks], which may be infinite.

    The smallest of n tasks is 2^(1-n): fewer than 6 never reach 0.05. See ``comparisons.sign_flip_p``.
    """
    values = as_scores(differences)
    return sign_flip_p(np.sign(values) * stats.rankdata(np.abs(values)))


def across_tasks(differences: ArrayLike, variances: ArrayLike, level: float = 0.95) -> AcrossTasks:
    """The mean difference over data sets like these, by a random-effects model of equal weights.

    differences, variances: [tasks], of each task's difference and of that estimate (squared standard error).
    Student's interval over tasks is right whatever the variances are, as it holds the spread between tasks
    and the errors within; weights by precision would make it the mean over the easy tasks. ``between`` is the
    moment estimator of Hedges & Olkin 1985, Statistical methods for meta-analysis, 9.
    """
    values, errors = as_scores(differences), np.asarray(variances, dtype=np.float64)
    if values.shape != errors.shape:
        raise ValueError(f"{values.size} differences with {errors.size} variances")
    if not np.isfinite(values).all():
        return AcrossTasks(_median(values), median_interval(values, level), float("nan"))
    center = float(values.mean())
    if values.size < 2:
        return AcrossTasks(center, EVERYTHING, float("nan"))
    between = max(0.0, float(values.var(ddof=1) - errors.mean())) ** 0.5
    return AcrossTasks(center, mean_interval(values, level), between)


def _median(values: NDArray[np.float64]) -> float:
    low, high = np.sort(values)[[(values.size - 1) // 2, values.size // 2]]
    return 0.0 if low == -high else float((low + high) / 2)
