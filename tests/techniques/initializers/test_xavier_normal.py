"""Xavier normal beside torch.nn.init, and the variance its formula promises."""

import math

import pytest
import torch

from shoal.techniques.initializers import xavier_normal


@pytest.mark.parametrize("shape", [(5, 7), (64, 3), (1, 1), (6, 4, 3, 2)], ids=str)
def test_equals_torch_bit_by_bit(shape):
    ours = xavier_normal.draw(shape, torch.Generator().manual_seed(7), xavier_normal.Hyper())
    witness = torch.nn.init.xavier_normal_(torch.empty(shape), generator=torch.Generator().manual_seed(7))
    assert torch.equal(ours, witness)


def test_has_the_variance_of_the_formula():
    drawn = xavier_normal.draw(
        (300, 50, 2, 2), torch.Generator().manual_seed(0), xavier_normal.Hyper()
    ).double()
    fan_in, fan_out = 200, 1200
    std = math.sqrt(2 / (fan_in + fan_out))
    assert drawn.std().item() == pytest.approx(std, rel=0.01)
    assert abs(drawn.mean().item()) < 4 * std / math.sqrt(drawn.numel())
    assert (drawn.abs() > 2 * std).double().mean().item() == pytest.approx(math.erfc(math.sqrt(2)), rel=0.05)
