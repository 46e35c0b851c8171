"""Trials: which points of an arm's search space are tried, which is best, and where to look beyond an edge.

Pure functions. Trial 0 is the technique's defaults; the others follow a Halton sequence (base 2 for the
first dimension, 3 for the second), the same for every arm: arms whose ranges agree try the same values,
and trial i is the same point however many trials there are.
Halton 1960, On the efficiency of certain quasi-random sequences of points, Numerische Mathematik 2.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from shoal.experiments.arms import Arm
from shoal.population.recipe import Outcome
from shoal.techniques.card import Range

Point = Mapping[str, float]
Tried = Mapping[int, tuple[Point, Sequence[Outcome]]]
"""By trial number: the point, and its outcomes on the same tuning seeds."""
ROUNDS = 2
"""How often the ranges of learning rates whose best lies at the edge are extended."""
FEWEST = 4
"""Fewer trials than this are no tuning."""
LUCK = 0.5
"""The luck of tuning on one seed, as a share of the variance between seeds: with it intervals hold the true
differences of recorded tables at their level (docs/decisions/0018-the-luck-of-tuning.md)."""
_LAST = 2
"""Trials of an arm that the last round of its finals is fought by."""
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


class Best(NamedTuple):
    """The chosen point, its trial number, its rates that are the lowest (-1) or highest (1) tried, and on
    how many tuning seeds it was chosen, 0 where there was nothing to choose."""

    trial: int
    point: Point
    edges: Mapping[str, int]
    seeds: int = 0


def luck(best: Mapping[str, Best], *arms: str) -> float:
    """The luck of tuning in a comparison of these arms (see ``statistics.comparisons.compare``): the mean of
    theirs, ``LUCK``/k of an arm whose point was chosen on k seeds, and none where nothing was tuned."""
    return LUCK * sum(1 / best[arm].seeds for arm in arms if best[arm].seeds) / len(arms)


def points(arm: Arm, count: int) -> list[Point]:
    """``count`` points of the arm's space; the first holds the defaults."""
    tried: list[Point] = [{name: dimension.default for name, dimension in arm.space.items()}]
    for number in range(1, count):
        named = zip(arm.space.items(), _BASES, strict=False)
        tried.append({name: _at(one.range, _radical_inverse(number, base)) for (name, one), base in named})
    return tried


def finals(trials: int, seeds: int) -> list[tuple[int, int]]:
    """The rounds of the finals after ``trials`` on one seed: how many trials go on, on how many more seeds.

    Half of them each time, on twice as many seeds in all, until ``seeds`` more are used: a trial that was
    lucky on few seeds meets more of them, and none is left out for bad luck on one alone.
    Karnin, Koren & Somekh 2013, Almost optimal exploration in multi-armed bandits, ICML (sequential halving).
    """
    found: list[tuple[int, int]] = []
    kept, left, more = trials, seeds, 1
    while left > 0:
        kept = max(_LAST, kept // 2)
        more = left if left < 3 * more else more
        found.append((kept, more))
        left, more = left - more, 2 * more
    return found


def extension(trials: int) -> int:
    """New trials one round of extending adds to an arm."""
    return max(1, trials // 8) if trials >= FEWEST else 0


def beyond(arm: Arm, best: Best, count: int) -> list[Point]:
    """At most ``count`` points past the edges, each √10 (an eighth of a linear range) further, if legal.

    Of several rates at an edge each goes further by itself, in turn; with fewer points than rates, together.
    """
    rates = list(best.edges)
    if not rates or not count:
        return []
    turns = [rates] if count < len(rates) else [[rate] for rate in rates]
    found: list[Point] = []
    for number in range(count):
        step, moved = number // len(turns) + 1, turns[number % len(turns)]
        further = {rate: _further(arm, best, rate, step) for rate in moved}
        if all(arm.space[rate].domain.contains(value) for rate, value in further.items()):
            found.append({**best.point, **further})
    return found


def _further(arm: Arm, best: Best, rate: str, steps: int) -> float:
    span, start, steps = arm.space[rate].range, best.point[rate], steps * best.edges[rate]
    return start * math.sqrt(10) ** steps if span.log else start + (span.high - span.low) / 8 * steps


def choose(arm: Arm, tried: Tried, higher_is_better: bool) -> Best:
    """The best trial, and which of its learning rates lie at the edge of what was tried."""
    trial = ranked(tried, higher_is_better)[0]
    point, outcomes = tried[trial]
    found = edges(arm, point, [one for one, _ in tried.values()])
    return Best(trial, point, found, len(outcomes) if arm.space else 0)


def ranked(tried: Tried, higher_is_better: bool) -> list[int]:
    """The trials by their mean validation score over the tuning seeds, the best first.

    A trial with a diverged seed is worst. Equal scores (accuracy on few rows) are told apart by the
    validation loss, then by the earlier trial.
    """

    def rank(trial: int) -> tuple[float, float, int]:
        outcomes = tried[trial][1]
        if any(one.diverged for one in outcomes):
            return math.inf, math.inf, trial
        score = sum(one.valid_score for one in outcomes) / len(outcomes)
        loss = sum(one.valid_loss for one in outcomes) / len(outcomes)
        return -score if higher_is_better else score, loss, trial

    return sorted(tried, key=rank)


def edges(arm: Arm, chosen: Point, tried: Collection[Point]) -> dict[str, int]:
    """By tuned learning rate -1 or 1 where the chosen point's is the lowest or highest tried; others are left
    out. With too few trials every point is at some edge, which means nothing."""
    found: dict[str, int] = {}
    for rate in arm.rates if len(tried) >= FEWEST else ():
        values = [point[rate] for point in tried]
        if chosen[rate] in (min(values), max(values)):
            found[rate] = -1 if chosen[rate] == min(values) else 1
    return found


def _at(span: Range, share: float) -> float:
    if span.log:
        return math.exp(math.log(span.low) + share * (math.log(span.high) - math.log(span.low)))
    return span.low + share * (span.high - span.low)


def _radical_inverse(number: int, base: int) -> float:
    share, scale = 0.0, 1.0
    while number:
        scale /= base
        number, digit = divmod(number, base)
        share += digit * scale
    return share
