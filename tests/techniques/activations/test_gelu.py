"""GELU beside plain Python floats, values and slopes."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import gelu

POINTS = [-30.0, -3.1, -1.0, -1e-3, 1e-3, 0.5, 1.0, 4.2, 30.0]


def at(x):
    return gelu.apply(torch.tensor(x, dtype=torch.float64), gelu.Hyper())


def test_equals_plain_python(agrees_at):
    expected = torch.tensor([x * math.erfc(-x / math.sqrt(2)) / 2 for x in POINTS], dtype=torch.float64)
    agrees_at(gelu, "plain floats", at(POINTS), expected, rtol=1e-14, atol=1e-16)


def test_slope_equals_plain_python(agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    gelu.apply(x, gelu.Hyper()).sum().backward()
    expected = torch.tensor(
        [
            math.erfc(-x / math.sqrt(2)) / 2 + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
            for x in POINTS
        ],
        dtype=torch.float64,
    )
    agrees_at(gelu, "plain floats", x.grad, expected, rtol=1e-11, atol=1e-15)


@given(st.floats(-50, 50))
def test_mirror_images_differ_by_x(x):
    torch.testing.assert_close(at(x) - at(-x), torch.tensor(x, dtype=torch.float64), rtol=1e-13, atol=1e-15)
