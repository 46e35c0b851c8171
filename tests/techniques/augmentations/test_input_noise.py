"""Input noise beside plain Python integers and floats, and Tikhonov's penalty of a linear map."""

import math
from statistics import NormalDist

import pytest
import torch

from shoal.techniques.augmentations import input_noise


def mix(x):
    """The hash documented in numerics/counter_noise.py, modulo 2³²."""
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def noise(key, position):
    folded = mix((mix((key + 0x3C6EF372) % 2**32) + 0x51ED270B) % 2**32)
    return NormalDist().inv_cdf(((mix(mix((position + key) % 2**32) ^ folded) >> 9) + 0.5) / 2**23)


def apply(x, key, std):
    return input_noise.apply(x, torch.tensor(key), input_noise.Hyper(torch.tensor(std, dtype=x.dtype)))


ROWS = [[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.2, 0.8, 0.1], [0.9, -0.4, 1.1]]
AIMS = [1.0, -2.0, 0.5, 0.3]


@pytest.mark.parametrize("std", [0.05, 0.6])
def test_a_regression_with_it_is_the_same_in_plain_floats(agrees, std):
    x, y = torch.tensor(ROWS, dtype=torch.float64), torch.tensor(AIMS, dtype=torch.float64)
    weight, plain, ours, theirs = torch.zeros(3, dtype=torch.float64), [0.0] * 3, [], []
    for step in range(40):
        key = mix(step)
        noisy = apply(x, key, std)
        weight = weight - 0.1 * 2 / 4 * noisy.T @ (noisy @ weight - y)
        rows = [[v + std * noise(key, 3 * r + c) for c, v in enumerate(row)] for r, row in enumerate(ROWS)]
        errors = [
            sum(w * v for w, v in zip(plain, row, strict=True)) - aim
            for row, aim in zip(rows, AIMS, strict=True)
        ]
        slopes = [sum(e * row[c] for e, row in zip(errors, rows, strict=True)) for c in range(3)]
        plain = [w - 0.1 * 2 / 4 * slope for w, slope in zip(plain, slopes, strict=True)]
        ours.append(weight)
        theirs.append(torch.tensor(plain, dtype=torch.float64))
    agrees(input_noise, "noise and gradient in plain floats", ours, theirs)


def test_a_linear_map_is_penalized_by_its_squares():
    """Bishop's equivalence is exact for a linear map; the bound is 4.5 standard errors over 4000 keys."""
    x, y = torch.tensor(ROWS, dtype=torch.float64), torch.tensor(AIMS, dtype=torch.float64)
    weight = torch.tensor([0.4, -1.2, 0.7], dtype=torch.float64)
    losses = torch.stack([((apply(x, mix(key), 0.3) @ weight - y) ** 2).mean() for key in range(4000)])
    expected = ((x @ weight - y) ** 2).mean() + 0.3**2 * (weight**2).sum()
    assert abs(losses.mean() - expected) < 4.5 * losses.std() / math.sqrt(len(losses))
    assert abs(losses.mean() - ((x @ weight - y) ** 2).mean()) > 9 * losses.std() / math.sqrt(len(losses))


def test_std_of_zero_changes_nothing():
    x = torch.tensor(ROWS)
    assert torch.equal(apply(x, 4, 0.0), x)
