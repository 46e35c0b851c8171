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
"""How often a range whose best lr lies at its edge is extended."""
FEWEST = 4
"""Fewer trials than this are no tuning."""
FINALISTS = 4
"""The best trials of an arm that get more tuning seeds before one is chosen."""
_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


class Best(NamedTuple):
    """The chosen point, its trial number, and whether its lr is the lowest (-1) or highest (1) one tried."""

    trial: int
    point: Point
    edge: int


def points(arm: Arm, count: int) -> list[Point]:
    """``count`` points of the arm's space; the first holds the defaults."""
    tried: list[Point] = [{name: dimension.default for name, dimension in arm.space.items()}]
    for number in range(1, count):
        named = zip(arm.space.items(), _BASES, strict=False)
        tried.append({name: _at(one.range, _radical_inverse(number, base)) for (name, one), base in named})
    return tried


def extension(trials: int) -> int:
    """New trials one round of extending adds to an arm."""
    return max(1, trials // 8) if trials >= FEWEST else 0


def beyond(arm: Arm, best: Best, count: int) -> list[Point]:
    """``count`` points past the edge, each √10 (an eighth of a linear range) further, inside the domain."""
    if best.edge == 0 or arm.lr is None:
        return []
    dimension = arm.space[arm.lr]
    ratio, width = math.sqrt(10), (dimension.range.high - dimension.range.low) / 8
    found: list[Point] = []
    for step in range(1, count + 1):
        start = best.point[arm.lr]
        further = (
            start * ratio ** (step * best.edge) if dimension.range.log else start + width * step * best.edge
        )
        if dimension.domain.contains(further):
            found.append({**best.point, arm.lr: further})
    return found


def choose(arm: Arm, tried: Tried, higher_is_better: bool) -> Best:
    """The best trial, and whether its lr lies at the edge of what was tried."""
    trial = ranked(tried, higher_is_better)[0]
    return Best(trial, tried[trial][0], edge(arm, tried[trial][0], [point for point, _ in tried.values()]))


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


def edge(arm: Arm, chosen: Point, tried: Collection[Point]) -> int:
    """-1 or 1 where the chosen point's lr is the lowest or highest one tried, else 0."""
    if arm.lr is None or len(tried) < FEWEST:
        return 0
    rates = [point[arm.lr] for point in tried]
    return -1 if chosen[arm.lr] == min(rates) else int(chosen[arm.lr] == max(rates))


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
