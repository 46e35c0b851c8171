"""Sigmoid beside plain Python floats, values and slopes."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import sigmoid

POINTS = [-30.0, -3.1, -1.0, -1e-3, 1e-3, 0.5, 1.0, 4.2, 30.0]


def at(x):
    return sigmoid.apply(torch.tensor(x, dtype=torch.float64), sigmoid.Hyper())


def test_equals_plain_python(agrees_at):
    expected = torch.tensor([1 / (1 + math.exp(-x)) for x in POINTS], dtype=torch.float64)
    agrees_at(sigmoid, "plain floats", at(POINTS), expected, rtol=1e-14, atol=1e-16)


def test_slope_equals_plain_python(agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    sigmoid.apply(x, sigmoid.Hyper()).sum().backward()
    expected = torch.tensor([1 / (2 + math.exp(x) + math.exp(-x)) for x in POINTS], dtype=torch.float64)
    agrees_at(sigmoid, "plain floats", x.grad, expected, rtol=1e-11, atol=1e-15)


@given(st.floats(-50, 50))
def test_mirror_images_add_up_to_one(x):
    torch.testing.assert_close(at(x) + at(-x), torch.ones((), dtype=torch.float64), rtol=1e-14, atol=0)
