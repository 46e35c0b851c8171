"""The rows of the verdict table: the same for the page, for Markdown and for CSV."""

import math
from typing import Any, NamedTuple

from shoal.store.report.data import Arm, Report
from shoal.store.report.forest import Bar, bar
from shoal.store.report.numbers import count, percent, score, signed, size, span
from shoal.store.report.plot import csv_text

HEADING = (
    "arm", "axis", "verdict", "mean", "low", "high", "difference", "difference_low", "difference_high",
    "probability_of_improvement", "p_corrected", "steps", "evaluations", "seconds", "memory_bytes",
    "diverged", "seeds",
)  # fmt: skip
SYMBOLS = {"baseline": "•", "better": "▲", "worse": "▼", "same": "=", "undecided": "?", "under-tuned": "~"}
"""What stands beside a verdict's word, so that color tells nothing alone."""


class Row(NamedTuple):
    """A row as people read it; numbers: by column what it is sorted by, None at the end either way."""

    arm: Arm
    score: str
    difference: str
    interval: str
    probability: str
    steps: str
    evaluations: str
    seconds: str
    memory: str
    diverged: str
    symbol: str
    numbers: dict[str, float | None]


def rows(report: Report) -> tuple[Row, ...]:
    """A row for each arm, best first."""
    return tuple(_row(arm, report.decimals) for arm in report.arms)


def table_csv(report: Report) -> str:
    """The table as CSV, in full precision: a line for each arm, an empty cell where there is no number."""
    return csv_text(HEADING, [values(arm) for arm in report.arms])


def _row(arm: Arm, decimals: int) -> Row:
    numbers = {
        "score": arm.mean, "difference": arm.difference, "probability": arm.probability, "steps": arm.steps,
        "evaluations": arm.evaluations, "seconds": arm.seconds, "memory": arm.memory,
        "diverged": arm.diverged,
    }  # fmt: skip
    return Row(
        arm,
        score(arm.mean, decimals),
        *_difference(arm, decimals),
        "–" if arm.is_baseline else percent(arm.probability),
        count(arm.steps),
        count(arm.evaluations),
        span(arm.seconds),
        size(arm.memory),
        f"{arm.diverged} of {arm.seeds}" if arm.diverged else "0",
        SYMBOLS.get(arm.verdict, ""),
        {name: value if math.isfinite(value) else None for name, value in numbers.items()},
    )


def _difference(arm: Arm, decimals: int) -> tuple[str, str]:
    """The difference ± the longer side of its interval, and the interval in words."""
    if arm.is_baseline or not math.isfinite(arm.difference):
        return "–", ""
    low, high = arm.difference_interval
    interval = f"{signed(low, decimals)} to {signed(high, decimals)}"
    return f"{signed(arm.difference, decimals)} {around(bar(arm), decimals)}", interval


def around(one: Bar, decimals: int) -> str:
    """± the longer side of an interval, "± ?" of one without ends."""
    width = max(one.high - one.difference, one.difference - one.low)
    return f"± {width:.{decimals}f}" if math.isfinite(width) else "± ?"


def values(arm: Arm) -> tuple[Any, ...]:
    """A row of the CSV, in the order of ``HEADING``."""
    return (
        arm.name, arm.axis, arm.verdict, arm.mean, *arm.interval, arm.difference, *arm.difference_interval,
        arm.probability, arm.p, arm.steps, arm.evaluations, arm.seconds, arm.memory, arm.diverged, arm.seeds,
    )  # fmt: skip
