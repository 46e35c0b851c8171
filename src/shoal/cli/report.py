"""``shoal report``: one page, or a text, that says what a run found."""

from pathlib import Path

import click

from shoal.cli.example import Example
from shoal.cli.output import check_writable, write_whole

FORMATS = ("html", "md", "csv")


@click.command(cls=Example, example="shoal report")
@click.argument("run", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="html",
    show_default=True,
    help="A page for the browser, Markdown for a pull request, or the table's rows as CSV.",
)
@click.option(
    "--out",
    metavar="FILE|-",
    help="Where to write.  [default: report.html in the results folder; stdout for md and csv]",
)
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def report(context: click.Context, run: Path | None, form: str, out: str | None, verbose: bool) -> None:
    """Write the report of RUN, a results folder, by default the latest run.

    It is one file that needs no network: the verdict, the table, learning curves, what was tuned and how,
    costs, warnings, and the command that repeats it. It holds no rows, texts, pictures or paths of the data.
    """
    context.meta["shoal.verbose"] = verbose
    check_writable("--out", out)
    from shoal.store.folders import latest_run
    from shoal.store.report.write import NAME, text_of

    folder = latest_run() if run is None else run
    text = text_of(folder, form)
    if out == "-" or (out is None and form != "html"):
        click.echo(text, nl=False)
        return
    file = folder / NAME if out is None else Path(out)
    write_whole(file, lambda partial: partial.write_text(text, encoding="utf-8"))
    click.echo(f"shoal: report: {file}", err=True)
