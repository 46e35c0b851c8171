"""What columns are taken for, and the numbers that their preprocessing makes."""

import numpy as np
import polars as pl
import pytest

from shoal.errors import UserError
from shoal.tasks.columns import describe, typed
from shoal.tasks.dates import date_format
from shoal.tasks.encoders import TableEncoder

ROWS = 40


def column(cells, known=ROWS):
    """The one column that ``cells`` are taken for (None if left out) and all notes."""
    text = pl.DataFrame(
        {"c": [None if cell is None else str(cell) for cell in cells]}, schema={"c": pl.String}
    )
    columns, notes = describe(text, np.arange(known))
    return (columns[0] if columns else None), " ".join(notes)


@pytest.mark.parametrize(
    ("cells", "role"),
    [
        ([i % 7 + 0.5 for i in range(ROWS)], "number"),
        ([["True", "false"][i % 2] for i in range(ROWS)], "boolean"),
        ([["yes", "no"][i % 2] for i in range(ROWS)], "category"),
        ([f"2024-01-{i % 28 + 1:02}" for i in range(ROWS)], "date"),
        ([f"{i % 28 + 1:02}.01.2024 12:30" for i in range(ROWS)], "date"),
    ],
)
def test_roles(cells, role):
    found, _ = column(cells)
    assert found.role == role and not found.gaps


@pytest.mark.parametrize("missing", ["", "NA", "n/a", "?", "NULL", "NaN", "None", None])
def test_every_spelling_of_missing(missing):
    found, notes = column([missing if i % 4 == 0 else i % 5 for i in range(ROWS)])
    assert (found.role, found.gaps, notes) == ("number", True, "")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([3] * ROWS, "constant outside the test rows: 'c'"),
        (["3", "3.0"] * (ROWS // 2), "constant outside the test rows: 'c'"),
        ([3] * 30 + [4] * 10, "constant outside the test rows: 'c'"),
        (["?"] * ROWS, "without a value outside the test rows: 'c'"),
        (range(100, 100 + ROWS), "whole numbers that count rows: 'c'"),
        (reversed(range(ROWS)), "whole numbers that count rows: 'c'"),
        (np.arange(ROWS) * 5 // 4, "whole numbers that count rows: 'c'"),
        ([f"name {i}" for i in range(ROWS)], "text that is different in every row: 'c'"),
        ([f"name {i}" for i in range(ROWS - 1)] + ["?"], "text without a value that stands in 2 rows: 'c'"),
    ],
)
def test_what_is_left_out_and_why(cells, reason):
    found, notes = column(cells, known=30)
    assert found is None
    assert notes == f"left out, {reason}"


def test_whole_numbers_that_are_all_different_yet_no_identifier():
    assert column(np.random.RandomState(0).permutation(np.arange(ROWS) * 3))[0].role == "number"


def test_junk_among_numbers_is_missing_and_said():
    found, notes = column(["<5", *(i % 9 for i in range(ROWS - 1))])
    assert (found.role, found.gaps) == ("number", True)
    assert "no finite numbers and therefore missing: 1 cells of column 'c', like '<5'" in notes
    assert column(["inf", *(i % 9 for i in range(ROWS - 1))])[0].gaps


def test_rare_categories_are_pooled_by_rows_that_are_not_test_rows():
    cells = ["a"] * 15 + ["b"] * 14 + ["rare"] + ["rare"] * 10  # the last 10 are test rows
    found, notes = column(cells, known=30)
    assert found.categories == ("a", "b")
    assert "1 of 3 values are not told apart" in notes


def test_dates_that_fit_one_order_only():
    assert date_format(pl.Series(["13-01-2011", "02-03-2011"])) == "%d-%m-%Y"
    assert date_format(pl.Series(["01-13-2011", "02-03-2011"])) == "%m-%d-%Y"
    assert date_format(pl.Series(["2024-01-05T10:00:00", None])) == "%Y-%m-%dT%H:%M:%S"
    assert date_format(pl.Series(["2024-01-05", "soon"])) is None


def test_features_by_hand():
    """Median, indicator, standardization, one-hot and dates, worked out with numpy."""
    text = pl.DataFrame(
        {
            "n": ["1", "", "3", "8", "5", "NA"],
            "k": ["x", "y", "x", "?", "y", "new"],
            "d": ["1970-01-02", "1970-01-03", "1970-02-01", "1970-01-02", "1970-01-02", "bad"],
            "b": ["true", "false", "true", "true", "false", "true"],
        }
    )
    columns, _ = describe(text[:5], np.arange(5))
    frame = typed(text, columns)
    assert frame["d day"].to_list() == [1.0, 2.0, 31.0, 1.0, 1.0, None]
    assert frame["d month"].to_list() == [1.0, 1.0, 2.0, 1.0, 1.0, None]
    assert frame["d weekday"].to_list() == [5.0, 6.0, 7.0, 5.0, 5.0, None]  # 1 January 1970 was a Thursday
    train = np.array([0, 1, 2, 3])
    made = TableEncoder.fit(columns, frame[train])(frame)
    filled = np.array([1, 3, 3, 8, 5, 3.0])  # the median of 1, 3, 8
    days = np.array([1, 2, 31, 1, 1, 1.5])  # the median of 1, 2, 31, 1
    true = np.array([1, 0, 1, 1, 0, 1.0])
    month, weekday = np.array([1, 1, 2, 1, 1, 1.0]), np.array([5, 6, 7, 5, 5, 5.5])
    numbers = np.column_stack([filled, days, month, weekday, true])
    expected = (numbers - numbers[train].mean(0)) / numbers[train].std(0)
    np.testing.assert_allclose(made[:, :5], expected, rtol=1e-6)
    np.testing.assert_array_equal(made[:, 5], [0, 1, 0, 0, 0, 1])  # n is missing
    np.testing.assert_array_equal(made[:, 6], [1, 0, 1, 0, 0, 0])  # k is x
    np.testing.assert_array_equal(made[:, 7], [0, 1, 0, 0, 1, 0])  # k is y
    assert made.shape == (6, 8) and made.dtype == np.float32


def test_a_made_column_never_takes_the_place_of_a_column_of_the_file():
    text = pl.DataFrame({"n": ["1", "", "3", "5"], "n missing": ["7", "8", "8", "9"]})
    with pytest.raises(
        UserError, match="column 'n missing' has the name of a column made from 'n'; rename it"
    ):
        describe(text, np.arange(4))
