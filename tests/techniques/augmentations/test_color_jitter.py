"""Color jitter beside its formulas in numpy, with the noise in plain Python integers."""

import numpy as np
import pytest
import torch

from shoal.techniques.augmentations import color_jitter

X = torch.randn(9, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def apply(x, key, *numbers):
    hyper = color_jitter.Hyper(*(torch.tensor(one, dtype=x.dtype) for one in numbers))
    return color_jitter.apply(x, torch.tensor(key), hyper)


@pytest.mark.parametrize("numbers", [(0.3, 0.0, 0.0), (0.0, 0.7, 0.0), (0.0, 0.0, 0.7), (0.9, 0.4, 0.6)])
def test_equals_the_formulas(agrees_at, plain, numbers):
    brightness, contrast, saturation = numbers
    key, rows = 8, []
    for number, row in enumerate(X.numpy()):
        signed = [2 * plain.uniform(key, kind * len(X) + number) - 1 for kind in range(3)]
        row = row + brightness * signed[0]
        scale = 1 + contrast * signed[1]
        row = np.mean(row) + scale * (row - np.mean(row))
        gray = (row[0] + row[1] + row[2]) / 3
        rows.append(gray + (1 + saturation * signed[2]) * (row - gray))
    theirs = torch.from_numpy(np.stack(rows))
    agrees_at(color_jitter, "the formulas in numpy", apply(X, key, *numbers), theirs, rtol=1e-12)


def test_numbers_of_zero_change_nothing():
    assert torch.equal(apply(X, 4, 0.0, 0.0, 0.0), X)


def test_gray_images_have_no_saturation():
    gray = X[:, :1]
    assert torch.equal(apply(gray, 4, 0.0, 0.0, 1.0), gray)
    color = gray.expand(-1, 3, -1, -1)
    torch.testing.assert_close(apply(color, 4, 0.0, 0.0, 1.0), color, rtol=0, atol=1e-14)
