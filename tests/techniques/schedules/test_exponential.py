"""Exponential beside torch's ExponentialLR, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ExponentialLR

from shoal.techniques.schedules import exponential

UNIT = st.floats(0, 1)


def at(progress, final):
    hyper = exponential.Hyper(final)
    return float(exponential.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.parametrize("final", [1e-4, 0.3, 1.0])
def test_follows_torch(final, torch_multipliers, agrees_at):
    witness = torch_multipliers(lambda optimizer: ExponentialLR(optimizer, final ** (1 / 50)), 50)
    ours = [at(step / 50, final) for step in range(51)]
    agrees_at(exponential, "torch.optim.lr_scheduler.ExponentialLR", ours, witness, rtol=1e-10)


@given(UNIT, UNIT, st.floats(1e-6, 1))
def test_equal_parts_of_the_training_shrink_by_equal_factors(one, other, final):
    assert at(one, final) * at(other, final) == pytest.approx(at(0.0, final) * final ** (one + other))
    assert final - 1e-15 <= at(one, final) <= 1
