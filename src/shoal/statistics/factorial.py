"""Contrasts of a balanced crossed design: main effects and two-way interactions, seed by seed.

``scores`` are [levels of axis 0, levels of axis 1, ..., seeds]: a number for each combination and seed, none
missing. Every contrast is returned seed by seed, so that it is judged like any paired difference: what the
seeds share (initialization, row order, split) cancels in it.
Fisher 1935, The design of experiments, 6; Box, Hunter & Hunter 2005, Statistics for experimenters, 5.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Levels(NamedTuple):
    """A level of an axis, and the one it is compared with, all by number."""

    axis: int
    level: int
    base: int


def means(scores: NDArray[np.float64], axis: int, level: int) -> NDArray[np.float64]:
    """The mean of a level over all combinations of the other axes, [seeds].

    ValueError unless ``scores`` has such a level and no NaN: a combination left out would unbalance the mean.
    """
    if not 0 <= axis < scores.ndim - 1 or not 0 <= level < scores.shape[axis]:
        raise ValueError(f"there is no level {level} of axis {axis} in scores of shape {scores.shape}")
    if np.isnan(scores).any():
        raise ValueError("a crossed design must be complete: a score is NaN")
    chosen: NDArray[np.float64] = np.take(scores, level, axis=axis)
    return chosen.reshape(combinations(scores, axis), scores.shape[-1]).mean(axis=0)


def combinations(scores: NDArray[np.float64], axis: int) -> int:
    """How many combinations of the other axes a level's mean is over."""
    return int(np.prod(scores.shape[:-1])) // scores.shape[axis]


def interaction(scores: NDArray[np.float64], one: Levels, other: Levels) -> NDArray[np.float64]:
    """How much the effect of ``one`` is larger at ``other``'s level than at its base, [seeds].

    (a, b) - (a₀, b) - (a, b₀) + (a₀, b₀), a mean over any further axes. Swapping the two changes nothing.
    """
    if one.axis == other.axis:
        raise ValueError(f"axis {one.axis} does not interact with itself")

    def cell(first: int, second: int) -> NDArray[np.float64]:
        index: list[slice | int] = [slice(None)] * scores.ndim
        index[one.axis], index[other.axis] = first, second
        chosen: NDArray[np.float64] = scores[tuple(index)]
        return chosen.reshape(-1, scores.shape[-1]).mean(axis=0)

    there = cell(one.level, other.level) - cell(one.base, other.level)
    here = cell(one.level, other.base) - cell(one.base, other.base)
    return there - here
