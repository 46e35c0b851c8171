"""Cosine with restarts beside torch's CosineAnnealingWarmRestarts, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from shoal.techniques.schedules import cosine, cosine_restarts

UNIT = st.floats(0, 1)


def at(progress, cycles, T_mult, final):
    hyper = cosine_restarts.Hyper(cycles, T_mult, final)
    return float(cosine_restarts.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.parametrize(
    ("first", "T_mult", "cycles"), [(10, 2, 3), (20, 1, 3), (7, 1, 10), (4, 3, 4), (50, 2, 1)]
)
def test_follows_torch(first, T_mult, cycles, torch_multipliers, agrees_at):
    """But for the very end, where torch has begun another cycle."""
    total = sum(first * T_mult**cycle for cycle in range(cycles))
    witness = torch_multipliers(
        lambda optimizer: CosineAnnealingWarmRestarts(optimizer, first, T_mult, eta_min=0.07), total
    )
    ours = [at(step / total, cycles, T_mult, 0.07) for step in range(total + 1)]
    agrees_at(
        cosine_restarts,
        "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
        ours[:-1],
        witness[:-1],
        rtol=1e-9,
    )
    assert ours[-1] == pytest.approx(0.07, abs=1e-15)


@given(UNIT, st.floats(1, 5), UNIT)
def test_one_cycle_is_cosine(progress, T_mult, final):
    expected = cosine.value(torch.tensor(progress, dtype=torch.float64), cosine.Hyper(final))
    assert at(progress, 1.4, T_mult, final) == pytest.approx(float(expected), abs=1e-9)


@given(UNIT, st.floats(1, 12), st.floats(1, 5), UNIT)
def test_stays_within_final_and_one(progress, cycles, T_mult, final):
    assert final - 1e-15 <= at(progress, cycles, T_mult, final) <= 1 + 1e-15


@given(st.floats(1.6, 2.4), st.floats(0, 1e-3))
def test_lengths_that_grow_a_little_are_nearly_equal(cycles, excess):
    assert at(0.25, cycles, 1 + excess, 0.0) == pytest.approx(at(0.25, 2, 1, 0.0), abs=2e-3)
