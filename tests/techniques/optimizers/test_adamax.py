"""AdaMax beside torch.optim, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adamax, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    path = steps(adamax, adamax.Hyper(0.02, 0.8, 0.7, 1e-3))
    witness = torch_steps(
        lambda parameters: torch.optim.Adamax(parameters, lr=0.02, betas=(0.8, 0.7), eps=1e-3)
    )
    agrees(adamax, "torch.optim.Adamax", path, witness, rtol=1e-12)


def test_step_is_never_longer_than_lr_without_eps_where_the_mean_forgets_faster():
    """|m̂| is a mean of gradients of which β₂ keeps each as large as β₁ weighs it (paper, section 7.1)."""
    hyper = adamax.Hyper(lr=0.1, beta1=0.0, beta2=0.9, eps=0.0)
    parameter = torch.zeros(50, dtype=torch.float64)
    state = adamax.init(parameter, hyper)
    for step in range(40):
        gradient = torch.randn(50, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        change, state = adamax.update(Seen(gradient, KEY, KEY), state, parameter, hyper)
        assert (change.abs() <= 0.1 * (1 + 1e-12)).all()
        assert (state.largest >= gradient.abs()).all()


def test_large_eps_without_momentum_is_sgd(steps):
    path = steps(adamax, adamax.Hyper(0.05 * 1e9, 0.0, 0.9, 1e9))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
