"""L1 beside torch.nn.L1Loss, in training steps and in roles."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from shoal.techniques.regularizers import l1


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_follows_gradient_descent_with_torchs_l1_loss_of_the_weights(agrees_at):
    inputs, targets = normal(20, 4, seed=1), normal(20, 3, seed=2)
    ours, theirs = (normal(4, 3).requires_grad_() for _ in range(2))
    with torch.no_grad():
        ours[1, 2] = theirs[1, 2] = 0.0
    sizes = nn.L1Loss(reduction="sum")
    for _ in range(30):
        losses = [(inputs @ weight - targets).square().mean() for weight in (ours, theirs)]
        gradient = torch.autograd.grad(losses[0] + l1.penalty(ours, "matrix", l1.Hyper(0.07)), ours)[0]
        witness = torch.autograd.grad(losses[1] + 0.07 * sizes(theirs, torch.zeros(4, 3)), theirs)[0]
        with torch.no_grad():
            ours -= 0.05 * gradient
            theirs -= 0.05 * witness
        agrees_at(l1, "torch.nn.L1Loss", ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("role", ["matrix", "head", "embedding"])
def test_equals_plain_python(role):
    weights = normal(4, 3)
    expected = 0.3 * sum(abs(float(w)) for w in weights.flatten())
    assert l1.penalty(weights, role, l1.Hyper(0.3)).item() == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("role", ["bias", "norm", "activation"])
def test_what_is_no_weight_costs_nothing(role):
    assert l1.penalty(normal(5), role, l1.Hyper(10.0)) == 0


@given(st.floats(1e-3, 1e3))
def test_grows_with_the_weights_and_does_not_see_signs(scale):
    weights, hyper = normal(4, 3), l1.Hyper(0.2)
    once = l1.penalty(weights, "matrix", hyper)
    torch.testing.assert_close(l1.penalty(-scale * weights, "matrix", hyper), scale * once)
