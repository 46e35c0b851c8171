"""Main effects of crossed axes: what a value does in the mean over all combinations of the other axes.

Every axis and value is compared with the axis' baseline value, paired by seed, and p is corrected over all
effects. Where an effect is not the same at every value of another axis, the interaction is reported, because
then no single number tells what the value does. Diverged runs count as worst in every mean.

Till all effects are decided every arm gets every seed, so that the design stays balanced; then only the arms
that are undecided go on (docs/decisions/0016-main-effects.md). Sources: see ``shoal.statistics.factorial``.
"""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.experiments import judging, sequential
from shoal.experiments.imitation import imitates
from shoal.experiments.plan import Plan
from shoal.experiments.sequential import Block, Look, Pair
from shoal.experiments.trials import Best, luck
from shoal.population.recipe import Outcome
from shoal.statistics.comparisons import lucky_p, sign_flip_p
from shoal.statistics.corrections import holm
from shoal.statistics.factorial import Levels, combinations, interaction, means
from shoal.statistics.intervals import mean_interval
from shoal.statistics.power import seeds_needed
from shoal.statistics.verdicts import MINIMUM_SEEDS
from shoal.tasks.task import Task

Recorded = Mapping[str, Mapping[int, Outcome]]
"""By arm and evaluation seed what was recorded."""


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


class _Grid(NamedTuple):
    """The crossed design: axes, each one's values, and the number of the baseline's value among them."""

    axes: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    base: tuple[int, ...]
    arms: Mapping[tuple[str, ...], str]

    def others(self) -> Iterator[Levels]:
        """Every axis' values but the baseline's."""
        for axis, values in enumerate(self.values):
            for level in range(len(values)):
                if level != self.base[axis]:
                    yield Levels(axis, level, self.base[axis])

    def key(self, one: Levels) -> str:
        return f"{self.axes[one.axis]}={self.values[one.axis][one.level]}"


def count(plan: Plan) -> int:
    """How many effects a plan judges; 0 where not several axes are crossed."""
    return len(list(_grid(plan).others())) if plan.crossed else 0


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
    grid = _grid(plan)

    def pairs(done: Sequence[Block]) -> dict[str, Pair]:
        scores, _ = _scores(plan, task, grid, sequential.merged(done, recorded))
        if not scores.shape[-1]:
            return {}
        share = luck(best, *best)  # arms are tuned apart, so the means' luck is as that of one arm
        return {grid.key(one): _pair(plan, task, scores, one)._replace(luck=share) for one in grid.others()}

    return sequential.followed(plan, blocks, over, pairs, count(plan))


def undecided(plan: Plan, found: Mapping[str, Look]) -> bool:
    """Whether an effect is not decided."""
    names = map(_grid(plan).key, _grid(plan).others())
    return any(name not in found or found[name].word == "undecided" for name in names)


def effects(
    plan: Plan, task: Task, recorded: Recorded, found: Mapping[str, Look], tuned: bool
) -> tuple[Effect, ...]:
    """The effects axis by axis, each axis' baseline value first. Not ``tuned``: nothing can be judged."""
    if not plan.crossed:
        return ()
    grid = _grid(plan)
    scores, seeds = _scores(plan, task, grid, recorded)
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


def interactions(
    plan: Plan, task: Task, recorded: Recorded, alpha: float, best: Mapping[str, Best]
) -> tuple[Interaction, ...]:
    """All two-way interactions, the surest first, at error rate ``alpha`` over all of them, which is that of
    the last look at the effects: interactions are tested at that look alone, so that stopping there makes no
    false alarms. None where there are fewer seeds than a verdict needs, or infinite numbers.
    """
    if not plan.crossed:
        return ()
    grid = _grid(plan)
    scores, seeds = _scores(plan, task, grid, recorded)
    if seeds < MINIMUM_SEEDS or not np.isfinite(scores).all():
        return ()
    pairs = [(a, b) for a, b in itertools.combinations(grid.others(), 2) if a.axis != b.axis]
    contrasts = [interaction(scores, a, b) for a, b in pairs]
    margin = plan.margin.absolute(float(scores[grid.base].mean()))
    share = luck(best, *best)
    step = judging.resolution(plan, task)
    corrected = holm([max(sign_flip_p(one), lucky_p(one, step, share)) for one in contrasts])
    made = [
        _interaction(
            plan, grid, a, b, scores, contrast, float(p), (alpha, alpha / len(pairs)), (margin, step, share)
        )
        for (a, b), contrast, p in zip(pairs, contrasts, corrected, strict=True)
    ]
    return tuple(sorted(made, key=lambda one: (one.p_corrected, -abs(one.difference))))


def _grid(plan: Plan) -> _Grid:
    axes = tuple(plan.crossed[plan.baseline])
    values = tuple(tuple(dict.fromkeys(arm[axis] for arm in plan.crossed.values())) for axis in axes)
    base = tuple(own.index(plan.crossed[plan.baseline][axis]) for axis, own in zip(axes, values, strict=True))
    return _Grid(axes, values, base, {tuple(own.values()): arm for arm, own in plan.crossed.items()})


def _scores(plan: Plan, task: Task, grid: _Grid, recorded: Recorded) -> tuple[NDArray[np.float64], int]:
    """The judged numbers [values of each axis, seeds] on the seeds that every arm finished, and how many."""
    seeds = [seed for seed in recorded[plan.baseline] if all(seed in own for own in recorded.values())]
    kept = {arm: {seed: own[seed] for seed in seeds} for arm, own in recorded.items()}
    numbers = judging.counted(kept, plan, task)
    shape = tuple(map(len, grid.values))
    scores = np.array([numbers[grid.arms[cell]] for cell in itertools.product(*grid.values)])
    return scores.reshape(*shape, len(seeds)), len(seeds)


def _pair(plan: Plan, task: Task, scores: NDArray[np.float64], one: Levels) -> Pair:
    ours, theirs = means(scores, one.axis, one.level), means(scores, one.axis, one.base)
    resolution = judging.resolution(plan, task) / combinations(scores, one.axis) ** 0.5
    return Pair(ours, theirs, plan.margin.absolute(judging.middle(theirs)), resolution)


def _effect(
    plan: Plan, grid: _Grid, one: Levels, found: Mapping[str, Look], scores: NDArray[np.float64], tuned: bool
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


def _imitates(plan: Plan, grid: _Grid, one: Levels) -> bool:
    """Whether the value's arm, baseline on all other axes, can do what the baseline does."""
    recipes = {arm.name: arm.recipe for arm in plan.arms}
    cell = [values[base] for values, base in zip(grid.values, grid.base, strict=True)]
    theirs = recipes[grid.arms[tuple(cell)]]
    cell[one.axis] = grid.values[one.axis][one.level]
    return imitates(recipes[grid.arms[tuple(cell)]], theirs)


def _interaction(
    plan: Plan, grid: _Grid, one: Levels, other: Levels, scores: NDArray[np.float64],
    contrast: NDArray[np.float64], p: float, alphas: tuple[float, float],
    measures: tuple[float, float, float],
) -> Interaction:  # fmt: skip
    """alphas: the error rate of all interactions together, and of one interval. measures: the margin,
    the smallest step between two scores, and the luck of tuning."""
    margin, step, share = measures
    rest = combinations(scores, one.axis) // scores.shape[other.axis]
    # Four means of rounded numbers each: the step of their sum.
    low, high = mean_interval(contrast, 1 - alphas[1], 2 * step / rest**0.5, share)
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
