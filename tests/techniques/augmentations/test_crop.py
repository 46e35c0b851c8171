"""Crop beside numpy's pad and slices, with zeros and with reflection; the noise in plain Python integers."""

import math

import numpy as np
import pytest
import torch

from shoal.techniques.augmentations import crop, crop_reflect

X = torch.randn(30, 2, 8, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
BOTH = pytest.mark.parametrize(("module", "mode"), [(crop, "constant"), (crop_reflect, "reflect")])


def apply(module, x, key, share):
    return module.apply(x, torch.tensor(key), module.Hyper(torch.tensor(share, dtype=x.dtype)))


def cut(row, pad, start, mode):
    """The part of a padded image that begins at ``start``."""
    large = np.pad(row, [(0, 0), (pad[0], pad[0]), (pad[1], pad[1])], mode=mode)
    return large[:, start[0] : start[0] + row.shape[1], start[1] : start[1] + row.shape[2]]


@BOTH
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_equals_a_part_of_the_padded_image(agrees_at, plain, module, mode, share):
    pad, key, rows = (round(share * 8), round(share * 12)), 77, []
    for number, row in enumerate(X.numpy()):
        noise = (plain.uniform(key, number), plain.uniform(key, len(X) + number))
        start = [math.floor((2 * far + 1) * u) for far, u in zip(pad, noise, strict=True)]
        rows.append(cut(row, pad, start, mode))
    theirs = torch.from_numpy(np.stack(rows))
    agrees_at(module, f'numpy.pad, mode="{mode}"', apply(module, X, key, share), theirs, rtol=0, atol=0)


def shifts(share, pixels, count=9000):
    """How far images of ``pixels`` pixels on a side were moved, read off a column that counts them."""
    x = torch.arange(100.0, 100.0 + pixels).view(1, 1, pixels, 1).expand(count, 1, pixels, pixels).clone()
    middle = pixels // 2
    return (apply(crop, x, 5, share)[:, 0, middle, middle] - 100 - middle).long()


def test_every_shift_is_equally_likely():
    counts = torch.bincount(shifts(3 / 16, 16) + 3, minlength=7).double()
    assert len(counts) == 7
    expected = counts.sum() / 7
    assert float(((counts - expected) ** 2 / expected).sum()) < 24.1  # chi-square of 6, 1 in 2,000


def test_between_whole_pixels_only_the_outermost_shifts_are_rarer():
    counts = torch.bincount(shifts(2.5 / 16, 16) + 3, minlength=7).double() / 9000
    torch.testing.assert_close(counts, torch.tensor([1, 2, 2, 2, 2, 2, 1]).double() / 12, rtol=0, atol=0.02)


@BOTH
def test_a_share_of_zero_changes_nothing(module, mode):
    assert torch.equal(apply(module, X, 4, 0.0), X)


@BOTH
def test_images_of_one_pixel_and_without_channels(module, mode):
    assert torch.equal(apply(crop_reflect, X[:, :, :1, :1], 9, 0.5), X[:, :, :1, :1])
    assert torch.equal(apply(module, X[:, 0], 9, 0.3), apply(module, X, 9, 0.3)[:, 0])
