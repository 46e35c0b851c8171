"""Clipping beside torch.nn.utils.clip_grad_norm_, on gradients above and below the bound."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import clip_norm

KEY, STEP = torch.tensor(3), torch.tensor(0.0, dtype=torch.float64)


def gradients(step):
    generator = torch.Generator().manual_seed(step)
    size = 10.0 ** (step % 5 - 2)
    return [size * torch.randn(s, generator=generator, dtype=torch.float64) for s in ((4, 3), (4,), (2, 4))]


@pytest.mark.parametrize("bound", [0.05, 1.0, 30.0])
def test_equals_torch_over_all_parameters_together(bound, agrees_at):
    clipped = 0
    for step in range(30):
        parts = gradients(step)
        parameters = [torch.nn.Parameter(torch.zeros_like(part)) for part in parts]
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.clone()
        torch.nn.utils.clip_grad_norm_(parameters, bound)
        flat = torch.cat([part.flatten() for part in parts])
        ours = clip_norm.apply(flat, KEY, STEP, clip_norm.Hyper(torch.tensor(bound, dtype=torch.float64)))
        theirs = torch.cat([parameter.grad.flatten() for parameter in parameters])
        agrees_at(clip_norm, "torch.nn.utils.clip_grad_norm_", ours, theirs, rtol=1e-12, atol=0)
        clipped += not torch.equal(ours, flat)
    assert 0 < clipped < 30


def test_no_gradient_stays_none():
    assert torch.equal(clip_norm.apply(torch.zeros(5), KEY, STEP, clip_norm.Hyper()), torch.zeros(5))


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_length_is_bounded_and_direction_kept(size, bound):
    gradient = size * torch.tensor([3.0, -4.0], dtype=torch.float64)
    clipped = clip_norm.apply(gradient, KEY, STEP, clip_norm.Hyper(bound))
    assert clipped.norm() <= min(bound, 5 * size) * (1 + 1e-12)
    torch.testing.assert_close(clipped / clipped.norm(), gradient / gradient.norm())
