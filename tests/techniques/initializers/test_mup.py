"""muP's spreads beside table 3 of the paper."""

import math

import pytest
import torch

from shoal.techniques.initializers import he_normal, mup


@pytest.mark.parametrize("width", [16, 64, 256])
def test_the_head_shrinks_with_its_inputs_twice_as_fast(width):
    drawn = mup.draw_head((500, width), torch.Generator().manual_seed(1), mup.Hyper(64.0)).double()
    expected = math.sqrt(64.0) / width
    error = expected / math.sqrt(2 * drawn.numel())
    assert drawn.std().item() == pytest.approx(expected, abs=4 * error)
    assert drawn.mean().item() == pytest.approx(0, abs=4 * expected / math.sqrt(drawn.numel()))


def test_other_weights_are_hes():
    ours = mup.draw((7, 5), torch.Generator().manual_seed(1), mup.Hyper())
    assert torch.equal(ours, he_normal.draw((7, 5), torch.Generator().manual_seed(1), he_normal.Hyper()))
