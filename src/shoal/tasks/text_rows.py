"""New rows of text, from a table, a folder of text files or a list; what is strange about them is told."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shoal.errors import UserError, unknown
from shoal.tasks.frames import read_table
from shoal.tasks.text_columns import joined, listed
from shoal.tasks.text_encoder import TextEncoder
from shoal.tasks.text_files import ENDING, read_files
from shoal.tasks.tokens import TokenRows, read


def text_rows(source: Any, encoder: TextEncoder) -> tuple[TokenRows, tuple[str, ...]]:
    """Rows for ``encoder``, and notes.

    source: a table with the columns learned from, a folder whose .txt files (in folders of it, too) are rows
    in the order of their paths, or a list of texts; the latter two where one column was learned from.
    Raises UserError for a column that it lacks, for no text at all, and for what is no text.
    """
    found = read(_texts(source, encoder.columns))
    if not len(found.lengths):
        raise UserError("there is no text to predict for")
    rows = found.padded(encoder.length)
    notes: tuple[str, ...] = ()
    if cut := found.cut(encoder.length):
        notes = (
            *notes,
            f"texts cut to their first {encoder.length:,} words and signs, as in training: {cut:,}",
        )
    known = set(encoder.names)
    told = [name in known for name in found.names]
    strange = int((~_any(rows, told)).sum())
    if strange:
        notes = (*notes, f"texts without a word that is known from training: {strange:,}")
    return rows, notes


def text_files(source: Any) -> tuple[Path, ...]:
    """The files that are rows, in order and relative to their folder; none if ``source`` is no folder."""
    if not isinstance(source, str | Path) or not Path(source).expanduser().is_dir():
        return ()
    folder = Path(source).expanduser()
    return tuple(sorted(one.relative_to(folder) for one in folder.rglob(f"*{ENDING}") if one.is_file()))


def _any(rows: TokenRows, told: Sequence[bool]) -> Any:
    """[rows] whether a row has a token that is told."""
    return np.array([False, False, *told]).take(rows.numbers).any(1)


def _texts(source: Any, columns: tuple[str, ...]) -> Iterable[str]:
    if isinstance(source, list | tuple) and all(isinstance(one, str) for one in source):
        _check_single(columns)
        return source
    if isinstance(source, str | Path) and Path(source).expanduser().is_dir():
        _check_single(columns)
        files = text_files(source)
        if not files:
            raise UserError(f"{source} holds no {ENDING} file")
        return read_files([Path(source).expanduser() / one for one in files])
    table = read_table(source, set(columns).__contains__)
    for name in columns:
        if name not in table.names:
            error = unknown(f"column in {table.where}", name, table.names)
            raise UserError(f"column {name!r} was learned from and is needed: {error}")
    return joined(table.text, columns)


def _check_single(columns: tuple[str, ...]) -> None:
    if len(columns) > 1:
        raise UserError(f"the network learned from {listed(columns)}; give a table with these columns")
