"""Squared ReLU beside torch.nn.functional, values and slopes, and how it grows."""

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import squared_relu


def test_follows_torch(agrees, values_and_slopes):
    ours = values_and_slopes(lambda x: squared_relu.apply(x, squared_relu.Hyper()))
    theirs = values_and_slopes(lambda x: F.relu(x) * F.relu(x))
    agrees(squared_relu, "torch.nn.functional.relu, squared", ours, theirs, rtol=1e-12)


@given(st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-100))  # squares below are rounded
def test_twice_the_input_is_four_times_the_output(x):
    one, twice = squared_relu.apply(torch.tensor([x, 2 * x], dtype=torch.float64), squared_relu.Hyper())
    assert twice == 4 * one
