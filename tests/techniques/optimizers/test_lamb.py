"""LAMB beside the paper's algorithm 2 in plain floats, and what its trust ratio promises."""

import math

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adamw, lamb


def _algorithm(lr, beta1, beta2, eps, weight_decay):
    """Algorithm 2 with the identity for its scaling function."""

    def step(t, x, g, memory):
        m, v = memory.get("m", [0.0] * len(x)), memory.get("v", [0.0] * len(x))
        m = [beta1 * a + (1 - beta1) * b for a, b in zip(m, g, strict=True)]
        v = [beta2 * a + (1 - beta2) * b * b for a, b in zip(v, g, strict=True)]
        memory["m"], memory["v"] = m, v
        r = [(a / (1 - beta1**t)) / (math.sqrt(b / (1 - beta2**t)) + eps) for a, b in zip(m, v, strict=True)]
        u = [a + weight_decay * b for a, b in zip(r, x, strict=True)]
        size, length = math.hypot(*x), math.hypot(*u)
        ratio = size / length if size > 0 and length > 0 else 1.0
        return [a - lr * ratio * b for a, b in zip(x, u, strict=True)]

    return step


@pytest.mark.parametrize("weight_decay", [0.0, 0.3], ids="weight_decay={}".format)
def test_follows_the_paper(weight_decay, steps_of_each, float_steps_of_each, agrees):
    numbers = (0.02, 0.8, 0.95, 1e-3, weight_decay)
    agrees(
        lamb,
        "algorithm 2 in plain floats",
        steps_of_each(lamb, lamb.Hyper(*numbers)),
        float_steps_of_each(_algorithm(*numbers)),
        known="pytorch_optimizer.Lamb divides lr by 1-β₁ᵗ though the trust ratio has set the step's length "
        "(its first step is 5 times as long here, by default 10 times), has no other bias correction, decays "
        "outside the ratio and clips the norm of the weights to 10; we follow the "
        "paper",
    )


def test_pytorch_optimizer_steps_too_far_at_first(network, steps_of_each, torch_steps_of_each):
    """What ``known`` says above."""

    def pair(weight_decay, eps):
        numbers = (0.02, (0.8, 0.95), weight_decay)
        theirs = torch_steps_of_each(lambda parameters: pytorch_optimizer.Lamb(parameters, *numbers, eps=eps))
        return steps_of_each(lamb, lamb.Hyper(0.02, 0.8, 0.95, eps, weight_decay)), theirs

    ours, theirs = pair(0.0, 1e-12)
    start, filled = network, slice(0, -3)  # the last three are the tensor of zeros
    torch.testing.assert_close(
        (theirs[0] - start)[filled], (ours[0] - start)[filled] / (1 - 0.8), rtol=1e-9, atol=0
    )
    pairs = zip(*pair(0.3, 1e-3), strict=True)
    assert max(float((a - b).abs().max() / a.abs().max()) for a, b in pairs) == pytest.approx(0.27, abs=0.01)


def test_a_step_is_as_long_as_lr_times_the_tensor():
    parameter = torch.tensor([[3.0, 0.0], [0.0, 4.0]], dtype=torch.float64)
    seen = Seen(parameter.sin() - 1, torch.tensor(0.0), torch.tensor(0))
    hyper = lamb.Hyper(lr=0.1)
    change, _ = lamb.update(seen, lamb.init(parameter, hyper), parameter, hyper)
    assert float(change.norm()) == pytest.approx(0.1 * 5)


def test_a_tensor_of_zeros_starts_as_in_adamw():
    parameter = torch.zeros(4, dtype=torch.float64)
    seen = Seen(torch.linspace(-1, 2, 4, dtype=torch.float64), torch.tensor(0.0), torch.tensor(0))
    ours, theirs = lamb.Hyper(eps=1e-8), adamw.Hyper()
    change, _ = lamb.update(seen, lamb.init(parameter, ours), parameter, ours)
    expected, _ = adamw.update(seen, adamw.init(parameter, theirs), parameter, theirs)
    torch.testing.assert_close(change, expected, rtol=1e-14, atol=0)
    still = Seen(torch.zeros_like(parameter), *seen[1:])
    assert torch.equal(lamb.update(still, lamb.init(parameter, ours), parameter, ours)[0], parameter)


def test_a_direction_of_zero_leaves_the_tensor_where_it_is():
    parameter = torch.ones(3, dtype=torch.float64)
    seen = Seen(torch.zeros_like(parameter), torch.tensor(0.0), torch.tensor(0))
    hyper = lamb.Hyper(weight_decay=0.0)
    assert not lamb.update(seen, lamb.init(parameter, hyper), parameter, hyper)[0].any()
