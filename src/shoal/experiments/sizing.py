"""How long to train, how many trials to tune with, how many seeds to judge on: what a budget can pay.

Pure functions of costs; the unit is seconds for a budget and member-steps for ``--work``. When the budget
is small, first trials are given up, then the length of training, then, below ten evaluation seeds, the
verdict itself ("undecided"); tuning is given up last, because untuned arms cannot be judged at all.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from shoal.experiments.trials import FEWEST, ROUNDS, extension
from shoal.statistics.verdicts import MINIMUM_SEEDS

ENOUGH = MINIMUM_SEEDS
"""Evaluation seeds a verdict needs."""
MOST = 200
"""Evaluation seeds beyond which more would not change a verdict in practice."""
_TUNING = ((32, 3), (16, 3), (16, 2), (8, 3), (8, 2), (8, 1), (4, 1))
_ROWS_SEEN, _EPOCHS = 96_000, (1.0, 200.0)
_SHORTEST = 16


class Size(NamedTuple):
    """Epochs of every training, trials an arm on ``tuning_seeds`` seeds each, evaluation seeds, and why."""

    epochs: float
    trials: int
    tuning_seeds: int
    evaluation_seeds: int
    notes: tuple[str, ...]


def lengths(train_rows: int) -> list[float]:
    """Epochs to consider, longest first: from 96,000 rows seen (1,500 batches of 64) to a sixteenth of that.

    The longest is at least one epoch and at most 200; on large data the shorter ones are parts of an epoch.
    """
    longest = min(max(_ROWS_SEEN / train_rows, _EPOCHS[0]), _EPOCHS[1])
    shortest = min(longest, _ROWS_SEEN / train_rows) / _SHORTEST
    levels = 9
    return [_round(longest * (shortest / longest) ** (level / (levels - 1))) for level in range(levels)]


def tuning_networks(trials: int, seeds: int) -> int:
    """Networks an arm may need for tuning, extended ranges included."""
    return (trials + ROUNDS * extension(trials)) * seeds


def decide(
    cost: Callable[[float], float], capacity: float, epochs: list[float], seeds: int | None, tune: bool
) -> Size:
    """The size that fits ``capacity``.

    cost: epochs → cost of one network of every arm together. epochs: the lengths to consider, longest
    first. seeds: evaluation seeds the user fixed, or None. tune: whether any arm has something to tune.
    """
    wanted = ENOUGH if seeds is None else seeds
    for length, (trials, repeats) in _ladder(epochs, tune):
        tuning = tuning_networks(trials, repeats)
        needed = tuning + (max(wanted, min(3 * ENOUGH, tuning)) if seeds is None else seeds)
        if needed * cost(length) <= capacity:
            fit = _fit(capacity - tuning * cost(length), cost(length))
            count = seeds if seeds is not None else min(MOST, fit)
            return Size(length, trials, repeats, count, _notes(length, epochs[0], trials, count))
    return _smallest(cost(epochs[-1]), capacity, epochs, seeds, tune)


def _ladder(epochs: list[float], tune: bool) -> Iterator[tuple[float, tuple[int, int]]]:
    for length in epochs:
        for tuning in _TUNING if tune else ((1, 0),):
            yield length, tuning


def _smallest(cost: float, capacity: float, epochs: list[float], seeds: int | None, tune: bool) -> Size:
    """Fewer than the seeds wanted, at the shortest length; without tuning when even three would not fit."""
    tuning = tuning_networks(FEWEST, 1)
    trials, repeats = (FEWEST, 1) if tune and _fit(capacity - tuning * cost, cost) >= 3 else (1, 0)
    count = _fit(capacity - tuning_networks(trials, repeats) * cost, cost)
    count = min(count, MOST if seeds is None else seeds)
    return Size(
        epochs[-1], trials, repeats, count, _notes(epochs[-1], epochs[0], trials if tune else None, count)
    )


def _fit(capacity: float, cost: float) -> int:
    return max(0, math.floor(capacity / cost)) if cost > 0 else MOST


def _notes(length: float, longest: float, trials: int | None, seeds: int) -> tuple[str, ...]:
    notes = []
    if trials is not None and trials < FEWEST:
        notes.append(
            "the budget allows no tuning: arms run at their default hyperparameters and cannot be judged"
        )
    elif trials is not None and trials < 8:
        notes.append(f"the budget allows only {trials} tuning trials an arm")
    if length < longest:
        notes.append(f"the budget shortens training to {length:g} epochs ({longest:g} with more)")
    if seeds < ENOUGH:
        notes.append(
            f"the budget allows {seeds} evaluation seeds; a verdict needs {ENOUGH}, so all stays undecided"
        )
    return tuple(notes)


def _round(number: float) -> float:
    return float(f"{number:.3g}")
