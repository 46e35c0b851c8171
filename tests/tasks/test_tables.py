"""A file becomes a task: fitted on training rows only, learnable, and refused in one sentence."""

import pickle

import numpy as np
import polars as pl
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks.tables import from_table

ROWS = 200


@pytest.fixture
def file(tmp_path):
    """id, size (with gaps), color, day, same → price = 3·size + 50·(color is red), and label from price."""
    random = np.random.RandomState(0)
    size = random.normal(100, 20, ROWS)
    color = random.choice(["red", "green", "blue"], ROWS, p=[0.5, 0.48, 0.02])
    price = 3 * size + 50 * (color == "red")
    frame = pl.DataFrame(
        {
            "id": range(1, ROWS + 1),
            "size": [None if i % 10 == 0 else one for i, one in enumerate(size)],
            "color": color,
            "day": [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(ROWS)],
            "same": ["x"] * ROWS,
            "price": price,
            "label": np.where(price > 325, "dear", "cheap"),
        }
    )
    frame.write_csv(tmp_path / "houses.csv")
    return tmp_path / "houses.csv"


def test_regression_is_exact_in_the_targets_own_unit(file):
    """Least squares on the prepared arrays finds price = 3·size + 50·red wherever size is known."""
    task = from_table(file, "price", ignore=["label", "day"])
    assert (task.name, task.kind, task.metric, task.outputs) == ("houses", "regression", "rmse", 1)
    data = task.prepare(0)
    x, y = data.x.double().numpy(), data.y.double().numpy()[:, 0]
    known = np.arange(ROWS) % 10 != 0
    fit = np.intersect1d(data.train, np.flatnonzero(known))
    test = np.intersect1d(data.test, np.flatnonzero(known))
    design = np.column_stack([x, np.ones(ROWS)])
    weights = np.linalg.lstsq(design[fit], y[fit], rcond=None)[0]
    assert np.abs(design @ weights - y)[test].max() * data.scale < 1e-3
    price = pl.read_csv(file)["price"].to_numpy()
    np.testing.assert_allclose(y * data.scale + price[data.train].mean(), price, rtol=1e-5)
    assert data.scale == pytest.approx(price[data.train].std())


def test_numbers_come_from_the_training_rows_of_the_seed_alone(file):
    """Cells of test and validation rows may be anything: what is fitted does not move."""
    before = from_table(file, "price", ignore=["label"])
    data = before.prepare(4)
    frame = pl.read_csv(file)
    outside = np.setdiff1d(np.arange(ROWS), data.train)
    outside = outside[outside % 10 != 0]
    for column in ("size", "price"):
        cells = frame[column].to_numpy(writable=True)
        cells[outside] = cells[outside] * 1000 + 7
        frame = frame.with_columns(pl.Series(column, cells).fill_nan(None))
    frame.write_csv(file)
    after = from_table(file, "price", ignore=["label"]).prepare(4)
    assert torch.equal(after.train, data.train) and torch.equal(after.x[data.train], data.x[data.train])
    assert torch.equal(after.y[data.train], data.y[data.train]) and after.scale == data.scale
    assert not torch.equal(after.x[outside], data.x[outside])


def test_features_and_counts_do_not_depend_on_the_seed(file):
    task = from_table(file, "label")
    prepared = [task.prepare(seed) for seed in range(6)]
    assert {tuple(data.x.shape) for data in prepared} == {(ROWS, *task.features)}
    assert {len(data.train) for data in prepared} == {task.train_rows}
    assert all(torch.equal(data.test, prepared[0].test) for data in prepared)
    assert all(data.x.dtype == torch.float32 and data.y.dtype == torch.int64 for data in prepared)
    assert not torch.equal(prepared[0].x, prepared[1].x)
    assert task.prepare(3) is prepared[3]


def test_notes_say_everything(file):
    notes = " | ".join(from_table(file, "label").notes)
    assert "classification, because 'label' is text with 2 different values" in notes
    assert "left out, whole numbers that count rows: 'id'" in notes
    assert "left out, constant outside the test rows: 'same'" in notes
    assert "column 'day': dates like '2024-01-01' (%Y-%m-%d) became day, month, weekday" in notes


def test_a_task_goes_to_another_process(file):
    task = from_table(file, "label")
    there = pickle.loads(pickle.dumps(task))
    assert torch.equal(there.prepare(1).x, task.prepare(1).x)
    assert there.fingerprint == task.fingerprint


def test_the_fingerprint_follows_data_and_target(file):
    prints = {from_table(file, "label").fingerprint, from_table(file, "price").fingerprint}
    prints.add(from_table(file, "label", ignore=["day"]).fingerprint)
    assert from_table(file, "label").fingerprint in prints
    file.write_text(file.read_text().replace("red", "pink", 1))
    prints.add(from_table(file, "label").fingerprint)
    assert len(prints) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"target": None}, "--target label; its columns are: id, size, color, day, same, price, label"),
        ({"target": "lable"}, "there is no column in .*houses.csv 'lable'; did you mean 'label'"),
        ({"target": "label", "ignore": ["colour"]}, "'colour'; did you mean 'color'"),
        ({"target": "label", "ignore": ["label"]}, "'label' is the target"),
        ({"target": "same"}, "'same' is constant"),
        (
            {"target": "label", "ignore": ["size", "color", "day", "price"]},
            "no column to learn from; .*count rows: 'id'",
        ),
    ],
)
def test_calls_that_cannot_work(file, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        from_table(file, **arguments)


def test_too_few_rows_names_the_file(tmp_path):
    (tmp_path / "few.csv").write_text("a,b\n" + "1,x\n2,y\n" * 9)
    with pytest.raises(UserError, match=r"few.csv: 18 rows are too few"):
        from_table(tmp_path / "few.csv", "b")


def test_rows_without_a_target_take_their_inputs_with_them(tmp_path):
    cells = [f"{i / 3},{'?' if i % 4 == 0 else i / 3}" for i in range(100)]
    (tmp_path / "gaps.csv").write_text("n,t\n" + "\n".join(cells))
    task = from_table(tmp_path / "gaps.csv", "t")
    data = task.prepare(0)
    assert len(data.x) == 75 and "rows without a target, dropped: 25" in task.notes
    assert torch.allclose(data.x, data.y, atol=1e-5)  # both standardized by the same rows
