"""The axis of a plot: from values to places, and where its ticks stand."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Values low to high at places start to end, linear or logarithmic (then both are above 0)."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; what lies outside stands at the border, infinities too."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """At most about ``most`` round values: 1, 2 or 5 times a power of ten; of a logarithmic axis powers
        of ten, and where it has fewer than three of those, more between them."""
        return _log_ticks(self.low, self.high, most) if self.log else _ticks(self.low, self.high, most)


def covering(
    values: Iterable[float], start: float, end: float, *, log: bool = False, room: float = 0.05
) -> Scale:
    """The scale that holds all finite values, with ``room`` of its length free at either side.

    Without a value from 0 to 1 (1 to 10); of a single one around it. A log scale leaves out values ≤ 0.
    """
    kept = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not kept:
        return Scale(1, 10, start, end, True) if log else Scale(0, 1, start, end)
    low, high = min(kept), max(kept)
    if log:
        wide = max(math.log(high / low), math.log(4))
        middle, half = math.sqrt(low) * math.sqrt(high), wide * (0.5 + room)
        return Scale(middle * math.exp(-half), middle * math.exp(half), start, end, True)
    wide = (high - low) or abs(high) * 0.1 or 1.0
    middle, half = (low + high) / 2, wide * (0.5 + room)
    return Scale(middle - half, middle + half, start, end)


def label(value: float, step: float) -> str:
    """A tick's text with as many decimals as ``step`` needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    if abs(value) >= 1e5 or decimals > 5:
        return f"{value:.3g}".replace("-", "−")
    return f"{value:,.{decimals}f}".replace("-", "−") if abs(value) > step / 1e6 else "0"


def power(value: float) -> str:
    """A tick's text on a logarithmic axis: 0.01, 1, 100, 1e−5."""
    if 1e-3 <= value < 1e4:
        return f"{value:,.4g}"
    digits, _, exponent = f"{value:.0e}".partition("e")
    return f"{digits}e{int(exponent)}".replace("-", "−")


def _ticks(low: float, high: float, most: int) -> list[float]:
    size = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(size * times for times in (1, 2, 5, 10) if (high - low) / (size * times) <= most)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found: list[float] = []
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        each = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
        found = [value for value in each if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(found) >= 3:
            break
    return found[:: math.ceil(len(found) / most)] if found else [low, high]
