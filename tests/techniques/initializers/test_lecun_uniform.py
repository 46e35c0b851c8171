"""LeCun uniform beside torch.nn.init, and the variance its formula promises."""

import math

import pytest
import torch

from shoal.techniques.initializers import lecun_uniform


@pytest.mark.parametrize("shape", [(5, 7), (64, 3), (1, 1), (6, 4, 3, 2)], ids=str)
def test_equals_torch_bit_by_bit(shape):
    ours = lecun_uniform.draw(shape, torch.Generator().manual_seed(7), lecun_uniform.Hyper())
    witness = torch.nn.init.kaiming_uniform_(
        torch.empty(shape), generator=torch.Generator().manual_seed(7), nonlinearity="linear"
    )
    assert torch.equal(ours, witness)


def test_has_the_variance_of_the_formula():
    drawn = lecun_uniform.draw(
        (300, 50, 2, 2), torch.Generator().manual_seed(0), lecun_uniform.Hyper()
    ).double()
    fan_in = 50 * 2 * 2
    std = math.sqrt(1 / fan_in)
    assert drawn.std().item() == pytest.approx(std, rel=0.01)
    assert abs(drawn.mean().item()) < 4 * std / math.sqrt(drawn.numel())
    assert drawn.abs().max().item() <= math.sqrt(3) * std * (1 + 1e-6)
