"""Dropout beside a mask computed in plain Python integers, and the statistics of its rate."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import dropout

RATES = st.floats(0, 0.95)


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


def apply(x, key, rate):
    return dropout.apply(x, torch.tensor(key, dtype=torch.int64), dropout.Hyper(rate))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(key=st.integers(0, 2**32 - 1), rate=RATES)
def test_equals_plain_python(dtype, key, rate):
    values = [0.5 + index for index in range(12)]
    ours = apply(torch.tensor(values, dtype=dtype).view(3, 4), key, rate).flatten()
    expected = [0.0 if noise(key, i) < rate else x / (1 - rate) for i, x in enumerate(values)]
    torch.testing.assert_close(
        ours, torch.tensor(expected, dtype=dtype), rtol=1e-6 if dtype.itemsize == 4 else 1e-14, atol=0
    )


def test_rate_zero_changes_nothing():
    x = torch.randn(50, 7, generator=torch.Generator().manual_seed(0))
    assert torch.equal(apply(x, 3, 0.0), x)


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.5, 0.9])
def test_share_dropped_is_the_rate_and_the_mean_stays(rate):
    """Over 64 keys; bounds are 4.5 standard errors of independent draws."""
    dropped = torch.stack([apply(torch.ones(4096, dtype=torch.float64), key, rate) for key in range(64)])
    error = 4.5 / math.sqrt(dropped.numel())
    assert abs((dropped == 0).double().mean().item() - rate) < error * math.sqrt(rate * (1 - rate))
    assert abs(dropped.mean().item() - 1) < error * math.sqrt(rate / (1 - rate))
    by_position = (dropped == 0).double().mean(0)
    assert by_position.var().item() == pytest.approx(rate * (1 - rate) / 64, rel=0.12)


@given(RATES, RATES)
def test_larger_rate_drops_what_the_smaller_drops_and_more(one, other):
    low, high = sorted((one, other))
    gone, more = (apply(torch.ones(40), 8, rate) == 0 for rate in (low, high))
    assert (gone <= more).all()


def test_gradient_flows_through_what_is_kept_only():
    x = torch.linspace(1, 2, 30, dtype=torch.float64, requires_grad=True)
    y = apply(x, 4, 0.4)
    y.sum().backward()
    torch.testing.assert_close(x.grad, (y != 0).double() / 0.6)
