"""Forest plots: differences from the baseline with their intervals, and the margin as a band."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from markupsafe import Markup

from shoal.store.report import svg
from shoal.store.report.data import Arm, Report
from shoal.store.report.numbers import signed
from shoal.store.report.plot import Plot
from shoal.store.report.scale import Scale, covering

WIDTH, ROW, TOP, BOTTOM, RIGHT = 880.0, 30.0, 34.0, 56.0, 120.0
_LETTER, _NAMES = 7.6, (90.0, 300.0)
_SMALL = (120.0, 22.0)
_ARROW = 1e-12


class Unit(Protocol):
    """What differences are of: a report, or the margins of several tasks."""

    @property
    def judged(self) -> str: ...
    @property
    def margin(self) -> float: ...
    @property
    def more_is_better(self) -> bool: ...
    @property
    def decimals(self) -> int: ...


class Bar(NamedTuple):
    """One difference from the baseline, its interval (±inf where it has no end) and its verdict."""

    name: str
    difference: float
    low: float
    high: float
    verdict: str


def bar(arm: Arm) -> Bar:
    """An arm's difference."""
    return Bar(arm.name, arm.difference, *arm.difference_interval, arm.verdict)


def forest(report: Report) -> Plot:
    """The plot of all arms but the baseline, best first."""
    arms = [arm for arm in report.arms if not arm.is_baseline]
    bars = [bar(arm) for arm in arms]
    count = f"{len(arms)} {'arm' if len(arms) == 1 else 'arms'}"
    about = (
        f"Differences of {count} from {report.baseline} in {report.judged} with their intervals; "
        f"{better(bars)}; the band is the margin of {report.margin:.3g} that counts as none."
    )
    return Plot(
        "differences",
        f"Difference from {report.baseline}",
        about,
        (picture(report, bars, about),) if bars else (),
        ("arm", "difference", "low", "high", "probability_of_improvement", "p_corrected", "verdict"),
        tuple((*bar(arm)[:4], arm.probability, arm.p, arm.verdict) for arm in arms),
    )


def whisker(unit: Unit, bars: Sequence[Bar], one: Bar) -> Markup:
    """The small picture of one difference in a table; all of ``bars`` have one scale."""
    width, height = _SMALL
    if not math.isfinite(one.difference):
        return Markup()
    scale = _scale(bars, unit.margin, 4, width - 4)
    parts = [_band(scale, unit.margin, 0, height), svg.line(scale(0), 0, scale(0), height, "zero")]
    parts += _mark(scale, one, height / 2, 4, unit.decimals)
    low, high = (signed(end, unit.decimals) for end in (one.low, one.high))
    about = f"{signed(one.difference, unit.decimals)}, from {low} to {high}"
    return svg.picture(width, height, about, parts, "whisker")


def picture(unit: Unit, bars: Sequence[Bar], about: str) -> Markup:
    """The plot of differences, a row each."""
    left = min(max(_LETTER * max(len(one.name) for one in bars) + 20, _NAMES[0]), _NAMES[1])
    bottom = TOP + ROW * len(bars)
    scale = _scale(bars, unit.margin, left, WIDTH - RIGHT)
    parts: list[Markup] = [_band(scale, unit.margin, TOP, bottom)]
    parts += svg.bottom_axis(scale, TOP, bottom, f"difference in {unit.judged}, with interval")
    parts.append(svg.line(scale(0), TOP, scale(0), bottom, "zero"))
    parts += _sides(unit, scale)
    for place, one in enumerate(bars):
        y = TOP + ROW * (place + 0.5)
        parts.append(svg.text(shortened(one.name, left), left - 12, y + 4, "name", "end"))
        parts += _mark(scale, one, y, 5.5, unit.decimals)
        word = one.verdict if math.isfinite(one.difference) else "not judged"
        parts.append(svg.text(word, WIDTH - RIGHT + 14, y + 4, "word", "start"))
    return svg.picture(WIDTH, bottom + BOTTOM, about, parts, "wide")


def shortened(name: str, width: float) -> str:
    """A name that fits into so many units, its end cut off if need be."""
    most = int((width - 16) / _LETTER)
    return name if len(name) <= most else name[: most - 1] + "…"


def better(bars: Sequence[Bar]) -> str:
    """Which of them are better, in words."""
    names = [one.name for one in bars if one.verdict == "better"]
    if not names:
        return "none is better"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{', '.join(names[:5])}{more} {'is' if len(names) == 1 else 'are'} better"


def _mark(scale: Scale, one: Bar, y: float, radius: float, decimals: int) -> list[Markup]:
    """Dot and whisker; an end that is outside, or infinite, is an arrow."""
    if not math.isfinite(one.difference):
        return []
    kind = f"v-{one.verdict}"
    parts = [svg.line(scale(one.low), y, scale(one.high), y, f"whisk {kind}")]
    for end, way in ((one.low, -1), (one.high, 1)):
        if (end - (scale.low if way < 0 else scale.high)) * way > _ARROW:
            x = scale(end)
            parts.append(svg.path([(x - 5 * way, y - 4), (x, y), (x - 5 * way, y + 4)], f"whisk {kind}"))
    if one.verdict in ("undecided", "under-tuned"):
        kind += " hollow"
    about = f"{one.name}: {signed(one.difference, decimals)}"
    return [*parts, svg.dot(scale(one.difference), y, radius, f"mark {kind}", about)]


def _band(scale: Scale, margin: float, top: float, bottom: float) -> Markup:
    if not math.isfinite(margin) or margin <= 0:
        return Markup()
    left, right = sorted((scale(-margin), scale(margin)))
    return svg.tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="margin")


def _scale(bars: Sequence[Bar], margin: float, start: float, end: float) -> Scale:
    """Holds zero, the margin, and of the intervals what is not so wide that it would hide the others."""
    middles = [one.difference for one in bars if math.isfinite(one.difference)]
    margin = margin if math.isfinite(margin) else 0.0
    reach = 3 * max(map(abs, [*middles, margin]))
    ends = [end for one in bars for end in (one.low, one.high) if abs(end) <= reach]
    return covering([0.0, 1.3 * margin, -1.3 * margin, *middles, *ends], start, end)


def _sides(unit: Unit, scale: Scale) -> list[Markup]:
    """Which side is better, in words above the plot."""
    less, more = ("worse", "better") if unit.more_is_better else ("better", "worse")
    return [
        svg.text(f"← {less}", scale.start, TOP - 14, "axis", "start"),
        svg.text(f"{more} →", scale.end, TOP - 14, "axis", "end"),
    ]
