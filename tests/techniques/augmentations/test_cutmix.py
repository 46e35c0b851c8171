"""CutMix pixel by pixel in plain Python, with the noise in plain Python integers."""

import math

import pytest
import torch

from shoal.techniques.augmentations import cutmix

SOURCE = torch.Generator().manual_seed(0)
X = torch.randn(5, 2, 6, 9, generator=SOURCE, dtype=torch.float64)
TARGET = torch.randn(5, 3, generator=SOURCE, dtype=torch.float64).softmax(1)


def apply(key, probability, alpha):
    hyper = cutmix.Hyper(torch.tensor(probability).double(), torch.tensor(alpha).double())
    return cutmix.apply(X, TARGET, torch.tensor(key), hyper)


def reference(plain, key, probability, alpha):
    uniform = [plain.uniform(key, place) for place in range(5)]
    x, target = X.clone(), TARGET.clone()
    if uniform[4] >= probability:
        return x, target
    t = math.sqrt(2 * alpha * (uniform[0] ** (-1 / alpha) - 1)) * math.cos(2 * math.pi * uniform[1])
    side = math.sqrt(1 - 0.5 * (1 + t / math.sqrt(2 * alpha + t * t)))
    center = (math.floor(uniform[2] * 6), math.floor(uniform[3] * 9))
    pasted = 0
    for row in range(6):
        for column in range(9):
            down, across = row - center[0], column - center[1]
            if -side * 6 / 2 <= down < side * 6 / 2 and -side * 9 / 2 <= across < side * 9 / 2:
                pasted += 1
                for image in range(5):
                    x[image, :, row, column] = X[plain.partner(key, image, 5), :, row, column]
    for image in range(5):
        other = TARGET[plain.partner(key, image, 5)]
        target[image] = TARGET[image] * (1 - pasted / 54) + other * pasted / 54
    return x, target


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_equals_plain_python(agrees_at, plain, alpha):
    keys = range(40, 50)
    ours = [one.flatten() for key in keys for one in apply(key, 0.7, alpha)]
    theirs = [one.flatten() for key in keys for one in reference(plain, key, 0.7, alpha)]
    agrees_at(cutmix, "pixel by pixel in plain Python", torch.cat(ours), torch.cat(theirs))
    assert not torch.equal(torch.cat(ours[::2]), X.flatten().repeat(10))


def test_probability_of_zero_changes_nothing():
    for key in range(20):
        assert all(map(torch.equal, apply(key, 0.0, 1.0), (X, TARGET)))


def test_batches_are_mixed_as_often_as_the_probability_says():
    """Within four standard deviations; a box so small that it holds no pixel is rare with an alpha of 50."""
    mixed = sum(not torch.equal(apply(key, 0.3, 50.0)[0], X) for key in range(600))
    same = 600 * 0.3 / 5  # the batch's rows may be mixed with themselves
    assert abs(mixed - (600 * 0.3 - same)) < 4 * (600 * 0.24 * 0.76) ** 0.5
