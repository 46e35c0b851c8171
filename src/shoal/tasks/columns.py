"""What the columns of a table are: numbers, booleans, dates, categories, or nothing to learn from.

Who decides from which rows, and does it leak? Types and identifiers are read off the whole file; constant
columns, category lists and which columns have gaps off all rows that are not test rows, so that the number
of features is the same for every seed. Training rows alone give every fitted number: medians, means and
scales. Validation rows thus tell which categories exist, never a value or a target; test rows only whether
a column's text reads as numbers or dates.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from shoal.errors import UserError
from shoal.tasks.dates import date_format, date_parts

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "na", "n/a", "#n/a", "?", "null", "nan", "none", "-", "nil")  # in any case
NUMBERS_AT_LEAST = 0.95  # of the cells that are there, for a column to be numbers with some junk
MOST_CATEGORIES = 64


class Column(NamedTuple):
    """One column that is learned from. gaps: it gets an indicator of missing cells (numbers and dates).

    categories: those that get a feature each; all others, rare or unknown, are the zero vector. The empty
    string stands for a missing cell. form: how dates are written; parts: what they become.
    """

    name: str
    role: Literal["number", "boolean", "date", "category"]
    gaps: bool = False
    categories: tuple[str, ...] = ()
    form: str = ""
    parts: tuple[str, ...] = ()


def without_missing(text: "pl.Series") -> "pl.Series":
    """``text`` with the usual spellings of a missing cell as null."""
    import polars as pl

    return text.to_frame().select(pl.when(~text.str.to_lowercase().is_in(MISSING)).then(text)).to_series()


def numbers(text: "pl.Series") -> "tuple[pl.Series, pl.Series] | None":
    """The cells as finite float64 or null, and the cells that were no number; None if too few are."""
    import polars as pl

    values = text.cast(pl.Float64, strict=False)
    values = values.to_frame().select(pl.when(values.is_finite()).then(values)).to_series()
    junk = text.filter(text.is_not_null() & values.is_null())
    there = text.len() - text.null_count()
    if there == 0 or there - junk.len() < NUMBERS_AT_LEAST * there:
        return None
    return values, junk


def describe(
    text: "pl.DataFrame",
    known: np.ndarray,
    declared: Collection[str] = (),
    time: str | None = None,
) -> tuple[list[Column], list[str]]:
    """The columns to learn from and what to tell the user.

    known: row numbers without the test rows. declared: columns that are categories whatever they look like.
    time: the column that rows are split by; only what comes again (month, weekday, hour) is learned from.
    """
    columns: list[Column] = []
    notes: list[str] = []
    left_out: dict[str, list[str]] = defaultdict(list)
    for name in text.columns:
        cells = without_missing(text[name])
        column, said = _describe_one(name, cells, known, name in declared)
        if name == time and column is not None:
            column, said = _of_time(column)
        if column is None:
            left_out[said].append(name)
            continue
        columns.append(column)
        if said:
            notes.append(said)
    _check_names(columns)
    return columns, [f"left out, {reason}: {_listed(names)}" for reason, names in left_out.items()] + notes


def typed(text: "pl.DataFrame", columns: Sequence[Column]) -> "pl.DataFrame":
    """Text cells as the preprocessing reads them: float64 columns (null where missing) and category names.

    Works for rows of the same file or of another; a cell that does not read as its column's role is missing.
    """
    import polars as pl

    made: dict[str, pl.Series] = {}
    for column in columns:
        cells = without_missing(text[column.name])
        if column.role == "category":
            made[column.name] = cells.fill_null("")
            continue
        parts = _float_parts(cells, column)
        made |= parts
        if column.gaps:
            made[gap_name(column)] = next(iter(parts.values())).is_null().cast(pl.Float64)
    return pl.DataFrame(made)


def part_names(column: Column) -> list[str]:
    """The float64 columns that ``column`` becomes in the typed frame."""
    if column.role == "category":
        return []
    if column.role == "date":
        return [f"{column.name} {part}" for part in column.parts]
    return [column.name]


def gap_name(column: Column) -> str:
    """The column of the typed frame that is 1 where ``column`` is missing."""
    return f"{column.name} missing"


def _check_names(columns: Sequence[Column]) -> None:
    """UserError if a column made from one has the name of another ("n missing" beside "n" with gaps)."""
    of_file = {column.name for column in columns}
    for column in columns:
        made = part_names(column) + ([gap_name(column)] if column.gaps else [])
        for name in made:
            if name != column.name and name in of_file:
                raise UserError(
                    f"column {name!r} has the name of a column made from {column.name!r}; rename it"
                )


def _float_parts(cells: "pl.Series", column: Column) -> "dict[str, pl.Series]":
    import polars as pl

    if column.role == "date":
        parts = date_parts(cells, column.form)
        return {f"{column.name} {part}": parts[part] for part in column.parts}
    if column.role == "boolean":
        return {
            column.name: cells.str.to_lowercase().replace_strict(
                _BOOLEAN, default=None, return_dtype=pl.Float64
            )
        }
    values = cells.cast(pl.Float64, strict=False)
    return {column.name: values.to_frame().select(pl.when(values.is_finite()).then(values)).to_series()}


_BOOLEAN = {"true": 1.0, "false": 0.0}


def _describe_one(
    name: str, cells: "pl.Series", known: np.ndarray, declared: bool
) -> tuple[Column | None, str]:
    """The column and a note, or None and the reason to leave it out."""
    seen = cells[known]
    if seen.null_count() == seen.len():
        return None, "without a value outside the test rows"
    if seen.n_unique() == 1:
        return None, "constant outside the test rows"
    if declared:
        return _category(name, cells, seen)
    gaps = seen.null_count() > 0
    if seen.drop_nulls().str.to_lowercase().is_in(list(_BOOLEAN)).all():
        return Column(name, "boolean", gaps), ""
    as_numbers = numbers(cells)
    if as_numbers is not None:
        values, junk = as_numbers
        seen = values[known]
        if counts_rows(values) or counts_rows(seen):
            return None, "whole numbers that count rows"
        if seen.n_unique() == 1:  # "3" and "3.0" are one number
            return None, "constant outside the test rows"
        return Column(name, "number", seen.null_count() > 0), junk_note(f"cells of column {name!r}", junk)
    form = date_format(cells)
    if form is not None:
        example = cells.drop_nulls()[0]
        parts = tuple(date_parts(None, form))
        said = f"column {name!r}: dates like {example!r} ({form}) became {', '.join(parts)}"
        return Column(name, "date", gaps, form=form, parts=parts), said
    return _category(name, cells, seen)


def _of_time(column: Column) -> tuple[Column | None, str]:
    """What to learn from the column that rows are split by: nothing that later rows have never had."""
    if column.role != "date":
        return None, "rows are split by it"
    parts = tuple(part for part in column.parts if part != "day")
    said = f"column {column.name!r}: of the dates that rows are split by, {', '.join(parts)} are learned from"
    return column._replace(parts=parts), said


def _category(name: str, cells: "pl.Series", seen: "pl.Series") -> tuple[Column | None, str]:
    if cells.null_count() == 0 and cells.n_unique() == cells.len():
        return None, "text that is different in every row"
    counts = seen.fill_null("").value_counts(sort=True).rows()  # [(category, rows), ...], most frequent first
    enough = max(2, min(10, seen.len() // 100))
    kept = sorted(category for category, rows in counts[:MOST_CATEGORIES] if rows >= enough)
    if len(kept) - ("" in kept) < 1:
        return None, f"text without a value that stands in {enough} rows"
    pooled = len(counts) - len(kept)
    said = (
        f"column {name!r}: {pooled} of {len(counts)} values are not told apart, being rare (in fewer than "
        f"{enough} rows or not among the {MOST_CATEGORIES} most frequent)"
    )
    return Column(name, "category", categories=tuple(kept)), said if pooled else ""


def counts_rows(values: "pl.Series") -> bool:
    """Whether these are row numbers: whole, all different, and either without a hole or rising with few."""
    if values.null_count() or values.n_unique() < values.len() or values.len() < 2:
        return False
    whole = values.to_numpy()
    span = whole.max() - whole.min() + 1
    rising = bool((np.diff(whole) > 0).all())
    return bool((whole == np.floor(whole)).all()) and (
        span == len(whole) or (rising and span <= 2 * len(whole))
    )


def junk_note(what: str, junk: "pl.Series") -> str:
    """The sentence about ``what`` that should be numbers and are ``junk``; empty if there are none."""
    if junk.is_empty():
        return ""
    return f"no finite numbers and therefore missing: {junk.len()} {what}, like {junk[0]!r}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(repr, names[:10])) + more
