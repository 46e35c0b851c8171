"""Momentum beside torch.optim, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import momentum, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    hyper = momentum.Hyper(lr=0.02, momentum=0.83)
    path = steps(momentum, hyper)
    witness = torch_steps(lambda parameters: torch.optim.SGD(parameters, lr=0.02, momentum=0.83))
    agrees(momentum, "torch.optim.SGD", path, witness, rtol=1e-12)


def test_without_momentum_is_sgd(steps):
    for one, other in zip(
        steps(momentum, momentum.Hyper(0.05, 0.0)), steps(sgd, sgd.Hyper(0.05)), strict=True
    ):
        assert torch.equal(one, other)


def test_constant_gradient_ends_at_its_geometric_sum():
    """b → g / (1 - μ)."""
    gradient, parameter, hyper = (
        torch.ones(2, dtype=torch.float64),
        torch.zeros(2, dtype=torch.float64),
        momentum.Hyper(0.5, 0.8),
    )
    state = momentum.init(parameter, hyper)
    for _ in range(200):
        change, state = momentum.update(Seen(gradient, KEY, KEY), state, parameter, hyper)
    torch.testing.assert_close(change, -0.5 * gradient / (1 - 0.8), rtol=1e-12, atol=0)
