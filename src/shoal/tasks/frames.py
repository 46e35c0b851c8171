"""Tables from wherever they come, as text cells: files (CSV, TSV, Parquet) and polars or pandas frames.

Typed columns become text that reads back as exactly the same value, so that one reader decides what a column
is: a CSV file and a frame of the same values make the same task. Numbers are written with as many digits as
identify them, dates as 2024-12-31, moments as 2024-12-31 23:59:59.5 (in UTC where they have a time zone),
times of day and durations as seconds. What text cannot tell is which columns are declared categories.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shoal.errors import UserError
from shoal.tasks.csv_text import read_text
from shoal.tasks.pandas_columns import is_pandas, polars_frame
from shoal.tasks.parquet import read_parquet

if TYPE_CHECKING:
    import polars as pl

TEXT_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
ENDINGS = (*TEXT_ENDINGS, ".parquet")
WHERE = "the frame"  # what sentences call a table that is no file


class Table(NamedTuple):
    """text: stripped cells, missing ones null, of the columns that were kept. names: of all columns.

    declared: columns whose type says that they are categories, even if their values look like numbers.
    where: the file's path, or "the frame".
    """

    text: "pl.DataFrame"
    names: tuple[str, ...]
    declared: frozenset[str]
    where: str


def is_table(source: object) -> bool:
    """Whether ``read_table`` reads things of this sort: the path of a table, or a polars or pandas frame."""
    if isinstance(source, (str, Path)):
        return str(source).endswith(ENDINGS)
    return is_pandas(source) or _is_polars(source)


def stem(source: object) -> str:
    """The name of a table's task: the file's name without its ending, or "frame"."""
    if not isinstance(source, (str, Path)):
        return "frame"
    name = Path(source).name
    ending = max((one for one in ENDINGS if name.endswith(one)), key=len, default="")
    return name.removesuffix(ending)


def read_table(source: Any, keep: Callable[[str], bool] = lambda name: True) -> Table:
    """The table at a path or in a frame (a pandas index is no column), with the columns to ``keep``.

    Raises UserError for what is no table or too large, and for kept columns of lists, structures, bytes or
    Python objects.
    """
    if isinstance(source, (str, Path)):
        file = Path(source).expanduser()
        if file.name.endswith(TEXT_ENDINGS):
            text = read_text(file)
            kept = [name for name in text.columns if keep(name)]
            return Table(text.select(kept), tuple(text.columns), frozenset(), str(file))
        if not file.name.endswith(ENDINGS):
            raise UserError(f"{file} is no table that can be read; its name must end in {', '.join(ENDINGS)}")
        return _from_typed(*read_parquet(file, keep), str(file))
    if is_pandas(source):
        return _from_typed(*polars_frame(source, keep), WHERE)
    if _is_polars(source):
        return _from_typed(source.select([name for name in source.columns if keep(name)]), source.columns)
    raise UserError(
        f"{type(source).__name__} is no table; give a path ({', '.join(ENDINGS)}) or a pandas or polars frame"
    )


def _is_polars(source: object) -> bool:
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(source, polars.DataFrame)


def _from_typed(frame: "pl.DataFrame", names: Any, where: str = WHERE) -> Table:
    import polars as pl

    if frame.width and frame.height == 0:  # without the columns wanted, nobody knows
        raise UserError(f"{where} has no rows")
    text = pl.DataFrame([_text(cells, where) for cells in frame.iter_columns()])
    declared = [name for name, form in frame.schema.items() if form in (pl.Categorical, pl.Enum)]
    return Table(text, tuple(names), frozenset(declared), where)


def _text(cells: "pl.Series", where: str) -> "pl.Series":
    """The cells as text; NaN is missing."""
    import polars as pl

    form = cells.dtype
    if form.is_nested() or form in (pl.Binary, pl.Object, pl.Unknown):
        raise UserError(
            f"column {cells.name!r} of {where} holds {_called(form)}, not one number, date or text a row; "
            "make columns of its parts, or ignore it"
        )
    if form == pl.Datetime:
        moments = cells.dt.cast_time_unit("us")
        if moments.dtype.time_zone is not None:  # type: ignore[attr-defined]
            moments = moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return moments.dt.strftime("%Y-%m-%d %H:%M:%S%.f")
    if form == pl.Date:
        return cells.dt.strftime("%Y-%m-%d")
    if form == pl.Duration:
        cells = cells.dt.cast_time_unit("us").cast(pl.Int64) / 1e6
    elif form == pl.Time:
        cells = cells.cast(pl.Int64) / 1e9
    if cells.dtype.is_float():
        cells = cells.cast(pl.Float64).fill_nan(None)
    return cells.cast(pl.String).str.strip_chars()


def _called(form: "pl.DataType") -> str:
    import polars as pl

    if form in (pl.List, pl.Array):
        return "lists"
    return {pl.Struct: "structures", pl.Binary: "bytes"}.get(form.base_type(), "Python objects")
