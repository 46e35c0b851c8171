"""CELU beside torch.nn.functional, values and slopes, and what it is for α = 1."""

import math

import pytest
import torch
import torch.nn.functional as F

from shoal.techniques.activations import celu, elu


@pytest.mark.parametrize("alpha", [0.0625, 1.0, 2.0])
def test_follows_torch(alpha, agrees, values_and_slopes):
    ours = values_and_slopes(lambda x: celu.apply(x, celu.Hyper(alpha)))
    theirs = values_and_slopes(lambda x: F.celu(x, alpha))
    known = (
        "torch rounds 1/alpha to float32 (slopes off by 4e-9 at 0.07), we do not; shown where that is exact"
    )
    agrees(celu, "torch.nn.functional.celu", ours, theirs, rtol=1e-12, known=known)


def test_follows_plain_python_where_torch_rounds():
    x = torch.linspace(-3, 3, 41, dtype=torch.float64)
    expected = [max(one, 0) + min(0, 0.07 * (math.exp(one / 0.07) - 1)) for one in x.tolist()]
    found = celu.apply(x, celu.Hyper(0.07))
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-14, atol=1e-15)


def test_is_elu_where_alpha_is_one():
    x = torch.linspace(-30, 30, 101, dtype=torch.float64)
    assert torch.equal(celu.apply(x, celu.Hyper(1.0)), elu.apply(x, elu.Hyper(1.0)))


@pytest.mark.parametrize("alpha", [0.2, 1.7])
def test_the_slope_is_continuous_at_zero(alpha):
    x = torch.tensor([-1e-12, 1e-12], dtype=torch.float64, requires_grad=True)
    celu.apply(x, celu.Hyper(alpha)).sum().backward()
    torch.testing.assert_close(x.grad, torch.ones(2, dtype=torch.float64), rtol=0, atol=1e-10)
