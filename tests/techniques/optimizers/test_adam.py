"""Adam beside torch.optim, and what its formula promises."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adam, momentum

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    hyper = adam.Hyper(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3)
    path = steps(adam, hyper)
    witness = torch_steps(
        lambda parameters: torch.optim.Adam(parameters, lr=0.02, betas=(0.8, 0.95), eps=1e-3)
    )
    agrees(adam, "torch.optim.Adam", path, witness, rtol=1e-12)


@given(st.floats(1e-6, 1e6))
def test_scale_of_the_gradient_does_not_matter_without_eps(scale):
    gradient, parameter = (
        torch.tensor([1.5, -2.0, 1e-3], dtype=torch.float64),
        torch.zeros(3, dtype=torch.float64),
    )
    hyper = adam.Hyper(0.1, 0.7, 0.9, 0.0)
    state = scaled = adam.init(parameter, hyper)
    for step in range(1, 4):
        change, state = adam.update(Seen(step * gradient, KEY, KEY), state, parameter, hyper)
        same, scaled = adam.update(Seen(scale * step * gradient, KEY, KEY), scaled, parameter, hyper)
        torch.testing.assert_close(same, change, rtol=1e-12, atol=0)


def test_first_step_is_lr_against_the_sign():
    gradient = torch.tensor([3.0, -1e-4, 0.0], dtype=torch.float64)
    hyper = adam.Hyper(lr=0.1, eps=1e-30)
    state = adam.init(gradient, hyper)
    change, _ = adam.update(Seen(gradient, KEY, KEY), state, torch.zeros_like(gradient), hyper)
    torch.testing.assert_close(change, -0.1 * gradient.sign(), rtol=1e-12, atol=0)


def test_large_eps_is_momentum_once_the_bias_correction_has_faded():
    """η/ε·m̂ is the momentum buffer times η(1-β₁)/ε/(1-β₁ᵗ)."""
    eps, parameter = 1e9, torch.zeros(3, dtype=torch.float64)
    adams, heavy = adam.Hyper(0.5 * eps, 0.8, 0.9, eps), momentum.Hyper(0.5 * (1 - 0.8), 0.8)
    state, buffer = adam.init(parameter, adams), momentum.init(parameter, heavy)
    for step in range(1, 101):
        gradient = torch.randn(3, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        change, state = adam.update(Seen(gradient, KEY, KEY), state, parameter, adams)
        other, buffer = momentum.update(Seen(gradient, KEY, KEY), buffer, parameter, heavy)
        torch.testing.assert_close(change, other / (1 - 0.8**step), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(change, other, rtol=1e-7, atol=1e-9)
