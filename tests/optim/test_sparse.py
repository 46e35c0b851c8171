"""Embedding gradients that are sparse: torch's numbers where the mathematics allows them, else a sentence."""

import pytest
import torch
from torch import nn

from shoal import optim
from shoal.optim.classes import rules

ALLOWED = {"SGD", "GradientDescent", "Adagrad", "SparseAdam"}


def embed(optimizer_of, steps: int) -> torch.Tensor:
    torch.manual_seed(0)
    table = nn.Embedding(10, 3, sparse=True, dtype=torch.float64)
    optimizer = optimizer_of(table.parameters())
    for step in range(steps):
        rows = torch.tensor([step % 10, (3 * step) % 7, step % 10])
        optimizer.zero_grad()
        ((table(rows) - 0.1 * step) ** 2).sum().backward()
        optimizer.step()
    return table.weight.detach()


@pytest.mark.parametrize(
    ("title", "given"),
    [
        ("SGD", {"lr": 0.02}),
        ("SGD", {"lr": 0.02, "maximize": True}),
        ("Adagrad", {"lr": 0.1, "lr_decay": 0.2, "initial_accumulator_value": 0.1}),
        ("SparseAdam", {"lr": 0.05, "betas": (0.7, 0.8)}),
        ("SparseAdam", {"lr": 0.05, "maximize": True}),
    ],
)
def test_thirty_sparse_steps_are_torchs(title, given):
    ours = embed(lambda ones: getattr(optim, title)(ones, **given), 30)
    theirs = embed(lambda ones: getattr(torch.optim, title)(list(ones), **given), 30)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("title", sorted(rules()))
def test_rules_that_move_untouched_rows_refuse(title):
    if title in ALLOWED:
        assert embed(getattr(optim, title), 1).isfinite().all()
        return
    one, other = nn.Parameter(torch.ones(2)), nn.Embedding(4, 2, sparse=True)
    optimizer = getattr(optim, title)([one, other.weight])
    (one.sum() + other(torch.tensor([1])).sum()).backward()
    with pytest.raises(TypeError, match="sparse gradients"):
        optimizer.step(loss=1.0)
    assert torch.equal(one.detach(), torch.ones(2))  # before any step is taken


@pytest.mark.parametrize(
    ("title", "given"),
    [("SGD", {"momentum": 0.9}), ("SGD", {"weight_decay": 0.1}), ("Adagrad", {"weight_decay": 0.1})],
)
def test_settings_that_move_untouched_rows_refuse(title, given):
    with pytest.raises(TypeError, match="as it is set"):
        embed(lambda ones: getattr(optim, title)(ones, **given), 1)
