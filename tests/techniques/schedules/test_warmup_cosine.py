"""Warm-up joined to cosine beside torch's SequentialLR, and the two parts it is made of."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from shoal.techniques.schedules import cosine, warmup, warmup_cosine

UNIT = st.floats(0, 1)
FRACTION = st.floats(0, 0.95)


def at(progress, fraction, final):
    hyper = warmup_cosine.Hyper(fraction, final)
    return float(warmup_cosine.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_follows_torch(torch_multipliers, agrees_at):
    def make(optimizer):
        rise = LinearLR(optimizer, 1e-12, 1.0, total_iters=15)
        fall = CosineAnnealingLR(optimizer, T_max=35, eta_min=0.07)
        return SequentialLR(optimizer, [rise, fall], milestones=[15])

    ours = [at(step / 50, 0.3, 0.07) for step in range(51)]
    agrees_at(
        warmup_cosine, "torch.optim.lr_scheduler.SequentialLR", ours, torch_multipliers(make, 50), atol=1e-11
    )


@given(UNIT, FRACTION, UNIT)
def test_is_warmup_before_and_cosine_after(progress, fraction, final):
    point = torch.tensor(progress, dtype=torch.float64)
    if progress < fraction:
        expected = warmup.value(point, warmup.Hyper(fraction))
    else:
        expected = cosine.value((point - fraction) / (1 - fraction), cosine.Hyper(final))
    assert at(progress, fraction, final) == pytest.approx(float(expected), abs=1e-12)
    assert 0 <= at(progress, fraction, final) <= 1 + 1e-15


@given(UNIT, UNIT)
def test_fraction_zero_is_cosine(progress, final):
    expected = cosine.value(torch.tensor(progress, dtype=torch.float64), cosine.Hyper(final))
    assert at(progress, 0.0, final) == pytest.approx(float(expected), abs=1e-15)
