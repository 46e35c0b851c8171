"""LeCun normal beside torch.nn.init, and the variance its formula promises."""

import math

import pytest
import torch

from shoal.techniques.initializers import lecun_normal


@pytest.mark.parametrize("shape", [(5, 7), (64, 3), (1, 1), (6, 4, 3, 2)], ids=str)
def test_equals_torch_bit_by_bit(shape):
    ours = lecun_normal.draw(shape, torch.Generator().manual_seed(7), lecun_normal.Hyper())
    witness = torch.nn.init.kaiming_normal_(
        torch.empty(shape), generator=torch.Generator().manual_seed(7), nonlinearity="linear"
    )
    assert torch.equal(ours, witness)


def test_has_the_variance_of_the_formula():
    drawn = lecun_normal.draw(
        (300, 50, 2, 2), torch.Generator().manual_seed(0), lecun_normal.Hyper()
    ).double()
    fan_in = 50 * 2 * 2
    std = math.sqrt(1 / fan_in)
    assert drawn.std().item() == pytest.approx(std, rel=0.01)
    assert abs(drawn.mean().item()) < 4 * std / math.sqrt(drawn.numel())
    assert (drawn.abs() > 2 * std).double().mean().item() == pytest.approx(math.erfc(math.sqrt(2)), rel=0.05)


def test_keeps_the_mean_square_through_linear_layers():
    x = torch.randn(256, 512, generator=torch.Generator().manual_seed(0))
    for layer in range(10):
        generator = torch.Generator().manual_seed(layer + 1)
        x = x @ lecun_normal.draw((512, 512), generator, lecun_normal.Hyper()).T
    assert x.square().mean().item() == pytest.approx(1, rel=0.3)
