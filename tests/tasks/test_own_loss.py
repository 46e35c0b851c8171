"""Losses of one's own: what fits, what does not, and what a task is judged by."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from shoal import Task
from shoal.errors import UserError
from shoal.tasks.own_loss import OwnLoss

X = torch.randn(90, 3, generator=torch.Generator().manual_seed(0))
CLASSES = torch.arange(90) % 4
NUMBERS = torch.linspace(-3, 9, 90)
SEVERAL = (X > 0).float()


def linear(outputs):
    return lambda: nn.Linear(3, outputs)


@pytest.mark.parametrize(
    ("function", "output", "target"),
    [
        (nn.CrossEntropyLoss(label_smoothing=0.1), X, CLASSES % 3),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 2.0, 5.0])), X, SEVERAL),
        (F.huber_loss, X[:, 0], NUMBERS),
        (lambda o, t: F.cross_entropy(o.transpose(1, 2), t), X.view(10, 9, 3), CLASSES.view(10, 9) % 3),
    ],
)  # fmt: skip
def test_row_losses_are_losses_of_single_rows(function, output, target):
    loss = OwnLoss(function, tuple(output.shape[1:]), tuple(target.shape[1:]), not target.is_floating_point())
    expected = [
        float(function(one[None], its[None])) for one, its in zip(output.double(), target, strict=True)
    ]
    found = loss.rows(output.double(), target.double() if target.is_floating_point() else target)
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))
    zeros = torch.zeros_like(output)
    assert loss.of_nothing(target) == pytest.approx(float(function(zeros, target)), rel=1e-6)


def test_torchs_cross_entropy_is_written_out_and_equal():
    for function in (F.cross_entropy, nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.3)):
        loss = OwnLoss(function, (3,), (), True)
        assert loss.is_cross_entropy
        found = loss.rows(X.double(), CLASSES % 3)
        rows = [function(one[None].double(), its[None]) for one, its in zip(X, CLASSES % 3, strict=True)]
        torch.testing.assert_close(found, torch.stack(rows), rtol=1e-12, atol=0)
    for function in (nn.CrossEntropyLoss(ignore_index=2), nn.CrossEntropyLoss(torch.ones(3))):
        assert not OwnLoss(function, (3,), (), True).is_cross_entropy


def test_classes_are_judged_as_classes_whatever_the_loss():
    task = Task(linear(4), (X, CLASSES), loss=nn.CrossEntropyLoss(label_smoothing=0.1), metric="f1")
    assert (task.kind, task.metric, task.outputs) == ("classification", "f1", 4)


def test_other_targets_are_judged_by_the_loss_and_taken_as_they_are():
    task = Task(linear(3), (X, SEVERAL), loss=nn.BCEWithLogitsLoss())
    data = task.prepare(0)
    assert (task.kind, task.metric, task.higher_is_better, data.scale) == ("own", "loss", False, 1.0)
    assert torch.equal(data.y, SEVERAL) and task.prepare(1).y is data.y
    assert "targets are taken as they are, the metric is the loss" in task.notes
    words = Task(linear(4), (X, CLASSES[:, None].repeat(1, 2)), loss=lambda o, t: F.cross_entropy(o, t[:, 0]))
    assert (words.kind, words.loss.target, words.loss.classes) == ("own", (2,), True)


def test_numbers_may_be_judged_by_their_distance():
    task = Task(linear(1), (X, NUMBERS[:, None]), loss=F.huber_loss, metric="mae")
    assert (task.kind, task.metric, task.prepare(0).scale) == ("regression", "mae", 1.0)


def test_shoals_own_networks_take_a_loss_too():
    assert Task(None, (X, NUMBERS), loss=F.huber_loss).prepare(0).y.shape == (90, 1)
    assert Task(None, (X, CLASSES), loss=F.cross_entropy).outputs == 4


def scores(outputs, targets):
    raise KeyError("no such class")


@pytest.mark.parametrize(
    ("loss", "sentence"),
    [
        ("huber", "loss is 'huber'; a function of"),
        (
            scores,
            r"the loss, given .* \[64, 4\] and .* \[64\], raised KeyError at .*test_own_loss.py:\d+: 'no",
        ),
        (
            nn.CrossEntropyLoss(reduction="none"),
            r"returned a tensor of shape \[64\] .*; one number is needed",
        ),
        (nn.CrossEntropyLoss(reduction="sum"), "of 64 rows together .* must be a mean over rows"),
        (nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1, 1, 3])), "no class weights in nn.CrossEntropyLoss"),
        (lambda outputs, targets: 1.0, "returned float; one number is needed"),
        (lambda outputs, targets: F.cross_entropy(outputs, targets) / 0, "is inf: it must be finite"),
        (
            lambda o, t: F.cross_entropy(o, t) * float(o.sum().sign() ** 2),
            "taken row by row with .* raised Runt",
        ),
        (nn.AdaptiveLogSoftmaxWithLoss(4, 4, [2]), "the loss has parameters, which nobody would train"),
        (nn.CrossEntropyLoss(ignore_index=2), "of their own is nan: a loss must be a mean over rows"),
        (nn.BCEWithLogitsLoss(), r"the loss, given outputs .*raised ValueError.*Target size"),
    ],
)
def test_losses_that_do_not_fit(loss, sentence):
    with pytest.raises(UserError, match=sentence):
        Task(linear(4), (X, CLASSES), loss=loss)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"metric": "accuracy"}, "task 'own' is known to its own loss only; choose among loss"),
        ({"metric": "mea"}, "there is no metric 'mea'; did you mean 'mae'"),
        ({"network": linear(2), "metric": "mae", "loss": lambda o, t: (o[:, 0] - t[:, 1]).abs().mean()},
         r"outputs of a row have shape \[2\] and its targets \[3\]"),
        ({"network": None, "train": (X, X[..., None])}, r"a row have shape \[3, 1\] .* give a network"),
        ({"network": linear(4), "train": (X, CLASSES - 9), "loss": F.cross_entropy}, "class -9; leave"),
        ({"train": (X, SEVERAL / 0)}, "the target holds NaN or infinity in single precision, first in row 0"),
    ],
)  # fmt: skip
def test_metrics_and_targets_that_do_not_fit(arguments, sentence):
    given = {"network": linear(3), "train": (X, SEVERAL), "loss": nn.BCEWithLogitsLoss()}
    with pytest.raises(UserError, match=sentence):
        Task(**{**given, **arguments})
