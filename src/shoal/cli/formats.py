"""Numbers as people read them; the same spelling in the live display, the verdict table and the report."""

import math
from collections.abc import Mapping
from typing import Any

from shoal import catalogue
from shoal.store.report.numbers import count, counted, decimals, half_width, score, signed, span

__all__ = [
    "clock",
    "cost",
    "count",
    "counted",
    "decimals",
    "difference",
    "half_width",
    "score",
    "signed",
    "span",
]


def clock(seconds: float) -> str:
    """A stopwatch: 0:07, 1:30, 1:02:03."""
    hours, rest = divmod(max(0, round(seconds)), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def difference(amount: float, interval: tuple[float, float], decimals: int, joint: str) -> str:
    """A difference ± the longer side of its interval: +0.012 ± 0.004; – for none."""
    if not math.isfinite(amount):
        return "–"
    width = half_width(amount, interval)
    around = f"± {width:.{decimals}f}" if math.isfinite(width) else "± ?"
    return f"{signed(amount, decimals)}{joint}{around}"


def cost(technique: Mapping[str, Any]) -> str:
    """What a step with a described technique takes: "2 evaluations, 3 numbers, 1.4× sgd"; – if not measured.

    Evaluations of the gradient; numbers kept for each parameter; the time of a whole training step against
    one of the rule that is named, which for a link is the rule that it is chained with.
    """
    evaluations, state, time = (technique[key] for key in ("evaluations", "state", "relative_time"))
    measured = "–" if time is None else f"{time:.1f}× {catalogue.STEPPED[technique['kind']]}"
    many = "s" * (evaluations != 1), "s" * (state != 1)
    return f"{evaluations:g} evaluation{many[0]}, {state} number{many[1]}, {measured}"
