"""SwiGLU beside torch's silu and glu, values and slopes of both halves."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from shoal import catalogue
from shoal.networks.layers import Activation
from shoal.techniques.activations import swiglu

SWIGLU = ("swiglu", catalogue.find("activation", "swiglu"))


@pytest.mark.parametrize("turned", [False, True])
def test_follows_torch_in_both_halves(turned, agrees, values_and_slopes):
    def ours(x):
        return swiglu.apply(*((x.flip(0), x) if turned else (x, x.flip(0))), swiglu.Hyper())

    def theirs(x):
        return x.flip(0) * F.silu(x) if turned else x * F.silu(x.flip(0))

    agrees(swiglu, "torch.nn.functional.silu", values_and_slopes(ours), values_and_slopes(theirs), rtol=1e-11)


def test_beta_is_swishs():
    x, gate = torch.randn(2, 9, dtype=torch.float64)
    found = swiglu.apply(x, gate, swiglu.Hyper(0.7))
    torch.testing.assert_close(found, x * F.silu(0.7 * gate) / 0.7, rtol=1e-13, atol=0)


@pytest.mark.parametrize("shape", [(5, 6), (5, 4, 3, 2)], ids=str)
def test_the_halves_of_the_layer_are_those_of_torchs_glu(shape):
    """Dividing the gate's swish by the gate leaves glu's sigmoid."""
    x = torch.randn(shape, dtype=torch.float64)
    found = Activation(*SWIGLU)(x)
    torch.testing.assert_close(found / x.chunk(2, 1)[1], F.glu(x, 1), rtol=1e-12, atol=0)


def test_is_half_as_many_channels():
    layer = nn.Sequential(nn.Linear(3, 8), Activation(*SWIGLU), nn.Linear(4, 2))
    assert layer(torch.randn(7, 3)).shape == (7, 2)
