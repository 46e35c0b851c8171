"""Numbers as people read them; the same spelling in the live display and in the verdict table."""

import math
from collections.abc import Mapping
from typing import Any

from shoal import catalogue

_SECONDS = {"hours": 3600.0, "minutes": 60.0, "s": 1.0, "ms": 0.001}
_FROM = {"hours": 5400.0, "minutes": 90.0, "s": 1.0}
"""From how many seconds on a duration is told in which unit."""


def span(seconds: float) -> str:
    """A duration for people: 0.19 ms, 31 ms, 4.2 s, 45 s, 3.4 minutes, 26 minutes, 2.5 hours; – for none."""
    if not math.isfinite(seconds):
        return "–"
    unit = next((unit for unit, size in _FROM.items() if seconds >= size), "ms")
    amount = seconds / _SECONDS[unit]
    return f"{amount:,.0f} {unit}" if amount >= 10 else f"{amount:.2g} {unit}"


def count(number: float) -> str:
    """A count with thin groups of three: 1,234,567."""
    return f"{number:,.0f}"


def signed(number: float, decimals: int) -> str:
    """A number with its sign, a real minus."""
    return f"{number:+.{decimals}f}".replace("-", "−")


def score(value: float, decimals: int = 3) -> str:
    """A score, or a dash where there is none (nothing judged, or diverged)."""
    return f"{value:.{decimals}f}" if math.isfinite(value) else "–"


def clock(seconds: float) -> str:
    """A stopwatch: 0:07, 1:30, 1:02:03."""
    hours, rest = divmod(max(0, round(seconds)), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def cost(technique: Mapping[str, Any]) -> str:
    """What a step with a described technique takes: "2 evaluations, 3 numbers, 1.4× sgd"; – if not measured.

    Evaluations of the gradient; numbers kept for each parameter; the time of a whole training step against
    one of the rule that is named, which for a link is the rule that it is chained with.
    """
    evaluations, state, time = (technique[key] for key in ("evaluations", "state", "relative_time"))
    measured = "–" if time is None else f"{time:.1f}× {catalogue.STEPPED[technique['kind']]}"
    many = "s" * (evaluations != 1), "s" * (state != 1)
    return f"{evaluations:g} evaluation{many[0]}, {state} number{many[1]}, {measured}"
