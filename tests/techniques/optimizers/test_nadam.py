"""NAdam beside torch.optim, and what its formula promises."""

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.optimizers import nadam, sgd


@pytest.fixture
def float64_product():
    """torch.optim.NAdam keeps its product of momenta in torch's default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("decay", [0.0, 4e-3, 0.3], ids="momentum_decay={}".format)
def test_follows_torch(decay, steps, torch_steps, float64_product, agrees):
    path = steps(nadam, nadam.Hyper(0.02, 0.8, 0.95, 1e-3, decay))
    witness = torch_steps(
        lambda parameters: torch.optim.NAdam(parameters, 0.02, (0.8, 0.95), 1e-3, momentum_decay=decay)
    )
    agrees(
        nadam,
        "torch.optim.NAdam",
        path,
        witness,
        rtol=1e-12,
        known="the momentum of the paper warms up; torch and we do that, optax.nadam does not: at defaults "
        "its steps are others on equal gradients (optax 0.2.8, no test here runs it)",
    )


def test_follows_pytorch_optimizer(steps, torch_steps, agrees, float64_product):
    path = steps(nadam, nadam.Hyper(0.02, 0.8, 0.95, 1e-3))
    witness = torch_steps(
        lambda parameters: pytorch_optimizer.NAdam(parameters, lr=0.02, betas=(0.8, 0.95), eps=1e-3)
    )
    agrees(nadam, "pytorch_optimizer.NAdam", path, witness)


def test_large_eps_without_momentum_is_sgd(steps):
    path = steps(nadam, nadam.Hyper(0.05 * 1e9, 0.0, 0.9, 1e9))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
