"""muP's changes beside table 3 of the paper in plain floats, and the rule it was made for."""

import math

import pytest
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.links import mup_lr
from shoal.techniques.optimizers import adam

BASE, LR = 16.0, 0.03


def floats(weights: list[list[float]], gradients: list[list[list[float]]]) -> list[list[list[float]]]:
    """Adam with the lr of table 3, lr · base / fan_in, number by number."""
    rows, fan_in = len(weights), len(weights[0])
    mean, square = [[[0.0] * fan_in for _ in range(rows)] for _ in range(2)]
    path = []
    for step, gradient in enumerate(gradients, 1):
        for i in range(rows):
            for j in range(fan_in):
                g = gradient[i][j]
                mean[i][j] = 0.8 * mean[i][j] + 0.2 * g
                square[i][j] = 0.95 * square[i][j] + 0.05 * g * g
                up, down = mean[i][j] / (1 - 0.8**step), math.sqrt(square[i][j] / (1 - 0.95**step))
                weights[i][j] -= LR * BASE / fan_in * up / (down + 1e-6)
        path.append([list(row) for row in weights])
    return path


@pytest.mark.parametrize("fan_in", [3, 40])
def test_adam_behind_which_it_stands_has_the_papers_lr(fan_in, agrees):
    source = torch.Generator().manual_seed(fan_in)
    weight = torch.randn(2, fan_in, dtype=torch.float64, generator=source)
    gradients = torch.randn(35, 2, fan_in, dtype=torch.float64, generator=source)
    theirs = floats(weight.tolist(), gradients.tolist())
    hyper, own = adam.Hyper(LR, 0.8, 0.95, 1e-6), mup_lr.Hyper(BASE)
    state, kept, ours = adam.init(weight, hyper), mup_lr.init(weight, own), []
    for gradient in gradients:
        seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
        change, state = adam.update(seen, state, weight, hyper)
        change, kept = mup_lr.apply(seen, change, kept, weight, own)
        weight = weight + change
        ours.append(weight)
    agrees(
        mup_lr, "table 3 in plain floats", ours, [torch.tensor(one, dtype=torch.float64) for one in theirs]
    )


def test_vectors_pass_and_kernels_count_positions():
    seen = Seen(torch.ones(4), torch.tensor(0.0), torch.tensor(0))
    for shape, share in (((4,), 1.0), ((4, 2, 3, 3), BASE / 18)):
        parameter = torch.zeros(shape, dtype=torch.float64)
        made, _ = mup_lr.apply(
            seen, torch.ones_like(parameter), mup_lr.State(), parameter, mup_lr.Hyper(BASE)
        )
        torch.testing.assert_close(made, torch.full_like(parameter, share), rtol=1e-15, atol=0)
