"""Learning curves of several seeds as one: their mean and its 95 % interval at each step."""

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from scipy.special import stdtrit

from shoal.store.report.data import Point

LEVEL = 0.95


def band(curves: Iterable[Sequence[tuple[float, float]]]) -> tuple[Point, ...]:
    """The mean curve with Student's intervals. curves: by seed pairs of step and value.

    A step has the seeds that have a finite value there: of members that stopped early, fewer and fewer.
    One seed alone has the interval (-inf, inf), as in ``statistics.intervals.mean_interval``.
    """
    by_step: dict[float, list[float]] = defaultdict(list)
    for curve in curves:
        for step, value in curve:
            if value is not None and math.isfinite(value):
                by_step[step].append(value)
    found = []
    for step, values in sorted(by_step.items()):
        count = len(values)
        mean, half = sum(values) / count, math.inf
        if count > 1:
            variance = sum((value - mean) ** 2 for value in values) / (count - 1)
            half = _quantile(count) * math.sqrt(variance / count)
        found.append(Point(step, mean, mean - half, mean + half, count))
    return tuple(found)


@functools.cache
def _quantile(count: int) -> float:
    """Student's two-sided quantile for the mean of ``count`` values."""
    return float(stdtrit(count - 1, (1 + LEVEL) / 2))
