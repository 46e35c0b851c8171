"""Outputs, losses and scores against torch's own layers and scikit-learn's metrics."""

import math
from dataclasses import replace

import pytest
import torch
from sklearn import metrics
from torch import nn

from population.members import begin, go_on, table
from shoal.errors import UserError
from shoal.population import evaluate
from shoal.population.evaluate import all_metrics, dead_units, losses_and_scores, outputs
from shoal.population.recipe import Job, Recipe
from shoal.tasks import metrics as own_metrics
from shoal.tasks.arrays import from_arrays
from shoal.tasks.task import with_metric

RECIPE = Recipe(width=8, depth=1, batch_size=16, normalization="batch_norm").with_hyper(dropout__rate=0.4)
JOBS = [Job("a", RECIPE, 1), Job("b", RECIPE, 2), Job("c", RECIPE, 1)]


def in_torch(stack, row: int) -> nn.Module:
    """The member as torch's own layers, in evaluation mode."""
    outs = stack.template.outputs
    made = nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, outs))
    made = made.double().eval()
    for value, own in zip(made.parameters(), stack.template.views(stack.flat), strict=True):
        value.data.copy_(own[row])
    made[1].running_mean.copy_(stack.buffers["hidden.0.1.state_mean"][row])
    made[1].running_var.copy_(stack.buffers["hidden.0.1.state_var"][row])
    return made


@pytest.mark.parametrize("numbers", [10, 4_000_000], ids=["row by row", "all rows at once"])
def test_outputs_are_those_of_torchs_layers_without_noise(numbers, monkeypatch):
    monkeypatch.setattr(evaluate, "_NUMBERS", numbers)
    task = table()
    training = go_on(begin(task, JOBS), 20)
    rows = torch.tensor([[0, 5, 9], [1, 1, 2], [3, 0, 7]])
    found = outputs(training.stack, training.data.x, rows)
    for row in range(3):
        expected = in_torch(training.stack, row)(training.data.x[rows[row]])
        torch.testing.assert_close(found[row], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_accuracy_and_loss_equal_scikit_learns(part):
    task = table()
    training = go_on(begin(task, JOBS), 20)
    losses, scores = losses_and_scores(task, training.data, training.stack, part)
    for row, job in enumerate(training.stack.jobs):
        prepared = task.prepare(job.seed)
        rows = getattr(prepared, part)
        made = in_torch(training.stack, row)(prepared.x[rows].double()).detach()
        truth = prepared.y[rows].numpy()
        assert float(scores[row]) == metrics.accuracy_score(truth, made.argmax(1).numpy())
        expected = metrics.log_loss(truth, made.softmax(1).numpy(), labels=[0, 1, 2])
        assert float(losses[row]) == pytest.approx(expected, rel=1e-10)


def test_errors_are_in_the_targets_unit():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(80, 6, generator=generator)
    y = 50 + 7 * x[:, 0] + torch.randn(80, generator=generator)
    task = from_arrays(x, y)
    training = go_on(begin(task, JOBS), 20)
    _, scores = losses_and_scores(task, training.data, training.stack, "test")
    for row, job in enumerate(training.stack.jobs):
        prepared = task.prepare(job.seed)
        train, test = prepared.train, prepared.test
        made = in_torch(training.stack, row)(x[test].double()).detach()[:, 0]
        predicted = made * float(y[train].double().std(correction=0)) + float(y[train].double().mean())
        expected = metrics.root_mean_squared_error(y[test].numpy(), predicted.numpy())
        assert float(scores[row]) == pytest.approx(expected, rel=1e-6)  # targets are kept in float32


@pytest.mark.parametrize("name", own_metrics.names("classification"))
def test_every_metric_decides_and_is_recorded(name):
    task = with_metric(table(), name)
    training = go_on(begin(task, JOBS), 20)
    _, scores = losses_and_scores(task, training.data, training.stack, "test")
    recorded = all_metrics(task, training.data, training.stack, "test")
    for row, job in enumerate(training.stack.jobs):
        prepared = task.prepare(job.seed)
        made = in_torch(training.stack, row)(prepared.x[prepared.test].double()).detach()
        expected = own_metrics.value(name, made.numpy(), prepared.y[prepared.test].numpy())
        assert float(scores[row]) == pytest.approx(expected, rel=1e-10)
        assert recorded[row][name] == pytest.approx(expected, rel=1e-10)


def test_regression_metrics_are_in_the_targets_unit():
    task = table(classes=None)
    training = go_on(begin(task, JOBS), 20)
    recorded = all_metrics(task, training.data, training.stack, "test")
    _, roots = losses_and_scores(task, training.data, training.stack, "test")
    _, means = losses_and_scores(with_metric(task, "mae"), training.data, training.stack, "test")
    for row, found in enumerate(recorded):
        assert found["rmse"] == pytest.approx(float(roots[row])) and found["mae"] == float(means[row])
        assert found["mae"] < found["rmse"]


def test_an_undefined_metric_is_one_sentence():
    x, y = torch.randn(60, 6), (torch.arange(60) % 2)
    task = with_metric(from_arrays(x, y, test=(x[:5], y[:1].expand(5))), "auroc")
    training = begin(task, JOBS[:1])
    with pytest.raises(UserError, match="'auroc' is undefined on the test rows"):
        losses_and_scores(task, training.data, training.stack, "test")
    assert math.isnan(all_metrics(task, training.data, training.stack, "test")[0]["auroc"])


def test_one_training_row_may_have_no_score():
    task = with_metric(table(), "auroc")
    recipe = replace(RECIPE, normalization="none", train_size=1, epochs=2)
    (outcome,) = begin(task, [Job("one", recipe, 1)]).run()
    assert math.isnan(outcome.train_score) and 0 <= outcome.test_score <= 1 and not outcome.diverged


def test_only_members_with_points_have_all_metrics():
    task = table()
    jobs = [
        JOBS[0]._replace(recipe=replace(RECIPE, epochs=1), points=1),
        JOBS[1]._replace(recipe=replace(RECIPE, epochs=1)),
    ]
    found = {one.name: one for one in begin(task, jobs).run()}
    assert found["a"].details["metrics"]["accuracy"] == found["a"].test_score
    assert "metrics" not in found["b"].details


def test_without_rows_or_finite_outputs_there_is_no_score():
    task = table()
    training = begin(task, JOBS[:2])
    training.stack.flat[1] = torch.nan
    losses, scores = losses_and_scores(task, training.data, training.stack, "valid")
    assert scores.isnan().tolist() == losses.isnan().tolist() == [False, True]
    x, y = torch.randn(40, 6), torch.arange(40) % 3
    bare = from_arrays(x, y, valid_share=0)
    training = begin(bare, JOBS[:1])
    assert all(
        value.isnan().all() for value in losses_and_scores(bare, training.data, training.stack, "valid")
    )


def test_units_that_never_move_are_dead():
    task = table()
    training = begin(task, [Job("one", Recipe(width=8, depth=1), 1), Job("two", Recipe(width=8, depth=1), 2)])
    weight, bias = training.stack.template.views(training.stack.flat)[:2]
    weight[1, :3], bias[1, :3] = 0, 1
    before = dead_units(training.stack, training.data)
    assert before[1] - before[0] == pytest.approx(3 / 8, abs=1 / 8)
    weight[1] = 0
    assert dead_units(training.stack, training.data)[1] == 1.0
    assert math.isnan(dead_units(begin(task, [Job("flat", Recipe(depth=0), 1)]).stack, training.data)[0])


def test_of_many_rows_as_many_as_asked_for_are_judged_evenly_spaced(monkeypatch):
    monkeypatch.setattr(evaluate, "TRAIN_ROWS", 7)
    task = table()
    training = begin(task, JOBS[:1])
    for part, most in (("train", None), ("valid", 5)):
        rows = training.data.rows(1, part)
        few = rows[torch.linspace(0, len(rows) - 1, most or 7).long()]
        made = outputs(training.stack, training.data.x, few[None])
        by_hand = torch.nn.functional.cross_entropy(made[0], training.data.y[few])
        losses, _ = losses_and_scores(task, training.data, training.stack, part, most)
        assert float(losses[0]) == pytest.approx(float(by_hand), rel=1e-9)
