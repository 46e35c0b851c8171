"""Word dropout, number by number, with the noise in plain Python integers."""

import pytest
import torch

from shoal.techniques.augmentations import word_dropout

X = torch.randint(0, 5, (12, 7), generator=torch.Generator().manual_seed(0)).double()


def apply(x, key, rate):
    return word_dropout.apply(x, torch.tensor(key), word_dropout.Hyper(torch.tensor(rate, dtype=x.dtype)))


@pytest.mark.parametrize("key", [1, 2**31 + 9])
def test_equals_plain_python(agrees_at, plain, key):
    theirs = X.clone()
    for row in range(12):
        for column in range(7):
            if plain.uniform(key, 7 * row + column) < 0.35:
                theirs[row, column] = 0.0 if X[row, column] == 0 else 1.0
    agrees_at(word_dropout, "number by number in plain Python", apply(X, key, 0.35), theirs, rtol=0, atol=0)


def test_a_rate_of_zero_changes_nothing():
    assert torch.equal(apply(X, 4, 0.0), X)


def test_as_many_numbers_are_taken_as_the_rate_says():
    """Of numbers that all differ from what takes their place; within four standard deviations."""
    rows = torch.arange(2.0, 2 + 300 * 40).view(300, 40)
    taken = (apply(rows, 6, 0.2) != rows).sum()
    assert abs(int(taken) - 12_000 * 0.2) < 4 * (12_000 * 0.2 * 0.8) ** 0.5


def test_what_fills_rows_up_stays_and_unknown_tokens_come():
    made = apply(X, 3, 1.0)
    assert torch.equal(made == 0, X == 0) and made.unique().tolist() == [0.0, 1.0]
