"""ADOPT beside the paper's algorithm in plain floats and pytorch_optimizer, and what its formula promises."""

import math

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adopt

KEY = torch.zeros((), dtype=torch.int64)
LR, BETA1, BETA2, EPS = 0.02, 0.8, 0.95, 1e-3


def algorithm_2(clip):
    """Clipped ADOPT, with v₀ = g₀² from a gradient of its own; ``clip`` multiplies its bound."""

    def step(t, values, gradient, memory):
        if t == 1:
            memory["v"], memory["m"] = [g * g for g in gradient], [0.0] * len(gradient)
            return values
        bound = clip * math.pow(t - 1, 0.25)
        moved = []
        for i, (value, g) in enumerate(zip(values, gradient, strict=True)):
            normed = min(max(g / max(math.sqrt(memory["v"][i]), EPS), -bound), bound)
            memory["m"][i] = BETA1 * memory["m"][i] + (1 - BETA1) * normed
            memory["v"][i] = BETA2 * memory["v"][i] + (1 - BETA2) * g * g
            moved.append(value - LR * memory["m"][i])
        return moved

    return step


@pytest.mark.parametrize("clip", [1.0, 0.3, 1e9], ids="clip={:g}".format)
def test_follows_the_paper(clip, steps, float_steps, agrees):
    path = steps(adopt, adopt.Hyper(LR, BETA1, BETA2, EPS, clip))
    agrees(adopt, "algorithm 2 in plain floats", path, float_steps(algorithm_2(clip)))


def test_follows_pytorch_optimizer_where_it_counts_as_the_paper_does(steps, torch_steps, agrees):
    path = steps(adopt, adopt.Hyper(LR, BETA1, BETA2, EPS))

    def walk(clip):
        return torch_steps(
            lambda parameters: pytorch_optimizer.ADOPT(
                parameters, lr=LR, betas=(BETA1, BETA2), eps=EPS, **clip
            )
        )

    default = walk({})
    assert float((default[-1] - path[-1]).abs().max() / path[-1].abs().max()) > 1e-4
    agrees(
        adopt,
        "pytorch_optimizer.ADOPT(clip_lambda=lambda step: (step - 1) ** 0.25)",
        path,
        walk({"clip_lambda": lambda step: (step - 1) ** 0.25}),
        known="by default pytorch_optimizer counts the first gradient, which moves nothing, so that its "
        "bound is 2^¼ where the paper and the authors' program have 1; we follow "
        "the paper",
    )


def test_a_gradient_does_not_scale_its_own_step():
    """After gradients of 1 one of any size moves by the same, up to the clip: here (1-β₁) c."""
    parameter, hyper = torch.zeros(2, dtype=torch.float64), adopt.Hyper(0.1, 0.0, 0.9)
    state = adopt.init(parameter, hyper)
    change, state = adopt.update(Seen(parameter + 1, KEY, KEY), state, parameter, hyper)
    assert torch.equal(change, 0 * parameter)
    gradient = torch.tensor([0.25, 1e6], dtype=torch.float64)
    change, _ = adopt.update(Seen(gradient, KEY, KEY), state, parameter, hyper)
    torch.testing.assert_close(change, torch.tensor([-0.025, -0.1], dtype=torch.float64), rtol=1e-12, atol=0)
