"""Truncated normal beside scipy's quantiles, and the spread its formula promises."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import truncnorm

from shoal.techniques.initializers import truncated_normal


@pytest.mark.parametrize("shape", [(50, 70), (6, 4, 3, 2)], ids=str)
def test_is_scipys_quantile_of_the_uniform_number_drawn(shape):
    ours = truncated_normal.draw(shape, torch.Generator().manual_seed(7), truncated_normal.Hyper(std=0.3))
    share = torch.rand(shape, generator=torch.Generator().manual_seed(7)).double().numpy()
    witness = truncnorm.ppf(share, -2, 2, scale=0.3)
    np.testing.assert_allclose(ours.numpy(), witness, rtol=1e-5, atol=1e-7)


def test_spread_is_that_of_the_formula_and_the_tails_are_cut():
    drawn = truncated_normal.draw((300, 200), torch.Generator().manual_seed(0), truncated_normal.Hyper(0.3))
    std = float(truncnorm.std(-2, 2, scale=0.3))
    assert std == pytest.approx(0.88 * 0.3, rel=1e-3)
    assert drawn.std().item() == pytest.approx(std, rel=0.01)
    assert abs(drawn.mean().item()) < 4 * std / math.sqrt(drawn.numel())
    assert 0.599 < drawn.abs().max().item() <= 0.6 * (1 + 1e-6)
