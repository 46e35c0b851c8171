"""Lookahead beside pytorch_optimizer's, and what it is for k = 1."""

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.links import lookahead
from shoal.techniques.optimizers import adam, momentum, sgd

SHAPES = [(12,)]


@pytest.mark.parametrize(("k", "alpha"), [(3, 0.7), (7, 0.3), (1, 0.6)])
def test_follows_pytorch_optimizer_around_sgd(k, alpha, chain_steps, torch_steps, agrees):
    def make(parameters):
        return pytorch_optimizer.Lookahead(torch.optim.SGD(parameters, 0.03, 0.8), k=k, alpha=alpha)

    ours = chain_steps(momentum, momentum.Hyper(0.03, 0.8), lookahead, lookahead.Hyper(k, alpha), SHAPES)
    agrees(lookahead, "pytorch_optimizer.Lookahead(torch.optim.SGD)", ours, torch_steps(make, SHAPES))


def test_follows_pytorch_optimizer_around_adam(chain_steps, torch_steps, agrees):
    def make(parameters):
        adam = torch.optim.Adam(parameters, 0.03, (0.8, 0.95), 1e-3)
        return pytorch_optimizer.Lookahead(adam, k=4, alpha=0.4)

    ours = chain_steps(adam, adam.Hyper(0.03, 0.8, 0.95, 1e-3), lookahead, lookahead.Hyper(4, 0.4), SHAPES)
    agrees(lookahead, "pytorch_optimizer.Lookahead(torch.optim.Adam)", ours, torch_steps(make, SHAPES))


def test_returning_at_every_step_is_sgd_at_alpha_times_the_rate(chain_steps, torch_steps):
    ours = chain_steps(sgd, sgd.Hyper(0.05), lookahead, lookahead.Hyper(1, 0.4), SHAPES)
    plain = torch_steps(lambda parameters: torch.optim.SGD(parameters, 0.05 * 0.4), SHAPES)
    for one, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


def test_a_k_between_counts_as_the_next_whole_number(chain_steps):
    ours = chain_steps(sgd, sgd.Hyper(0.05), lookahead, lookahead.Hyper(2.2, 0.4), SHAPES)
    whole = chain_steps(sgd, sgd.Hyper(0.05), lookahead, lookahead.Hyper(3, 0.4), SHAPES)
    assert all(torch.equal(one, other) for one, other in zip(ours, whole, strict=True))
