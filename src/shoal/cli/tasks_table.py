"""The table of a comparison over tasks: a word for each arm and task, average ranks, verdicts over tasks."""

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.cli.formats import counted, span
from shoal.cli.styles import STYLES

if TYPE_CHECKING:
    from shoal.experiments.tasks_result import ArmOverTasks, TasksResult

COLUMN = 13
"""Columns that a task takes; where not all tasks fit, arms are counted instead: better, same, worse."""


def show(result: "TasksResult", out: Console) -> None:
    """Print what every arm is on every task, what it is over all, and how few tasks can tell."""
    out.print(Text(f"\n{len(result.tasks)} tasks: {result.judge}, varying {result.axis}\n", style="bold"))
    out.print(_table(result, out.width))
    notes = Table.grid(padding=(0, 1))
    for note in result.notes:
        notes.add_row(" •", Text(note))
    if notes.rows:
        out.print()
        out.print(notes)
    if result.folder is not None:
        out.print(Text(f"\n record: {result.folder}, with a folder for each task", style="dim"))
    out.print(
        Text(
            f"\n{counted(result.networks_trained, 'network')} trained in {span(result.seconds)} on all tasks"
        )
    )


def _table(result: "TasksResult", width: int) -> Table:
    names = max(len(arm.name) for arm in result.arms)
    wide = names + COLUMN * (len(result.tasks) + 3) <= width
    table = Table(box=None, header_style="dim", padding=(0, 1))
    table.add_column("arm", overflow="fold")
    for task in result.tasks if wide else ("better", "same", "worse"):
        table.add_column(task, overflow="fold" if wide else "ellipsis", justify="left" if wide else "right")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("in margins", justify="right", no_wrap=True)
    table.add_column("over tasks", no_wrap=True, min_width=max(map(len, STYLES)))
    for arm in sorted(result.arms, key=lambda arm: (math.isnan(arm.average_rank), arm.average_rank)):
        each = [Text(word, style=STYLES[word]) for word in arm.verdicts]
        counts = [Text(str(number)) for number in (arm.better, arm.same, arm.worse)]
        rank = "–" if math.isnan(arm.average_rank) else f"{arm.average_rank:.2f}"
        over = Text(arm.verdict, style=STYLES[arm.verdict])
        table.add_row(Text(arm.name), *(each if wide else counts), rank, _mean(arm), over)
    return table


def _mean(arm: "ArmOverTasks") -> str:
    """The mean difference in margins ± the longer side of its interval."""
    low, high = arm.interval
    if arm.verdict == "baseline" or not math.isfinite(arm.mean):
        return "–"
    width = max(high - arm.mean, arm.mean - low)
    sign = "−" if arm.mean < 0 else "+"
    return f"{sign}{abs(arm.mean):.1f} ± {f'{width:.1f}' if math.isfinite(width) else '?'}"
