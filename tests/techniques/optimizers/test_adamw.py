"""AdamW beside torch.optim, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adam, adamw

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    hyper = adamw.Hyper(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3, weight_decay=0.3)
    path = steps(adamw, hyper)
    witness = torch_steps(
        lambda parameters: torch.optim.AdamW(
            parameters, lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3
        )
    )
    agrees(adamw, "torch.optim.AdamW", path, witness, rtol=1e-12)


def test_without_decay_is_adam(steps):
    path = steps(adamw, adamw.Hyper(0.02, 0.8, 0.95, 1e-3, weight_decay=0.0))
    for one, other in zip(path, steps(adam, adam.Hyper(0.02, 0.8, 0.95, 1e-3)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=0)


def test_without_gradient_only_decays():
    parameter, hyper = torch.tensor([2.0, -3.0], dtype=torch.float64), adamw.Hyper(lr=0.1, weight_decay=0.5)
    change, _ = adamw.update(Seen(0 * parameter, KEY, KEY), adamw.init(parameter, hyper), parameter, hyper)
    torch.testing.assert_close(change, -0.1 * 0.5 * parameter, rtol=1e-14, atol=0)
