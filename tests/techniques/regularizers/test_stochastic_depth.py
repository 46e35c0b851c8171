"""Stochastic depth beside masks from plain Python integers and a descent in plain floats."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import stochastic_depth


def mix(x):
    """The hash documented in numerics/counter_noise.py, modulo 2³²."""
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def noise(key, position):
    folded = mix((mix((key + 0x3C6EF372) % 2**32) + 0x51ED270B) % 2**32)
    return ((mix(mix((position + key) % 2**32) ^ folded) >> 9) + 0.5) / 2**23


def apply(branch, key, share, rate):
    hyper = stochastic_depth.Hyper(torch.tensor(rate, dtype=branch.dtype))
    return stochastic_depth.apply(branch, torch.tensor(key), share, hyper)


ROWS, AIMS = [0.5, -1.0, 2.0, 0.3, -0.6, 1.4], [1.0, -2.5, 4.0, 0.8, -1.0, 3.0]


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_a_descent_through_two_branches_is_the_same_in_plain_floats(agrees, rate):
    """h = x + d₁(a x),  f = h + d₂(b h), where d silences by row; squared errors, 40 steps."""
    x, y = (torch.tensor(one, dtype=torch.float64)[:, None] for one in (ROWS, AIMS))
    weights, plain, ours, theirs = torch.full((2,), 0.1, dtype=torch.float64), [0.1, 0.1], [], []
    for step in range(40):
        keys = mix(step), mix(step + 1000)
        weights = weights.detach().requires_grad_()
        h = x + apply(weights[0] * x, keys[0], 0.5, rate)
        out = h + apply(weights[1] * h, keys[1], 1.0, rate)
        (slope,) = torch.autograd.grad(((out - y) ** 2).mean(), weights)
        weights = (weights - 0.02 * slope).detach()
        slopes = [0.0, 0.0]
        for row, (value, aim) in enumerate(zip(ROWS, AIMS, strict=True)):
            first, second = (
                0.0 if noise(key, row) < 1 - p else 1 / p
                for key, p in ((keys[0], 1 - rate / 2), (keys[1], 1 - rate))
            )
            middle = value + first * plain[0] * value
            error = middle + second * plain[1] * middle - aim
            slopes[0] += 2 / 6 * error * (1 + second * plain[1]) * first * value
            slopes[1] += 2 / 6 * error * second * middle
        plain = [w - 0.02 * s for w, s in zip(plain, slopes, strict=True)]
        ours.append(weights)
        theirs.append(torch.tensor(plain, dtype=torch.float64))
    agrees(stochastic_depth, "the paper's residual blocks in plain floats", ours, theirs)


@given(st.floats(0, 0.95), st.floats(0.1, 1.0), st.integers(0, 2**32 - 1))
def test_a_row_is_silenced_whole_or_made_louder(rate, share, key):
    branch = torch.rand(30, 4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 1
    made = apply(branch, key, share, rate)
    gone = (made == 0).flatten(1)
    assert torch.equal(gone.all(1), gone.any(1))
    torch.testing.assert_close(made[~gone.all(1)], branch[~gone.all(1)] / (1 - share * rate))
    deeper = (apply(branch, key, 1.0, rate) == 0).flatten(1).all(1)
    assert (gone.all(1) <= deeper).all()


@pytest.mark.parametrize(("rate", "share"), [(0.3, 1.0), (0.8, 0.5), (0.8, 0.25)])
def test_share_silenced_is_the_depths_rate_and_the_mean_stays(rate, share):
    """Over 64 keys; bounds are 4.5 standard errors of independent draws."""
    rows = torch.ones(4096, 1, dtype=torch.float64)
    made = torch.stack([apply(rows, key, share, rate) for key in range(64)])
    own, error = rate * share, 4.5 / math.sqrt(made.numel())
    assert abs((made == 0).double().mean() - own) < error * math.sqrt(own * (1 - own))
    assert abs(made.mean() - 1) < error * math.sqrt(own / (1 - own))


def test_rate_zero_changes_nothing():
    branch = torch.randn(50, 7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(apply(branch, 3, 0.7, 0.0), branch)
