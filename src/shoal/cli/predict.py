"""``shoal predict``: what a saved network says of new rows."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.cli.example import Example
from shoal.cli.formats import count
from shoal.cli.output import check_writable, write_whole
from shoal.errors import UserError

if TYPE_CHECKING:
    import polars as pl

    from shoal.artifact.load import Artifact
    from shoal.artifact.predict import Predictions

ENDINGS = (".csv", ".tsv", ".parquet")


@click.command(cls=Example, example="shoal predict new.csv --out predictions.csv")
@click.argument("run_and_data", metavar="[RUN] DATA", nargs=-1, required=True)
@click.option("--out", metavar="FILE", help="Where to write: .csv, .tsv or .parquet.  [default: stdout]")
@click.option("--json", "json_to", metavar="FILE|-", help="Write them as JSON to a file or stdout.")
@click.option(
    "--own-code",
    is_flag=True,
    help="Run the code that the artifact names: the file.py:function of your own network.",
)
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def predict(
    context: click.Context,
    run_and_data: tuple[str, ...],
    out: str | None,
    json_to: str | None,
    own_code: bool,
    verbose: bool,
) -> None:
    """Predict for the rows of DATA with the network of RUN, a results folder or an artifact.

    RUN is the latest run if there is none. DATA is a table with the columns that were learned from, in any
    order (.csv, .tsv, .csv.gz, .parquet), arrays (.npz with x), an image, or a folder of images or of text
    files. Rows keep their order: a prediction each, and for classes the probability of every class.
    """
    context.meta["shoal.verbose"] = verbose
    if len(run_and_data) > 2:
        raise UserError(f"predict takes a run and a table, not {len(run_and_data)} paths")
    *run, data = run_and_data
    check_writable("--json", json_to)
    check_writable("--out", out)
    if out is not None and not out.endswith(ENDINGS):
        raise UserError(f"--out {out} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    if not Path(data).exists():
        raise UserError(f"there is no file {data}")
    from shoal.artifact.load import SUBFOLDER  # torch comes with it
    from shoal.artifact.save import DESCRIPTION
    from shoal.experiments.take_home import load

    if any((home / DESCRIPTION).is_file() for home in (Path(data), Path(data) / SUBFOLDER)):
        raise UserError(f"{data} is a run and no data; name both, for example: shoal predict {data} new.csv")
    artifact = load(*run, own_code=own_code)
    made = artifact.predict(data)
    for note in made.notes:
        click.echo(f"shoal: {note}", err=True)
    if out is not None:
        write_whole(Path(out), lambda file: _write(_frame(made), file))
        click.echo(f"shoal: {count(len(made))} rows predicted by {artifact.folder}: {out}", err=True)
    if json_to is not None and json_to != "-":
        text = _json(artifact, made)
        write_whole(Path(json_to), lambda file: file.write_text(text + "\n", encoding="utf-8"))
    if json_to == "-":
        click.echo(_json(artifact, made))
    elif out is None and json_to is None:
        click.echo(_frame(made).write_csv(), nl=False)
    sys.stdout.flush()


def _frame(made: "Predictions") -> "pl.DataFrame":
    import polars as pl

    return pl.DataFrame({name: pl.Series(name, column) for name, column in made.columns().items()})


def _write(frame: "pl.DataFrame", file: Path) -> None:
    if file.name.endswith(".parquet"):
        frame.write_parquet(file)
    else:
        frame.write_csv(file, separator="\t" if file.name.endswith(".tsv") else ",")


def _json(artifact: "Artifact", made: "Predictions") -> str:
    """artifact, files (null where rows are no files), classes (null for numbers), predictions, probabilities
    (null for numbers), notes."""
    plain: dict[str, Any] = {
        "artifact": str(artifact.folder),
        "files": list(made.files) or None,
        "classes": list(made.classes) or None,
        "predictions": made.values.tolist(),
        "probabilities": None if made.probabilities is None else made.probabilities.tolist(),
        "notes": list(made.notes),
    }
    return json.dumps(plain, indent=2, allow_nan=False)
