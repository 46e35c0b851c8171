"""Remembered seeds are bounded in memory and stay at home; fingerprints tell data apart."""

import pickle

import numpy as np
import pytest
import torch

from shoal.errors import UserError
from shoal.tasks import preparation
from shoal.tasks.arrays import from_arrays
from shoal.tasks.preparation import fingerprint
from shoal.tasks.standardized import standardized_task

X = np.random.RandomState(0).normal(5, 2, (60, 50))
Y = np.arange(60) % 3


def test_only_as_many_seeds_are_remembered_as_fit(monkeypatch):
    task = standardized_task("some", X, Y, "classification")
    one = 4 * X.size + 8 * 60  # inputs in float32 and row numbers; the classes are everyone's
    monkeypatch.setattr(preparation, "REMEMBERED_BYTES", 3 * one)
    held = {seed: task.prepare(seed) for seed in range(3)}
    task.prepare(0)  # the least recently asked for is now 1
    task.prepare(3)
    assert task.prepare(0) is held[0] and task.prepare(2) is held[2]
    again = task.prepare(1)
    assert again is not held[1] and torch.equal(again.x, held[1].x)


def test_remembered_seeds_are_not_sent_to_another_process():
    task = standardized_task("some", X, Y, "classification")
    before = len(pickle.dumps(task))
    for seed in range(4):
        task.prepare(seed)
    assert len(pickle.dumps(task)) == before


def test_standardized_by_the_training_rows():
    task = standardized_task("some", X, Y, "classification")
    data = task.prepare(7)
    train = X[data.train]
    np.testing.assert_allclose(data.x, (X - train.mean(0)) / train.std(0), atol=1e-5)
    assert task.prepare.fitted(7).means == pytest.approx(train.mean(0))
    assert from_arrays(X, Y).prepare.fitted(7) is None


def test_inputs_beyond_single_precision_are_refused():
    wild = X.copy()
    row = standardized_task("some", X, Y, "classification").prepare(0).test[0]
    wild[row, 0] = 1e300
    with pytest.raises(UserError, match="too large for single precision"):
        standardized_task("some", wild, Y, "classification").prepare(0)


def test_fingerprints_see_values_shapes_types_and_order():
    a, b = np.arange(6.0), np.ones(2)
    different = [
        (a, b),
        (b, a),
        (a.reshape(2, 3), b),
        (a.astype("float32"), b),
        (a, b + 1e-12),
        (a, b, 0.2),
        (a, b, "n"),
    ]
    assert len({fingerprint(parts) for parts in different}) == len(different)
    assert fingerprint((a, b)) == fingerprint((torch.from_numpy(a), b.copy()))


def test_the_latest_seed_is_remembered_however_large(monkeypatch):
    monkeypatch.setattr(preparation, "REMEMBERED_BYTES", 1)
    task = standardized_task("some", X, Y, "classification")
    task.prepare(0)
    assert task.prepare(1) is task.prepare(1)
