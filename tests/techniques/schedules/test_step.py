"""Step beside torch's StepLR, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import StepLR

from shoal.techniques.schedules import step

UNIT = st.floats(0, 1)


def at(progress, step_size, gamma):
    hyper = step.Hyper(step_size, gamma)
    return float(step.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.parametrize("every", [1, 5, 10, 17, 50])
def test_follows_torch(every, torch_multipliers, agrees_at):
    """At 10 of 50, where 0.6/0.2 is less than 3, as at steps that divide nothing."""
    witness = torch_multipliers(lambda optimizer: StepLR(optimizer, every, gamma=0.7), 50)
    ours = [at(step / 50, every / 50, 0.7) for step in range(51)]
    agrees_at(step, "torch.optim.lr_scheduler.StepLR", ours, witness, rtol=1e-10)


@given(UNIT, UNIT, st.floats(0.01, 1), UNIT)
def test_never_rises_and_starts_at_one(one, other, step_size, gamma):
    early, late = sorted((one, other))
    assert at(0.0, step_size, gamma) == 1.0
    assert 1 >= at(early, step_size, gamma) >= at(late, step_size, gamma) >= 0
