"""New rows are encoded as the task's own rows were, from plain data as well, and what is strange is told."""

import json

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shoal.errors import UserError
from shoal.tasks.arrays import from_arrays
from shoal.tasks.preprocessing import encode, from_description, preprocessing
from shoal.tasks.standardized import standardized_task
from shoal.tasks.tables import from_table
from shoal.tasks.task import Prepared, Task

ROWS = 120


def frame():
    random = np.random.RandomState(3)
    return pl.DataFrame(
        {
            "size": [None if i % 9 == 0 else one for i, one in enumerate(random.normal(50, 9, ROWS))],
            "color": random.choice(["red", "green", "blue"], ROWS),
            "new": random.choice(["true", "false"], ROWS),
            "day": [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(ROWS)],
            "price": random.lognormal(2, 1, ROWS),
            "label": random.choice(["cheap", "dear"], ROWS),
        }
    )


@pytest.fixture
def file(tmp_path):
    frame().write_csv(tmp_path / "houses.csv")
    return tmp_path / "houses.csv"


def stored(description):
    """As an artifact keeps it: arrays beside, all else through JSON."""
    arrays = description.pop("arrays")
    assert all(one.dtype == np.float64 for one in arrays.values())
    return {**json.loads(json.dumps(description, allow_nan=False)), "arrays": arrays}


def test_the_same_rows_are_the_same_inputs_bit_for_bit(file):
    for target in ("label", "price"):
        task = from_table(file, target)
        for seed in (0, 5):
            x, notes = encode(task, file, seed)
            assert torch.equal(x, task.prepare(seed).x) and notes == ()
            again = from_description(stored(preprocessing(task, seed).describe()))
            assert torch.equal(again(frame().drop(target)).x, x)
            assert again.features == task.features and again.target == target
    assert from_description(stored(preprocessing(from_table(file, "label"), 0).describe())).classes == (
        "cheap",
        "dear",
    )


def test_scikit_learn_is_the_witness(file):
    """Imputation, standardization and one-hot encoding by the library, fitted on the same rows."""
    task = from_table(file, "label", ignore=["day", "price"])
    data = task.prepare(2)
    table = frame()
    cells = np.column_stack(
        [
            table["size"].to_numpy(),
            (table["new"] == "true").to_numpy(),
            table["size"].is_null().to_numpy(),
        ]
    ).astype(np.float64)
    both = np.concatenate([cells, table["color"].to_numpy()[:, None]], axis=1, dtype=object)
    witness = ColumnTransformer(
        [
            ("number", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [0, 1]),
            ("gap", "passthrough", [2]),
            ("category", OneHotEncoder(sparse_output=False), [3]),
        ]
    ).fit(both[data.train])
    np.testing.assert_allclose(data.x, witness.transform(both).astype(np.float64), atol=1e-6)


def test_outputs_come_back_in_the_targets_unit(file):
    task = from_table(file, "price")
    done = from_description(stored(preprocessing(task, 1).describe()))
    price = frame()["price"].to_numpy()
    np.testing.assert_allclose(done.targets(task.prepare(1).y)[:, 0], price, rtol=1e-5)


def test_what_training_did_not_know_is_told(file):
    rows = pl.DataFrame(
        {
            "day": ["2024-02-03", "soon"],
            "color": ["pink", None],
            "new": ["maybe", "true"],
            "size": ["3", "large"],
            "price": ["", "3"],
        }
    )
    x, notes = encode(from_table(file, "label"), rows, 0)
    assert x.shape[0] == 2 and bool(x.isfinite().all())
    assert notes == (
        "column 'size': 1 cells unknown to training, like 'large', do not read as numbers and count as "
        "missing",
        "column 'color': 1 cells unknown to training, like 'pink', count as none of its categories",
        "column 'color': 1 cells are missing, and in training none was",
        "column 'new': 1 cells unknown to training, like 'maybe', do not read as true or false and count as "
        "missing",
        "column 'day': 1 cells unknown to training, like 'soon', do not read as dates written as in training "
        "and count as missing",
        "column 'price': 1 cells are missing, and in training none was",
    )


def test_a_column_of_another_type_is_named(file):
    for name, words in (("size", "numbers"), ("new", "true or false"), ("day", "dates")):
        rows = frame().with_columns(pl.lit("word").alias(name))
        with pytest.raises(UserError, match=f"column '{name}' must hold {words}.*it holds 'word'"):
            encode(from_table(file, "label"), rows, 0)
    empty = frame().with_columns(pl.lit(None, pl.String).alias("size"))
    assert bool(encode(from_table(file, "label"), empty, 0).x.isfinite().all())


def test_a_lacking_column_is_named(file):
    with pytest.raises(
        UserError, match=r"column 'color' was learned from and is needed: .*did you mean 'colour'"
    ):
        encode(from_table(file, "label"), frame().rename({"color": "colour"}), 0)


def test_arrays(tmp_path):
    random = np.random.RandomState(0)
    x, y = random.normal(5, 2, (60, 4)), np.arange(60) % 3
    numbers = standardized_task("some", x, y, "classification")
    assert torch.equal(encode(numbers, x, 3).x, numbers.prepare(3).x)
    np.savez(tmp_path / "new.npz", x=x[:7])
    again = from_description(stored(preprocessing(numbers, 3).describe()))
    assert torch.equal(again(tmp_path / "new.npz").x, numbers.prepare(3).x[:7])
    images = from_arrays(random.normal(size=(60, 1, 4, 4)), y)
    shown = from_description(stored(preprocessing(images, 0).describe()))
    assert torch.equal(shown(images.prepare(0).x[:5]).x, images.prepare(0).x[:5])
    regression = from_arrays(x, np.column_stack([x[:, 0], 9 * x[:, 1]]))
    done = from_description(stored(preprocessing(regression, 4).describe()))
    np.testing.assert_allclose(done.targets(regression.prepare(4).y)[:, 1], 9 * x[:, 1], rtol=1e-5)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (np.zeros((3, 5)), r"rows of the array of new rows have shape \[5\]; those learned from had \[4\]"),
        (np.full((3, 4), np.nan), "holds NaN or infinity, first in row 0"),
        ([["a"]], "is no array of numbers"),
    ],
)
def test_arrays_that_do_not_fit(rows, sentence):
    task = standardized_task(
        "some", np.random.RandomState(0).rand(60, 4), np.arange(60) % 3, "classification"
    )
    with pytest.raises(UserError, match=sentence):
        encode(task, rows, 0)


def test_what_is_stored_otherwise_is_refused(file):
    plain = preprocessing(from_table(file, "label"), 0).describe()
    with pytest.raises(UserError, match=r"form 'table', version 99; this shoal reads 'table', .*, version 1"):
        from_description({**plain, "version": 99})
    with pytest.raises(UserError, match="form 'tabel'"):
        from_description({**plain, "form": "tabel"})


def test_a_task_with_code_of_its_own_is_refused():
    def prepare(seed):
        part = torch.arange(2)
        return Prepared(torch.zeros(2, 1), torch.arange(2), part, part, part, 1.0)

    task = Task("mine", "classification", "accuracy", (1,), 2, 2, prepare, "0")
    with pytest.raises(UserError, match="task 'mine' prepares its rows by code of its own"):
        preprocessing(task, 0)
