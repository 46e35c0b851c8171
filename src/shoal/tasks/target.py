"""The target column: classes or a number, decided from what stands in it, with the reason."""

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from shoal.errors import UserError
from shoal.tasks.columns import junk_note, numbers, without_missing

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["classification", "regression"]
MOST_WHOLE_CLASSES = 20
ELSE = "there is nothing to learn, so choose another target"
ROWS_A_CLASS = 5  # on average, for whole numbers to be classes


class Target(NamedTuple):
    """rows: numbers of the rows that have a target. values: for these rows, int64 classes or float64 numbers.

    classes: what the classes are called in the file, empty for regression. notes: a sentence each.
    """

    name: str
    kind: Kind
    rows: np.ndarray
    values: np.ndarray
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def decide(
    text: "pl.Series", kind: Kind | None = None, declared: bool = False, official: int | None = None
) -> Target:
    """Text, booleans and few different whole numbers are classes, everything else is a number.

    "Few": at most 20 with 5 rows each on average; any two numbers are classes too. ``kind`` overrules.
    declared: the column's type says that it holds categories. official: the row that an official test part
    begins at; the rows before it decide.
    Raises UserError for a constant target, for text where numbers are wanted, for text or numbers so
    different from row to row that they are no classes, and for a class that is in the test part only.
    """
    if official is not None:
        return _with_test_part(text, kind, declared, official)
    cells = without_missing(text)
    if cells.null_count() == len(cells):
        raise UserError(f"target column {text.name!r} has no values; {ELSE}")
    found = None if declared and kind != "regression" else numbers(cells)
    if found is not None:
        return _of_numbers(*found, kind)
    if kind == "regression":
        raise UserError(
            f"target column {text.name!r} holds text, like {_example(cells)!r}; a number is needed, or leave "
            "the kind open to predict classes"
        )
    classes = _spelled(text)
    different = classes.n_unique() - bool(classes.null_count())
    return _classification(classes, f"{text.name!r} is text with {different} different values")


def _of_numbers(values: "pl.Series", junk: "pl.Series", kind: Kind | None) -> Target:
    """junk: cells that are no numbers and therefore missing in ``values``."""
    name = values.name
    notes = (junk_note(f"values of target column {name!r}", junk),) if junk.len() else ()
    there = values.drop_nulls()
    different = there.n_unique()
    if different < 2:
        raise UserError(f"target column {name!r} is constant ({there[0]:g}); {ELSE}")
    whole = bool((there == there.floor()).all())
    few = different <= MOST_WHOLE_CLASSES and len(there) >= ROWS_A_CLASS * different
    what = f"{'whole numbers' if whole else 'numbers'} with {different} different values"
    if kind == "classification" or (kind is None and (different == 2 or (whole and few))):
        target = _classification(values, f"{name!r} is {what} (kind='regression' says otherwise)")
        return target._replace(notes=target.notes + notes)
    rows, dropped = _present(values)
    reason = f"regression, because {name!r} is {what}"
    return Target(name, "regression", rows, there.to_numpy(writable=True), (), (reason, *dropped, *notes))


def _with_test_part(text: "pl.Series", kind: Kind | None, declared: bool, official: int) -> Target:
    first = decide(text[:official], kind, declared)
    both = decide(text, first.kind, declared)
    unseen = sorted(set(both.classes) - set(first.classes))
    if unseen:
        raise UserError(
            f"class {unseen[0]!r} of target column {text.name!r} is in the test part only, so it cannot be "
            "learned; leave its rows out of the test part"
        )
    return both._replace(notes=(*first.notes[:1], *both.notes[1:]))


def _classification(cells: "pl.Series", why: str) -> Target:
    rows, dropped = _present(cells)
    different = cells.drop_nulls().unique().sort()
    if len(different) < 2:
        raise UserError(f"target column {cells.name!r} is constant ({different[0]!r}); {ELSE}")
    if 2 * len(different) > len(rows):
        raise UserError(
            f"target column {cells.name!r} has {len(different)} different values in {len(rows)} rows, like "
            f"{different[0]!r}; classes must repeat, so merge them or choose another target"
        )
    values = np.searchsorted(different.to_numpy(), cells.drop_nulls().to_numpy()).astype(np.int64)
    names = tuple(_class_name(one) for one in different)
    single = [name for name, rows_of in zip(names, np.bincount(values), strict=True) if rows_of == 1]
    lonely = (
        (
            f"classes of a single row are trained on and never judged: {', '.join(single[:10])} (merge them "
            "with others, or leave their rows out, to change that)",
        )
        if single
        else ()
    )
    return Target(
        cells.name,
        "classification",
        rows,
        values,
        names,
        (f"classification, because {why}", *dropped, *lonely),
    )


def _class_name(value: float | str) -> str:
    """Numbers as they would be written: 3, not 3.0; 1234567, not 1.23457e+06."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _spelled(text: "pl.Series") -> "pl.Series":
    """A text target; "none", "nil" and "-" are names of classes here, not missing cells."""
    import polars as pl

    kept = without_missing(text).is_not_null() | text.str.to_lowercase().is_in(["none", "nil", "-"])
    return text.to_frame().select(pl.when(kept).then(text).alias(text.name)).to_series()


def _present(cells: "pl.Series") -> tuple[np.ndarray, tuple[str, ...]]:
    rows = np.flatnonzero(cells.is_not_null().to_numpy())
    lost = len(cells) - len(rows)
    return rows, (f"rows without a target, dropped: {lost}",) if lost else ()


def _example(cells: "pl.Series") -> str:
    return cells.drop_nulls()[0]
