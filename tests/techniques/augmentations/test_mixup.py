"""Mixup beside its formulas in plain floats, with the noise in plain Python integers."""

import math

import pytest
import torch

from shoal.techniques.augmentations import mixup

SOURCE = torch.Generator().manual_seed(0)
X = torch.randn(7, 2, 3, generator=SOURCE, dtype=torch.float64)
CLASSES = torch.eye(4, dtype=torch.float64)[torch.randint(0, 4, (7,), generator=SOURCE)]
NUMBERS = torch.randn(7, 2, generator=SOURCE, dtype=torch.float64)


def apply(x, target, key, alpha):
    return mixup.apply(x, target, torch.tensor(key), mixup.Hyper(torch.tensor(alpha, dtype=x.dtype)))


def share_of(plain, key, alpha):
    """λ by Student's t with 2α degrees of freedom (Bailey 1994)."""
    first, second = plain.uniform(key, 0), plain.uniform(key, 1)
    t = math.sqrt(2 * alpha * (first ** (-1 / alpha) - 1)) * math.cos(2 * math.pi * second)
    share = 0.5 * (1 + t / math.sqrt(2 * alpha + t * t))
    return max(share, 1 - share)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("target", [CLASSES, NUMBERS], ids=["classes", "numbers"])
def test_equals_the_formulas(agrees_at, plain, alpha, target):
    ours, theirs = [], []
    for key in (3, 4, 2**31 + 5):
        share = share_of(plain, key, alpha)
        for one, made in zip((X, target), apply(X, target, key, alpha), strict=True):
            other = [plain.partner(key, row, 7) for row in range(7)]
            rows = [share * one[row] + (1 - share) * one[other[row]] for row in range(7)]
            ours.append(made.flatten())
            theirs.append(torch.stack(rows).flatten())
    agrees_at(mixup, "the formulas in plain floats", torch.cat(ours), torch.cat(theirs))


def test_rows_of_classes_still_sum_to_one():
    torch.testing.assert_close(
        apply(X, CLASSES, 8, 1.0)[1].sum(1), torch.ones(7).double(), rtol=0, atol=1e-15
    )


def test_alpha_of_zero_changes_nothing():
    for key in range(20):
        assert all(map(torch.equal, apply(X, CLASSES, key, 0.0), (X, CLASSES)))


def test_a_batch_of_one_row_is_mixed_with_itself():
    made = apply(X[:1], CLASSES[:1], 3, 1.0)
    torch.testing.assert_close(made, (X[:1], CLASSES[:1]), rtol=1e-15, atol=0)
