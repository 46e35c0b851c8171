"""Mish beside torch.nn.functional, values and slopes, and the least value that the paper names."""

import torch
import torch.nn.functional as F

from shoal.techniques.activations import mish


def test_follows_torch(agrees, values_and_slopes):
    ours = values_and_slopes(lambda x: mish.apply(x, mish.Hyper()))
    agrees(mish, "torch.nn.functional.mish", ours, values_and_slopes(F.mish), rtol=1e-11)


def test_is_never_below_the_papers_bound():
    """Section 2: the range is about [-0.31, ∞)."""
    x = torch.linspace(-20, 20, 100_001, dtype=torch.float64)
    assert abs(float(mish.apply(x, mish.Hyper()).min()) + 0.30884) < 1e-5
