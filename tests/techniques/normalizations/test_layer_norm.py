"""Layer normalization beside torch.nn.LayerNorm, values and gradients."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from shoal.techniques.normalizations import layer_norm

SHAPES = [(8, 5), (8, 3, 5), (8, 3, 4, 2)]


def rows(shape):
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_follows_torch(shape, eps, agrees_at):
    x = rows(shape).requires_grad_()
    ours = layer_norm.apply(x, layer_norm.Hyper(torch.tensor(eps, dtype=torch.float64)))
    theirs = nn.LayerNorm(shape[1:], eps=eps, elementwise_affine=False)(x)
    agrees_at(layer_norm, "torch.nn.LayerNorm", ours, theirs, rtol=1e-12, atol=1e-13)
    slopes = [torch.autograd.grad(y.sin().sum(), x)[0] for y in (ours, theirs)]
    agrees_at(layer_norm, "torch.nn.LayerNorm", *slopes, rtol=1e-10, atol=1e-12)


@given(st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_scale_and_shift_of_a_row_do_not_matter(scale, shift):
    """Exactly so when eps grows with the variance."""
    x = rows((8, 5))
    y = layer_norm.apply(x, layer_norm.Hyper(1e-3))
    same = layer_norm.apply(scale * x + shift, layer_norm.Hyper(1e-3 * scale**2))
    torch.testing.assert_close(same, y, rtol=0, atol=1e-8)


def test_rows_do_not_see_each_other():
    x = rows((8, 5))
    mixed = torch.cat([x[:3], 1e6 * x[3:]])
    assert torch.equal(
        layer_norm.apply(mixed, layer_norm.Hyper())[:3], layer_norm.apply(x, layer_norm.Hyper())[:3]
    )
