"""Reading .parquet files that may be anything."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shoal.errors import UserError

if TYPE_CHECKING:
    import polars as pl

MOST_BYTES = 512 * 2**20  # of the file
MOST_CELLS = 64 * 2**20  # rows times columns to keep, known before anything is unpacked


def read_parquet(file: Path, keep: Callable[[str], bool]) -> "tuple[pl.DataFrame, list[str]]":
    """The columns of ``file`` to keep, and the names of all.

    Raises UserError if the file is missing, larger than 512 MiB, no Parquet, or states more than 64 Mi cells.
    """
    import polars as pl

    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise UserError(f"{file} has {size:,} bytes; tables of at most {MOST_BYTES:,} are read")
        with file.open("rb"):
            scan = pl.scan_parquet(file, glob=False)
        names = scan.collect_schema().names()
        kept = [name for name in names if keep(name)]
        rows = int(scan.select(pl.len()).collect().item())
        if rows * len(kept) > MOST_CELLS:
            raise UserError(
                f"{file} states {rows:,} rows of {len(kept)} columns; at most {MOST_CELLS:,} cells are read"
            )
        return scan.select(kept).collect(), names
    except FileNotFoundError:
        raise UserError(f"there is no file {file}") from None
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), "damaged")
        raise UserError(f"{file} cannot be read as Parquet: {reason}") from None
