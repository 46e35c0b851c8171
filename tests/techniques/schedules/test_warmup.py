"""Warm-up beside numpy's interpolation and torch's LinearLR."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import LinearLR

from shoal.techniques.schedules import warmup

UNIT = st.floats(0, 1)


def at(progress, fraction):
    return float(warmup.value(torch.tensor(progress, dtype=torch.float64), warmup.Hyper(fraction)))


@given(UNIT, st.floats(1e-6, 1))
def test_follows_interpolation(progress, fraction):
    assert at(progress, fraction) == pytest.approx(np.interp(progress, [0, fraction], [0, 1]), rel=1e-12)


def test_follows_torch(torch_multipliers, agrees_at):
    witness = torch_multipliers(lambda optimizer: LinearLR(optimizer, 1e-12, 1.0, total_iters=15), 50)
    agrees_at(
        warmup,
        "torch.optim.lr_scheduler.LinearLR",
        [at(step / 50, 0.3) for step in range(51)],
        witness,
        atol=1e-11,
    )


@given(UNIT, UNIT, UNIT)
def test_rises_within_zero_and_one(one, other, fraction):
    early, late = sorted((one, other))
    assert 0 <= at(early, fraction) <= at(late, fraction) <= 1
    assert at(1.0, fraction) == 1


@given(UNIT)
def test_fraction_zero_is_no_warm_up(progress):
    assert at(progress, 0.0) == 1
