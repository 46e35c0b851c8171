"""ELU beside torch.nn.functional, values and slopes."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.activations import elu

POINTS = [-800.0, -30.0, -3.1, -1.0, -1e-3, 0.0, 1e-3, 0.5, 1.0, 4.2, 30.0, 800.0]


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0, 2.5])
def test_follows_torch(alpha, agrees_at):
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    same = x.detach().clone().requires_grad_()
    ours, witness = elu.apply(x, elu.Hyper(alpha)), F.elu(same, alpha)
    ours.sum().backward()
    witness.sum().backward()
    agrees_at(elu, "torch.nn.functional.elu", ours, witness, rtol=1e-14, atol=1e-16)
    agrees_at(elu, "torch.nn.functional.elu", x.grad, same.grad, rtol=1e-13, atol=1e-16)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0, 3))
def test_rises_and_never_falls_below_minus_alpha(one, other, alpha):
    low, high = elu.apply(torch.tensor(sorted((one, other)), dtype=torch.float64), elu.Hyper(alpha))
    assert -alpha <= low <= high
