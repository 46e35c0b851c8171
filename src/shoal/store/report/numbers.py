"""Numbers as people read them; the same spelling in the live display, the verdict table and the report."""

import math
from collections.abc import Iterable

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
    """A count with thin groups of three: 1,234,567; – for none."""
    return f"{number:,.0f}" if math.isfinite(number) else "–"


def counted(number: float, what: str) -> str:
    """A count of things: 1 network, 2,000 networks."""
    shown = count(number)
    return f"{shown} {what}{'s' * (shown != '1')}"


def signed(number: float, decimals: int) -> str:
    """A number with its sign, a real minus; no sign where all digits shown are zeros."""
    if math.isinf(number):
        return "+∞" if number > 0 else "−∞"
    text = f"{number:+.{decimals}f}"
    return text.replace("-", "−") if text.strip("+-0.") else text.lstrip("+-")


def score(value: float, decimals: int = 3) -> str:
    """A score, or a dash where there is none (nothing judged, or diverged)."""
    return f"{value:.{decimals}f}" if math.isfinite(value) else "–"


def size(amount: float) -> str:
    """Bytes for people: 512 B, 36 kB, 1.2 MB; – for none."""
    if not math.isfinite(amount):
        return "–"
    for unit in ("B", "kB", "MB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def plain(value: float) -> str:
    """A hyperparameter or tick: 0.001, 3.2e-05, 12, 0.5; four digits, a real minus."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.4g}"
    if "e" in text:
        digits, _, power = text.partition("e")
        text = f"{float(digits):.3g}e{int(power)}"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """A share as whole percent, in one piece: 92 %; – for none."""
    return f"{100 * share:.0f}\u00a0%" if math.isfinite(share) else "–"


def half_width(difference: float, interval: tuple[float, float]) -> float:
    """The longer side of a difference's interval: what may stand after ± without claiming too much."""
    low, high = interval
    return max(high - difference, difference - low)


def decimals(widths: Iterable[float], judge: str, metric: str) -> int:
    """Decimals that show two digits of the smallest of ``widths``; accuracies always have three."""
    smallest = min((width for width in widths if math.isfinite(width) and width > 0), default=0.01)
    fewest = 3 if judge == "score" and metric == "accuracy" else 0
    return min(6, max(fewest, 1 - math.floor(math.log10(smallest))))
