"""Main effects of crossed axes, and where they are not the same everywhere, as far as the result has any."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup

from shoal.store.report.data import Report, number, pair
from shoal.store.report.forest import Bar, better, picture, whisker
from shoal.store.report.numbers import percent, score, signed
from shoal.store.report.plot import Plot
from shoal.store.report.table import SYMBOLS, around


class Effect(NamedTuple):
    """A value of an axis in the mean over the other axes' values, as people read it."""

    axis: str
    value: str
    mean: str
    picture: Markup
    difference: str
    probability: str
    verdict: str
    symbol: str


def effects(report: Report) -> tuple[Effect, ...]:
    """A row for each value of every crossed axis; empty where no axes were crossed."""
    found = report.result.get("effects") or ()
    bars = [_bar(one) for one in found if one["verdict"] != "baseline"]
    return tuple(_row(report, one, bars) for one in found)


def interactions(report: Report) -> tuple[str, ...]:
    """In words where an effect depends on another axis."""
    return tuple(one["words"] for one in report.result.get("interactions") or () if one["real"])


def plot(report: Report) -> Plot | None:
    """The forest plot of the effects; None where there are none."""
    found = [one for one in report.result.get("effects") or () if one["verdict"] != "baseline"]
    if not found:
        return None
    bars = [_bar(one) for one in found]
    about = (
        f"What {len(bars)} values of the crossed axes do to {report.judged} in the mean over the other axes, "
        f"with intervals; {better(bars)}."
    )
    rows = tuple(
        (
            one["axis"],
            one["value"],
            *bar[1:4],
            one["probability_of_improvement"],
            one["p_corrected"],
            bar.verdict,
        )
        for one, bar in zip(found, bars, strict=True)
    )
    heading = (
        "axis",
        "value",
        "difference",
        "low",
        "high",
        "probability_of_improvement",
        "p_corrected",
        "verdict",
    )
    return Plot("effects", "Main effects", about, (picture(report, bars, about),), heading, rows)


def _row(report: Report, one: Mapping[str, Any], bars: list[Bar]) -> Effect:
    bar, decimals = _bar(one), report.decimals
    is_base = bar.verdict == "baseline"
    return Effect(
        one["axis"],
        one["value"],
        score(number(one["mean"]), decimals),
        Markup() if is_base else whisker(report, bars, bar),
        "–" if is_base else f"{signed(bar.difference, decimals)} {around(bar, decimals)}",
        "–" if is_base else percent(number(one["probability_of_improvement"])),
        bar.verdict,
        SYMBOLS.get(bar.verdict, ""),
    )


def _bar(one: Mapping[str, Any]) -> Bar:
    name = f"{one['axis']} {one['value']}"
    return Bar(name, number(one["difference"]), *pair(one["difference_interval"]), one["verdict"])
