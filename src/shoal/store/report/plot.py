"""A plot of the page: its picture, and its numbers as a table and as CSV."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from shoal.store.report.data import Arm
from shoal.store.report.numbers import plain


@dataclass(frozen=True)
class Plot:
    """key: part of file names and anchors. about: one sentence on what it shows. pictures: one, or small
    multiples. heading, rows: the numbers behind it, None where there is none."""

    key: str
    title: str
    about: str
    pictures: tuple[Markup, ...]
    heading: tuple[str, ...]
    rows: tuple[Sequence[Any], ...]

    @property
    def data_uri(self) -> str:
        """The CSV as a link that needs no network."""
        return f"data:text/csv;charset=utf-8,{quote(csv_text(self.heading, self.rows), safe=_SAFE)}"

    @property
    def table_rows(self) -> Markup:
        """The rows of an HTML table. Thousands of them, which is why no template makes them."""
        return Markup("\n").join(map(_table_row, self.rows))


_SAFE = ",:;.-_()/=+*@!$"
"""Characters that a link may hold as they are; quoting them all would make it half as long again."""


def csv_text(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A CSV; an empty cell is no number. Floats have six digits."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([[_cell(value) for value in row] for row in rows])
    return file.getvalue()


def kind_of(arm: Arm) -> str:
    """The classes of an arm's marks: its color, or gray."""
    return "gray" if arm.color is None else f"c{arm.color}"


def _table_row(row: Sequence[Any]) -> Markup:
    first, *rest = row
    cells = "".join(f"<td>{_shown(value)}</td>" for value in rest)
    return Markup(f"<tr><th scope=row>{escape(first)}</th>{cells}</tr>")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return plain(value)
    return "–" if value is None else escape(value)


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else value
