"""Counter noise beside plain Python integers, and the statistics that noise must have."""

import math
from statistics import NormalDist

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch.func import vmap

from shoal.techniques.numerics import counter_noise

KEY = st.integers(0, 2**32 - 1)


def mix(x):
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ (x >> 16)


def fold(key, number):
    return mix((mix((key + 0x3C6EF372) % 2**32) + number) % 2**32)


def uniform(key, count):
    words = [mix(mix((position + key) % 2**32) ^ fold(key, 0x51ED270B)) for position in range(count)]
    return [((word >> 9) + 0.5) / 2**23 for word in words]


def tensor(key):
    return torch.tensor(key, dtype=torch.int64)


@given(KEY, st.integers(-(2**40), 2**40))
def test_fold_equals_plain_python(key, number):
    assert counter_noise.fold(tensor(key), number).item() == fold(key, number)
    assert counter_noise.fold(tensor(key), tensor(number)).item() == fold(key, number)


@given(KEY)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_uniform_equals_plain_python_in_either_precision(dtype, key):
    ours = counter_noise.uniform(tensor(key), (3, 5), dtype)
    assert ours.dtype == dtype and ours.flatten().tolist() == uniform(key, 15)


@given(KEY)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normal_equals_the_standard_library(dtype, key):
    ours = counter_noise.normal(tensor(key), (3, 5), dtype)
    expected = torch.tensor([NormalDist().inv_cdf(one) for one in uniform(key, 15)], dtype=dtype)
    close = {"rtol": 1e-12, "atol": 1e-13} if dtype == torch.float64 else {"rtol": 1e-4, "atol": 1e-6}
    torch.testing.assert_close(ours.flatten(), expected, **close)


def test_ends_are_never_reached_in_float32():
    extremes = torch.tensor([0, 2**32 - 1])
    assert (((extremes >> 9).float() + 0.5) * 2.0**-23).tolist() == [2.0**-24, 1 - 2.0**-24]
    drawn = counter_noise.uniform(tensor(5), (2**22,), torch.float32)
    assert drawn.min() > 0 and drawn.max() < 1


def test_members_draw_what_they_draw_alone():
    keys = counter_noise.fold(torch.arange(4), 9)
    together = vmap(lambda key: counter_noise.uniform(key, (6,), torch.float64))(keys)
    for key, drawn in zip(keys, together, strict=True):
        assert torch.equal(drawn, counter_noise.uniform(key, (6,), torch.float64))


def test_noise_of_a_shorter_batch_is_the_start_of_the_longer():
    long, short = (counter_noise.uniform(tensor(3), (rows, 7), torch.float64) for rows in (10, 4))
    assert torch.equal(long[:4], short)


@pytest.mark.parametrize("key", [0, 1, 2, 12345, 2**32 - 1])
def test_is_uniform(key):
    counts = torch.histc(counter_noise.uniform(tensor(key), (2**17,), torch.float64), 256, 0, 1)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-4


@pytest.mark.parametrize("apart", [1, 2, 3, 64])
def test_neighboring_positions_and_keys_are_unrelated(apart):
    """Correlations of n independent pairs lie within 4.5/√n of 0."""
    keys = torch.arange(128)
    noise = vmap(lambda key: counter_noise.uniform(key, (1024,), torch.float64))(keys) - 0.5
    for one, other in (
        (noise[:, apart:], noise[:, :-apart]),
        (noise[apart:], noise[:-apart]),
        (noise[apart:, :-apart], noise[:-apart, apart:]),
        (noise[:-apart, :-apart], noise[apart:, apart:]),
    ):
        correlation = (one * other).mean().item() * 12
        assert abs(correlation) < 4.5 / math.sqrt(one.numel())


def test_order_of_folding_matters_and_keys_rarely_meet():
    """Of 40,000 random words, 0.2 pairs are expected to meet in 2³²."""
    steps, sites = torch.arange(200).repeat_interleave(200), torch.arange(200).repeat(200)
    keys = counter_noise.fold(counter_noise.fold(torch.ones(40_000, dtype=torch.int64), steps), sites)
    assert len(keys.unique()) >= 40_000 - 3
