"""Nesterov beside torch.optim, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import nesterov, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    hyper = nesterov.Hyper(lr=0.02, momentum=0.83)
    path = steps(nesterov, hyper)
    witness = torch_steps(
        lambda parameters: torch.optim.SGD(parameters, lr=0.02, momentum=0.83, nesterov=True)
    )
    agrees(nesterov, "torch.optim.SGD", path, witness, rtol=1e-12)


def test_without_momentum_is_sgd(steps):
    for one, other in zip(
        steps(nesterov, nesterov.Hyper(0.05, 0.0)), steps(sgd, sgd.Hyper(0.05)), strict=True
    ):
        assert torch.equal(one, other)


def test_is_the_papers_looked_ahead_point():
    """Sutskever et al.: v ← μv - η∇f(θ + μv), θ ← θ + v. What is kept here is θ + μv."""
    hyper, curvature = nesterov.Hyper(0.02, 0.9), torch.tensor([0.5, 7.0], dtype=torch.float64)
    theta, velocity = torch.ones(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    ahead = theta.clone()
    state = nesterov.init(ahead, hyper)
    for _ in range(30):
        velocity = 0.9 * velocity - 0.02 * curvature * (theta + 0.9 * velocity)
        theta = theta + velocity
        change, state = nesterov.update(Seen(curvature * ahead, KEY, KEY), state, ahead, hyper)
        ahead = ahead + change
        torch.testing.assert_close(ahead, theta + 0.9 * velocity, rtol=1e-12, atol=1e-13)
