"""AMSGrad beside torch.optim, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import amsgrad, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    path = steps(amsgrad, amsgrad.Hyper(0.02, 0.8, 0.7, 1e-3))
    witness = torch_steps(
        lambda parameters: torch.optim.Adam(parameters, 0.02, (0.8, 0.7), 1e-3, amsgrad=True)
    )
    agrees(amsgrad, "torch.optim.Adam", path, witness, rtol=1e-12)


def test_large_gradient_is_never_forgotten():
    hyper = amsgrad.Hyper(lr=1.0, beta1=0.0, beta2=0.5, eps=0.0)
    parameter = torch.zeros(2, dtype=torch.float64)
    state = amsgrad.init(parameter, hyper)
    for gradient in (100.0, *[1.0] * 60):
        change, state = amsgrad.update(
            Seen(torch.full_like(parameter, gradient), KEY, KEY), state, parameter, hyper
        )
    torch.testing.assert_close(change, torch.full_like(parameter, -1 / (100 * 0.5**0.5)), rtol=1e-12, atol=0)


def test_large_eps_without_momentum_is_sgd(steps):
    path = steps(amsgrad, amsgrad.Hyper(0.05 * 1e9, 0.0, 0.9, 1e9))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
