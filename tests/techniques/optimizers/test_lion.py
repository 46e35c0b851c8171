"""Lion beside two packages, and what its formula promises."""

import optimi
import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import lion

KEY = torch.zeros((), dtype=torch.int64)


@pytest.mark.parametrize("decay", [0.0, 0.3], ids="weight_decay={}".format)
def test_follows_pytorch_optimizer(decay, steps, torch_steps, agrees):
    path = steps(lion, lion.Hyper(0.02, 0.8, 0.93, decay))
    witness = torch_steps(
        lambda parameters: pytorch_optimizer.Lion(
            parameters, lr=0.02, betas=(0.8, 0.93), weight_decay=decay, weight_decouple=True
        )
    )
    agrees(lion, "pytorch_optimizer.Lion", path, witness)


def test_follows_optimi(steps, torch_steps, agrees):
    path = steps(lion, lion.Hyper(0.02, 0.8, 0.93, 0.3))
    witness = torch_steps(
        lambda parameters: optimi.Lion(parameters, lr=0.02, betas=(0.8, 0.93), weight_decay=0.3, triton=False)
    )
    agrees(lion, "optimi.Lion", path, witness)


def test_every_step_is_lr_long_and_none_where_nothing_ever_came():
    parameter, hyper = torch.zeros(5, dtype=torch.float64), lion.Hyper(0.1)
    state = lion.init(parameter, hyper)
    for step in range(30):
        gradient = torch.randn(5, generator=torch.Generator().manual_seed(step), dtype=torch.float64)
        gradient[0] = 0
        change, state = lion.update(Seen(gradient, KEY, KEY), state, parameter, hyper)
        assert change[0] == 0 and (change[1:].abs() == 0.1).all()


def test_the_blend_that_steps_is_not_the_mean_that_is_kept():
    """m = 1, g = -3: at β₁ = 0.9 the blend is 0.6, and the step goes down; at β₁ = 0.5 it is -1, and up."""
    gradient = torch.tensor([-3.0], dtype=torch.float64)
    for beta1, expected in ((0.9, -0.1), (0.5, 0.1)):
        change, state = lion.update(
            Seen(gradient, KEY, KEY), lion.State(-gradient / 3), 0 * gradient, lion.Hyper(0.1, beta1, 0.75)
        )
        assert float(change) == pytest.approx(expected) and float(state.mean) == pytest.approx(0.0)
