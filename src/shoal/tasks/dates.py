"""Dates written as text: which way, and as numbers a network can use."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y", "%m/%d/%Y", "%m-%d-%Y")
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%SZ", "T%H:%M")


def date_format(cells: "pl.Series") -> str | None:
    """The first format in which every cell that is there reads as a date, or None.

    Where day and month could be exchanged in every cell, day-month is taken; the caller says so.
    """
    there = cells.drop_nulls()
    for form in (day + time for day in DAYS for time in TIMES):
        if all(_read(part, form).null_count() == 0 for part in (there.head(20), there)):
            return form
    return None


def seconds(cells: "pl.Series", form: str) -> "pl.Series":
    """Seconds since 1970 with microseconds, float64, null where a cell does not read."""
    return _read(cells, form).dt.epoch("us") / 1e6


def date_parts(cells: "pl.Series | None", form: str) -> "dict[str, pl.Series]":
    """Days since 1970, month 1 to 12, weekday 1 to 7 and, where the time is written, hour: float64, null
    where a cell does not read. Without cells: the same names with nothing in them."""
    import polars as pl

    moment = _read(pl.Series([], dtype=pl.String) if cells is None else cells, form)
    parts = {
        "day": moment.dt.epoch("s") / 86_400,
        "month": moment.dt.month(),
        "weekday": moment.dt.weekday(),
    }
    if "%H" in form:
        parts["hour"] = moment.dt.hour()
    return {name: part.cast(pl.Float64) for name, part in parts.items()}


def _read(cells: "pl.Series", form: str) -> "pl.Series":
    """Seconds may have decimals."""
    return cells.str.to_datetime(form.replace("%S", "%S%.f"), time_unit="us", strict=False)
