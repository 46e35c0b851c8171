"""A task from one's own network and tensors, data sets or loaders."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from shoal import Task, from_arrays
from shoal.errors import UserError

X = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
CLASSES = torch.arange(60) % 4
NUMBERS = torch.linspace(-3, 9, 60)


class Rows(Dataset):
    """Rows made by a function of their number."""

    def __init__(self, make, length=60):
        self.make, self.length = make, length

    def __len__(self):
        return self.length

    def __getitem__(self, row):
        return self.make(row)


class Stream(IterableDataset):
    def __init__(self, rows):
        self.rows = rows

    def __iter__(self):
        return iter([(X[row], int(CLASSES[row])) for row in range(self.rows)])


class Words(nn.Module):
    """Takes keywords, answers as language models do."""

    def __init__(self):
        super().__init__()
        self.embedding, self.last = nn.Embedding(9, 5), nn.Linear(5, 4)

    def forward(self, input_ids, attention_mask):
        assert input_ids.dtype == torch.int64 and attention_mask.dtype == torch.bool
        return {"logits": self.last((self.embedding(input_ids) * attention_mask[..., None]).mean(1))}


def frozen():
    made = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4))
    made[0].requires_grad_(False)
    return made


def leaves():
    raise SystemExit(3)


def linear():
    return nn.Linear(3, 4)


def word_row(row):
    ids = torch.arange(6) + row % 3
    return {"input_ids": ids, "attention_mask": ids < 7, "labels": int(CLASSES[row])}


DATA = TensorDataset(X, CLASSES)


@pytest.mark.parametrize(
    "train",
    [
        (X, CLASSES),
        (X.numpy(), CLASSES.numpy()),
        DATA,
        DataLoader(DATA, batch_size=7, shuffle=True, drop_last=True),
        DataLoader(DATA, batch_size=None),
        Rows(lambda row: (X[row].numpy(), CLASSES[row].item())),
        Rows(lambda row: {"x": X[row], "y": CLASSES[row]}),
        Stream(60),
        DataLoader(Stream(60), batch_size=7),
    ],
)
def test_the_same_rows_in_any_form_are_the_same_task_as_their_arrays(train):
    if isinstance(train, DataLoader) and train.batch_size is None:
        train = DataLoader([(X[:25], CLASSES[:25]), (X[25:], CLASSES[25:])], batch_size=None)
    task, expected = Task(None, train), from_arrays(X, CLASSES)
    assert (task.kind, task.metric, task.features, task.outputs, task.train_rows) == (
        "classification",
        "accuracy",
        (3,),
        4,
        expected.train_rows,
    )
    for one, other in zip(task.prepare(3), expected.prepare(3), strict=True):
        assert torch.equal(torch.as_tensor(one), torch.as_tensor(other))
    assert task.prepare(3).x is task.prepare(4).x


def test_a_loaders_batch_size_is_where_recipes_start():
    assert Task(linear, DataLoader(DATA, batch_size=7)).batch_size == 7
    assert Task(linear, DATA).batch_size is None


def test_regression_is_standardized_by_training_rows():
    task = Task(lambda: nn.Linear(3, 1), TensorDataset(X, NUMBERS), metric="mae")
    data = task.prepare(0)
    assert (task.kind, task.metric, task.outputs) == ("regression", "mae", 1)
    assert float(data.y[data.train].mean()) == pytest.approx(0, abs=1e-6)


def test_parts_that_are_given_are_fixed():
    task = Task(linear, DATA, TensorDataset(X[:9] + 1, CLASSES[:9]), (X[:5] + 2, CLASSES[:5]))
    first, second = task.prepare(0), task.prepare(1)
    assert (task.train_rows, len(first.valid), len(first.test)) == (60, 9, 5)
    assert torch.equal(first.x[first.train], X) and torch.equal(first.x[first.valid], X[:9] + 1)
    assert torch.equal(first.x[first.test], X[:5] + 2)
    assert torch.equal(first.train, second.train) and torch.equal(first.valid, second.valid)
    assert any("the same for every seed" in note for note in task.notes)


def test_a_test_part_alone_leaves_validation_to_the_seed():
    task = Task(linear, DATA, test=(X[:5], CLASSES[:5]))
    assert task.prepare(0).test.tolist() == list(range(60, 65))
    assert not torch.equal(task.prepare(0).valid, task.prepare(1).valid)


def test_a_validation_part_alone_leaves_a_test_part_of_train():
    task = Task(linear, DATA, valid=(X[:5], CLASSES[:5]))
    data = task.prepare(0)
    assert data.valid.tolist() == list(range(60, 65))
    assert torch.equal(data.test, from_arrays(X, CLASSES).prepare(0).test)
    assert sorted([*data.train.tolist(), *data.test.tolist()]) == list(range(60))


def test_keywords_token_numbers_and_logits():
    task = Task(Words, DataLoader(Rows(word_row), batch_size=8))
    assert (task.features, task.outputs, task.prepare(0).x.dtype) == ((12,), 4, torch.float32)
    network, rows = task.network(), [word_row(row) for row in range(5)]
    ids, mask = (torch.stack([row[key] for row in rows]) for key in ("input_ids", "attention_mask"))
    assert torch.equal(network(task.prepare(0).x[:5]), network.network(ids, mask)["logits"])


def test_the_network_tells_how_many_classes_there_are():
    assert Task(nn.Linear(3, 7), DATA).outputs == 7
    assert Task(None, DATA, classes=6).outputs == 6


def test_random_rows_are_the_same_each_time_and_randomness_is_left_alone():
    def augmented(row):
        noise = torch.rand(3) + float(np.random.rand()) + random.random()
        return X[row] + noise, CLASSES[row]

    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    first = Task(linear, Rows(augmented))
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[2]
    assert np.random.get_state()[1].tolist() == states[1]
    torch.rand(1), np.random.rand(), random.random()
    second = Task(linear, Rows(augmented))
    assert torch.equal(first.prepare(0).x, second.prepare(0).x) and first.fingerprint == second.fingerprint
    noise = first.prepare(0).x - X
    assert len(noise[:, 0].unique()) > 50


def test_the_fingerprint_follows_inputs_targets_and_parts():
    changed = X.clone()
    changed[7, 1] += 1e-3
    tasks = [
        Task(linear, DATA),
        Task(linear, TensorDataset(changed, CLASSES)),
        Task(linear, TensorDataset(X, CLASSES.roll(1))),
        Task(linear, DATA, (X[:20], CLASSES[:20])),
        Task(linear, DATA, test=(X[:20], CLASSES[:20])),
    ]
    assert len({task.fingerprint for task in tasks}) == len(tasks)


def test_double_precision_is_taken_in_single_and_said():
    task = Task(linear, (X.double(), CLASSES))
    assert task.prepare(0).x.dtype == torch.float32
    assert "inputs in double precision are taken in single precision" in task.notes


def fails(row):
    if row == 11:
        raise OSError("no such image")
    return X[row], CLASSES[row]


def grows(row):
    return (X[row % 60] if row < 300 else X[0, :2]), 1


class Fails(nn.Module):
    def forward(self, x):
        raise RuntimeError("not like that")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"train": None}, "train is None; tensors"),
        ({"train": 5}, r"train is int; tensors \(x, y\), a torch Dataset or a DataLoader is needed"),
        ({"train": "file"}, "train is str; tensors"),
        ({"train": Rows(fails, 0)}, "train is empty: it has no rows"),
        ({"train": DataLoader(Rows(fails, 0))}, "train is empty: it has no rows"),
        ({"train": DataLoader(Stream(0))}, "train is empty: it yields no batch"),
        ({"train": (X[:0], CLASSES[:0])}, r"train is empty: its inputs are \[3\] float32 and it has 0 rows"),
        ({"train": Rows(fails)}, r"row 11 of train raised OSError at .*test_loaders.py:\d+: no such image"),
        ({"train": Rows(grows, 400)}, r"the collate function of train raised RuntimeError.*: stack expects"),
        (
            {"train": Rows(lambda row: (X[row % 60] if row < 256 else X[0, :2], 1), 280)},
            r"rows of train change: they begin with inputs \[3\] float32, .* are \[2\] float32 from row 256",
        ),
        (
            {"train": Rows(lambda row: (X[row % 60], 1 if row < 256 else 0.5), 280)},
            r"rows of train change: targets begin as \[\] int64, and there are \[\] float64 from row 256 on",
        ),
        (
            {
                "train": DataLoader(
                    DATA, collate_fn=lambda rows: (X[: len(rows) - 1], CLASSES[: len(rows) - 1])
                )
            },
            "the collate function of train makes 0 rows of 1; it must keep them one by one",
        ),
        ({"train": Rows(lambda row: X[row])}, r"a batch of train is Tensor; a pair \(inputs, targets\)"),
        (
            {"train": Rows(lambda row: {"x": X[row], "z": 1})},
            "a batch of train .* keys x, z, of which none is",
        ),
        ({"train": (X.clone().fill_(float("inf")), CLASSES)}, "input 0 of train holds NaN or infinity"),
        ({"train": (X, NUMBERS / 0)}, "the target holds NaN or infinity"),
        (
            {"train": (X, CLASSES.reshape(30, 2).repeat(2, 1))},
            r"the target holds integers, .* shape \[60, 2\]",
        ),
        ({"train": (X, X[..., None])}, r"the target has shape \[60, 3, 1\]; \[rows\] or \[rows, outputs\]"),
        (
            {"valid": (X[:, :2], CLASSES)},
            r"valid differs from train: its inputs are \[2\] float32, those of train",
        ),
        (
            {"test": (X, NUMBERS)},
            r"test differs from train: its targets are \[\] float32, those of train \[\] int",
        ),
        (
            {"train": DataLoader(DATA, sampler=WeightedRandomSampler([1.0] * 60, 9))},
            "draws rows with a Weighted",
        ),
        (
            {"train": DataLoader(DATA, sampler=SubsetRandomSampler(range(9)))},
            "SubsetRandomSampler, but shoal",
        ),
        (
            {"train": Stream(60), "cache_bytes": 100},
            "train can be read only once, .* needs more than 100 bytes",
        ),
        ({"network": nn.Linear(3, 2)}, r"outputs of shape \[4, 2\]; this task needs \[4, 4\]"),
        (
            {"network": Fails},
            r"the network, given .* \[60, 3\], raised RuntimeError at .*loaders.py:\d+: not like",
        ),
        (
            {"network": frozen},
            r"2 parameters .* do not require a gradient, like '0.weight', .*register_buffer",
        ),
        ({"network": leaves}, r"the network's factory raised SystemExit at .*loaders.py:\d+: 3"),
        ({"network": nn.Flatten}, "the network has no parameters, so there is nothing to train"),
        ({"network": 5}, "network is 5, neither a torch.nn.Module nor a function that makes one"),
        ({"metric": "rmse"}, "metric 'rmse' is for regression"),
        ({"train": Subset(DATA, range(12))}, "12 rows are too few"),
    ],
)
def test_wrong_input_is_told_in_one_sentence(arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        Task(**{"network": linear, "train": DATA, **arguments})
