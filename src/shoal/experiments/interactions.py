"""Two-way interactions of crossed axes: how far the effect of a value depends on the value of another axis.

Where it does, no single number tells what the value does. Sources: see ``shoal.statistics.factorial``.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.experiments import crossed, judging
from shoal.experiments.crossed import Grid, Recorded
from shoal.experiments.plan import Plan
from shoal.experiments.trials import Best, luck
from shoal.statistics.comparisons import lucky_p, sign_flip_p
from shoal.statistics.corrections import holm
from shoal.statistics.factorial import Levels, combinations, interaction, means
from shoal.statistics.intervals import mean_interval
from shoal.statistics.verdicts import MINIMUM_SEEDS
from shoal.tasks.task import Task


@dataclass(frozen=True)
class Interaction:
    """How much the effect of ``value`` (against its axis' baseline) is larger at ``other_value`` of
    ``other_axis`` than at that axis' baseline value ``other_against``.

    The interval is simultaneous over all interactions; p_corrected: over all of them. real: whether p is
    significant and the size at least the margin. effect_there, effect_here: the effect at ``other_value``
    and at ``other_against``.
    """

    axis: str
    value: str
    against: str
    other_axis: str
    other_value: str
    other_against: str
    effect_there: float
    effect_here: float
    difference: float
    difference_interval: tuple[float, float]
    p_corrected: float
    real: bool
    words: str


def interactions(
    plan: Plan, task: Task, recorded: Recorded, alpha: float, best: Mapping[str, Best]
) -> tuple[Interaction, ...]:
    """All two-way interactions, the surest first, at error rate ``alpha`` over all of them, which is that of
    the last look at the effects: interactions are tested at that look alone, so that stopping there makes no
    false alarms. None where there are fewer seeds than a verdict needs, or infinite numbers.
    """
    if not plan.crossed:
        return ()
    grid = crossed.grid_of(plan)
    scores, seeds = crossed.scores_of(plan, task, grid, recorded)
    if seeds < MINIMUM_SEEDS or not np.isfinite(scores).all():
        return ()
    pairs = [(a, b) for a, b in itertools.combinations(grid.others(), 2) if a.axis != b.axis]
    contrasts = [interaction(scores, a, b) for a, b in pairs]
    margin = plan.margin.absolute(float(scores[grid.base].mean()))
    share = luck(best, *best)
    steps = [_step(plan, task, scores, a, b) for a, b in pairs]
    found = zip(contrasts, steps, strict=True)
    corrected = holm([max(sign_flip_p(one), lucky_p(one, step, share)) for one, step in found])
    made = [
        _interaction(
            plan, grid, a, b, scores, contrast, float(p), (alpha, alpha / len(pairs)), (margin, step, share)
        )
        for (a, b), contrast, p, step in zip(pairs, contrasts, corrected, steps, strict=True)
    ]
    return tuple(sorted(made, key=lambda one: (one.p_corrected, -abs(one.difference))))


def _step(plan: Plan, task: Task, scores: NDArray[np.float64], one: Levels, other: Levels) -> float:
    """The smallest step of a contrast: that of the sum of four means of rounded numbers."""
    rest = combinations(scores, one.axis) // scores.shape[other.axis]
    return 2 * judging.resolution(plan, task) / float(rest) ** 0.5


def _interaction(
    plan: Plan, grid: Grid, one: Levels, other: Levels, scores: NDArray[np.float64],
    contrast: NDArray[np.float64], p: float, alphas: tuple[float, float],
    measures: tuple[float, float, float],
) -> Interaction:  # fmt: skip
    """alphas: the error rate of all interactions together, and of one interval. measures: the margin,
    the contrast's smallest step, and the luck of tuning."""
    margin, step, share = measures
    low, high = mean_interval(contrast, 1 - alphas[1], step, share)
    here = _simple(scores, one, other, other.base)
    there, size = _simple(scores, one, other, other.level), float(contrast.mean())
    real = p <= alphas[0] and (low > 0 or high < 0) and abs(size) >= margin
    shown = min(1.0, p * plan.alpha / alphas[0])  # to be held against the plan's alpha
    axis, other_axis = grid.axes[one.axis], grid.axes[other.axis]
    value, base = grid.values[one.axis][one.level], grid.values[one.axis][one.base]
    that, this = grid.values[other.axis][other.level], grid.values[other.axis][other.base]
    words = (
        f"{axis} {value} against {base} is worth {there:+.3g} with {other_axis} {that} and {here:+.3g} with "
        f"{other_axis} {this}: they differ by {size:+.3g} ({low:+.3g} to {high:+.3g}, p {shown:.2g})"
    )
    return Interaction(
        axis, value, base, other_axis, that, this, there, here, size, (low, high), shown, real, words
    )


def _simple(scores: NDArray[np.float64], one: Levels, other: Levels, level: int) -> float:
    """The effect of ``one`` at a level of the other axis."""
    chosen = np.take(scores, [level], axis=other.axis)
    return float((means(chosen, one.axis, one.level) - means(chosen, one.axis, one.base)).mean())
