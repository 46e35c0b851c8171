"""Flip beside numpy's, with the noise in plain Python integers."""

import numpy as np
import pytest
import torch

from shoal.techniques.augmentations import flip

X = torch.randn(40, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def apply(x, key, probability):
    return flip.apply(x, torch.tensor(key), flip.Hyper(torch.tensor(probability, dtype=x.dtype)))


@pytest.mark.parametrize("key", [3, 2**31 + 5])
def test_the_rows_are_flipped_that_the_noise_says(agrees_at, plain, key):
    rows = [
        np.flip(row, 2) if plain.uniform(key, number) < 0.4 else row for number, row in enumerate(X.numpy())
    ]
    agrees_at(flip, "numpy.flip", apply(X, key, 0.4), torch.from_numpy(np.stack(rows)), rtol=0, atol=0)


@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_as_many_rows_are_flipped_as_the_probability_says(probability):
    """Within four standard deviations of a binomial number, over 50 steps."""
    turned = sum(int((apply(X, 1000 + step, probability) != X).flatten(1).any(1).sum()) for step in range(50))
    count = 50 * len(X)
    assert abs(turned - count * probability) < 4 * (count * probability * (1 - probability)) ** 0.5


def test_probability_of_zero_changes_nothing_and_of_one_everything():
    assert torch.equal(apply(X, 4, 0.0), X)
    assert torch.equal(apply(X, 4, 1.0), X.flip(-1))
