"""Linear beside torch's LinearLR, and the polynomial that it is."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import LinearLR

from shoal.techniques.schedules import linear, polynomial

UNIT = st.floats(0, 1)


def at(progress, final):
    return linear.value(torch.tensor(progress, dtype=torch.float64), linear.Hyper(final))


@pytest.mark.parametrize("final", [0.0, 0.07, 1.0])
def test_follows_torch(final, agrees, torch_multipliers):
    witness = torch_multipliers(lambda optimizer: LinearLR(optimizer, 1.0, final, total_iters=50), 50)
    ours = [at(step / 50, final) for step in range(50)]
    theirs = [torch.tensor(one, dtype=torch.float64) for one in witness[:50]]
    agrees(linear, "torch.optim.lr_scheduler.LinearLR", ours, theirs)
    assert float(at(1.0, final)) == pytest.approx(witness[50], abs=1e-12)


@given(UNIT, UNIT)
def test_is_the_polynomial_of_power_one(progress, final):
    other = polynomial.value(torch.tensor(progress, dtype=torch.float64), polynomial.Hyper(1.0, final))
    assert float(at(progress, final)) == float(other)
