"""Cosine beside torch's CosineAnnealingLR, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR

from shoal.techniques.schedules import cosine

UNIT = st.floats(0, 1)


def at(progress, final):
    return float(cosine.value(torch.tensor(progress, dtype=torch.float64), cosine.Hyper(final)))


@pytest.mark.parametrize("final", [0.0, 0.07, 1.0])
def test_follows_torch(final, torch_multipliers, agrees_at):
    witness = torch_multipliers(lambda optimizer: CosineAnnealingLR(optimizer, T_max=50, eta_min=final), 50)
    ours = [at(step / 50, final) for step in range(51)]
    agrees_at(cosine, "torch.optim.lr_scheduler.CosineAnnealingLR", ours, witness, rtol=1e-10, atol=1e-12)


@given(UNIT, UNIT, UNIT)
def test_falls_from_one_to_final(one, other, final):
    early, late = sorted((one, other))
    assert 1 + 1e-15 >= at(early, final) >= at(late, final) - 1e-15 >= final - 2e-15
    assert at(0.0, final) == 1.0 and at(1.0, final) == pytest.approx(final, abs=1e-15)


@given(UNIT, UNIT)
def test_is_symmetric_about_the_middle(progress, final):
    assert at(progress, final) + at(1 - progress, final) == pytest.approx(1 + final, abs=1e-12)
