"""Adam-HD beside the paper's algorithm in plain floats, and what it is without a hypergradient."""

import math

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adam, adam_hd


def test_follows_the_paper(steps, agrees, float_steps):
    rate, beta1, beta2, eps, hypergrad_lr = 0.02, 0.8, 0.95, 1e-3, 2e-3

    def step(t, theta, g, memory):
        nothing = [0.0] * len(g)
        h = -sum(a * b for a, b in zip(g, memory.get("u", nothing), strict=True))
        memory["alpha"] = memory.get("alpha", rate) - hypergrad_lr * h
        m = [beta1 * a + (1 - beta1) * b for a, b in zip(memory.get("m", nothing), g, strict=True)]
        v = [beta2 * a + (1 - beta2) * b * b for a, b in zip(memory.get("v", nothing), g, strict=True)]
        u = [(a / (1 - beta1**t)) / (math.sqrt(b / (1 - beta2**t)) + eps) for a, b in zip(m, v, strict=True)]
        memory["m"], memory["v"], memory["u"] = m, v, u
        return [a - memory["alpha"] * b for a, b in zip(theta, u, strict=True)]

    agrees(
        adam_hd,
        "the paper's algorithm Adam-HD in plain floats",
        steps(adam_hd, adam_hd.Hyper(rate, beta1, beta2, eps, hypergrad_lr)),
        float_steps(step),
        known="the authors' code moves the one rate tensor after tensor within a step and divides eps by "
        "√(1-β₂ᵗ), as torch's Adam did then; we follow the paper: one sum over all parameters",
    )


def test_without_hypergradient_it_is_adam(steps):
    path = steps(adam_hd, adam_hd.Hyper(0.02, 0.8, 0.95, 1e-3, 0.0))
    for one, other in zip(path, steps(adam, adam.Hyper(0.02, 0.8, 0.95, 1e-3)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-14, atol=1e-16)


def test_a_first_gradient_of_zero_leaves_the_rate_alone_even_without_eps():
    parameter = torch.ones(2, dtype=torch.float64)
    hyper = adam_hd.Hyper(eps=0.0, hypergrad_lr=1.0)
    seen = Seen(parameter, torch.tensor(0.0), torch.tensor(0))
    _, state = adam_hd.update(seen, adam_hd.init(parameter, hyper), parameter, hyper)
    assert float(state.offset) == 0
    _, state = adam_hd.update(seen, state, parameter, hyper)
    assert float(state.offset) == 2.0
