"""Random normal beside torch.nn.init, and the variance its formula promises."""

import math

import pytest
import torch

from shoal.techniques.initializers import normal


@pytest.mark.parametrize("shape", [(5, 7), (64, 3), (1, 1), (6, 4, 3, 2)], ids=str)
def test_equals_torch_bit_by_bit(shape):
    ours = normal.draw(shape, torch.Generator().manual_seed(7), normal.Hyper(std=0.3))
    witness = torch.nn.init.normal_(torch.empty(shape), std=0.3, generator=torch.Generator().manual_seed(7))
    assert torch.equal(ours, witness)


def test_has_the_variance_of_the_formula():
    drawn = normal.draw((300, 50, 2, 2), torch.Generator().manual_seed(0), normal.Hyper(std=0.3)).double()
    std = 0.3
    assert drawn.std().item() == pytest.approx(std, rel=0.01)
    assert abs(drawn.mean().item()) < 4 * std / math.sqrt(drawn.numel())
    assert (drawn.abs() > 2 * std).double().mean().item() == pytest.approx(math.erfc(math.sqrt(2)), rel=0.05)
