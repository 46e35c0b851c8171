"""Columns that say how rows are split: whose they are, and when they were."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.columns import numbers, without_missing
from shoal.tasks.dates import date_format, seconds

if TYPE_CHECKING:
    import polars as pl


def group_numbers(cells: "pl.Series") -> Int64[ndarray, "rows"]:
    """A number for each group; equal text, equal group. Raises UserError for missing cells."""
    _check_complete(cells, "group")
    return np.unique(cells.to_numpy(), return_inverse=True)[1].astype(np.int64)


def time_numbers(cells: "pl.Series") -> Float64[ndarray, "rows"]:
    """The cells as numbers, or dates as seconds since 1970.

    Raises UserError for missing cells and for cells that read neither as numbers nor as dates.
    """
    _check_complete(cells, "time")
    found = numbers(cells)
    if found is not None:
        values, strange = found
    else:
        form = date_format(without_missing(cells))
        if form is not None:
            return seconds(cells, form).to_numpy().astype(np.float64)
        values, strange = cells, cells
    if len(strange):
        raise UserError(
            f"time column {cells.name!r} holds {strange[0]!r}, which is neither a number nor a date; write "
            "dates like 2024-12-31 or 2024-12-31 23:59:59, all in one way"
        )
    return values.to_numpy().astype(np.float64)


def _check_complete(cells: "pl.Series", what: str) -> None:
    missing = without_missing(cells).null_count()
    if missing:
        raise UserError(f"{what} column {cells.name!r} has no value in {missing} rows; fill or delete them")
