"""Cutout beside the squares of the authors' code in numpy, with the noise in plain Python integers."""

import numpy as np
import pytest
import torch

from shoal.techniques.augmentations import cutout

X = torch.rand(30, 2, 8, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 1


def apply(x, key, share):
    return cutout.apply(x, torch.tensor(key), cutout.Hyper(torch.tensor(share, dtype=x.dtype)))


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_equals_the_authors_squares(agrees_at, plain, share):
    length, key, rows = round(share * 8), 12, []
    for number, row in enumerate(X.numpy()):
        mask = np.ones((8, 12))
        y = int(plain.uniform(key, number) * 8)
        x = int(plain.uniform(key, len(X) + number) * 12)
        low = [np.clip(one - length // 2, 0, side) for one, side in ((y, 8), (x, 12))]
        high = [np.clip(one + length // 2, 0, side) for one, side in ((y, 8), (x, 12))]
        mask[low[0] : high[0], low[1] : high[1]] = 0
        rows.append(row * mask)
    theirs = torch.from_numpy(np.stack(rows))
    agrees_at(cutout, "the authors' masks in numpy", apply(X, key, share), theirs, rtol=0, atol=0)


def test_other_sizes_are_the_whole_numbers_beside_them():
    erased = (apply(X.expand(30, 2, 8, 12), 3, 0.44) == 0)[:, 0]  # 3.52 pixels
    heights, widths = (erased.any(axis).sum(1) for axis in (2, 1))
    assert heights.max() in (3, 4) and widths.max() in (3, 4)
    assert torch.equal(erased.flatten(1).sum(1), heights * widths)


def test_a_share_of_zero_changes_nothing():
    assert torch.equal(apply(X, 4, 0.0), X)
