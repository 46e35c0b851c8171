"""Which columns of a table are text to be read, and what a network of text learns from.

A column is text if its cells are like sentences: six words on average, a word being what stands between
spaces and has two letters in a row, or a Chinese character or a kana; and at least half of the cells differ
(answers to choose from repeat, and are categories). Only rows that are not test rows decide.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from jaxtyping import Int64
from numpy import ndarray

from shoal.errors import UserError, unknown
from shoal.tasks.columns import without_missing
from shoal.tasks.tokens import MOST_LENGTH, SEPARATOR

if TYPE_CHECKING:
    import polars as pl

WORDS = 6.0  # a cell, on average
DIFFERENT = 0.5  # of the cells
_WORD = r"[\p{Han}\p{Hiragana}\p{Katakana}]|(?:^|\s)\S*\p{L}{2}\S*"
_ROWS_AT_ONCE = 10_000


class TextOptions(NamedTuple):
    """What the user said of text. columns: those to read, or none to find them. length: tokens of a row."""

    columns: tuple[str, ...] = ()
    length: int | None = None


def options_of(columns: Collection[str] | str, length: int | None, names: Sequence[str]) -> TextOptions:
    """What was asked for, checked. names: the table's columns. Raises UserError."""
    asked = (columns,) if isinstance(columns, str) else tuple(dict.fromkeys(columns))
    for name in asked:
        if name not in names:
            raise unknown("column of text", name, names)
    if length is not None and (
        isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= MOST_LENGTH
    ):
        raise UserError(
            f"length {length!r} is no number of tokens that texts can be cut to; give one from 1 to "
            f"{MOST_LENGTH:,}"
        )
    return TextOptions(asked, length)


def find(text: "pl.DataFrame", known: Int64[ndarray, "rest"], declared: Collection[str]) -> tuple[str, ...]:
    """The columns that are text. known: the rows that are not test rows; declared: columns of categories."""
    return tuple(
        name for name in text.columns if name not in declared and _is_text(without_missing(text[name])[known])
    )


def joined(text: "pl.DataFrame", columns: Sequence[str]) -> Iterator[str]:
    """Each row's text: that of several columns with a separator between; nothing for missing cells."""
    import polars as pl

    cells = text.select(pl.concat_str([pl.col(name).fill_null("") for name in columns], separator=SEPARATOR))
    for part in cells.iter_slices(_ROWS_AT_ONCE):
        yield from part.to_series().to_list()


def left_out(columns: Sequence[str], others: Sequence[str]) -> str:
    """The note on the columns that a network of text does not learn from."""
    more = f" and {len(others) - 10} more" if len(others) > 10 else ""
    back = " ".join(f"--ignore {name}" for name in columns)
    return (
        f"left out, as a network that reads the text of {listed(columns)} reads nothing else: "
        f"{listed(others[:10])}{more} ({back} learns from these instead)"
    )


def _is_text(cells: "pl.Series") -> bool:
    """cells: null where missing."""
    there = cells.drop_nulls()
    if there.is_empty() or there.n_unique() < DIFFERENT * there.len():
        return False
    words = there.str.count_matches(_WORD).mean()
    return isinstance(words, float) and words >= WORDS


def listed(names: Sequence[str]) -> str:
    """Names of columns in a sentence."""
    return ", ".join(map(repr, names))
