"""The table of main effects: a row for each value of every crossed axis, and the best combination."""

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.cli import formats
from shoal.cli.formats import half_width, score
from shoal.cli.styles import STYLES

if TYPE_CHECKING:
    from shoal.experiments.result import Result

THIN = 58
"""Columns below which the interval stands on a line of its own."""


def show(result: "Result", out: Console) -> None:
    """Print what every value does in the mean over the other axes, and name the best combination."""
    thin = out.width < THIN
    out.print(Text(" main effects: each value in the mean over the other axes", style="dim"))
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 1) if thin else (0, 1))
    table.add_column("axis", overflow="fold")
    table.add_column("value", overflow="fold")
    table.add_column("mean", justify="right", no_wrap=True)
    table.add_column("effect", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True, min_width=max(map(len, STYLES)))
    judged = [one for one in result.effects if one.verdict != "baseline"]
    widths = [half_width(one.difference, one.difference_interval) for one in judged]
    decimals, axis = formats.decimals(widths, result.judge, result.metric), ""
    for one in result.effects:
        shown = formats.difference(one.difference, one.difference_interval, decimals, "\n" if thin else " ")
        table.add_row(
            Text(one.axis if one.axis != axis else ""),
            Text(one.value),
            score(one.mean, decimals),
            "–" if one.verdict == "baseline" else shown,
            Text(one.verdict, style=STYLES[one.verdict]),
        )
        axis = one.axis
    out.print(table)
    if best := _best(result):
        out.print(Text(f"\n best combination: {best}", style="bold"))
    out.print()


def _best(result: "Result") -> str:
    """The arm with the best paired difference, and its verdict; "" where nothing was judged."""
    sign = 1 if result.judge == "score" and result.higher_is_better else -1
    judged = [arm for arm in result.arms if math.isfinite(arm.difference)]
    if not judged:
        return ""
    best = max(judged, key=lambda arm: (sign * arm.difference, arm.verdict == "baseline"))
    word = "the baseline" if best.verdict == "baseline" else f"{best.verdict} against {result.baseline}"
    return f"{best.name} ({word})"
