"""ReLU beside plain Python floats, values and slopes."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import relu

POINTS = [-30.0, -3.1, -1.0, -1e-3, 1e-3, 0.5, 1.0, 4.2, 30.0]


def at(x):
    return relu.apply(torch.tensor(x, dtype=torch.float64), relu.Hyper())


def test_equals_plain_python(agrees_at):
    expected = torch.tensor([max(x, 0.0) for x in POINTS], dtype=torch.float64)
    agrees_at(relu, "plain floats", at(POINTS), expected, rtol=1e-14, atol=1e-16)


def test_slope_equals_plain_python(agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    relu.apply(x, relu.Hyper()).sum().backward()
    expected = torch.tensor([float(x > 0) for x in POINTS], dtype=torch.float64)
    agrees_at(relu, "plain floats", x.grad, expected, rtol=1e-11, atol=1e-15)


@given(st.floats(-50, 50), st.floats(0, 50))
def test_is_positively_homogeneous_and_idempotent(x, scale):
    assert at(scale * x) == scale * at(x)
    assert at(float(at(x))) == at(x)


def test_slope_at_zero_is_zero():
    zero = torch.zeros((), requires_grad=True)
    relu.apply(zero, relu.Hyper()).backward()
    assert zero.grad == 0 and math.copysign(1, at(0.0)) == 1
