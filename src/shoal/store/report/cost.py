"""Cost beside score: what a training took, and how good it was."""

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from shoal.store.report import svg
from shoal.store.report.data import Arm, Report
from shoal.store.report.forest import shortened
from shoal.store.report.numbers import count, score, span
from shoal.store.report.plot import Plot, kind_of
from shoal.store.report.scale import Scale, covering

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 880.0, 380.0, 64.0, 860.0, 36.0, 324.0
_LETTER, _LINE, _LABELED = 7.6, 16.0, 14
_PLACES = ((12, 4, "start"), (-12, 4, "end"), (0, -12, "middle"), (0, 22, "middle"))
"""Where a label may stand beside its dot: shift across, shift down, anchor."""
Box = tuple[float, float, float, float]


def cost(report: Report) -> tuple[Plot, ...]:
    """Seconds beside score; gradient evaluations, too, where the arms differ in them."""
    arms = [arm for arm in report.arms if math.isfinite(arm.mean) and arm.seconds > 0]
    if not arms:
        return ()
    plots = [_plot("seconds", "seconds of training a network", report, arms, lambda arm: arm.seconds, span)]
    evaluations = [arm.evaluations for arm in arms]
    if min(evaluations) > 0 and max(evaluations) > 1.01 * min(evaluations):
        what = "gradient evaluations a network"
        plots.append(_plot("evaluations", what, report, arms, lambda arm: arm.evaluations, count))
    return tuple(plots)


def _plot(
    key: str,
    what: str,
    report: Report,
    arms: Sequence[Arm],
    number: Callable[[Arm], float],
    say: Callable[[float], str],
) -> Plot:
    cheapest, dearest = min(arms, key=number), max(arms, key=number)
    best = (max if report.more_is_better else min)(arms, key=lambda arm: arm.mean)
    about = (
        f"{report.judged.capitalize()} of {len(arms)} arms against {what}, from {say(number(cheapest))} "
        f"({cheapest.name}) to {say(number(dearest))} ({dearest.name}); the best mean has {best.name}."
    )
    return Plot(
        f"cost-{key}",
        f"{report.judged.capitalize()} beside {what}",
        about,
        (_picture(what, report, arms, number, say, about),),
        ("arm", key, "mean", "low", "high", "steps", "memory_bytes"),
        tuple((arm.name, number(arm), arm.mean, *arm.interval, arm.steps, arm.memory) for arm in arms),
    )


def _picture(
    what: str,
    report: Report,
    arms: Sequence[Arm],
    number: Callable[[Arm], float],
    say: Callable[[float], str],
    about: str,
) -> Markup:
    across = covering(map(number, arms), LEFT, RIGHT, log=True, room=0.12)
    ends = [end for arm in arms if arm.color is not None for end in arm.interval]
    up = covering([*(arm.mean for arm in arms), *ends], BOTTOM, TOP, room=0.08)
    parts: list[Markup] = svg.bottom_axis(across, TOP, BOTTOM, f"{what} (logarithmic)")
    parts += svg.left_axis(up, LEFT, RIGHT, report.judged, 5)
    places = [(across(number(arm)), up(arm.mean)) for arm in arms]
    for arm, (x, _) in zip(arms, places, strict=True):
        low, high = (up(end) for end in arm.interval)
        parts.append(svg.line(x, low, x, high, f"whisk {kind_of(arm)}"))
    for arm, (x, y) in zip(arms, places, strict=True):
        at = f"{arm.name}: {score(arm.mean, report.decimals)} in {say(number(arm))}"
        parts.append(svg.dot(x, y, 6, f"mark {kind_of(arm)}", at))
    parts += _labels(arms, places, up)
    return svg.picture(WIDTH, HEIGHT, about, parts, "wide")


def _labels(arms: Sequence[Arm], places: Sequence[tuple[float, float]], up: Scale) -> list[Markup]:
    """Names beside the dots, where there is room: of many arms those in color."""
    taken: list[Box] = [(x - 7, y - 7, x + 7, y + 7) for x, y in places]
    parts = []
    for arm, (x, y) in zip(arms, places, strict=True):
        if len(arms) > _LABELED and arm.color is None:
            continue
        name = shortened(arm.name, 200)
        for right, down, anchor in _PLACES:
            box = _box(name, x + right, y + down, anchor)
            if box[0] >= LEFT and box[2] <= RIGHT and not any(_touch(box, other) for other in taken):
                taken.append(box)
                parts.append(svg.text(name, x + right, y + down, "name", anchor))
                break
    return parts


def _box(name: str, x: float, y: float, anchor: str) -> Box:
    width = _LETTER * len(name)
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
    return left, y - _LINE + 4, left + width, y + 4


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
