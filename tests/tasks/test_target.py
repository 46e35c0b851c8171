"""Classes or a number: decided from the cells, with the reason."""

import polars as pl
import pytest

from shoal.errors import UserError
from shoal.tasks.target import decide


def series(*cells):
    return pl.Series("t", [str(cell) for cell in cells])


@pytest.mark.parametrize(
    ("cells", "classes", "first"),
    [
        (["b", "a"] * 10, ("a", "b"), [1, 0]),
        (["TRUE", "FALSE"] * 10, ("FALSE", "TRUE"), [1, 0]),
        ([10, 9] * 10, ("9", "10"), [1, 0]),  # sorted as numbers, not as text
        ([0.5, 1.5] * 10, ("0.5", "1.5"), [0, 1]),
        ([7, 1, 3, 4] * 5, ("1", "3", "4", "7"), [3, 0, 1, 2]),
        (["none", "some"] * 10, ("none", "some"), [0, 1]),
    ],
)
def test_classes(cells, classes, first):
    found = decide(series(*cells))
    assert (found.kind, found.classes) == ("classification", classes)
    assert found.values[: len(first)].tolist() == first
    assert found.notes[0].startswith("classification, because 't' is ")


@pytest.mark.parametrize(
    "cells", [range(40), [i % 21 for i in range(420)], [i % 5 for i in range(24)], [1, 2, 2.5] * 9]
)
def test_numbers(cells):
    found = decide(series(*cells))
    assert (found.kind, found.classes) == ("regression", ())
    assert found.values.tolist() == [float(cell) for cell in cells]


def test_whole_numbers_at_the_border_and_overruled():
    cells = series(*(i % 20 for i in range(100)))
    assert decide(cells).kind == "classification"
    assert decide(cells, "regression").kind == "regression"
    assert len(decide(series(*(i % 21 for i in range(210))), "classification").classes) == 21


def test_rows_without_a_target_are_dropped_and_said():
    found = decide(series("a", "?", "b", "NA", "", *"ab" * 5))
    assert found.rows.tolist() == [0, 2, *range(5, 15)]
    assert "rows without a target, dropped: 3" in found.notes
    numeric = decide(series("n.a.", *(i / 7 for i in range(30))))
    assert numeric.rows.tolist() == list(range(1, 31))
    said = "no finite numbers and therefore missing: 1 values of target column 't', like 'n.a.'"
    assert said in numeric.notes


def test_a_class_of_one_row_is_said():
    assert "never judged: rare" in decide(series(*"aabb" * 5, "rare")).notes[-1]


@pytest.mark.parametrize(
    ("cells", "kind", "sentence"),
    [
        (["a"] * 20, None, "'t' is constant"),
        ([1, "1.0"] * 10, None, "'t' is constant"),
        (["", "?"] * 10, None, "'t' has no values"),
        (["", "?"] * 10, "regression", "'t' has no values"),
        ([f"name {i}" for i in range(20)], None, "20 different values in 20 rows, like 'name 0'"),
        (["a", "b"] * 10, "regression", "'t' holds text, like 'a'"),
        ([i / 3 for i in range(20)], "classification", "20 different values in 20 rows"),
    ],
)
def test_what_is_no_target(cells, kind, sentence):
    with pytest.raises(UserError, match=sentence):
        decide(series(*cells), kind)
