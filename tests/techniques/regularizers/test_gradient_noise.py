"""Gradient noise beside plain Python integers, statistics.NormalDist and plain floats."""

import math
from statistics import NormalDist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import gradient_noise


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


def apply(gradient, key, step, eta, gamma):
    hyper = gradient_noise.Hyper(*torch.tensor([eta, gamma], dtype=gradient.dtype))
    return gradient_noise.apply(gradient, torch.tensor(key), torch.tensor(step, dtype=gradient.dtype), hyper)


@pytest.mark.parametrize(("eta", "gamma"), [(0.3, 0.55), (1.7, 0.0), (0.02, 1.3)])
def test_a_descent_with_it_is_the_papers(agrees, eta, gamma):
    """Gradient descent on Σ (w - 1)⁴, 40 steps; the reference is lists of floats."""
    plain, ours, theirs = [-0.3, 0.2, 1.1, 2.0], [], []
    weight = torch.tensor(plain, dtype=torch.float64)
    for step in range(40):
        key = mix(step + 1)
        weight = weight - 0.02 * apply(4 * (weight - 1) ** 3, key, float(step), eta, gamma)
        sigma = math.sqrt(eta / (1 + step) ** gamma)
        plain = [w - 0.02 * (4 * (w - 1) ** 3 + sigma * noise(key, i)) for i, w in enumerate(plain)]
        ours.append(weight)
        theirs.append(torch.tensor(plain, dtype=torch.float64))
    agrees(gradient_noise, "section 3 in plain floats", ours, theirs)


@given(st.integers(0, 1000), st.floats(0, 3), st.floats(0, 2))
def test_noise_is_added_whatever_the_gradient(step, eta, gamma):
    gradient = torch.linspace(-1, 1, 7, dtype=torch.float64)
    added = apply(torch.zeros_like(gradient), 5, float(step), eta, gamma)
    torch.testing.assert_close(apply(gradient, 5, float(step), eta, gamma), gradient + added)


def test_spread_is_the_asked_one_and_the_key_makes_it_new():
    """Over 64 keys; bounds are 4.5 standard errors of independent draws."""
    zeros = torch.zeros(4096, dtype=torch.float64)
    drawn = torch.stack([apply(zeros, key, 15.0, 0.5, 0.75) for key in range(64)]) / math.sqrt(0.5 / 8)
    count = drawn.numel()
    assert abs(drawn.mean()) < 4.5 / math.sqrt(count)
    assert abs(drawn.var() - 1) < 4.5 * math.sqrt(2 / count)
    assert abs((drawn[1:] * drawn[:-1]).mean()) < 4.5 / math.sqrt(count - 4096)
    assert abs((drawn[:, 1:] * drawn[:, :-1]).mean()) < 4.5 / math.sqrt(count - 64)


def test_eta_of_zero_changes_nothing():
    gradient = torch.linspace(-1, 1, 7)
    assert torch.equal(apply(gradient, 5, 3.0, 0.0, 0.55), gradient)
