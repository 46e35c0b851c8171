"""The forest plot: every arm's difference from the baseline with its interval, and the margin as a band."""

import math

from markupsafe import Markup

from shoal.store.report import svg
from shoal.store.report.data import Arm, Report
from shoal.store.report.numbers import score, signed
from shoal.store.report.plot import Plot
from shoal.store.report.scale import Scale, covering

WIDTH, ROW, TOP, BOTTOM, RIGHT = 880.0, 30.0, 34.0, 56.0, 120.0
_LETTER, _NAMES = 7.6, (90.0, 300.0)
_WHISKER = (132.0, 22.0)


def forest(report: Report) -> Plot:
    """The plot of all arms but the baseline, best first."""
    arms = [arm for arm in report.arms if not arm.is_baseline]
    decimals = report.decimals
    rows = tuple(
        (arm.name, arm.difference, *arm.difference_interval, arm.probability, arm.p, arm.verdict)
        for arm in arms
    )
    better = [arm.name for arm in arms if arm.verdict == "better"]
    about = (
        f"Differences of {len(arms)} {_arms(len(arms))} from {report.baseline} in {report.judged} with their "
        f"intervals; {_named(better)}; the band is the margin of {report.margin:.3g} that counts as none."
    )
    return Plot(
        "differences",
        f"Difference from {report.baseline}",
        about,
        (_picture(report, arms, decimals, about),) if arms else (),
        ("arm", "difference", "low", "high", "probability_of_improvement", "p_corrected", "verdict"),
        rows,
    )


def whisker(report: Report, arm: Arm) -> Markup:
    """The small picture of one difference in the table; all rows of a report have one scale."""
    width, height = _WHISKER
    if not math.isfinite(arm.difference):
        return Markup()
    scale = _scale(report, 4, width - 4)
    parts = [_band(scale, report.margin, 0, height), svg.line(scale(0), 0, scale(0), height, "zero")]
    parts += _mark(scale, arm, height / 2, 4)
    low, high = (signed(end, report.decimals) for end in arm.difference_interval)
    about = f"{signed(arm.difference, report.decimals)}, from {low} to {high}"
    return svg.picture(width, height, about, parts, "whisker")


def _picture(report: Report, arms: list[Arm], decimals: int, about: str) -> Markup:
    left = min(max(_LETTER * max(len(arm.name) for arm in arms) + 20, _NAMES[0]), _NAMES[1])
    bottom = TOP + ROW * len(arms)
    scale = _scale(report, left, WIDTH - RIGHT)
    parts: list[Markup] = [_band(scale, report.margin, TOP, bottom)]
    parts += svg.bottom_axis(scale, TOP, bottom, _title(report))
    parts.append(svg.line(scale(0), TOP, scale(0), bottom, "zero"))
    parts += _sides(report, scale)
    for place, arm in enumerate(arms):
        y = TOP + ROW * (place + 0.5)
        parts.append(svg.text(shortened(arm.name, left), left - 12, y + 4, "name", "end"))
        parts += _mark(scale, arm, y, 5.5)
        word = arm.verdict if math.isfinite(arm.difference) else "not judged"
        parts.append(svg.text(word, WIDTH - RIGHT + 14, y + 4, "word", "start"))
    return svg.picture(WIDTH, bottom + BOTTOM, about, parts, "wide")


def shortened(name: str, width: float) -> str:
    """A name that fits into so many units, its end cut off if need be."""
    most = int((width - 16) / _LETTER)
    return name if len(name) <= most else name[: most - 1] + "…"


def _mark(scale: Scale, arm: Arm, y: float, radius: float) -> list[Markup]:
    """Dot and whisker; an end that is outside, or infinite, is an arrow."""
    if not math.isfinite(arm.difference):
        return []
    kind = f"v-{arm.verdict}"
    low, high = arm.difference_interval
    parts = [svg.line(scale(low), y, scale(high), y, f"whisk {kind}")]
    for end, way in ((low, -1), (high, 1)):
        if (end - (scale.low if way < 0 else scale.high)) * way > 1e-12:
            x = scale(end)
            tip = [(x - 5 * way, y - 4), (x, y), (x - 5 * way, y + 4)]
            parts.append(svg.path(tip, f"whisk {kind}"))
    if arm.verdict in ("undecided", "under-tuned"):
        kind += " hollow"
    about = f"{arm.name}: {score(arm.difference, 6)}"
    return [*parts, svg.dot(scale(arm.difference), y, radius, f"mark {kind}", about)]


def _band(scale: Scale, margin: float, top: float, bottom: float) -> Markup:
    if not math.isfinite(margin) or margin <= 0:
        return Markup()
    left, right = sorted((scale(-margin), scale(margin)))
    return svg.tag("rect", x=left, y=top, width=right - left, height=bottom - top, class_="margin")


def _scale(report: Report, start: float, end: float) -> Scale:
    """Holds zero, the margin, and of the intervals what is not so wide that it would hide the others."""
    arms = [arm for arm in report.arms if math.isfinite(arm.difference)]
    middles = [arm.difference for arm in arms]
    reach = 3 * max((abs(one) for one in [*middles, report.margin] if math.isfinite(one)), default=1.0)
    ends = [end for arm in arms for end in arm.difference_interval if abs(end) <= reach]
    edges = [1.3 * report.margin, -1.3 * report.margin] if math.isfinite(report.margin) else []
    return covering([0.0, *edges, *middles, *ends], start, end)


def _sides(report: Report, scale: Scale) -> list[Markup]:
    """Which side is better, in words above the plot."""
    less, more = ("worse", "better") if report.more_is_better else ("better", "worse")
    return [
        svg.text(f"← {less}", scale.start, TOP - 14, "axis", "start"),
        svg.text(f"{more} →", scale.end, TOP - 14, "axis", "end"),
    ]


def _title(report: Report) -> str:
    return f"difference in {report.judged}, with interval"


def _arms(count: int) -> str:
    return "arm" if count == 1 else "arms"


def _named(better: list[str]) -> str:
    if not better:
        return "none is better"
    more = f" and {len(better) - 5} more" if len(better) > 5 else ""
    return f"{', '.join(better[:5])}{more} {'is' if len(better) == 1 else 'are'} better"
