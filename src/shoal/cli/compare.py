"""``shoal compare``: train the arms of a comparison fairly and print the verdict table."""

import sys
from pathlib import Path
from typing import Any

import click

from shoal.cli import STARTED
from shoal.cli.example import Example
from shoal.cli.output import check_writable, write_whole
from shoal.cli.table_options import table_options
from shoal.errors import UserError

INTERRUPTED = 130


@click.command(cls=Example, example="shoal compare digits --vary optimizer")
@click.argument("task", required=False)
@click.option(
    "--vary",
    metavar="AXIS[=a,b,...]",
    multiple=True,
    help="What differs between the arms, and the values to compare; without values, all there are. Any "
    "technique, field of the recipe or hyperparameter: optimizer=sgd,adam,./mine.py, width=16,32, "
    "adam.beta2=0.9,0.99; `shoal list axes` shows them. Several are crossed.",
)
@click.option(
    "--tasks",
    metavar="TASK,TASK,...",
    multiple=True,
    help="Several tasks in the place of one: the same arms are compared on each and judged over all. A table "
    "may name its target: digits,wine,reviews.csv:label.",
)
@click.option(
    "--arm",
    "arms",
    metavar="NAME='KEY=VALUE ...'",
    multiple=True,
    help="An arm as a whole recipe: --arm a='optimizer=sgd lr=auto' --arm b='optimizer=sgd>adam@0.3'. The "
    "first one is the baseline; one alone is compared with the default recipe.",
)
@click.option(
    "--recipe",
    metavar="'KEY=VALUE ...'|FILE",
    help="Where all arms start from: 'width=128 depth=3 dropout.rate=0.1', or a recipe.toml. What it sets is "
    "not tuned.",
)
@click.option(
    "--plan",
    metavar="FILE",
    help="A plan.toml: without TASK it is run again, with TASK it is written before training.",
)
@table_options
@click.option("--metric", metavar="NAME", help="The score: accuracy, auroc, f1, rmse, mae, r2, ...")
@click.option("--budget", metavar="DURATION", help="Time for everything: 90s, 5m or 1h.  [default: 60s]")
@click.option(
    "--work", metavar="N", type=int, help="Member-steps instead of time: the same result every time."
)
@click.option("--trials", metavar="N", type=int, help="Tuning trials for each arm.")
@click.option(
    "--seeds", metavar="N", type=int, help="Evaluation seeds for each arm; fewer than 10 stay undecided."
)
@click.option(
    "--replicate",
    metavar="N",
    type=int,
    help="1, 2, ...: repeat the whole comparison with other seeds.",
)
@click.option(
    "--judge",
    metavar="WHAT",
    help="What decides: score, train_loss, time, steps, evaluations, gap or memory.  [default: score]",
)
@click.option(
    "--reach",
    metavar="SCORE",
    type=float,
    help="With --judge time, steps or evaluations: how soon this score is reached on validation rows.",
)
@click.option(
    "--defaults/--no-defaults",
    default=None,
    help="Judge the arms at default hyperparameters, too.  [default: if it is cheap]",
)
@click.option(
    "--lengths",
    metavar="SHARE,...",
    help="Judge the arms, tuned anew, at shares of the full length of training, too: 1/4,1.",
)
@click.option(
    "--alpha", metavar="RATE", type=float, help="How often some verdict may be wrong.  [default: 0.05]"
)
@click.option("--margin", metavar="NUMBER|SHARE%", help="A difference below it counts as none.")
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
    task: str | None,
    vary: tuple[str, ...],
    tasks: tuple[str, ...],
    arms: tuple[str, ...],
    json_to: str | None,
    verbose: bool,
    **options: Any,
) -> None:
    """Compare training techniques on TASK: a built-in name, a file or your own function.

    Every arm is tuned on validation rows, then judged on test rows with fresh seeds. A file is a table
    (.csv, .tsv, .parquet), arrays x and y (.npz) or plain text (.txt); a folder holds images or texts, a
    folder for each class; your own network and data are `file.py:function`. `shoal list tasks` shows the
    built-in tasks.
    """
    context.meta["shoal.out"], context.meta["shoal.verbose"] = options["out"], verbose
    check_writable("--json", json_to)
    given = {name: value for name, value in options.items() if value not in (None, ())}
    given |= {"vary": vary} if vary else {}
    given |= {"tasks": tasks} if tasks else {}
    given |= {"arms": _named(arms)} if arms else {}
    from shoal.cli import table, tasks_table
    from shoal.cli.progress import display

    with display(_title(task, given), sys.stderr, STARTED) as shown:
        from shoal.experiments.compare import compare as run  # torch comes with it, under the display
        from shoal.experiments.tasks_result import TasksResult

        result = run(task, **given, on_progress=shown.update, started=STARTED)
    if json_to == "-":
        click.echo(result.to_json())
    else:
        if json_to is not None:
            text = f"{result.to_json()}\n"
            write_whole(Path(json_to), lambda file: file.write_text(text, encoding="utf-8"))
        out = table.console(sys.stdout)
        if isinstance(result, TasksResult):
            tasks_table.show(result, out)
        else:
            table.show(result, out, verbose)
    if result.interrupted:
        context.exit(INTERRUPTED)


def _named(arms: tuple[str, ...]) -> dict[str, str]:
    """The arms' recipes by name."""
    found: dict[str, str] = {}
    for one in arms:
        name, equals, recipe = one.partition("=")
        if not name.strip() or not equals:
            raise UserError(f"--arm {one!r} is no NAME='KEY=VALUE ...', for example --arm a='optimizer=sgd'")
        if name.strip() in found:
            raise UserError(f"--arm {name.strip()} is given twice; give each arm a name of its own")
        found[name.strip()] = recipe
    return found


def _title(task: str | None, given: dict[str, Any]) -> str:
    """What the progress display is headed by."""
    task = ", ".join(given["tasks"]) if "tasks" in given else task
    what = " × ".join(given.get("vary", ())) or ", ".join(given.get("arms", ()))
    what = what or ("" if task is None else "every technique")
    return " · ".join(part for part in (task or given.get("plan"), what) if part)
