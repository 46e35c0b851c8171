"""Adadelta beside torch.optim, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adadelta, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    path = steps(adadelta, adadelta.Hyper(lr=1.7, rho=0.8, eps=1e-3))
    witness = torch_steps(lambda parameters: torch.optim.Adadelta(parameters, lr=1.7, rho=0.8, eps=1e-3))
    agrees(adadelta, "torch.optim.Adadelta", path, witness, rtol=1e-12)


def test_change_has_the_unit_of_the_parameter():
    """Measured in another unit (θ by c, so g by 1/c, and ε with them), the change is the same change."""
    c, parameter = 1000.0, torch.zeros(3, dtype=torch.float64)
    state = adadelta.init(parameter, adadelta.Hyper())
    square = state.square
    state = adadelta.State(square, square + 0.01)
    other = adadelta.State(square, (square + 0.01) * c**2)
    for step in range(1, 31):
        gradient = torch.randn(3, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        change, state = adadelta.update(
            Seen(gradient, KEY, KEY), state, parameter, adadelta.Hyper(1, 0.9, 1e-30)
        )
        same, other = adadelta.update(
            Seen(gradient / c, KEY, KEY), other, parameter, adadelta.Hyper(1, 0.9, 1e-30)
        )
        torch.testing.assert_close(same, c * change, rtol=1e-10, atol=0)


def test_large_eps_is_sgd(steps):
    path = steps(adadelta, adadelta.Hyper(0.05, 0.9, 1e9))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
