"""Comparisons of one's own network on one's own loaders, with a loss of one's own."""

import math
import time

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import shoal
from shoal.experiments.arms import default_recipe
from shoal.experiments.judging import counted
from shoal.experiments.outsiders import outsiders
from shoal.experiments.planning import make_plan
from shoal.population.recipe import Outcome

X = torch.randn(120, 5, generator=torch.Generator().manual_seed(0))
Y = (X[:, :2] > 0.5).float()


def network():
    return nn.Linear(5, 2)


def bce_task(**settings):
    data = DataLoader(TensorDataset(X, Y), batch_size=16)
    return shoal.Task(network, data, loss=nn.BCEWithLogitsLoss(), **settings)


def test_the_loaders_batch_size_is_the_recipes():
    assert default_recipe(bce_task()).batch_size == 16
    assert default_recipe(shoal.Task(None, (X, Y[:, 0].long()))).batch_size == 64


@pytest.mark.parametrize(("judge", "part"), [("score", "test"), ("train_loss", "train")])
def test_a_diverged_run_counts_as_the_loss_of_knowing_nothing(judge, part):
    def outcome(score):
        return Outcome("one", score, score, score, score, score, math.isnan(score), 10, 10.0, 1.0, 1, {})

    task = bce_task()
    plan = make_plan(task, "optimizer=adam,sgd", work=1000, judge=judge)
    found = {"adam": {0: outcome(0.1), 1: outcome(math.nan)}, "sgd": {0: outcome(0.2), 1: outcome(0.3)}}
    assert counted(found, plan, task)["adam"].tolist() == [0.1, pytest.approx(math.log(2))]


def test_other_models_are_not_fitted_to_a_loss_of_ones_own_or_to_streamed_rows():
    soon = time.monotonic() + 10
    assert outsiders(bce_task(), [0], soon) == ()
    assert outsiders(shoal.Task(None, TensorDataset(X, Y[:, 0].long()), cache_bytes=9), [0], soon) == ()


@pytest.mark.parametrize("cache_bytes", [2**20, 9])
def test_a_comparison_from_loaders_to_verdict(cache_bytes, tmp_path):
    result = shoal.compare(
        bce_task(cache_bytes=cache_bytes), vary="optimizer=sgd,adam", work=600, out=tmp_path / "run"
    )
    assert (result.metric, result.higher_is_better) == ("loss", False)
    assert all(0.1 < arm.mean < 0.75 for arm in result.arms)
    assert any("not kept in memory" in note for note in result.notes) == (cache_bytes == 9)
