"""Gradient centralization beside pytorch_optimizer's, and what it promises of matrices and vectors."""

import torch
from pytorch_optimizer.optimizer.gradient_centralization import centralize_gradient

from shoal.techniques.kinds import Seen
from shoal.techniques.links import centralize
from shoal.techniques.optimizers import momentum

SHAPES = [(3, 4), (5,), (2, 3, 2, 2)]


def test_follows_pytorch_optimizer(chain_steps, torch_steps, agrees):
    def before(parameters):
        for parameter in parameters:
            centralize_gradient(parameter.grad)

    agrees(
        centralize,
        "pytorch_optimizer's centralize_gradient before torch.optim.SGD",
        chain_steps(momentum, momentum.Hyper(0.03, 0.8), centralize, centralize.Hyper(), SHAPES),
        torch_steps(lambda parameters: torch.optim.SGD(parameters, 0.03, 0.8), SHAPES, before=before),
    )


def _centralized(gradient):
    seen = Seen(gradient, torch.tensor(0.0), torch.tensor(0))
    return centralize.apply(
        seen, centralize.init(gradient, centralize.Hyper()), gradient, centralize.Hyper()
    )[0]


def test_means_of_output_units_vanish_and_a_second_time_changes_nothing():
    gradient = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    once = _centralized(gradient)
    torch.testing.assert_close(once.mean((1, 2)), torch.zeros(4, dtype=torch.float64), rtol=0, atol=1e-15)
    torch.testing.assert_close(_centralized(once), once, rtol=0, atol=1e-15)
    assert not torch.allclose(once, gradient)


def test_vectors_pass():
    gradient = torch.tensor([1.0, 2.0, 4.0])
    assert torch.equal(_centralized(gradient), gradient)
