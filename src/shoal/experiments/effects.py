"""Main effects of crossed axes: what a value does in the mean over all combinations of the other axes.

Every axis and value is compared with the axis' baseline value, paired by seed, and p is corrected over all
effects. Where an effect is not the same at every value of another axis, see ``interactions``. Diverged runs
count as worst in every mean.

Till all effects are decided every arm gets every seed, so that the design stays balanced; then only the arms
that are undecided go on (docs/decisions/0016-main-effects.md). Sources: see ``shoal.statistics.factorial``.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.experiments import crossed, judging, sequential
from shoal.experiments.crossed import Grid, Recorded
from shoal.experiments.imitation import imitates
from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Block, Look, Pair
from shoal.experiments.trials import Best, luck
from shoal.statistics.factorial import Levels, combinations, means
from shoal.statistics.power import seeds_needed
from shoal.tasks.task import Task


@dataclass(frozen=True)
class Effect:
    """What a value of an axis does, in the mean over ``combinations`` of the other axes' values.

    against: the axis' value in the baseline, which has a row of its own (verdict "baseline"). seeds: how many
    the numbers stand on. mean: of the judged number. difference: this value - ``against``, with the interval
    at the level of the look that decided; p_corrected: over all effects and looks, to be held against alpha.
    more_seeds: about how many more would tell, None where that is not known or not needed.
    """

    axis: str
    value: str
    against: str
    combinations: int
    seeds: int
    mean: float
    difference: float
    difference_interval: tuple[float, float]
    probability_of_improvement: float
    p_corrected: float
    more_seeds: int | None
    verdict: str
    words: str


def count(plan: Plan) -> int:
    """How many effects a plan judges; 0 where not several axes are crossed."""
    return len(list(crossed.grid_of(plan).others())) if plan.crossed else 0


def looks(
    plan: Plan,
    task: Task,
    blocks: Sequence[Block],
    recorded: Recorded,
    over: bool,
    best: Mapping[str, Best],
) -> dict[str, Look]:
    """What the looks after each block say of every effect, "axis=value"; empty where no axes are crossed."""
    if not plan.crossed:
        return {}
    grid = crossed.grid_of(plan)

    def pairs(done: Sequence[Block]) -> dict[str, Pair]:
        scores, _ = crossed.scores_of(plan, task, grid, sequential.merged(done, recorded))
        if not scores.shape[-1]:
            return {}
        share = luck(best, *best)  # arms are tuned apart, so the means' luck is as that of one arm
        return {grid.key(one): _pair(plan, task, scores, one)._replace(luck=share) for one in grid.others()}

    return sequential.followed(plan, blocks, over, pairs, count(plan))


def undecided(plan: Plan, found: Mapping[str, Look]) -> bool:
    """Whether an effect is not decided."""
    names = map(crossed.grid_of(plan).key, crossed.grid_of(plan).others())
    return any(name not in found or found[name].word == "undecided" for name in names)


def effects(
    plan: Plan, task: Task, recorded: Recorded, found: Mapping[str, Look], tuned: bool
) -> tuple[Effect, ...]:
    """The effects axis by axis, each axis' baseline value first. Not ``tuned``: nothing can be judged."""
    if not plan.crossed:
        return ()
    grid = crossed.grid_of(plan)
    scores, seeds = crossed.scores_of(plan, task, grid, recorded)
    rows = []
    for axis, name in enumerate(grid.axes):
        base = grid.values[axis][grid.base[axis]]
        numbers = means(scores, axis, grid.base[axis])
        middle = judging.middle(numbers) if seeds else math.nan
        rows.append(
            Effect(name, base, base, combinations(scores, axis), seeds, middle, 0.0, (0.0, 0.0), 0.5,
                   math.nan, None, "baseline", f"{name} {base}: the baseline value")
        )  # fmt: skip
        rows += [_effect(plan, grid, one, found, scores, tuned) for one in grid.others() if one.axis == axis]
    return tuple(rows)


def _pair(plan: Plan, task: Task, scores: NDArray[np.float64], one: Levels) -> Pair:
    ours, theirs = means(scores, one.axis, one.level), means(scores, one.axis, one.base)
    resolution = judging.resolution(plan, task) / combinations(scores, one.axis) ** 0.5
    return Pair(ours, theirs, plan.margin.absolute(judging.middle(theirs)), resolution)


def _effect(
    plan: Plan, grid: Grid, one: Levels, found: Mapping[str, Look], scores: NDArray[np.float64], tuned: bool
) -> Effect:
    axis, value, base = grid.axes[one.axis], grid.values[one.axis][one.level], grid.values[one.axis][one.base]
    look = found.get(grid.key(one))
    over = combinations(scores, one.axis)
    if look is None:
        nothing = (-math.inf, math.inf)
        words = f"{axis} {value}: nothing could be judged, too few networks of some arm were done"
        return Effect(axis, value, base, over, 0, math.nan, math.nan, nothing, math.nan, math.nan, None,
                      "undecided", words)  # fmt: skip
    seen = look.comparison
    ours = means(scores, one.axis, one.level)[: seen.n]
    word = str(look.word) if tuned else "undecided"
    if word == "worse" and plan.judge == "score" and _imitates(plan, grid, one):
        word = "under-tuned"
    more = None
    if word == "undecided" and seen.n >= 2 and np.isfinite(scores).all():
        differences = ours - means(scores, one.axis, one.base)[: seen.n]
        more = seeds_needed(differences, look.margin, arms=count(plan), alpha=plan.alpha, luck=look.luck)
    low, high = seen.interval
    words = (
        f"{axis} {value}: {seen.difference:+.3g} against {base} ({low:+.3g} to {high:+.3g}, p {look.p:.2g}), "
        f"in the mean over {over} combinations and {seen.n} seeds: {word}"
    )
    if word == "undecided":
        words += f"; about {max(more, 1)} more seeds would tell" if more is not None and tuned else ""
    return Effect(
        axis, value, base, over, seen.n, judging.middle(ours), seen.difference, (float(low), float(high)),
        seen.probability_of_improvement, look.p, None if more is None else max(more, 1), word, words,
    )  # fmt: skip


def _imitates(plan: Plan, grid: Grid, one: Levels) -> bool:
    """Whether the value's arm, baseline on all other axes, can do what the baseline does."""
    recipes = {arm.name: arm.recipe for arm in plan.arms}
    cell = [values[base] for values, base in zip(grid.values, grid.base, strict=True)]
    theirs = recipes[grid.arms[tuple(cell)]]
    cell[one.axis] = grid.values[one.axis][one.level]
    return imitates(recipes[grid.arms[tuple(cell)]], theirs)
