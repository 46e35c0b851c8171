"""Warm-up, stable, decay beside torch's SequentialLR, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ConstantLR, LinearLR, SequentialLR

from shoal.techniques.schedules import warmup, warmup_stable_decay

UNIT = st.floats(0, 1)


def at(progress, fraction, decay, final):
    hyper = warmup_stable_decay.Hyper(fraction, decay, final)
    return float(warmup_stable_decay.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_follows_torch(torch_multipliers, agrees_at):
    def make(optimizer):
        rise = LinearLR(optimizer, 1e-12, 1.0, total_iters=15)
        stay = ConstantLR(optimizer, 1.0)
        fall = LinearLR(optimizer, 1.0, 0.07, total_iters=10)
        return SequentialLR(optimizer, [rise, stay, fall], milestones=[15, 40])

    ours = [at(step / 50, 0.3, 0.2, 0.07) for step in range(51)]
    agrees_at(
        warmup_stable_decay,
        "torch.optim.lr_scheduler.SequentialLR",
        ours,
        torch_multipliers(make, 50),
        atol=1e-11,
    )


@given(UNIT, UNIT, st.floats(1e-3, 1))
def test_final_one_is_warmup(progress, fraction, decay):
    expected = warmup.value(torch.tensor(progress, dtype=torch.float64), warmup.Hyper(fraction))
    assert at(progress, fraction, decay, 1.0) == pytest.approx(float(expected), abs=1e-15)


@given(UNIT, UNIT, st.floats(1e-3, 1), UNIT)
def test_stays_within_zero_and_one_and_ends_at_final(progress, fraction, decay, final):
    assert 0 <= at(progress, fraction, decay, final) <= 1 + 1e-15
    if fraction < 1:
        assert at(1.0, fraction, decay, final) == final
    if fraction <= progress <= 1 - decay:
        assert at(progress, fraction, decay, final) == pytest.approx(1.0, abs=1e-12)
