"""Swap noise, number by number, with the noise in plain Python integers."""

import pytest
import torch

from shoal.techniques.augmentations import swap_noise

X = torch.randn(12, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def apply(x, key, rate):
    return swap_noise.apply(x, torch.tensor(key), swap_noise.Hyper(torch.tensor(rate, dtype=x.dtype)))


@pytest.mark.parametrize("key", [1, 2**31 + 9])
def test_equals_plain_python(agrees_at, plain, key):
    theirs = X.clone()
    for row in range(12):
        for column in range(7):
            if plain.uniform(key, 7 * row + column) < 0.35:
                theirs[row, column] = X[plain.partner(key, row, 12), column]
    agrees_at(swap_noise, "number by number in plain Python", apply(X, key, 0.35), theirs, rtol=0, atol=0)


def test_a_rate_of_zero_changes_nothing():
    assert torch.equal(apply(X, 4, 0.0), X)


def test_as_many_numbers_are_taken_as_the_rate_says():
    """Of numbers that all differ from what takes their place; within four standard deviations."""
    rows = torch.arange(2.0, 2 + 300 * 40).view(300, 40)
    taken = (apply(rows, 6, 0.2) != rows).sum()
    assert abs(int(taken) - 12_000 * 0.2) < 4 * (12_000 * 0.2 * 0.8) ** 0.5


def test_swapped_numbers_stay_in_their_column():
    made = apply(X, 3, 0.5)
    assert all(torch.isin(made[:, column], X[:, column]).all() for column in range(7))
