"""``shoal compare``: train the arms of one axis fairly and print the verdict table."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from shoal.cli import STARTED
from shoal.cli.example import Example
from shoal.errors import UserError

INTERRUPTED = 130


@click.command(cls=Example, example="shoal compare digits --vary optimizer")
@click.argument("task")
@click.option(
    "--vary",
    metavar="AXIS[=a,b,...]",
    multiple=True,
    help="What differs between the arms, and the values to compare; without values, all there are. "
    "`shoal list axes` shows the axes.  [default: optimizer]",
)
@click.option("--target", metavar="COLUMN", help="The column of a table to predict.")
@click.option("--budget", metavar="DURATION", help="Time for everything: 90s, 5m or 1h.  [default: 60s]")
@click.option(
    "--work", metavar="N", type=int, help="Member-steps instead of time: the same result every time."
)
@click.option(
    "--seeds", metavar="N", type=int, help="Evaluation seeds for each arm; fewer than 10 stay undecided."
)
@click.option(
    "--judge",
    metavar="WHAT",
    help="What decides: score, train_loss, time, steps, gap or memory.  [default: score]",
)
@click.option("--out", metavar="FOLDER", help="The results folder.")
@click.option(
    "--resume",
    type=click.Choice(["auto", "must", "never"]),
    default="auto",
    show_default=True,
    help="Continue the run in the results folder if there is one, only if there is one, or never.",
)
@click.option(
    "--json", "json_to", metavar="FILE|-", help="Write the whole result as JSON to a file or stdout."
)
@click.option("--device", metavar="DEVICE", help="cpu or cuda.  [default: cpu]")
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def compare(
    context: click.Context,
    task: str,
    vary: tuple[str, ...],
    json_to: str | None,
    verbose: bool,
    **options: Any,
) -> None:
    """Compare training techniques on TASK: a built-in name, a file or your own function.

    Every arm is tuned on validation rows, then judged on test rows with fresh seeds. A file is a table
    (.csv, .csv.gz) or arrays x and y (.npz); your own network and data are `file.py:function`.
    `shoal list tasks` shows the built-in tasks.
    """
    context.meta["shoal.out"], context.meta["shoal.verbose"] = options["out"], verbose
    if len(vary) > 1:
        raise UserError(
            f"a comparison varies one axis, not {len(vary)}: give --vary once, not {', '.join(vary)}"
        )
    _check_writable(json_to)
    from shoal.cli.progress import display
    from shoal.cli.table import console, show

    given = {name: value for name, value in options.items() if value is not None}
    axis = vary[0] if vary else "optimizer"
    with display(f"{task} · {axis}", sys.stderr, STARTED) as shown:
        from shoal.experiments.compare import compare as run  # torch comes with it, under the display

        result = run(task, axis, **given, on_progress=shown.update, started=STARTED)
    if json_to == "-":
        click.echo(result.to_json())
    else:
        if json_to is not None:
            _write(Path(json_to), result.to_json())
        show(result, console(sys.stdout))
    if result.interrupted:
        context.exit(INTERRUPTED)


def _check_writable(json_to: str | None) -> None:
    """Find out before training, not after it, that the JSON file cannot be written."""
    if json_to in (None, "-"):
        return
    file = Path(json_to)
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UserError(
            f"--json {json_to} cannot be written; name a file in a folder that exists, or - for stdout"
        )


def _write(file: Path, text: str) -> None:
    """Write the whole file or nothing."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(file)
