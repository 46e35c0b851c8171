"""Tanh beside plain Python floats, values and slopes."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import tanh

POINTS = [-30.0, -3.1, -1.0, -1e-3, 1e-3, 0.5, 1.0, 4.2, 30.0]


def at(x):
    return tanh.apply(torch.tensor(x, dtype=torch.float64), tanh.Hyper())


def test_equals_plain_python(agrees_at):
    expected = torch.tensor([math.tanh(x) for x in POINTS], dtype=torch.float64)
    agrees_at(tanh, "plain floats", at(POINTS), expected, rtol=1e-14, atol=1e-16)


def test_slope_equals_plain_python(agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    tanh.apply(x, tanh.Hyper()).sum().backward()
    expected = torch.tensor([1 / math.cosh(x) ** 2 for x in POINTS], dtype=torch.float64)
    agrees_at(tanh, "plain floats", x.grad, expected, rtol=1e-11, atol=1e-15)


@given(st.floats(-50, 50))
def test_is_odd(x):
    assert at(-x) == -at(x)
