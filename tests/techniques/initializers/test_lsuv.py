"""LSUV: torch's rotations, scaled once."""

import torch

from shoal.techniques.initializers import lsuv


def test_draws_torchs_rotations():
    ours = lsuv.draw((6, 4, 3, 2), torch.Generator().manual_seed(7), lsuv.Hyper())
    witness = torch.nn.init.orthogonal_(torch.empty(6, 4, 3, 2), generator=torch.Generator().manual_seed(7))
    assert torch.equal(ours, witness)


def test_one_division_gives_variance_one():
    weight, x = torch.randn(7, 5, dtype=torch.float64), 3 + 2 * torch.randn(40, 5, dtype=torch.float64)
    scaled = lsuv.calibrate(weight, x @ weight.T, lsuv.Hyper())
    assert abs(float((x @ scaled.T).var(correction=0)) - 1) < 1e-12
    torch.testing.assert_close(scaled * weight[0, 0] / scaled[0, 0], weight)


def test_a_layer_that_puts_out_nothing_keeps_its_weight():
    weight = torch.randn(7, 5)
    assert torch.equal(lsuv.calibrate(weight, torch.zeros(40, 7), lsuv.Hyper()), weight)
