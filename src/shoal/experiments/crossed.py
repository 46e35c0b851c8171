"""The crossed design of a plan: its axes, their values, and the arms' numbers in an array of as many axes."""

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.experiments import judging
from shoal.experiments.plan import Plan
from shoal.population.recipe import Outcome
from shoal.statistics.factorial import Levels
from shoal.tasks.task import Task

Recorded = Mapping[str, Mapping[int, Outcome]]
"""By arm and evaluation seed what was recorded."""


class Grid(NamedTuple):
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
        """``"axis=value"``."""
        return f"{self.axes[one.axis]}={self.values[one.axis][one.level]}"


def grid_of(plan: Plan) -> Grid:
    """The design of a plan that crosses axes; the order of values is that of the plan."""
    axes = tuple(plan.crossed[plan.baseline])
    values = tuple(tuple(dict.fromkeys(arm[axis] for arm in plan.crossed.values())) for axis in axes)
    base = tuple(own.index(plan.crossed[plan.baseline][axis]) for axis, own in zip(axes, values, strict=True))
    return Grid(axes, values, base, {tuple(own.values()): arm for arm, own in plan.crossed.items()})


def scores_of(plan: Plan, task: Task, grid: Grid, recorded: Recorded) -> tuple[NDArray[np.float64], int]:
    """The judged numbers [values of each axis, seeds] on the seeds that every arm finished, and how many."""
    seeds = [seed for seed in recorded[plan.baseline] if all(seed in own for own in recorded.values())]
    kept = {arm: {seed: own[seed] for seed in seeds} for arm, own in recorded.items()}
    numbers = judging.counted(kept, plan, task)
    shape = tuple(map(len, grid.values))
    scores = np.array([numbers[grid.arms[cell]] for cell in itertools.product(*grid.values)])
    return scores.reshape(*shape, len(seeds)), len(seeds)
