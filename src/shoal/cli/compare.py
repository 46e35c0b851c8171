"""``shoal compare``: train the arms of one axis fairly and print the verdict table."""

import sys
from pathlib import Path

import click

from shoal.cli.example import Example


@click.command(cls=Example, example="shoal compare digits --vary optimizer")
@click.argument("task")
@click.option(
    "--vary",
    metavar="AXIS[=a,b,...]",
    multiple=True,
    help="What differs between the arms, and which values to compare; without values, all there are. "
    "`shoal list axes` shows the axes.",
)
@click.option("--target", metavar="COLUMN", help="The column of a CSV file to predict.")
@click.option("--budget", metavar="DURATION", help="Time for everything: 90s, 5m or 1h.  [default: 60s]")
@click.option(
    "--work", metavar="N", type=int, help="Member-steps instead of time: the same result every time."
)
@click.option(
    "--seeds", metavar="N", type=int, help="Evaluation seeds for each arm; fewer than 10 stay undecided."
)
@click.option("--judge", metavar="WHAT", help="What decides: score, train_loss, time, steps, gap or memory.")
@click.option("--out", metavar="FOLDER", type=click.Path(path_type=Path), help="The results folder.")
@click.option(
    "--resume",
    type=click.Choice(["auto", "must", "never"]),
    default="auto",
    show_default=True,
    help="Continue the run in the results folder if there is one, only if there is one, or never.",
)
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Write the whole result as JSON to a file or stdout."
)
@click.option("--device", metavar="DEVICE", help="cpu or cuda.  [default: cpu]")
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def compare(context: click.Context, task: str, **options: object) -> None:
    """Compare training techniques on TASK: a built-in name or a CSV file.

    Each arm is tuned on validation rows with its own seeds, then judged on test rows with fresh ones.
    """
    sys.exit(0)
