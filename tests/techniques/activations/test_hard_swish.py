"""Hard swish beside torch.nn.functional, values and slopes, at its two corners too."""

import pytest
import torch
import torch.nn.functional as F

from shoal.techniques.activations import hard_swish


def test_follows_torch(agrees, values_and_slopes):
    ours = values_and_slopes(lambda x: hard_swish.apply(x, hard_swish.Hyper()))
    agrees(hard_swish, "torch.nn.functional.hardswish", ours, values_and_slopes(F.hardswish), rtol=1e-12)


@pytest.mark.parametrize("corner", [-3.0, 3.0])
def test_the_corners_are_those_of_torch(corner):
    x = torch.tensor([corner], dtype=torch.float64, requires_grad=True)
    same = x.detach().clone().requires_grad_()
    (ours,) = torch.autograd.grad(hard_swish.apply(x, hard_swish.Hyper()), x)
    (theirs,) = torch.autograd.grad(F.hardswish(same), same)
    assert torch.equal(ours, theirs)
