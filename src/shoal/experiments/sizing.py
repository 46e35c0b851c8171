"""How long to train, how many trials to tune with, how many seeds to judge on: what a budget can pay.

Pure functions of costs; the unit is seconds for a budget and member-steps for ``--work``. When the budget
is small, first trials are given up, down to eight with finals on four seeds; then the length of training;
then, at the shortest, more trials; then evaluation seeds, and below ten of them the verdict ("undecided").
Tuning is given up last, because arms that were not tuned cannot be judged at all.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from shoal.experiments.trials import FEWEST, ROUNDS, extension, finals
from shoal.statistics.verdicts import MINIMUM_SEEDS

ENOUGH = MINIMUM_SEEDS
"""Evaluation seeds a verdict needs."""
MOST = 200
"""Evaluation seeds beyond which more would not change a verdict in practice."""
_SHORT_OF_SEEDS = 3
"""With fewer evaluation seeds than this at the shortest length, tuning is given up for them."""
_ROWS_SEEN, _EPOCHS = 96_000, (1.0, 200.0)
_SHORTEST = 16


class Tuning(NamedTuple):
    """``trials`` an arm on one tuning seed; then fewer and fewer on ``finals`` more."""

    trials: int
    finals: int

    @property
    def networks(self) -> int:
        """Networks an arm may need for it, extended ranges included; one trial, the defaults, needs none."""
        if self.trials < FEWEST:
            return 0
        once = self.trials + ROUNDS * extension(self.trials)
        again = extension(self.trials) * (1 + self.finals) if self.finals else 0
        return once + sum(kept * more for kept, more in finals(self.trials, self.finals)) + again

    @property
    def surer(self) -> int:
        """Networks the baseline may need beyond that: its finals are on twice as many seeds."""
        last = [kept for kept, _ in finals(self.trials, self.finals)][-1:]
        return (sum(last) + extension(self.trials)) * self.finals


_NO_TUNING, _LEAST_TUNING = Tuning(1, 0), Tuning(FEWEST, 0)
_TUNINGS = (
    Tuning(64, 32),
    Tuning(32, 16),
    Tuning(32, 8),
    Tuning(16, 8),
    Tuning(16, 4),
    Tuning(8, 4),
)
_TUNINGS_AT_THE_SHORTEST = (*_TUNINGS, Tuning(8, 2), Tuning(8, 0), _LEAST_TUNING)
_FINALS = (32, 16, 8, 4, 2)


class Size(NamedTuple):
    """Epochs of every training, an arm's tuning, evaluation seeds, and what had to be given up, in words."""

    epochs: float
    tuning: Tuning
    evaluation_seeds: int
    notes: tuple[str, ...]


def lengths(train_rows: int, told: Sequence[float | None] = ()) -> list[float]:
    """Epochs to consider, longest first: from 96,000 rows seen (1,500 batches of 64) to a sixteenth of that.

    told: by arm its length where the user told it; where all are told there is nothing to consider.

    The longest is at least one epoch and at most 200; on large data the shorter ones are parts of an epoch.
    """
    lengths_told = [one for one in told if one is not None]
    if told and len(lengths_told) == len(told):
        return [max(lengths_told)]
    longest = min(max(_ROWS_SEEN / train_rows, _EPOCHS[0]), _EPOCHS[1])
    shortest = min(longest, _ROWS_SEEN / train_rows) / _SHORTEST
    levels = 9
    return [_round(longest * (shortest / longest) ** (level / (levels - 1))) for level in range(levels)]


def decide(
    cost: Callable[[float], float],
    capacity: float,
    epochs: list[float],
    longest: float,
    seeds: int | None,
    tune: bool,
    trials: int | None = None,
    arms: int = 1,
) -> Size:
    """The size that fits ``capacity``.

    cost: epochs → cost of one network of every arm together. epochs: the lengths to consider, longest
    first. longest: what would be trained with enough. seeds: evaluation seeds the user fixed, or None.
    tune: whether any arm has something to tune. trials: tuning trials the user fixed, or None. arms: their
    number.
    """
    for length in epochs:
        tunings = _tunings(trials, shortest=length == epochs[-1])
        for tuning in tunings if tune else (_NO_TUNING,):
            wanted = max(ENOUGH, min(3 * ENOUGH, tuning.networks)) if seeds is None else seeds
            fit = _fit(capacity, cost(length)) - tuning.networks - math.ceil(tuning.surer / arms)
            if fit >= wanted:
                count = min(MOST, fit) if seeds is None else seeds
                return Size(length, tuning, count, _notes(length, longest, tuning, count, seeds, tune))
    least = _tunings(trials, shortest=True)[-1]
    return _smallest(_fit(capacity, cost(epochs[-1])), epochs[-1], longest, seeds, least if tune else None)


def _tunings(trials: int | None, shortest: bool) -> tuple[Tuning, ...]:
    """The tunings to consider at a length, the dearest first."""
    if trials is not None:
        return tuple(Tuning(trials, finals) for finals in (*_FINALS, *((0,) if shortest else ())))
    return _TUNINGS_AT_THE_SHORTEST if shortest else _TUNINGS


def _smallest(networks: int, length: float, longest: float, seeds: int | None, least: Tuning | None) -> Size:
    """Fewer seeds than wanted, at the shortest length, where each arm gets ``networks``; ``least``: the
    smallest tuning, or None where nothing is to be tuned."""
    tune = least is not None
    enough = least is not None and networks - least.networks >= _SHORT_OF_SEEDS
    tuning = least if least is not None and enough else _NO_TUNING
    count = min(networks - tuning.networks, MOST if seeds is None else seeds)
    return Size(length, tuning, count, _notes(length, longest, tuning, count, seeds, tune))


def _fit(capacity: float, cost: float) -> int:
    """Networks of every arm that ``capacity`` pays."""
    return max(0, math.floor(capacity / cost))


def _notes(
    length: float, longest: float, tuning: Tuning, count: int, seeds: int | None, tune: bool
) -> tuple[str, ...]:
    notes = []
    if tune and tuning.trials < FEWEST:
        notes.append("the budget allows no tuning: arms run at default hyperparameters and cannot be judged")
    elif tune and tuning == _LEAST_TUNING:
        notes.append(f"the budget allows {tuning.trials} tuning trials an arm, no more")
    if length < longest:
        notes.append(f"the budget shortens training to {length:g} epochs ({longest:g} with more)")
    if count < ENOUGH:
        who = "the budget allows" if seeds is None or count < seeds else "--seeds asks for"
        notes.append(f"{who} {count} evaluation seeds; a verdict needs {ENOUGH}, so all stays undecided")
    return tuple(notes)


def _round(number: float) -> float:
    return float(f"{number:.3g}")
