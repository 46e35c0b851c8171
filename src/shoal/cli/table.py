"""The verdict table: arm, score, difference ± interval, cost, verdict; notes and the closing line."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.cli import diagnosis, effects_table, formats
from shoal.cli.formats import count, counted, half_width, score, signed, span
from shoal.cli.styles import STYLES

if TYPE_CHECKING:
    from shoal.experiments.conditions import ConditionResult
    from shoal.experiments.result import ArmResult, Result

PIPE_WIDTH = 200
CROSSED_ARMS = 9
"""Of more arms that axes were crossed into only the best are shown: the effects stand for all."""
_CONDITION = 14
"""Columns that another condition takes: a verdict word."""
THINNEST = 48
"""Columns below which a table would lose a column; lines rather wrap."""


def console(file: TextIO) -> Console:
    """A console on ``file``: colors and the window's width on a terminal, plain and wide on a pipe."""
    if file.isatty():
        return Console(file=file, highlight=False)
    return Console(file=file, highlight=False, width=PIPE_WIDTH, no_color=True, force_terminal=False)


def show(result: "Result", out: Console, verbose: bool = False) -> None:
    """Print ``result``: the table, what the user should know, and what a plain loop would have cost.

    verbose: also what the saved network makes of each class.
    """
    what = f"the best of {_tried(result)} against the default" if result.candidates else result.axis
    out.print(Text(f"\n{result.task}: {_judged(result)}, varying {what}\n", style="bold"))
    out.width = max(out.width, THINNEST)
    if result.effects:
        effects_table.show(result, out)
    out.print(_table(result, out.width))
    if left := len(result.arms) - len(_shown(result)):
        out.print(Text(f" and {left} more arms; --json has all", style="dim"))
    if result.change:
        out.print(Text("\nChange in your code:", style="bold"))
        for line in result.change:
            out.print(Text(f"  {line}", style="dim" if line.startswith("#") else ""))
    notes = Table.grid(padding=(0, 1))
    for note in (*result.notes, *_undecided(result)):
        notes.add_row(" •", Text(note))
    if notes.rows:
        out.print()
        out.print(notes)
    if verbose and result.winner and (result.winner["measured"] or {}).get("diagnosis"):
        diagnosis.show(result.winner["measured"]["diagnosis"], out)
    if result.folder is not None:
        out.print(Text(f"\n report: {Path(result.folder, 'report.html')}", style="dim"))
        out.print(Text(f" record: {result.folder}", style="dim"))
    out.print(Text(f"\n{closing_line(result)}"))


def _judged(result: "Result") -> str:
    """What decides, and which way: "test accuracy (higher is better)"."""
    if result.judge == "score":
        return f"test {result.metric} ({'higher' if result.higher_is_better else 'lower'} is better)"
    return f"{result.judge.replace('_', ' ')} (less is better)"


def _undecided(result: "Result") -> list[str]:
    """How many more seeds would tell, for all undecided arms in one sentence."""
    undecided = [arm for arm in result.arms if arm.verdict == "undecided"]
    arms = [arm for arm in undecided if arm.seeds]
    if not arms:
        return ["nothing could be judged: too few networks were finished"] if undecided else []
    if result.effects and len(arms) > CROSSED_ARMS:
        return [f"{len(arms)} of {len(result.arms) - 1} combinations are undecided against the baseline"]
    told = [f"{count(arm.more_seeds)} for {arm.name}" for arm in arms if arm.more_seeds is not None]
    ending = f"; about so many more would tell: {', '.join(told)}" if told else ""
    said = [f"undecided after {counted(len(arms[0].seeds), 'evaluation seed')} an arm{ending}"]
    if missing := [arm.name for arm in undecided if not arm.seeds]:
        said.append(f"not judged, because too few networks were finished: {', '.join(missing)}")
    return said


def closing_line(result: "Result") -> str:
    """What was trained in how long, and what a plain PyTorch loop, really timed, would need."""
    line = f"{counted(result.networks_trained, 'network')} trained in {span(result.seconds)}"
    if not math.isfinite(result.loop_seconds_estimate):
        return line
    return (
        f"{line}; a plain PyTorch loop, timed just now on three of them, "
        f"would need {span(result.loop_seconds_estimate)}"
    )


def _table(result: "Result", width: int) -> Table:
    """The table for ``width`` columns: below 72 without steps, below 58 with the interval on its own line."""
    thin = width < 58
    table = Table(box=None, header_style="dim", padding=(0, 0, 0, 1) if thin else (0, 1))
    first = "axis · best alternative" if result.candidates else "arm"
    table.add_column(first, overflow="fold", width=max(8, width - THINNEST + 8) if thin else None)
    table.add_column("score" if result.judge == "score" else result.judge, justify="right", no_wrap=True)
    table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("cost", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True, min_width=max(map(len, STYLES)))
    for condition in result.conditions:
        table.add_column(condition.name, no_wrap=True)
    judged = [arm for arm in result.arms if arm.verdict != "baseline"]
    widths = [half_width(arm.difference, arm.difference_interval) for arm in judged]
    decimals = formats.decimals(widths, result.judge, result.metric)
    for arm in _shown(result):
        table.add_row(
            Text(_named(result, arm)),
            score(arm.mean, decimals),
            _difference(arm, decimals, "\n" if thin else " "),
            _cost(arm, width < 72 + _CONDITION * len(result.conditions)),
            Text(arm.verdict, style=STYLES[arm.verdict]),
            *(_under(one, arm.name, decimals, width >= 100) for one in result.conditions),
        )
    if result.judge == "score":
        for other in result.outsiders:
            found = [one for one in other.scores.values() if math.isfinite(one)]
            shown = score(sum(found) / len(found), decimals) if found else "–"
            each = span(other.seconds / len(found)) if found else "–"
            table.add_row(Text(other.name), shown, "–", each, "outsider", style="dim")
    return table


def _shown(result: "Result") -> list["ArmResult"]:
    """The arms, best first; of many that axes were crossed into the best few, and the baseline."""
    more_is_better = result.judge == "score" and result.higher_is_better
    arms = sorted(result.arms, key=lambda arm: _rank(arm, more_is_better))
    if not result.effects or len(arms) <= CROSSED_ARMS:
        return arms
    return [arm for place, arm in enumerate(arms) if place < CROSSED_ARMS - 1 or arm.verdict == "baseline"]


def _named(result: "Result", arm: "ArmResult") -> str:
    """A row's name: in a screening the axis, and its best alternative."""
    if not result.candidates or arm.verdict == "baseline":
        return arm.name
    return f"{arm.axis} · {arm.name.removeprefix(f'{arm.axis} ')}"


def _tried(result: "Result") -> str:
    tried = sum(one.trials > 0 for one in result.candidates)
    return f"{count(tried)} alternatives on {len({one.axis for one in result.candidates})} axes"


def _rank(arm: "ArmResult", more_is_better: bool) -> float:
    """By the difference, which is paired by seed: an arm that was decided early has fewer seeds."""
    if not math.isfinite(arm.difference):
        return math.inf
    return -arm.difference if more_is_better else arm.difference


def _difference(arm: "ArmResult", decimals: int, joint: str) -> str:
    if arm.verdict == "baseline":
        return "–"
    return formats.difference(arm.difference, arm.difference_interval, decimals, joint)


def _under(condition: "ConditionResult", name: str, decimals: int, wide: bool) -> Text:
    """An arm under a condition: the word, and where there is room the difference."""
    arm = next(one for one in condition.arms if one.name == name)
    if arm.verdict == "baseline":
        return Text("–")
    shown = f"{signed(arm.difference, decimals)} " if wide and math.isfinite(arm.difference) else ""
    return Text(f"{shown}{arm.verdict}", style=STYLES[arm.verdict])


def _cost(arm: "ArmResult", narrow: bool) -> str:
    seconds = span(arm.time_seconds)
    if narrow or not math.isfinite(arm.steps):
        return seconds
    more = arm.evaluations > arm.steps  # SAM takes two gradients a step
    return (
        f"{seconds} · {counted(arm.steps, 'step')}{f', {count(arm.evaluations)} gradients' if more else ''}"
    )
