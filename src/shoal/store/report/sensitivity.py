"""How the validation score depends on the learning rate: every tuning trial of every arm, small multiples."""

import math

from markupsafe import Markup

from shoal.store.report import svg
from shoal.store.report.data import Arm, Report, Trial
from shoal.store.report.forest import shortened
from shoal.store.report.numbers import plain, score
from shoal.store.report.plot import Plot
from shoal.store.report.scale import Scale, covering

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 290.0, 220.0, 46.0, 278.0, 34.0, 164.0


def sensitivity(report: Report) -> Plot | None:
    """The plot of all arms with trials; None where no arm has any."""
    arms = [arm for arm in report.arms if any(arm.lr in one.point for one in arm.trials)]
    if not arms:
        return None
    up = _up(arms)
    what = "learning rate" if all(_is_rate(arm) for arm in arms) else "first tuned hyperparameter"
    edges = sum(arm.edge for arm in arms)
    about = (
        f"Validation {report.metric} of every tuning trial against the {what}, for {len(arms)} arms; "
        f"{_lie(edges)} at the edge of what was tried."
    )
    return Plot(
        "sensitivity",
        f"How sensitive each arm is to its {what}",
        about,
        tuple(_picture(arm, up, report.metric) for arm in arms),
        ("arm", "trial", "hyperparameter", "value", f"valid_{report.metric}", "seeds", "diverged", "chosen"),
        tuple(
            (arm.name, one.number, arm.lr, one.point[arm.lr], one.score, one.seeds, one.diverged, one.chosen)
            for arm in arms
            for one in arm.trials
            if arm.lr in one.point
        ),
    )


def _picture(arm: Arm, up: Scale, metric: str) -> Markup:
    tried = [one for one in arm.trials if arm.lr in one.point]
    span = arm.space[arm.lr]
    low, high, values = span["low"], span["high"], [one.point[arm.lr] for one in tried]
    log = bool(span["log"]) and min(values) > 0
    across = covering([low, high, *values], LEFT, RIGHT, log=log, room=0.04)
    parts: list[Markup] = svg.bottom_axis(across, TOP, BOTTOM, arm.lr, 5)
    parts += svg.left_axis(up, LEFT, RIGHT, "", 5)
    parts += [svg.line(across(end), TOP, across(end), BOTTOM, "edge") for end in (low, high)]
    for one in sorted(tried, key=lambda one: one.chosen):
        parts += _dot(one, arm.lr, across(one.point[arm.lr]), up)
    parts.append(svg.text(shortened(arm.name, 200), LEFT, 16, "name strong", "start"))
    if arm.edge:
        parts.append(svg.text("at the edge", RIGHT, 16, "word v-undecided", "end"))
    return svg.picture(WIDTH, HEIGHT, _about(arm, tried, metric), parts, "small")


def _dot(one: Trial, name: str, x: float, up: Scale) -> list[Markup]:
    at = f"{plain(one.point[name])}: {score(one.score, 4)}"
    if not math.isfinite(one.score):
        return [svg.cross(x, BOTTOM - 5, 4, "cross", f"{plain(one.point[name])}: diverged")]
    y = up(one.score)
    if not one.chosen:
        below = " below" if not up.low <= one.score <= up.high else ""
        return [svg.dot(x, y, 3.2 if one.seeds == 1 else 4.2, f"trial{below}", at)]
    return [svg.dot(x, y, 8, "ring"), svg.dot(x, y, 4.2, "chosen", f"chosen, {at}")]


def _about(arm: Arm, tried: list[Trial], metric: str) -> str:
    chosen = plain(arm.chosen[arm.lr]) if arm.lr in arm.chosen else "none"
    diverged = sum(one.diverged for one in tried)
    said = f", {diverged} of which diverged" if diverged else ""
    at_edge = ", at the edge of what was tried" if arm.edge else ""
    what = f"{arm.name}: validation {metric} of {len(tried)} trials{said} against {arm.lr}"
    return f"{what}; chosen {chosen}{at_edge}."


def _up(arms: list[Arm]) -> Scale:
    """One scale for all arms: from a low quantile on, so that a few hopeless trials do not flatten it;
    those stand on its border."""
    scores = sorted(one.score for arm in arms for one in arm.trials if math.isfinite(one.score))
    if not scores:
        return Scale(0, 1, BOTTOM, TOP)
    cut = len(scores) // 8
    return covering(scores[cut : len(scores) - cut] + _chosen(arms), BOTTOM, TOP, room=0.12)


def _chosen(arms: list[Arm]) -> list[float]:
    return [one.score for arm in arms for one in arm.trials if one.chosen]


def _lie(edges: int) -> str:
    if edges == 1:
        return "1 chosen value lies"
    return f"{edges or 'no'} chosen values lie"


def _is_rate(arm: Arm) -> bool:
    return arm.lr.rpartition(".")[2] == "lr"
