"""New rows of text, from a table, a folder of text files or a list; what is strange about them is told."""

from collections.abc import Sequence
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
    texts, notes = _texts(source, encoder.columns)
    found = read(texts)
    if not len(found.lengths):
        raise UserError("there is no text to predict for")
    rows = found.padded(encoder.length)
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


def _any(rows: TokenRows, told: Sequence[bool]) -> Any:
    """[rows] whether a row has a token that is told."""
    return np.array([False, False, *told]).take(rows.numbers).any(1)


def _texts(source: Any, columns: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    if isinstance(source, list | tuple) and all(isinstance(one, str) for one in source):
        _check_single(columns)
        return source, ()
    if isinstance(source, str | Path) and Path(source).expanduser().is_dir():
        _check_single(columns)
        folder = Path(source).expanduser()
        files = sorted(one for one in folder.rglob(f"*{ENDING}") if one.is_file())
        if not files:
            raise UserError(f"{folder} holds no {ENDING} file")
        first, last = (one.relative_to(folder) for one in (files[0], files[-1]))
        return read_files(files), (f"rows are the files in the order of their paths, from {first} to {last}",)
    table = read_table(source, set(columns).__contains__)
    for name in columns:
        if name not in table.names:
            error = unknown(f"column in {table.where}", name, table.names)
            raise UserError(f"column {name!r} was learned from and is needed: {error}")
    return joined(table.text, columns), ()


def _check_single(columns: tuple[str, ...]) -> None:
    if len(columns) > 1:
        raise UserError(f"the network learned from {listed(columns)}; give a table with these columns")
