"""Adagrad beside torch.optim, and what its formula promises."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adagrad, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    path = steps(adagrad, adagrad.Hyper(lr=0.3, initial_accumulator_value=0.7, eps=1e-3))
    witness = torch_steps(
        lambda parameters: torch.optim.Adagrad(parameters, lr=0.3, initial_accumulator_value=0.7, eps=1e-3)
    )
    agrees(adagrad, "torch.optim.Adagrad", path, witness, rtol=1e-12)


@given(st.floats(1e-6, 1e6))
def test_scale_of_the_gradient_does_not_matter_without_eps(scale):
    gradient = torch.tensor([1.5, -2.0, 1e-3], dtype=torch.float64)
    parameter, hyper = torch.zeros_like(gradient), adagrad.Hyper(0.1, 0.0, 0.0)
    state = scaled = adagrad.init(parameter, hyper)
    for step in range(1, 4):
        change, state = adagrad.update(Seen(step * gradient, KEY, KEY), state, parameter, hyper)
        same, scaled = adagrad.update(Seen(scale * step * gradient, KEY, KEY), scaled, parameter, hyper)
        torch.testing.assert_close(same, change, rtol=1e-12, atol=0)


def test_equal_gradients_move_by_the_reciprocal_root_of_the_step():
    gradient, hyper = torch.tensor([3.0, -1e-4], dtype=torch.float64), adagrad.Hyper(0.1, 0.0, 0.0)
    state = adagrad.init(gradient, hyper)
    for step in range(1, 31):
        change, state = adagrad.update(Seen(gradient, KEY, KEY), state, gradient, hyper)
        torch.testing.assert_close(change, -0.1 * gradient.sign() / step**0.5, rtol=1e-12, atol=0)


def test_large_eps_is_sgd(steps):
    path = steps(adagrad, adagrad.Hyper(0.05 * 1e9, 0.3, 1e9))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
