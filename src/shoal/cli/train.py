"""``shoal train``: train one network and save it."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import STARTED
from shoal.cli.example import Example
from shoal.cli.output import check_writable, write_whole
from shoal.cli.table_options import table_options

if TYPE_CHECKING:
    from shoal.cli.progress import Display
    from shoal.experiments.take_home import Saved
    from shoal.population.recipe import Progress


@click.command(cls=Example, example="shoal train digits --recipe recipe.toml")
@click.argument("task")
@click.option(
    "--recipe",
    metavar="RECIPE",
    help="A recipe.toml, 'width=128 adam.lr=0.01', or a results folder whose winner's recipe is taken; "
    "what it does not tell is the task's default.",
)
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="All chance comes from it.")
@click.option("--out", metavar="FOLDER", help="Where to save the network.  [default: in shoal-results]")
@table_options
@click.option("--metric", metavar="NAME", help="The score: accuracy, auroc, f1, rmse, mae, r2, ...")
@click.option("--json", "json_to", metavar="FILE|-", help="Write the scores as JSON to a file or stdout.")
@click.option("--device", metavar="DEVICE", default="cpu", show_default=True, help="cpu or cuda.")
@click.option(
    "--verbose", is_flag=True, help="Show the diagnosis of a classifier, and the traceback of an error."
)
@click.pass_context
def train(context: click.Context, task: str, json_to: str | None, verbose: bool, **options: Any) -> None:
    """Train one network on TASK and save it: a built-in name, a file or your own function.

    The network is the one that `shoal compare` trains with this recipe and seed. It is saved with its recipe,
    preprocessing and own scores, for `shoal predict` and `shoal.load`.
    """
    context.meta["shoal.verbose"] = verbose
    check_writable("--json", json_to)
    from shoal.cli.progress import display
    from shoal.cli.table import console

    with display(f"{task} · one network", sys.stderr, STARTED) as shown:
        from shoal.experiments.single import train as run  # torch comes with it, under the display

        saved = run(task, **options, on_progress=_shower(shown))
    text = json.dumps({"folder": str(saved.folder), "seed": saved.seed, **saved.measured}, indent=2)
    if json_to == "-":
        click.echo(text)
        return
    if json_to is not None:
        write_whole(Path(json_to), lambda file: file.write_text(text + "\n", encoding="utf-8"))
    _show(saved, console(sys.stdout), verbose)


def _shower(shown: "Display") -> "Callable[[Progress, int], None]":
    """Tells the display how far one network is; the pace is known from the second time on."""
    first: list[tuple[float, int]] = []

    def show(now: "Progress", total: int) -> None:
        from shoal.experiments.standing import Standing

        moment, done = time.monotonic(), now.member_steps
        if not first:
            first.append((moment, done))
        began, steps = first[0]
        if done > steps:
            rate = (done - steps) / max(moment - began, 1e-3)
            note = f"step {done:,} of {total:,}"
            left = (total - done) / rate
            shown.update(Standing("training", now.finished, 0, done, rate, left, (), note))

    return show


def _show(saved: "Saved", out: Any, verbose: bool) -> None:
    from rich.text import Text

    from shoal.cli.diagnosis import show
    from shoal.cli.formats import count, counted, score, span

    measured = saved.measured
    for part in ("test", "valid", "train"):
        number = measured[f"{part}_score"]
        out.print(Text(f" {part:5}  {'–' if number is None else score(number, 4)}"))
    numbers = {name: "–" if one is None else score(one, 4) for name, one in measured["metrics"].items()}
    named = ", ".join(f"{name} {number}" for name, number in numbers.items())
    out.print(Text(f" on {count(measured['test_rows'])} test rows: {named}"))
    if verbose and measured["diagnosis"] is not None:
        show(measured["diagnosis"], out)
    size = f"{count(measured['parameters'])} parameters, {count(measured['bytes'])} bytes"
    out.print(Text(f" {size}, {counted(measured['steps'], 'step')} in {span(measured['seconds'])}"))
    out.print(Text(f"\n saved: {saved.folder}", style="dim"))
