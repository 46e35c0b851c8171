"""RMSprop beside torch.optim, and what its formula promises."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import rmsprop, sgd

KEY = torch.zeros((), dtype=torch.int64)


def test_follows_torch(steps, torch_steps, agrees):
    hyper = rmsprop.Hyper(lr=0.02, alpha=0.93, eps=1e-3)
    path = steps(rmsprop, hyper)
    witness = torch_steps(lambda parameters: torch.optim.RMSprop(parameters, lr=0.02, alpha=0.93, eps=1e-3))
    agrees(rmsprop, "torch.optim.RMSprop", path, witness, rtol=1e-12)


@given(st.floats(1e-6, 1e6))
def test_scale_of_the_gradient_does_not_matter_without_eps(scale):
    gradient, parameter = (
        torch.tensor([1.5, -2.0, 1e-3], dtype=torch.float64),
        torch.zeros(3, dtype=torch.float64),
    )
    hyper = rmsprop.Hyper(0.1, 0.9, 0.0)
    state = scaled = rmsprop.init(parameter, hyper)
    for step in range(1, 4):
        change, state = rmsprop.update(Seen(step * gradient, KEY, KEY), state, parameter, hyper)
        same, scaled = rmsprop.update(Seen(scale * step * gradient, KEY, KEY), scaled, parameter, hyper)
        torch.testing.assert_close(same, change, rtol=1e-12, atol=0)


def test_large_eps_is_sgd(steps):
    eps = 1e9
    path = steps(rmsprop, rmsprop.Hyper(0.05 * eps, 0.9, eps))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
