"""Group normalization beside torch.nn.functional.group_norm, and by hand where torch has no answer."""

import pytest
import torch
import torch.nn.functional as F

from shoal.techniques.normalizations import group_norm, layer_norm

SHAPES = [(8, 12), (8, 12, 5), (8, 12, 4, 2)]


def rows(shape):
    return 2 * torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 3


def hyper(groups, eps=1e-3):
    return group_norm.Hyper(torch.tensor(groups, dtype=torch.float64), eps)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("groups", [1, 2, 3, 4, 6, 12])
def test_follows_torch(shape, groups, agrees_at):
    x = rows(shape).requires_grad_()
    ours, theirs = group_norm.apply(x, hyper(groups)), F.group_norm(x, groups, eps=1e-3)
    if x[0].numel() == groups:  # each value is its group's mean: zeros but for rounding, which cannot agree
        torch.testing.assert_close(ours, torch.zeros_like(x), rtol=0, atol=1e-12)
        return
    agrees_at(group_norm, "torch.nn.functional.group_norm", ours, theirs, rtol=1e-11, atol=1e-12)
    slopes = [torch.autograd.grad((y * x.detach()).sin().sum(), x)[0] for y in (ours, theirs)]
    agrees_at(group_norm, "torch.nn.functional.group_norm", *slopes, rtol=1e-10, atol=1e-12)


def test_groups_of_unequal_size_are_each_normalized_by_themselves():
    x = rows((8, 7, 3))
    found = group_norm.apply(x, hyper(3))
    expected = torch.cat([F.group_norm(part, 1, eps=1e-3) for part in x.split([3, 2, 2], 1)], 1)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)


def test_one_group_is_layer_normalization():
    x = rows((8, 7, 3))
    expected = layer_norm.apply(x, layer_norm.Hyper(1e-3))
    torch.testing.assert_close(group_norm.apply(x, hyper(1)), expected, rtol=1e-12, atol=1e-13)
