"""LARS beside pytorch_optimizer where both scale, and beside the paper's algorithm 1 everywhere."""

import math

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import lars

SETTINGS = pytest.mark.parametrize(
    "numbers", [(2.0, 0.8, 0.0, 0.03), (3.0, 0.7, 0.02, 0.01), (1.0, 0.0, 0.1, 0.02)], ids=str
)


@SETTINGS
def test_follows_pytorch_optimizer_on_matrices(numbers, steps, torch_steps, agrees):
    lr, momentum, decay, trust = numbers
    agrees(
        lars,
        "pytorch_optimizer.LARS",
        steps(lars, lars.Hyper(*numbers)),
        torch_steps(
            lambda parameters: pytorch_optimizer.LARS(
                parameters, lr, weight_decay=decay, momentum=momentum, trust_coefficient=trust
            )
        ),
        known="its vectors move by plain momentum without decay; the paper scales every tensor, so do we. "
        "Its lr multiplies the whole buffer, ours what enters it, as in the paper: the same while lr is "
        "constant",
    )


@SETTINGS
def test_follows_the_paper_on_all_tensors(numbers, steps_of_each, float_steps_of_each, agrees):
    lr, momentum, decay, trust = numbers

    def step(t, w, g, memory):
        size, whole = math.hypot(*w), math.hypot(*g) + decay * math.hypot(*w)
        local = trust * size / whole if size > 0 and whole > 0 else 1.0
        v = memory.get("v", [0.0] * len(w))
        v = [momentum * a + lr * local * (b + decay * c) for a, b, c in zip(v, g, w, strict=True)]
        memory["v"] = v
        return [a - b for a, b in zip(w, v, strict=True)]

    ours = steps_of_each(lars, lars.Hyper(*numbers))
    agrees(lars, "algorithm 1 in plain floats", ours, float_steps_of_each(step))


def test_the_buffer_remembers_the_rate_of_its_time():
    """A schedule scales what enters the buffer, not what is in it."""
    parameter = torch.tensor([3.0, 4.0], dtype=torch.float64)
    seen = Seen(torch.tensor([6.0, 8.0], dtype=torch.float64), torch.tensor(0.0), torch.tensor(0))
    first, second = lars.Hyper(2.0, 0.5, 0.0, 0.1), lars.Hyper(0.0, 0.5, 0.0, 0.1)
    change, state = lars.update(seen, lars.init(parameter, first), parameter, first)
    torch.testing.assert_close(change, -2.0 * 0.1 * 5 / 10 * seen.gradient)
    assert torch.equal(lars.update(seen, state, parameter, second)[0], change / 2)
