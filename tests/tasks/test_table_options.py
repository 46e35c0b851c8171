"""Groups, times and official test parts of tables, and imbalanced classes: honored, said, or refused."""

import numpy as np
import polars as pl
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks.preprocessing import encode
from shoal.tasks.tables import from_table

ROWS = 240


def frame(seed=0, rows=ROWS):
    """patient → 24 groups; visited: one row a day; size and color say what ill is."""
    random = np.random.RandomState(seed)
    size = random.normal(50, 9, rows)
    return pl.DataFrame(
        {
            "patient": [f"p{i % 24}" for i in range(rows)],
            "visited": pl.date_range(
                pl.date(2023, 1, 1), pl.date(2023, 1, 1) + pl.duration(days=rows - 1), eager=True
            ),
            "step": random.permutation(rows) * 1.5,
            "size": size,
            "color": random.choice(["red", "green"], rows),
            "ill": np.where(size + random.normal(0, 3, rows) > 52, "yes", "no"),
        }
    )


def test_a_patient_is_never_on_two_sides_and_not_learned_from():
    task = from_table(frame(), "ill", group="patient", ignore=["visited"])
    patients = frame()["patient"].to_numpy()
    for seed in range(5):
        data = task.prepare(seed)
        sides = [set(patients[part]) for part in (data.train, data.valid, data.test)]
        assert sum(map(len, sides)) == len(set.union(*sides)) and len(data.train) == task.train_rows
    assert task.features == (4,)  # step, size, and two colors
    assert "rows of one 'patient' stand on one side of every split; there are 24" in task.notes
    encode(task, frame(1).drop("patient", "ill"), 0)  # new rows need no patient


def test_the_past_trains_and_months_come_again():
    shuffled = frame().sample(fraction=1, shuffle=True, seed=1)
    task = from_table(shuffled, "ill", time="visited", ignore=["patient"])
    days = shuffled["visited"].to_numpy()
    first, second = task.prepare(0), task.prepare(1)
    assert (
        days[first.train].max() < days[first.valid].min() < days[first.valid].max() < days[first.test].min()
    )
    assert torch.equal(first.train, second.train) and torch.equal(first.x, second.x)
    assert [column.parts for column in task.prepare.fitted(0).columns if column.name == "visited"] == [
        ("month", "weekday")
    ]
    assert (
        "rows are split by 'visited': the first 154 train, the next 38 validate, the last 48 test; seeds "
        "differ in the chance of training only"
    ) in task.notes
    assert (
        "column 'visited': of the dates that rows are split by, month, weekday are learned from" in task.notes
    )


def test_numbers_as_times_are_not_learned_from():
    task = from_table(frame(), "ill", time="step", ignore=["patient", "visited"])
    assert task.features == (3,) and "left out, rows are split by it: 'step'" in task.notes
    steps, data = frame()["step"].to_numpy(), task.prepare(0)
    assert steps[data.train].max() < steps[data.valid].min()


def test_an_official_test_part_whatever_the_order_of_its_columns(tmp_path):
    part = frame(9, 60).select("ill", "size", "color", "visited", "step").with_columns(extra=1)
    part.write_csv(tmp_path / "test.csv")
    frame().write_csv(tmp_path / "train.csv")
    task = from_table(tmp_path / "train.csv", "ill", test=tmp_path / "test.csv", ignore=["patient"])
    data = task.prepare(3)
    assert data.test.tolist() == list(range(ROWS, ROWS + 60)) and task.train_rows == 192
    assert torch.equal(encode(task, part, 3).x, data.x[data.test])
    assert torch.equal(data.y[data.test], torch.tensor((part["ill"] == "yes").to_list()).long())
    same = from_table(frame(), "ill", test=part, ignore=["patient"]).prepare(3)
    assert torch.equal(same.x, data.x)


def test_rows_without_a_target_leave_both_parts():
    part = frame(9, 60).with_columns(ill=pl.when(pl.col("size") > 50).then("ill"))
    task = from_table(frame(), "ill", test=part, ignore=["patient"])
    assert len(task.prepare(0).test) == part["ill"].count()
    assert f"rows without a target, dropped: {part['ill'].null_count()}" in task.notes


def test_an_identifier_that_begins_anew_in_the_test_part():
    numbered = frame().with_row_index("id", offset=1), frame(9, 60).with_row_index("id", offset=1)
    task = from_table(numbered[0], "ill", test=numbered[1])
    assert "left out, whole numbers that count rows: 'id'" in task.notes


def test_imbalance_changes_the_metric_and_says_so():
    rare = frame().with_columns(
        ill=pl.when(pl.arange(ROWS) % 16 == 0).then(pl.lit("yes")).otherwise(pl.lit("no"))
    )
    task = from_table(rare, "ill")
    assert task.metric == "auroc" and task.higher_is_better
    assert any(note.startswith("classes are imbalanced (no 94 %, yes 6.2 %)") for note in task.notes)


HOLED = frame().with_columns(patient=pl.when(pl.arange(ROWS) > 4).then("patient"))
LATE = frame().with_columns(ill=pl.when(pl.arange(ROWS) > 230).then(pl.lit("late")).otherwise("ill"))
LISTS = frame().with_columns(path=pl.Series([[1, 2]] * ROWS))


@pytest.mark.parametrize(
    ("table", "options", "sentence"),
    [
        (
            frame(),
            {"group": "patient", "time": "visited"},
            "by group or by time, not by both.* give one of them",
        ),
        (frame(), {"group": "patents"}, "there is no column in the frame 'patents'; did you mean 'patient'"),
        (frame(), {"group": "ill"}, "'ill' is the target, so it cannot say how rows are split"),
        (
            frame(),
            {"time": "visited", "ignore": ["visited"]},
            "'visited' is the time column and cannot be ignored",
        ),
        (frame(), {"group": "color"}, "2 groups cannot be divided into 3 parts"),
        (HOLED, {"group": "patient"}, "group column 'patient' has no value in 5 rows; fill or delete them"),
        (HOLED, {"time": "patient"}, "time column 'patient' has no value in 5 rows"),
        (
            frame(),
            {"time": "color"},
            "time column 'color' holds '(red|green)', which is neither a number nor a date",
        ),
        (LATE, {"time": "visited"}, "class 'late' is first seen after the training rows"),
        (frame(), {"kind": "regresion"}, "no kind of task 'regresion'; did you mean 'regression'"),
        (
            frame(),
            {"test": frame().drop("size")},
            "'size' of the frame is needed in the test part, too: .*'size'",
        ),
        (frame(), {"test": LATE}, "class 'late' of target column 'ill' is in the test part only"),
        (
            frame(),
            {"test": frame().with_columns(ill=pl.lit(None, pl.String))},
            "no row of the test part has a target",
        ),
        (
            frame(),
            {"test": frame(), "group": "patient"},
            "24 groups have rows in the test part and among the others; leave them out of one",
        ),
        (LISTS, {}, "column 'path' of the frame holds lists, .*; make columns of its parts, or ignore it"),
        (frame().with_columns(ill=pl.lit("yes")), {}, "'ill' is constant .*; there is nothing to learn"),
        (frame().with_columns(ill=pl.lit(None, pl.String)), {}, "'ill' has no values"),
        (frame().select("ill"), {}, "no column to learn from; there is only the target"),
        (frame()[:19], {}, "19 rows are too few"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(table, options, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        from_table(table, "ill", **options)
    assert "\n" not in str(caught.value)


def test_nested_columns_can_be_ignored():
    assert from_table(LISTS, "ill", ignore=["path"]).features == from_table(frame(), "ill").features


def test_a_file_is_not_its_own_test_part(tmp_path):
    frame().write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match="given as the table and as its test part; name two files"):
        from_table(tmp_path / "a.parquet", "ill", test=tmp_path / "a.parquet")
