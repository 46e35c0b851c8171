"""Swish with beta 1 beside torch.nn.functional, values and slopes."""

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import swish

POINTS = [-800.0, -30.0, -3.1, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 4.2, 30.0, 800.0]


def test_follows_torch(agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    same = x.detach().clone().requires_grad_()
    ours, witness = swish.apply(x, swish.Hyper()), F.silu(same)
    ours.sum().backward()
    witness.sum().backward()
    agrees_at(swish, "torch.nn.functional.silu", ours, witness, rtol=1e-14, atol=1e-16)
    agrees_at(swish, "torch.nn.functional.silu", x.grad, same.grad, rtol=1e-13, atol=1e-16)


@given(st.floats(-50, 50), st.floats(0, 5))
def test_beta_scales_the_axes_and_mirror_images_differ_by_x(x, beta):
    x = torch.tensor(x, dtype=torch.float64)
    scaled = beta * swish.apply(x, swish.Hyper(beta))
    torch.testing.assert_close(scaled, F.silu(beta * x), rtol=1e-13, atol=1e-300)
    mirrored = swish.apply(x, swish.Hyper(beta)) - swish.apply(-x, swish.Hyper(beta))
    torch.testing.assert_close(mirrored, x, rtol=1e-13, atol=1e-300)
