"""Weight noise beside plain Python integers and statistics.NormalDist, and what it leaves alone."""

import math
from statistics import NormalDist

import pytest
import torch

from shoal.techniques.regularizers import weight_noise


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


def apply(weight, key, std, role="matrix"):
    return weight_noise.apply(weight, role, torch.tensor(key, dtype=torch.int64), weight_noise.Hyper(std))


@pytest.mark.parametrize("role", ["matrix", "head", "embedding"])
@pytest.mark.parametrize("key", [0, 17, 2**32 - 1])
def test_equals_plain_python(role, key, agrees_at):
    weight = torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4)
    expected = [w + 0.3 * noise(key, place) for place, w in enumerate(weight.flatten().tolist())]
    expected = torch.tensor(expected, dtype=torch.float64).view(3, 4)
    agrees_at(weight_noise, "plain floats", apply(weight, key, 0.3, role), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("role", ["bias", "norm", "activation"])
def test_what_is_no_weight_stays_itself(role):
    weight = torch.ones(5)
    assert apply(weight, 3, 10.0, role) is weight


def test_noise_has_the_asked_spread_and_changes_with_the_key():
    """Over 64 keys; bounds are 4.5 standard errors of independent draws."""
    drawn = torch.stack([apply(torch.zeros(4096, dtype=torch.float64), key, 0.2) for key in range(64)])
    count = drawn.numel()
    assert abs(drawn.mean()) < 4.5 * 0.2 / math.sqrt(count)
    assert abs(drawn.var() / 0.04 - 1) < 4.5 * math.sqrt(2 / count)
    correlation = (drawn[1:] * drawn[:-1]).mean() / 0.04
    assert abs(correlation) < 4.5 / math.sqrt(count - 4096)


def test_gradient_is_the_one_at_the_noisy_weight():
    weight = torch.linspace(-1, 1, 6, dtype=torch.float64, requires_grad=True)
    noisy = apply(weight, 5, 0.4)
    (slope,) = torch.autograd.grad((noisy**3).sum(), weight)
    torch.testing.assert_close(slope, 3 * noisy.detach() ** 2)
