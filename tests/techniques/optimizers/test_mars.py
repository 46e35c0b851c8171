"""MARS beside the paper's algorithm in plain floats and pytorch_optimizer, and what its formula promises."""

import math

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adamw, mars

KEY = torch.zeros((), dtype=torch.int64)
HYPER = mars.Hyper(lr=0.02, beta1=0.8, beta2=0.95, gamma=0.3, eps=1e-3, weight_decay=0.3)


def algorithm(scale, norms):
    """MARS-AdamW, approximate, on gradients times ``scale``; the gradient before the first is 0.

    Appends the norms of the corrected gradients to ``norms``.
    """
    lr, beta1, beta2, gamma, eps, decay = HYPER

    def step(t, values, gradient, memory):
        gradient = [scale * g for g in gradient]
        zeros = [0.0] * len(values)
        last = memory.get("last", zeros)
        c = [g + gamma * beta1 / (1 - beta1) * (g - b) for g, b in zip(gradient, last, strict=True)]
        norm = math.sqrt(sum(one * one for one in c))
        c = [one / norm for one in c] if norm > 1 else c
        norms.append(norm)
        m = [beta1 * old + (1 - beta1) * one for old, one in zip(memory.get("m", zeros), c, strict=True)]
        v = [beta2 * old + (1 - beta2) * one**2 for old, one in zip(memory.get("v", zeros), c, strict=True)]
        memory.update(m=m, v=v, last=gradient)
        return [
            x - lr * (a / (1 - beta1**t) / (math.sqrt(b / (1 - beta2**t)) + eps) + decay * x)
            for x, a, b in zip(values, m, v, strict=True)
        ]

    return step


class Scaled:
    """MARS shown ``scale`` times the gradient."""

    def __init__(self, scale):
        self.scale, self.init = scale, mars.init

    def update(self, seen, state, parameter, hyper):
        return mars.update(seen._replace(gradient=self.scale * seen.gradient), state, parameter, hyper)


@pytest.mark.parametrize(("scale", "clips"), [(1.0, {True}), (0.15, {True, False}), (0.01, {False})])
def test_follows_the_paper(scale, clips, steps, float_steps, agrees):
    """Where gradients are always, at times and never clipped."""
    norms = []
    path, witness = steps(Scaled(scale), HYPER), float_steps(algorithm(scale, norms))
    assert {norm > 1 for norm in norms} == clips
    agrees(
        mars,
        "MARS-AdamW in plain floats",
        path,
        witness,
        known="pytorch_optimizer.MARS divides eps by √(1-β₂ᵗ) together with the root, the authors' program "
        "does not; we follow the authors",
    )


def test_follows_pytorch_optimizer_without_eps(steps, torch_steps, agrees):
    """Its own 1e-15 below the root cannot be switched off."""
    path = steps(mars, HYPER._replace(eps=0.0))
    witness = torch_steps(
        lambda parameters: pytorch_optimizer.MARS(
            parameters, lr=0.02, betas=(0.8, 0.95), gamma=0.3, eps=0.0, weight_decay=0.3, optimize_1d=True
        )
    )
    agrees(mars, "pytorch_optimizer.MARS(eps=0)", path, witness, rtol=1e-8)


def test_small_gradients_uncorrected_are_adamws(steps):
    """With γ = 0 and a norm of at most 1 nothing is done to a gradient."""
    parameter = other = torch.linspace(-1, 1, 7, dtype=torch.float64)
    ours, theirs = mars.Hyper(0.1, 0.8, 0.9, 0.0, 1e-3, 0.2), adamw.Hyper(0.1, 0.8, 0.9, 1e-3, 0.2)
    state, their_state = mars.init(parameter, ours), adamw.init(parameter, theirs)
    for step in range(30):
        gradient = torch.randn(7, generator=torch.Generator().manual_seed(step), dtype=torch.float64) / 10
        change, state = mars.update(Seen(gradient, KEY, KEY), state, parameter, ours)
        parameter = parameter + change
        change, their_state = adamw.update(Seen(gradient, KEY, KEY), their_state, other, theirs)
        other = other + change
        torch.testing.assert_close(parameter, other, rtol=1e-12, atol=1e-14)
