"""What may be said of an arm against the baseline, in one word."""

from typing import Literal

from shoal.statistics.intervals import Interval

Verdict = Literal["better", "worse", "same", "undecided"]

MINIMUM_SEEDS = 10


def verdict(
    difference: float,
    interval: Interval,
    p_corrected: float,
    margin: float,
    n: int,
    alpha: float = 0.05,
    *,
    higher_is_better: bool = True,
    minimum_seeds: int = MINIMUM_SEEDS,
) -> Verdict:
    """The verdict of one pair, from arm - baseline, its (1 - alpha) interval and p corrected over all arms.

    "undecided": fewer than ``minimum_seeds`` evaluation seeds, whatever they say.
    "same": the whole interval lies inside ±margin (closed), so a difference that is certain and too small
    to matter is "same" too.
    "better" or "worse": p_corrected ≤ alpha, the interval excludes 0 on the difference's side (so that no row
    shows a verdict that its own interval contradicts), and the difference is at least the margin: arms that
    were tuned apart end at slightly different points, and enough seeds would call that a difference.
    Otherwise "undecided". ValueError for a negative or NaN margin, or NaN among the numbers.
    """
    if not margin >= 0:
        raise ValueError(f"a margin must be 0 or more, not {margin}")
    numbers = (difference, interval.low, interval.high, p_corrected)
    if any(number != number for number in numbers):
        raise ValueError(f"no verdict from NaN: difference, interval and p are {numbers}")
    if n < minimum_seeds:
        return "undecided"
    if -margin <= interval.low and interval.high <= margin:
        return "same"
    if p_corrected <= alpha and (interval.low > 0 or interval.high < 0) and abs(difference) >= margin:
        return "better" if (difference > 0) == higher_is_better else "worse"
    return "undecided"
