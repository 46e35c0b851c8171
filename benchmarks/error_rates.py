"""Comparisons of simulated scores whose truth is known: how often the statistics err, cover and decide.

A score is the luck of its seed, which all arms share, and luck of its own. Verdicts are those of
``shoal.statistics`` with margin 0 and no least number of seeds, so that neither rule hides an alarm.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Block, Look, Pair, followed
from shoal.statistics.comparisons import compare, paired_differences
from shoal.statistics.corrections import holm
from shoal.statistics.intervals import Interval, mean_interval
from shoal.statistics.verdicts import Verdict, verdict

ALPHA = 0.05
ROWS = 36
"""Test rows of the accuracies, which are multiples of 1 / 36."""
Numbers = NDArray[np.float64]


class Scores(NamedTuple):
    """draw: (generator, (arms, seeds)) → scores. deviation: of one score's own luck. mean: of a score."""

    draw: Callable[[np.random.Generator, tuple[int, int]], Numbers]
    deviation: float
    mean: float
    resolution: float = 0.0


def _shared(generator: np.random.Generator, own: Numbers) -> Numbers:
    """Scores: their own luck, and as much again that the arms of a seed share."""
    return own + generator.normal(0, 1, own.shape[1])


def _accuracy(generator: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    return generator.binomial(ROWS, generator.uniform(0.94, 1, shape[1]), shape) / ROWS


def _failing(generator: np.random.Generator, shape: tuple[int, int]) -> Numbers:
    return np.where(generator.random(shape) < 0.05, 0.1, generator.normal(0.8, 0.02, shape))


SCORES = {
    "normal": Scores(lambda source, shape: _shared(source, source.normal(0, 1, shape)), 1.0, 0.0),
    "log-normal": Scores(
        lambda source, shape: _shared(source, source.lognormal(0, 0.7, shape)),
        (np.expm1(0.49) * np.exp(0.49)) ** 0.5,
        float(np.exp(0.245)),
    ),
    "heavy tails (t, 3 degrees)": Scores(
        lambda source, shape: _shared(source, source.standard_t(3, shape)), 3**0.5, 0.0
    ),
    # The variance within a seed: the mean of p (1 - p) over p from 0.94 to 1.
    "accuracies on 36 rows": Scores(_accuracy, ((0.97 * 0.03 - 0.06**2 / 12) / ROWS) ** 0.5, 0.97, 1 / ROWS),
    "failures, 1 in 20": Scores(_failing, (0.95 * 0.02**2 + 0.95 * 0.05 * 0.7**2) ** 0.5, 0.765),
}


class Tally(NamedTuple):
    """Of a number of comparisons. false: with any better or worse where arms are equal. covered: the share of
    intervals that hold the true difference. width: their mean width, by that of a known deviation, with its
    standard error."""

    comparisons: int
    false: int
    covered: float
    width: float
    width_error: float


def words(
    scores: Numbers, resolution: float, *, corrected: Callable[[list[float]], Sequence[float]] = holm
) -> list[Verdict]:
    """The verdicts of the arms scores[1:] against the baseline scores[0], [arms + 1, seeds]."""
    found = [compare(row, scores[0], level=1 - ALPHA, resolution=resolution) for row in scores[1:]]
    return [
        verdict(one.difference, one.interval, float(p), 0.0, one.n, ALPHA, minimum_seeds=1)
        for one, p in zip(found, corrected([one.p for one in found]), strict=True)
    ]


def intervals(scores: Numbers, resolution: float) -> list[Interval]:
    """What ``compare`` gives as the arms' intervals, without its p, which takes 8 ms of 20 seeds."""
    return [mean_interval(paired_differences(row, scores[0]), 1 - ALPHA, resolution) for row in scores[1:]]


def equal_arms(
    kind: Scores,
    seeds: int,
    arms: int,
    comparisons: int,
    salt: int = 0,
    corrected: Callable[[list[float]], Sequence[float]] = holm,
) -> Tally:
    """A against A: ``arms`` that do not differ from the baseline."""
    generator = np.random.default_rng([salt, seeds, arms])
    ideal = 2 * 1.959964 * 2**0.5 * kind.deviation / seeds**0.5
    false, covered, widths = 0, [], []
    for _ in range(comparisons):
        scores = kind.draw(generator, (arms + 1, seeds))
        found = intervals(scores, kind.resolution)
        covered += [one.low <= 0 <= one.high for one in found]
        widths.append(float(np.mean([one.high - one.low for one in found])) / ideal)
        # A better or worse takes an interval without 0, so p is needed only where there is one.
        if any(one.low > 0 or one.high < 0 for one in found):
            said = words(scores, kind.resolution, corrected=corrected)
            false += any(word in ("better", "worse") for word in said)
    error = float(np.std(widths)) / comparisons**0.5
    return Tally(comparisons, false, float(np.mean(covered)), float(np.mean(widths)), error)


def different_luck(arm: Scores, baseline: Scores, seeds: int, comparisons: int) -> tuple[float, float]:
    """Two arms of equal mean whose scores are distributed differently: the shares of intervals that hold
    the true difference, which is 0, and of false verdicts."""
    generator, covered, false = np.random.default_rng([1, seeds]), 0, 0
    for _ in range(comparisons):
        pair = np.stack([kind.draw(generator, (1, seeds))[0] - kind.mean for kind in (baseline, arm)])
        low, high = intervals(pair, 0.0)[0]
        covered += low <= 0 <= high
        # As above, an interval with 0 needs no p.
        false += not low <= 0 <= high and words(pair, 0.0)[0] in ("better", "worse")
    return covered / comparisons, false / comparisons


def sequences(
    plan: Plan, kind: Scores, cuts: Sequence[int], arms: int, comparisons: int, difference: float = 0.0
) -> Iterator[dict[str, Look]]:
    """Of each comparison the last look at every arm. The evaluation is looked at after ``cuts`` seeds; arms
    that are decided keep that look, the others get the seeds of the next. difference: of all true means."""
    generator = np.random.default_rng([2, arms, len(cuts)])
    blocks = [Block((), tuple(range(*pair))) for pair in pairwise([0, *cuts])]
    for _ in range(comparisons):
        scores = kind.draw(generator, (arms + 1, cuts[-1]))
        scores[1:] += difference

        def pairs(done: Sequence[Block], scores: Numbers = scores) -> dict[str, Pair]:
            seeds = sum(len(block.seeds) for block in done)
            return {
                str(arm): Pair(scores[arm, :seeds], scores[0, :seeds], 0.0, kind.resolution)
                for arm in range(1, arms + 1)
            }

        yield followed(plan, blocks, True, pairs, arms)


def peeked(kind: Scores, cuts: Sequence[int], comparisons: int) -> float:
    """The share of false verdicts of one arm that is looked at after each cut at the whole rate: what
    ``sequences`` must avoid."""
    generator, false = np.random.default_rng(3), 0
    for _ in range(comparisons):
        scores = kind.draw(generator, (2, cuts[-1]))
        said = (words(scores[:, :cut], kind.resolution)[0] for cut in cuts)
        false += any(word in ("better", "worse") for word in said)
    return false / comparisons


def power(difference: float, deviation: float, seeds: int, arms: int, comparisons: int) -> float:
    """How often the one of ``arms`` that is better by ``difference`` is called better, of normal scores whose
    paired differences have the deviation."""
    generator, kind, hits = np.random.default_rng([4, seeds, arms]), SCORES["normal"], 0
    for _ in range(comparisons):
        scores = kind.draw(generator, (arms + 1, seeds)) * (deviation / 2**0.5)
        scores[1] += difference
        hits += words(scores, 0.0)[0] == "better"
    return hits / comparisons


def decided(mean: float, margin: float, seeds: int, comparisons: int, salt: int = 0) -> float:
    """How often a pair of arms whose normal differences have this mean and deviation 1 is decided."""
    generator, hits = np.random.default_rng([5, salt]), 0
    for _ in range(comparisons):
        one = compare(generator.normal(mean, 1, seeds), np.zeros(seeds), level=1 - ALPHA)
        hits += verdict(one.difference, one.interval, one.p, margin, seeds, ALPHA) != "undecided"
    return hits / comparisons
