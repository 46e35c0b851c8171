"""Softsign beside torch.nn.functional, values and slopes, and its symmetry."""

import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import softsign


def test_follows_torch(agrees, values_and_slopes):
    ours = values_and_slopes(lambda x: softsign.apply(x, softsign.Hyper()))
    agrees(softsign, "torch.nn.functional.softsign", ours, values_and_slopes(F.softsign), rtol=1e-12)


@given(st.floats(-1e9, 1e9))
def test_is_odd_and_stays_within_one(x):
    plus, minus = softsign.apply(torch.tensor([x, -x], dtype=torch.float64), softsign.Hyper())
    assert plus == -minus and abs(plus) < 1
