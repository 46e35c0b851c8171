"""Learning curves: the mean over seeds on validation rows, with its 95 % interval as a band, by arm."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from shoal.store.report import svg
from shoal.store.report.data import Arm, Point, Report
from shoal.store.report.forest import shortened
from shoal.store.report.plot import Plot, kind_of
from shoal.store.report.scale import Scale, covering

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 880.0, 400.0, 64.0, 190.0, 36.0, 348.0
_LABEL = 17.0


def learning(report: Report) -> tuple[Plot, ...]:
    """The score's plot and the loss', each if any arm has a curve."""
    arms = [arm for arm in report.arms if arm.score_curve]
    if not arms:
        return ()
    score = _plot("score", report.metric, report, [(arm, arm.score_curve) for arm in arms])
    lossy = [(arm, arm.loss_curve) for arm in arms if arm.loss_curve]
    return score, _plot("loss", "loss", report, lossy)


def _plot(key: str, what: str, report: Report, curves: Sequence[tuple[Arm, Sequence[Point]]]) -> Plot:
    seeds = max((point.seeds for _, curve in curves for point in curve), default=0)
    steps = max((curve[-1].step for _, curve in curves), default=0)
    about = (
        f"Validation {what} of {len(curves)} arms over up to {steps:,.0f} training steps: the mean of up to "
        f"{seeds} seeds, with its 95\u00a0% interval as a band."
    )
    return Plot(
        f"curves-{key}",
        f"Validation {what} while training",
        about,
        (_picture(key, what, curves, about),),
        ("arm", "step", "mean", "low", "high", "seeds"),
        tuple((arm.name, *point) for arm, curve in curves for point in curve),
    )


def _picture(key: str, what: str, curves: Sequence[tuple[Arm, Sequence[Point]]], about: str) -> Markup:
    points = [point for _, curve in curves for point in curve]
    log = key == "loss" and all(point.mean > 0 for point in points)
    across = covering([0, *(point.step for point in points)], LEFT, WIDTH - RIGHT, room=0.0)
    up = _visible(curves, log)
    parts: list[Markup] = svg.bottom_axis(across, TOP, BOTTOM, "steps") + svg.left_axis(
        up, LEFT, WIDTH - RIGHT, f"validation {what}", 5
    )
    colored = [one for one in curves if one[0].color is not None]
    for _arm, curve in curves:
        if _arm.color is None:
            parts.append(svg.path(_places(curve, across, up), "curve gray"))
    for arm, curve in colored:
        edge = [(across(p.step), up(p.high if math.isfinite(p.high) else p.mean)) for p in curve]
        edge += [(across(p.step), up(p.low if math.isfinite(p.low) else p.mean)) for p in reversed(curve)]
        parts.append(svg.path(edge, f"band {kind_of(arm)}", closed=True))
    for arm, curve in colored:
        parts.append(svg.path(_places(curve, across, up), f"curve {kind_of(arm)}"))
    parts += _labels(colored, across, up, len(curves) - len(colored))
    return svg.picture(WIDTH, HEIGHT, about, parts, "wide")


def _places(curve: Sequence[Point], across: Scale, up: Scale) -> list[tuple[float, float]]:
    return [(across(point.step), up(point.mean)) for point in curve]


def _visible(curves: Sequence[tuple[Arm, Sequence[Point]]], log: bool) -> Scale:
    """Holds the means of the arms in color, so that one that fails does not flatten the others: where their
    first points lie far below, the axis begins at the worst of what came after."""
    shown = [curve for arm, curve in curves if arm.color is not None] or [curve for _, curve in curves]
    values = [point.mean for curve in shown for point in curve]
    ends = [end for curve in shown for p in curve[len(curve) // 2 :] for end in (p.low, p.high)]
    wide = 3 * (max(values) - min(values))
    middle = (max(values) + min(values)) / 2
    near = [end for end in ends if abs(end - middle) <= wide]
    return covering([*values, *near], BOTTOM, TOP, log=log)


def _labels(
    curves: Sequence[tuple[Arm, Sequence[Point]]], across: Scale, up: Scale, gray: int
) -> list[Markup]:
    """The arms' names beside the ends of their curves."""
    ends = [(across(curve[-1].step), up(curve[-1].mean)) for _, curve in curves]
    places = svg.spread([y for _, y in ends], _LABEL, TOP, BOTTOM)
    x = WIDTH - RIGHT + 18
    parts = []
    for (arm, _), (from_x, from_y), y in zip(curves, ends, places, strict=True):
        leader = [(from_x + 3, from_y), (WIDTH - RIGHT + 6, y), (x - 4, y)]
        parts.append(svg.path(leader, f"leader {kind_of(arm)}"))
        parts.append(svg.text(shortened(arm.name, RIGHT - 4), x, y + 4, "name", "start"))
    if gray:
        parts.append(svg.text(f"gray: {gray} more arms", x, BOTTOM + 20, "tick", "start"))
    return parts
