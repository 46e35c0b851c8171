"""Every built-in task keeps the promises of Task, and its labels belong to its inputs."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from shoal.tasks.load import load, names


@pytest.mark.parametrize("name", names())
def test_promises(name):
    task = load(name)
    first, second = task.prepare(0), task.prepare(1)
    assert task.name == name
    assert first.x.dtype == torch.float32 and tuple(first.x.shape[1:]) == task.features
    assert torch.equal(first.test, second.test) and not torch.equal(first.train, second.train)
    rows = torch.cat([first.train, first.valid, first.test])
    assert torch.equal(rows.sort().values, torch.arange(len(first.x)))
    assert len(first.train) == len(second.train) == task.train_rows
    assert task.fingerprint == load(name).fingerprint
    if task.kind == "classification":
        assert first.y.dtype == torch.int64 and first.y.unique().tolist() == list(range(task.outputs))
    else:
        assert first.y.dtype == torch.float32 and tuple(first.y.shape) == (len(first.x), task.outputs)


# A linear model with labels that do not belong to the inputs stays at chance: 10, 10, 40, 63 % and RMSE 77.
@pytest.mark.parametrize(
    ("name", "floor"), [("mnist1d", 0.28), ("digits", 0.94), ("wine", 0.93), ("breast-cancer", 0.95)]
)
def test_a_linear_model_classifies(name, floor):
    data = load(name).prepare(0)
    x, y = data.x.numpy(), data.y.numpy()
    model = LogisticRegression(max_iter=300).fit(x[data.train], y[data.train])
    assert model.score(x[data.test], y[data.test]) > floor


def test_a_linear_model_predicts_diabetes_in_score_points():
    data = load("diabetes").prepare(0)
    model = Ridge().fit(data.x[data.train], data.y[data.train, 0])
    error = torch.from_numpy(model.predict(data.x[data.test])) - data.y[data.test, 0]
    assert 50 < data.scale * float(error.square().mean().sqrt()) < 62
