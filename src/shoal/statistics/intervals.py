"""Studentized intervals for a mean, and the order-statistic interval that stands in where no mean exists.

A ``Student`` interval is mean ± t(level, n-1) · s / √n, wider with the luck of tuning. For paired differences
between two arms, call it on the differences. Percentile bootstraps are too narrow for the few seeds one can
afford.
Student 1908, The probable error of a mean, Biometrika 6.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


class Interval(NamedTuple):
    """A closed interval of the scores' own unit; unbounded ends are ±inf."""

    low: float
    high: float


EVERYTHING = Interval(float("-inf"), float("inf"))


def as_scores(scores: ArrayLike | Sequence[float]) -> NDArray[np.float64]:
    """Scores as float64 [n]. ValueError when empty, not one-dimensional or NaN (see ``fill_diverged``)."""
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"scores must be a non-empty list of numbers, not of shape {values.shape}")
    if np.isnan(values).any():
        raise ValueError(
            "a score is NaN: diverged runs count as worst, so fill them with fill_diverged first"
        )
    return values


def check_level(level: float) -> None:
    """ValueError unless 0 < level < 1."""
    if not 0 < level < 1:
        raise ValueError(f"a confidence level must lie between 0 and 1, not {level}")


def mean_interval(
    scores: ArrayLike, level: float = 0.95, resolution: float = 0.0, luck: float = 0.0
) -> Interval:
    """The interval that covers the mean of the scores' distribution with probability ``level``.

    scores: [n], finite (ValueError otherwise). One score says nothing of the spread: (-inf, inf).

    Equal scores show no spread, which does not mean that there is none: a network that gets all 36 test rows
    right with ten seeds may miss one with the eleventh. ``resolution`` is the smallest step between two
    scores (1 / test rows for an accuracy; 0 for a continuous metric); the standard deviation is taken to be
    at least that of rounding to it, resolution / √12. At resolution 0, equal scores give width 0.

    luck: what the scores have in common by chance, as a share of their variance (``comparisons.compare``);
    the half width is t · s · √(1/n + luck).
    """
    values = as_scores(scores)
    check_level(level)
    if not np.isfinite(values).all():
        raise ValueError("an infinite score has no mean; use median_interval")
    if values.size == 1:
        return EVERYTHING
    deviation = max(float(values.std(ddof=1)), resolution / 12**0.5)
    half = float(stats.t.ppf((1 + level) / 2, values.size - 1)) * deviation * (1 / values.size + luck) ** 0.5
    mean = float(values.mean())
    return Interval(mean - half, mean + half)


def median_interval(scores: ArrayLike, level: float = 0.95) -> Interval:
    """The narrowest symmetric pair of order statistics that covers the median with at least ``level``.

    scores: [n], may hold ±inf: nothing is assumed of their distribution. Unbounded when n is too small
    (fewer than 6 scores at 95 %). Source: the sign test, inverted (Thompson 1936, Annals of Math. Stat. 7).
    """
    values = np.sort(as_scores(scores))
    check_level(level)
    # The largest rank with P(fewer than rank scores below the median) < (1 - level) / 2.
    rank = int(stats.binom.ppf((1 - level) / 2, values.size, 0.5))
    if rank == 0:
        return EVERYTHING
    return Interval(float(values[rank - 1]), float(values[-rank]))


def bootstrap_t_interval(
    scores: ArrayLike, level: float = 0.95, resolution: float = 0.0, draws: int = 2000
) -> Interval:
    """Like ``mean_interval``, with quantiles of resampled t statistics in the place of Student's.

    Better for ONE arm's skewed scores: with 10 log-normal(0, 1) scores a 95 % interval covers 91 % instead
    of 85 %, with accuracies near 1 (beta(20, 1)) 95 % instead of 91 %, and is wider by a third and a fifth.
    Worse for paired differences, which are nearly symmetric (difference of two such log-normals: 92 %
    against 97 %): use ``mean_interval`` there. ``tests/statistics/test_intervals.py`` repeats both.
    No interval from 10 seeds covers failures that come once in 20: report those by themselves.

    Unbounded where resamples without spread reach the quantile (few, coarse scores at resolution 0). The
    resamples come of a fixed seed. Efron & Tibshirani 1993, An introduction to the bootstrap, 12.5.
    """
    values = as_scores(scores)
    plain = mean_interval(values, level, resolution)
    floor, root = resolution / 12**0.5, values.size**0.5
    if values.size == 1 or values.std(ddof=1) <= floor:
        return plain  # nothing to resample: what spread there is comes of rounding
    rows = np.random.default_rng(0).integers(0, values.size, (draws, values.size))
    resampled = values[rows]
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    shift = resampled.mean(axis=1) - mean
    with np.errstate(divide="ignore"):
        t = root * shift / np.maximum(resampled.std(axis=1, ddof=1), floor)
    low, high = (1 - level) / 2, (1 + level) / 2
    lowest, highest = np.quantile(t, low, method="lower"), np.quantile(t, high, method="higher")
    return Interval(mean - float(highest) * deviation / root, mean - float(lowest) * deviation / root)
