"""pandas frames as polars frames, column by column, without importing pandas or pyarrow."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shoal.errors import UserError

if TYPE_CHECKING:
    import polars as pl

_PLAIN = (str, bool, int, float, date, datetime, time, timedelta, Decimal)


def is_pandas(source: object) -> bool:
    """Whether this is a pandas frame, told by its type's name: pandas is no dependency."""
    return any(
        one.__module__.partition(".")[0] == "pandas" and one.__name__ == "DataFrame"
        for one in type(source).__mro__
    )


def polars_frame(frame: Any, keep: Callable[[str], bool]) -> "tuple[pl.DataFrame, list[str]]":
    """The columns to keep, and the names of all as text. The index is no column.

    Raises UserError for two columns of one name.
    """
    import polars as pl

    names = [str(name) for name in frame.columns]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f"the frame has {names.count(name)} columns called {name!r}; give each its own name"
            )
    kept = [place for place, name in enumerate(names) if keep(name)]
    return pl.DataFrame([_column(names[place], frame.iloc[:, place]) for place in kept]), names


def _column(name: str, cells: Any) -> "pl.Series":
    import numpy as np
    import polars as pl

    form = cells.dtype
    if isinstance(form, np.dtype) and form.kind in "biuf":
        return pl.Series(name, cells.to_numpy())
    if isinstance(form, np.dtype) and form.kind in "Mm":
        return pl.Series(name, cells.to_numpy().astype(f"{form.kind}8[us]"))
    missing = cells.isna().to_numpy()
    values = [None if gone else _plain(one) for one, gone in zip(cells.tolist(), missing, strict=True)]
    if hasattr(form, "categories"):
        text = [None if one is None else str(one) for one in values]
        return pl.Series(name, text, dtype=pl.String).cast(pl.Categorical)
    kinds = {type(one) for one in values if one is not None}
    if any(not issubclass(kind, _PLAIN) for kind in kinds):
        return pl.Series(name, values, dtype=pl.Object)  # refused with a sentence by the reader of frames
    if len(kinds) > 1:  # a mixture is text, as a file would hold it
        values = [None if one is None else _as_text(one) for one in values]
    return pl.Series(name, values, strict=False)


def _plain(value: Any) -> Any:
    """numpy's and pandas' scalars as Python's."""
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    return value.item() if hasattr(value, "item") else value


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
