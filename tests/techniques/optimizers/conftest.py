"""An optimizer followed step by step beside its witness in torch.optim."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from shoal.techniques.kinds import Seen


def gradient_at(parameter: Tensor, step: int) -> Tensor:
    """The gradient of a bent bowl, another one at every step, with some coordinates flat."""
    tilt = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(step), dtype=parameter.dtype)
    steep = torch.logspace(-2, 1, parameter.numel(), dtype=parameter.dtype).view_as(parameter)
    return steep * parameter + 0.1 * parameter**3 + tilt


@pytest.fixture
def steps() -> Callable[..., list[Tensor]]:
    """steps(rule, hyper, count): the parameters after each of our steps, float64."""

    def walk(rule: ModuleType, hyper: Any, count: int = 40) -> list[Tensor]:
        parameter = torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4)
        state, path = rule.init(parameter, hyper), []
        for step in range(count):
            gradient = gradient_at(parameter, step)
            seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
            change, state = rule.update(seen, state, parameter, hyper)
            parameter = parameter + change
            path.append(parameter)
        return path

    return walk


@pytest.fixture
def torch_steps() -> Callable[..., list[Tensor]]:
    """torch_steps(make, count): the same walk by a torch.optim optimizer, ``make([parameter])``."""

    def walk(make: Callable[[list[Tensor]], torch.optim.Optimizer], count: int = 40) -> list[Tensor]:
        parameter = torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4).requires_grad_()
        optimizer, path = make([parameter]), []
        for step in range(count):
            parameter.grad = gradient_at(parameter.detach(), step)
            optimizer.step()
            path.append(parameter.detach().clone())
        return path

    return walk
