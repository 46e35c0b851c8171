"""Fitted preprocessing as plain numbers: what turns rows into the inputs of a network.

An encoder is called with rows as its task keeps them and gives [rows, features] float32. ``describe`` gives
it as plain data and ``restore`` makes it again from that, so it is stored without pickle: settings are
what JSON can hold, numbers are float64 arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from jaxtyping import Float, Float32, Float64
from numpy import ndarray

from shoal.errors import UserError
from shoal.tasks.columns import Column, gap_name, part_names

if TYPE_CHECKING:
    import polars as pl


class Encoder(Protocol):
    """What ``Preparation.fit`` gives. form: its name in a description."""

    form: ClassVar[str]

    def __call__(self, rows: Any, /) -> Float32[ndarray, "rows *features"]:
        """The inputs for rows as the task keeps them."""

    def describe(self) -> tuple[dict[str, Any], dict[str, Float64[ndarray, "..."]]]:
        """Settings for JSON, and arrays."""


@dataclass(frozen=True, eq=False)
class Standardizer:
    """Columns of numbers without gaps, centered and divided by their standard deviation."""

    means: Float64[ndarray, "columns"]
    scales: Float64[ndarray, "columns"]

    form: ClassVar[str] = "numbers"

    @classmethod
    def fit(cls, x: Float[ndarray, "rows columns"]) -> "Standardizer":
        """From training rows."""
        return cls(*_center_and_scale(np.asarray(x, dtype=np.float64)))

    def __call__(self, x: Float[ndarray, "rows columns"]) -> Float32[ndarray, "rows columns"]:
        return _single((np.asarray(x, dtype=np.float64) - self.means) / self.scales)

    def describe(self) -> tuple[dict[str, Any], dict[str, ndarray]]:
        return {}, {"means": self.means, "scales": self.scales}

    @classmethod
    def restore(cls, settings: dict[str, Any], arrays: dict[str, ndarray]) -> "Standardizer":
        """The encoder that ``describe`` described."""
        return cls(arrays["means"], arrays["scales"])


@dataclass(frozen=True, eq=False)
class TableEncoder:
    """A typed frame (see ``columns.typed``) to [rows, features] float32.

    Features in this order: every number, boolean and date part, a gap taking the median, standardized;
    a 0/1 indicator for each column with gaps; a 0/1 feature for each category, all 0 for any other value.
    medians, means, scales: of the first of these, from the training rows; means and scales with gaps filled.
    """

    columns: tuple[Column, ...]
    medians: Float64[ndarray, "numbers"]
    means: Float64[ndarray, "numbers"]
    scales: Float64[ndarray, "numbers"]

    form: ClassVar[str] = "table"

    @classmethod
    def fit(cls, columns: Sequence[Column], train: "pl.DataFrame") -> "TableEncoder":
        """From training rows. A column without a value in them has median 0."""
        numbers = _numbers(columns, train)
        there = ~np.isnan(numbers).all(axis=0)
        medians = np.zeros(numbers.shape[1])
        with np.errstate(over="ignore"):  # infinity is refused with the scales
            medians[there] = np.nanmedian(numbers[:, there], axis=0)
        return cls(tuple(columns), medians, *_center_and_scale(_filled(numbers, medians)))

    def __call__(self, frame: "pl.DataFrame") -> Float32[ndarray, "rows features"]:
        numbers = _filled(_numbers(self.columns, frame), self.medians)
        gaps = [frame[gap_name(column)].to_numpy() for column in self.columns if column.gaps]
        parts = [_single((numbers - self.means) / self.scales)]
        parts += [gap[:, None].astype(np.float32) for gap in gaps]
        parts += [_one_hot(frame[one.name], one.categories) for one in self.columns if one.role == "category"]
        return np.concatenate(parts, axis=1)

    def describe(self) -> tuple[dict[str, Any], dict[str, ndarray]]:
        columns = [
            column._asdict() | {"categories": list(column.categories), "parts": list(column.parts)}
            for column in self.columns
        ]
        return {"columns": columns}, {"medians": self.medians, "means": self.means, "scales": self.scales}

    @classmethod
    def restore(cls, settings: dict[str, Any], arrays: dict[str, ndarray]) -> "TableEncoder":
        """The encoder that ``describe`` described."""
        columns = tuple(
            Column(**one | {"categories": tuple(one["categories"]), "parts": tuple(one["parts"])})
            for one in settings["columns"]
        )
        return cls(columns, arrays["medians"], arrays["means"], arrays["scales"])


@dataclass(frozen=True, eq=False)
class AsTheyAre:
    """Finished inputs of this shape: nothing is done to them."""

    features: tuple[int, ...]

    form: ClassVar[str] = "as they are"

    def __call__(self, x: ndarray) -> Float32[ndarray, "rows *features"]:
        return _single(np.asarray(x))

    def describe(self) -> tuple[dict[str, Any], dict[str, ndarray]]:
        return {"features": list(self.features)}, {}

    @classmethod
    def restore(cls, settings: dict[str, Any], arrays: dict[str, ndarray]) -> "AsTheyAre":
        """The encoder that ``describe`` described."""
        return cls(tuple(settings["features"]))


def _center_and_scale(x: Float64[ndarray, "rows columns"]) -> tuple[ndarray, ndarray]:
    """Mean and standard deviation (divided by rows) of each column; constant ones keep scale 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        means, scales = x.mean(axis=0), x.std(axis=0)
    if not (np.isfinite(means).all() and np.isfinite(scales).all()):
        raise UserError("some inputs are too large to be standardized; rescale them")
    return means, np.where((x == x[:1]).all(axis=0) | (scales == 0), 1.0, scales)


def _numbers(columns: Sequence[Column], frame: "pl.DataFrame") -> Float64[ndarray, "rows numbers"]:
    """All numbers, booleans and date parts; NaN where missing."""
    found = [frame[part].to_numpy() for column in columns for part in part_names(column)]
    return np.column_stack(found).astype(np.float64) if found else np.zeros((frame.height, 0))


def _filled(numbers: Float64[ndarray, "rows numbers"], medians: Float64[ndarray, "numbers"]) -> ndarray:
    return np.where(np.isnan(numbers), medians, numbers)


def _one_hot(cells: "pl.Series", categories: Sequence[str]) -> Float32[ndarray, "rows categories"]:
    import polars as pl

    codes = {category: code for code, category in enumerate(categories)}
    found = cells.replace_strict(codes, default=None, return_dtype=pl.Int64).fill_null(-1).to_numpy()
    return (found[:, None] == np.arange(len(categories))).astype(np.float32)


def _single(x: ndarray) -> Float32[ndarray, "..."]:
    with np.errstate(over="ignore"):  # infinity is what the next line looks for
        made = x.astype(np.float32)
    if not np.isfinite(made).all():
        raise UserError(
            "some inputs are too large for single precision even after preprocessing; rescale them"
        )
    return made
