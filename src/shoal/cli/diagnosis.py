"""What a classifier does, on the screen: each class, who is taken for whom, and how sure it may be."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoal.cli.formats import count, score

MOST_CLASSES = 12
"""More classes than this make a confusion matrix wider than a screen."""


def show(diagnosis: Mapping[str, Any], out: Console) -> None:
    """Print what ``shoal.experiments.diagnostics.diagnose`` found."""
    out.print(Text("\nclasses, on test rows", style="bold"))
    out.print(_classes(diagnosis))
    if diagnosis["confusion"] is not None and len(diagnosis["classes"]) <= MOST_CLASSES:
        out.print(Text("\ntrue class (line) taken for (column)", style="bold"))
        out.print(_confusion(diagnosis))
    error = diagnosis["calibration"]["error"]
    out.print(Text(f"\nconfidence: off by {_number(error)} on average", style="bold"))
    out.print(_reliability(diagnosis["calibration"]["bins"]))
    out.print()


def _classes(diagnosis: Mapping[str, Any]) -> Table:
    table = _table("class", "rows", "precision", "recall", "sensitivity at 90 % specificity")
    for name in diagnosis["classes"]:
        one = diagnosis["per_class"][name]
        table.add_row(
            Text(name),
            count(one["rows"]),
            _number(one["precision"]),
            _number(one["recall"]),
            _number(diagnosis["sensitivity_at_90_specificity"][name]),
        )
    return table


def _confusion(diagnosis: Mapping[str, Any]) -> Table:
    table = _table("", *diagnosis["classes"])
    for name, row in zip(diagnosis["classes"], diagnosis["confusion"], strict=True):
        table.add_row(Text(name), *(count(number) if number else "·" for number in row))
    return table


def _reliability(bins: list[dict[str, Any]]) -> Table:
    table = _table("confidence", "rows", "is right")
    for one in bins:
        table.add_row(f"{one['low']:.2f}–{one['high']:.2f}", count(one["rows"]), _number(one["accuracy"]))
    return table


def _table(*heading: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for place, name in enumerate(heading):
        table.add_column(Text(name), justify="right" if place else "left")
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else score(value)
