"""One cycle beside torch's OneCycleLR, and the shape its formula promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import OneCycleLR

from shoal.techniques.schedules import one_cycle

UNIT = st.floats(0, 1)


def at(progress, pct_start, div_factor, final_div_factor):
    hyper = one_cycle.Hyper(pct_start, div_factor, final_div_factor)
    return float(one_cycle.value(torch.tensor(progress, dtype=torch.float64), hyper))


@pytest.mark.parametrize(("peak", "div_factor", "final_div_factor"), [(15, 25.0, 1e4), (31, 4.0, 7.0)])
def test_follows_torch(peak, div_factor, final_div_factor, torch_multipliers, agrees_at):
    """torch counts 51 values of which the first phase ends with pct_start · 51 - 1."""

    def make(optimizer):
        return OneCycleLR(
            optimizer,
            max_lr=1.0,
            total_steps=51,
            pct_start=(peak + 1) / 51,
            div_factor=div_factor,
            final_div_factor=final_div_factor,
            cycle_momentum=False,
        )

    ours = [at(step / 50, peak / 50, div_factor, final_div_factor) for step in range(51)]
    agrees_at(one_cycle, "torch.optim.lr_scheduler.OneCycleLR", ours, torch_multipliers(make, 50), rtol=1e-10)


@given(UNIT, st.floats(0, 0.95), st.floats(1, 100), st.floats(1, 1e5))
def test_peak_is_one_and_the_end_is_lowest(progress, pct_start, div_factor, final_div_factor):
    rest = (pct_start, div_factor, final_div_factor)
    last = 1 / div_factor / final_div_factor
    assert at(pct_start, *rest) == 1.0
    assert at(1.0, *rest) == pytest.approx(last, abs=1e-15)
    assert last - 1e-15 <= at(progress, *rest) <= 1 + 1e-15
