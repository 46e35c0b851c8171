"""Adan beside two packages that follow its authors' program, and what its formula promises."""

import optimi
import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adam, adan

KEY = torch.zeros((), dtype=torch.int64)


@pytest.mark.parametrize("decay", [0.0, 0.3], ids="weight_decay={}".format)
def test_follows_optimi(decay, steps, torch_steps, agrees):
    path = steps(adan, adan.Hyper(0.02, 0.9, 0.7, 0.95, 1e-3, decay))
    witness = torch_steps(
        lambda parameters: optimi.Adan(
            parameters, lr=0.02, betas=(0.9, 0.7, 0.95), eps=1e-3, weight_decay=decay, triton=False
        )
    )
    agrees(
        adan,
        "optimi.Adan",
        path,
        witness,
        known="the paper's βs are 1 minus those of the authors' program, whose spelling we take; optax.adan "
        "takes it too, but weighs differences by 1-β₂ as the paper's spelling would: at default βs its steps "
        "are others on equal gradients (optax 0.2.8, no test here runs it)",
    )


def test_follows_pytorch_optimizer(steps, torch_steps, agrees):
    path = steps(adan, adan.Hyper(0.02, 0.9, 0.7, 0.95, 1e-3, 0.3))
    witness = torch_steps(
        lambda parameters: pytorch_optimizer.Adan(
            parameters, lr=0.02, betas=(0.9, 0.7, 0.95), eps=1e-3, weight_decay=0.3
        )
    )
    agrees(adan, "pytorch_optimizer.Adan", path, witness)


def test_without_differences_and_decay_is_adam(steps):
    path = steps(adan, adan.Hyper(0.02, 0.8, 0.0, 0.95, 1e-3))
    for one, other in zip(path, steps(adam, adam.Hyper(0.02, 0.8, 0.95, 1e-3)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


def test_decay_is_proximal():
    """Without a gradient θ is divided by 1 + ηλ, so however large λ, the sign stays."""
    parameter, hyper = torch.tensor([2.0, -3.0], dtype=torch.float64), adan.Hyper(lr=0.1, weight_decay=1e3)
    change, _ = adan.update(Seen(0 * parameter, KEY, KEY), adan.init(parameter, hyper), parameter, hyper)
    torch.testing.assert_close(parameter + change, parameter / (1 + 0.1 * 1e3), rtol=1e-12, atol=0)


def test_first_gradient_has_no_difference():
    """So the first step is lr against the sign, as Adam's."""
    gradient = torch.tensor([3.0, -1e-4, 0.0], dtype=torch.float64)
    hyper = adan.Hyper(lr=0.1, eps=1e-30)
    change, _ = adan.update(Seen(gradient, KEY, KEY), adan.init(gradient, hyper), 0 * gradient, hyper)
    torch.testing.assert_close(change, -0.1 * gradient.sign(), rtol=1e-12, atol=0)
