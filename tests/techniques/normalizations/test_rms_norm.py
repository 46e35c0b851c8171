"""RMS normalization beside torch.nn.RMSNorm, values and gradients."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from shoal.techniques.normalizations import rms_norm

SHAPES = [(8, 5), (8, 3, 5), (8, 3, 4, 2)]


def rows(shape):
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 3


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_follows_torch(shape, eps, agrees_at):
    x = rows(shape).requires_grad_()
    ours = rms_norm.apply(x, rms_norm.Hyper(torch.tensor(eps, dtype=torch.float64)))
    theirs = nn.RMSNorm(shape[1:], eps=eps, elementwise_affine=False)(x)
    agrees_at(rms_norm, "torch.nn.RMSNorm", ours, theirs, rtol=1e-12, atol=1e-13)
    slopes = [torch.autograd.grad(y.sin().sum(), x)[0] for y in (ours, theirs)]
    agrees_at(rms_norm, "torch.nn.RMSNorm", *slopes, rtol=1e-10, atol=1e-12)


@given(st.floats(1e-3, 1e3))
def test_scale_of_a_row_does_not_matter_but_its_shift_does(scale):
    """Exactly so when eps grows with the mean square."""
    x = rows((8, 5))
    y = rms_norm.apply(x, rms_norm.Hyper(1e-3))
    torch.testing.assert_close(rms_norm.apply(scale * x, rms_norm.Hyper(1e-3 * scale**2)), y)
    assert not torch.allclose(rms_norm.apply(x + 1, rms_norm.Hyper(1e-3)), y, atol=1e-3)
