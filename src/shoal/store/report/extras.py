"""Parts of a result that only some comparisons have: main effects, several data sets, untuned scores.

They are shown as they are recorded: one table each, a row an entry, a column for each key.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shoal.store.report.data import Report
from shoal.store.report.numbers import plain

_TITLES = {
    "effects": "Main effects of the crossed axes",
    "tasks": "Data sets",
}


class Extra(NamedTuple):
    """A table: key for its anchor, title, heading, rows of texts."""

    key: str
    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def extras(report: Report) -> tuple[Extra, ...]:
    """The tables of what the result has beside the arms."""
    found = [_table(key, title, report.result.get(key)) for key, title in _TITLES.items()]
    return tuple(one for one in found if one is not None)


def _table(key: str, title: str, entries: Any) -> Extra | None:
    kept = [one for one in entries or () if isinstance(one, Mapping)]
    if not kept:
        return None
    names = list(dict.fromkeys(name for one in kept for name in one))
    rows = tuple(tuple(_text(one.get(name)) for name in names) for one in kept)
    return Extra(key, title, tuple(name.replace("_", " ") for name in names), rows)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return plain(value) if math.isfinite(value) else "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    return str(value)
