"""Softplus beside torch.nn.functional, values and slopes, and far away where an exponential overflows."""

import pytest
import torch
import torch.nn.functional as F

from shoal.techniques.activations import softplus


@pytest.mark.parametrize("beta", [0.4, 1.0, 1.9])
def test_follows_torch(beta, agrees, values_and_slopes):
    """torch's threshold, 20 by default, is put where nothing is lost."""
    ours = values_and_slopes(lambda x: softplus.apply(x, softplus.Hyper(beta)))
    theirs = values_and_slopes(lambda x: F.softplus(x, beta, threshold=36))
    agrees(softplus, "torch.nn.functional.softplus", ours, theirs, rtol=1e-12)


def test_slope_is_the_sigmoid_even_where_the_exponential_overflows():
    x = torch.tensor([-1e4, -800.0, -1.0, 0.0, 1.0, 800.0, 1e4], dtype=torch.float64, requires_grad=True)
    y = softplus.apply(x, softplus.Hyper())
    y.sum().backward()
    torch.testing.assert_close(x.grad, torch.sigmoid(x.detach()), rtol=1e-14, atol=0)
    assert torch.equal(y[-2:].detach(), x[-2:].detach()) and torch.equal(y[:2], torch.zeros_like(y[:2]))
