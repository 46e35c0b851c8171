"""SPS beside its formula in plain floats, and what it promises."""

import pytest
import torch
from member_walk import START, seen_at, walk

from shoal.techniques.optimizers import sgd, sps


def float_walk(lr, c, f_star, count=40):
    """SPS_max of the paper (its equation 3), with the loss and gradient as floats."""
    parameters, path, capped = START.tolist(), [], []
    for step in range(count):
        seen = seen_at(torch.tensor(parameters, dtype=torch.float64), step)
        loss, gradient = seen.loss.item(), seen.gradient.tolist()
        polyak = max(loss - f_star, 0.0) / (c * sum(one * one for one in gradient))
        capped.append(polyak > lr)
        parameters = [one - min(polyak, lr) * slope for one, slope in zip(parameters, gradient, strict=True)]
        path.append(torch.tensor(parameters, dtype=torch.float64))
    return path, capped


@pytest.mark.parametrize(
    ("lr", "c", "f_star"), [(0.11, 0.7, 0.0), (0.09, 1.3, 0.9), (0.12, 0.4, -2.0), (1e3, 1.0, 0.0)]
)
def test_follows_plain_floats(lr, c, f_star, agrees):
    path, capped = float_walk(lr, c, f_star)
    assert any(capped) == (lr < 1) and not all(capped)
    agrees(sps, "SPS_max in plain floats", walk(sps, sps.Hyper(lr, c, f_star))[0], path)


def test_a_loss_below_the_bound_and_a_gradient_of_zeros_do_not_move():
    assert torch.equal(walk(sps, sps.Hyper(f_star=1e9))[0][-1], START)
    assert torch.equal(walk(sps, sps.Hyper(), count=3, quiet=3)[0][-1], START)
    assert torch.equal(walk(sps, sps.Hyper(f_star=-1.0), count=3, quiet=3)[0][-1], START)


def test_far_above_the_bound_it_is_sgd():
    ours, theirs = walk(sps, sps.Hyper(0.05, 0.5, -1e30))[0], walk(sgd, sgd.Hyper(0.05))[0]
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))
