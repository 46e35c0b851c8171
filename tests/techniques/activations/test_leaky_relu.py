"""Leaky ReLU beside torch.nn.functional, values and slopes."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import leaky_relu

POINTS = [-800.0, -30.0, -3.1, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 4.2, 30.0, 800.0]


@pytest.mark.parametrize("negative_slope", [0.0, 0.01, 0.3, 1.0])
def test_follows_torch(negative_slope, agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    same = x.detach().clone().requires_grad_()
    ours, witness = leaky_relu.apply(x, leaky_relu.Hyper(negative_slope)), F.leaky_relu(same, negative_slope)
    ours.sum().backward()
    witness.sum().backward()
    agrees_at(leaky_relu, "torch.nn.functional.leaky_relu", ours, witness, rtol=1e-14, atol=1e-16)
    agrees_at(leaky_relu, "torch.nn.functional.leaky_relu", x.grad, same.grad, rtol=1e-13, atol=1e-16)


@given(st.floats(-50, 50), st.floats(0, 50))
def test_is_positively_homogeneous(x, scale):
    x, hyper = torch.tensor(x, dtype=torch.float64), leaky_relu.Hyper(0.2)
    torch.testing.assert_close(
        leaky_relu.apply(scale * x, hyper), scale * leaky_relu.apply(x, hyper), rtol=1e-14, atol=1e-300
    )
