"""The report of a comparison over several tasks: the verdict over all; each has a report of its own."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shoal.store.record import Record
from shoal.store.report import privacy
from shoal.store.report.data import number, pair
from shoal.store.report.forest import Bar, better, picture, whisker
from shoal.store.report.gather import plan_of, shortener, verdict_of
from shoal.store.report.markdown import escaped
from shoal.store.report.numbers import count, score, signed
from shoal.store.report.page import date, render
from shoal.store.report.plot import Plot, csv_text
from shoal.store.report.table import SYMBOLS, around

_DECIMALS = 2
_HEADING = ("arm", "verdict", "mean", "low", "high", "average_rank", "p_corrected")


class _Margins(NamedTuple):
    """Differences over tasks: in margins, of which one counts as none, and above 0 is better."""

    judged: str = "margins"
    margin: float = 1.0
    more_is_better: bool = True
    decimals: int = _DECIMALS


class Over(NamedTuple):
    """A gathered comparison over tasks: its result with folders taken out, the plan's text, its begin."""

    result: Mapping[str, Any]
    plan_text: str
    started_at: float | None

    @property
    def bars(self) -> list[Bar]:
        """The difference of every arm but the baseline, in margins, best first."""
        arms = (one for one in self.result["arms"] if one["verdict"] != "baseline")
        found = [
            Bar(one["name"], number(one["mean"]), *pair(one["interval"]), one["verdict"]) for one in arms
        ]
        return sorted(found, key=lambda one: -one.difference if math.isfinite(one.difference) else math.inf)


def gather_tasks(record: Record) -> Over:
    """The plain data of a comparison over tasks. Raises UserError where it has no verdict yet."""
    plan = plan_of(record)
    found = shortener(record, plan).tree(verdict_of(record))
    return Over(found, privacy.shown_plan(plan), record.started_at())


def is_over_tasks(record: Record) -> bool:
    """Whether the run compared on several tasks."""
    return "comparisons" in (record.verdict() or {})


def tasks_page(over: Over) -> str:
    """The page, like that of one task."""
    result, bars = over.result, over.bars
    return render(
        "tasks.html",
        tasks=_tasks(result),
        axis=result["axis"],
        baseline=result["baseline"],
        networks=result["networks_trained"],
        seconds=number(result["seconds"]),
        interrupted=result["interrupted"],
        sentences=_sentences(result, bars),
        arms=[_arm(one, bars) for one in result["arms"]],
        table=Plot("tasks", "", "", (), _heading(result), _rows(result)),
        plot=_plot(result, bars),
        notes=result["notes"],
        plan_text=over.plan_text,
        plan_hash=result["plan_hash"],
        date=date(over.started_at),
    )


def tasks_markdown(over: Over) -> str:
    """Verdict and table for a pull request."""
    result = over.result
    heading = ["arm", "over tasks", "difference in margins", "average rank", *result["tasks"]]
    lines = [heading, ["-"] * len(heading)]
    for one in result["arms"]:
        row = _arm(one, over.bars)
        lines.append([row["name"], row["verdict"], row["difference"], row["rank"], *one["verdicts"]])
    table = "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)
    said = "\n\n".join(escaped(one) for one in _sentences(result, over.bars))
    return f"# {len(result['tasks'])} tasks, varying {escaped(result['axis'])}\n\n{said}\n\n{table}\n"


def tasks_csv(over: Over) -> str:
    """The table's rows."""
    return csv_text(_heading(over.result), _rows(over.result))


def _sentences(result: Mapping[str, Any], bars: Sequence[Bar]) -> list[str]:
    counted = f"{len(result['counted'])} of {len(result['tasks'])} tasks"
    words = [one["words"] for one in result["arms"] if one["verdict"] != "baseline" and one["words"]]
    return [f"Over tasks, {better(bars)} than {result['baseline']}; {counted} count.", *words[:8]]


def _tasks(result: Mapping[str, Any]) -> list[dict[str, str]]:
    found = []
    for name, one in zip(result["tasks"], result["comparisons"], strict=True):
        folder = "" if one is None or not one["folder"] else privacy.basename(one["folder"])
        found.append({"name": name, "link": f"{folder}/report.html" if folder else ""})
    return found


def _arm(one: Mapping[str, Any], bars: Sequence[Bar]) -> dict[str, Any]:
    bar = next((bar for bar in bars if bar.name == one["name"]), None)
    difference = "–"
    if bar is not None and math.isfinite(bar.difference):
        difference = f"{signed(bar.difference, _DECIMALS)} {around(bar, _DECIMALS)}"
    return {
        "name": one["name"],
        "verdict": one["verdict"],
        "symbol": SYMBOLS.get(one["verdict"], ""),
        "verdicts": [(word, SYMBOLS.get(word, "")) for word in one["verdicts"]],
        "picture": "" if bar is None else whisker(_Margins(), bars, bar),
        "difference": difference,
        "rank": score(number(one["average_rank"]), _DECIMALS),
    }


def _plot(result: Mapping[str, Any], bars: list[Bar]) -> Plot | None:
    shown = [bar for bar in bars if math.isfinite(bar.difference)]
    if not shown:
        return None
    about = f"Mean differences over {count(len(result['counted']))} tasks in margins; {better(shown)}."
    drawn = (picture(_Margins(), shown, about),)
    title = f"Difference from {result['baseline']} in margins"
    heading = ("arm", "mean", "low", "high", "verdict")
    return Plot("over-tasks", title, about, drawn, heading, tuple(map(tuple, shown)))


def _heading(result: Mapping[str, Any]) -> tuple[str, ...]:
    return (*_HEADING, *result["tasks"])


def _rows(result: Mapping[str, Any]) -> tuple[Sequence[Any], ...]:
    keys = ("average_rank", "p_corrected")
    return tuple(
        (
            one["name"],
            one["verdict"],
            one["mean"],
            *one["interval"],
            *(one[key] for key in keys),
            *one["verdicts"],
        )
        for one in result["arms"]
    )
