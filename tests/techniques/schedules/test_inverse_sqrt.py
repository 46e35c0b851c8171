"""Inverse square root beside the paper's formula (3) in plain floats."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.schedules import inverse_sqrt


def at(progress, warmup):
    return inverse_sqrt.value(torch.tensor(progress, dtype=torch.float64), inverse_sqrt.Hyper(warmup))


@pytest.mark.parametrize("warmup_steps", [1, 13, 200])
def test_follows_the_paper(warmup_steps, agrees):
    steps, width = 200, 512

    def paper(step):
        return width**-0.5 * min(step**-0.5, step * warmup_steps**-1.5)

    ours = [at(step / steps, warmup_steps / steps) for step in range(1, steps + 1)]
    peak = paper(warmup_steps)
    theirs = [torch.tensor(paper(step) / peak, dtype=torch.float64) for step in range(1, steps + 1)]
    agrees(inverse_sqrt, "formula (3) of the paper in plain floats", ours, theirs)


@given(st.floats(1e-6, 1))
def test_rises_from_zero_to_one_and_ends_at_the_root_of_the_warm_up(warmup):
    assert float(at(0.0, warmup)) == 0 and float(at(warmup, warmup)) == pytest.approx(1)
    assert float(at(1.0, warmup)) == pytest.approx(math.sqrt(warmup))
