"""Polynomial beside torch's PolynomialLR and LinearLR, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import LinearLR, PolynomialLR

from shoal.techniques.schedules import polynomial

UNIT = st.floats(0, 1)


def at(progress, power, final):
    hyper = polynomial.Hyper(power, final)
    return float(polynomial.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.parametrize("power", [0.5, 0.9, 1.0, 3.0])
def test_follows_torch(power, torch_multipliers, agrees_at):
    witness = torch_multipliers(lambda optimizer: PolynomialLR(optimizer, total_iters=50, power=power), 50)
    ours = [at(step / 50, power, 0.0) for step in range(51)]
    agrees_at(polynomial, "torch.optim.lr_scheduler.PolynomialLR", ours, witness, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("final", [0.0, 0.07, 1.0])
def test_straight_line_follows_torch(final, torch_multipliers, agrees_at):
    witness = torch_multipliers(lambda optimizer: LinearLR(optimizer, 1.0, final, total_iters=50), 50)
    ours = [at(step / 50, 1.0, final) for step in range(51)]
    agrees_at(polynomial, "torch.optim.lr_scheduler.LinearLR", ours, witness, rtol=1e-10, atol=1e-12)


@given(UNIT, UNIT, st.floats(0.1, 5), UNIT)
def test_falls_from_one_to_final(one, other, power, final):
    early, late = sorted((one, other))
    assert 1 + 1e-15 >= at(early, power, final) >= at(late, power, final) - 1e-15 >= final - 2e-15
    assert at(0.0, power, final) == pytest.approx(1.0, abs=1e-15) and at(1.0, power, final) == final
