"""What a network learns from a table: its columns of text if there are any, else all that hold something."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.columns import describe, typed
from shoal.tasks.encoders import Encoder, TableEncoder
from shoal.tasks.text_columns import TextOptions, find, joined, left_out, listed
from shoal.tasks.text_encoder import LEAST_COUNT, TextEncoder
from shoal.tasks.tokens import FIRST, Tokens, read

if TYPE_CHECKING:
    import polars as pl

USUAL_SHARE = 0.99  # of the rows that the usual length holds whole
USUAL_LENGTH = 400  # the largest
MOST_NAMES = 10_000  # of a vocabulary
MOST_NUMBERS = 2**29  # of all rows together


class Inputs(NamedTuple):
    """rows, fit: ``inputs`` and ``fit`` of a Preparation. vocabulary: of the task. notes: a sentence each.

    settings: what prepared rows depend on beside the table and what was asked of it.
    """

    rows: Any
    fit: Callable[[Any], Encoder]
    vocabulary: int
    notes: tuple[str, ...]
    settings: tuple[object, ...]


def inputs_of(
    table: "pl.DataFrame",
    known: Int64[ndarray, "rest"],
    declared: Collection[str],
    time: str | None,
    reading: TextOptions,
) -> Inputs:
    """table: the columns that may be learned from. known: the rows that are not test rows.

    declared, time: see ``columns.describe``; the column rows are split by is no text.
    Raises UserError where there is nothing to learn from.
    """
    others = [name for name in table.columns if name != time]
    columns = reading.columns or find(table.select(others), known, declared)
    if columns:
        made = _of_text(table, reading._replace(columns=columns), known)
        rest = [name for name in others if name not in columns]
        return made._replace(notes=(*made.notes, *([left_out(columns, rest)] if rest else [])))
    if reading.length is not None:
        raise UserError(
            f"length {reading.length} is for text, but no column's cells are like sentences; name the column "
            f"(--text), one of {listed(others)}"
        )
    found, notes = describe(table, known, declared, time)
    if not found:
        raise UserError(f"there is no column to learn from; {'; '.join(notes) or 'there is only the target'}")
    return Inputs(typed(table, found), partial(TableEncoder.fit, tuple(found)), 0, tuple(notes), ())


def _of_text(table: "pl.DataFrame", reading: TextOptions, known: Int64[ndarray, "rest"]) -> Inputs:
    """Tokens, and a vocabulary to be fitted on each seed's training rows.

    Length and size of the vocabulary are fixed by the rows that are not test rows, for all seeds.
    """
    found = read(joined(table, reading.columns))
    length = reading.length or _usual_length(found.lengths[known])
    if len(table) * length > MOST_NUMBERS:
        raise UserError(
            f"{len(table):,} texts of {length:,} tokens are more than {MOST_NUMBERS:,} numbers; give a "
            "smaller length (--length), or fewer rows"
        )
    rows = found.padded(length)
    often = int((rows[known].counts() >= LEAST_COUNT).sum())
    if often == 0:
        raise UserError(
            f"no word of {listed(reading.columns)} stands twice, so there is nothing to learn from; name a "
            "column of text (--text)"
        )
    most = min(often, MOST_NAMES)
    return Inputs(
        rows,
        partial(TextEncoder.fit, reading.columns, most),
        FIRST + most,
        _notes(found, reading.columns, length, most, often),
        (reading, length, most),
    )


def _usual_length(lengths: Int64[ndarray, "rest"]) -> int:
    return int(np.clip(np.quantile(lengths, USUAL_SHARE, method="higher"), 1, USUAL_LENGTH))


def _notes(found: Tokens, columns: Sequence[str], length: int, most: int, often: int) -> tuple[str, ...]:
    words = f"{often:,} words and signs that stand twice outside the test rows"
    notes = [f"learned from: the text of {listed(columns)}, by {words}"]
    if most < often:
        notes = [f"learned from: the text of {listed(columns)}, by the {most:,} most frequent of {words}"]
    rows = f"{len(found.lengths):,} texts"
    if cut := found.cut(length):
        notes.append(f"cut to the first {length:,} words and signs (--length changes it): {cut:,} of {rows}")
    if found.tagged:
        notes.append(f"with tags of HTML, which count as spaces: {found.tagged:,} of {rows}")
    if found.empty:
        notes.append(f"without any word or sign, kept as one unknown word: {found.empty:,} of {rows}")
    return tuple(notes)
