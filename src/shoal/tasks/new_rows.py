"""Rows that come after training: read, checked against what was learned from, and what is strange told."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Shaped
from numpy import ndarray

from shoal.errors import UserError, unknown
from shoal.tasks.columns import Column, part_names, typed, without_missing
from shoal.tasks.frames import read_table
from shoal.tasks.npz import read_npz

if TYPE_CHECKING:
    import polars as pl


def table_rows(source: Any, columns: Sequence[Column]) -> "tuple[pl.DataFrame, tuple[str, ...]]":
    """The typed frame of a table's rows, and notes.

    Raises UserError for a column that it lacks, and for one in which no cell is what training learned from.
    """
    wanted = {column.name for column in columns}
    table = read_table(source, wanted.__contains__)
    for column in columns:
        if column.name not in table.names:
            error = unknown(f"column in {table.where}", column.name, table.names)
            raise UserError(f"column {column.name!r} was learned from and is needed: {error}")
    frame = typed(table.text, columns)
    notes = [note for column in columns for note in _strange(table.text[column.name], frame, column)]
    return frame, tuple(notes)


def array_rows(source: Any, features: tuple[int, ...]) -> Shaped[ndarray, "rows *features"]:
    """Rows of an array, tensor or .npz file. Raises UserError for another shape and for NaN or infinity."""
    where = "the array of new rows"
    if isinstance(source, (str, Path)):
        where = str(source)
        if not where.endswith(".npz"):
            raise UserError(
                f"the network learned from arrays, so {where} must be an .npz file with an array x"
            )
        source = read_npz(Path(source).expanduser(), ("x",))["x"]
    try:
        found = torch.as_tensor(source).detach().cpu().numpy()
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{where} is no array of numbers: {error}") from None
    if found.shape[1:] != features:
        raise UserError(
            f"rows of {where} have shape {list(found.shape[1:])}; those learned from had {list(features)}"
        )
    if not np.isfinite(found).all():
        row = int(np.argwhere(~np.isfinite(found))[0][0])
        raise UserError(f"{where} holds NaN or infinity, first in row {row}")
    return found


def _strange(text: "pl.Series", frame: "pl.DataFrame", column: Column) -> list[str]:
    """What training did not know about the cells of ``column``."""
    cells = without_missing(text)
    missing = cells.null_count()
    if column.role == "category":
        new = cells.filter(cells.is_not_null() & ~cells.is_in(column.categories))
        treated = "count as none of its categories"
        known_missing = "" in column.categories
    else:
        values = frame[next(iter(part_names(column)))]
        new = cells.filter(cells.is_not_null() & values.is_null())
        if 0 < new.len() == cells.len() - missing:
            raise UserError(
                f"column {column.name!r} must hold {_READ_AS[column.role]}, as in training, but no cell "
                f"does; it holds {new[0]!r}"
            )
        treated = f"do not read as {_READ_AS[column.role]} and count as missing"
        known_missing = column.gaps
    notes = []
    if new.len():
        example = new[0]
        notes.append(
            f"column {column.name!r}: {new.len()} cells unknown to training, like {example!r}, {treated}"
        )
    if missing and not known_missing:
        notes.append(f"column {column.name!r}: {missing} cells are missing, and in training none was")
    return notes


_READ_AS = {"number": "numbers", "boolean": "true or false", "date": "dates written as in training"}
