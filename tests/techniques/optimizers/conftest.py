"""An optimizer followed step by step beside its witness in torch.optim."""

import math
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


def starts() -> list[Tensor]:
    """A matrix, a vector, a kernel and a vector of zeros: what one network may hold."""
    shapes = ((3, 4), (5,), (2, 3, 2, 2))
    filled = [torch.linspace(-1, 1, math.prod(shape), dtype=torch.float64).view(shape) for shape in shapes]
    return [*filled, torch.zeros(3, dtype=torch.float64)]


def joined(parameters: list[Tensor]) -> Tensor:
    """All parameters as one new vector."""
    return torch.cat([parameter.detach().flatten() for parameter in parameters])


@pytest.fixture
def network() -> Tensor:
    """Where ``steps_of_each`` starts, joined."""
    return joined(starts())


@pytest.fixture
def steps_of_each() -> Callable[..., list[Tensor]]:
    """steps_of_each(rule, hyper, count): ``steps`` of a whole network, each tensor by itself; joined."""

    def walk(rule: ModuleType, hyper: Any, count: int = 40) -> list[Tensor]:
        parameters, path = starts(), []
        states = [rule.init(parameter, hyper) for parameter in parameters]
        for step in range(count):
            for index, parameter in enumerate(parameters):
                gradient = gradient_at(parameter, step)
                seen = Seen(gradient, gradient.sum(), torch.zeros((), dtype=torch.int64))
                change, states[index] = rule.update(seen, states[index], parameter, hyper)
                parameters[index] = parameter + change
            path.append(joined(parameters))
        return path

    return walk


@pytest.fixture
def torch_steps_of_each() -> Callable[..., list[Tensor]]:
    """torch_steps_of_each(make, count): the same walk by a torch.optim optimizer of all parameters."""

    def walk(make: Callable[[list[Tensor]], torch.optim.Optimizer], count: int = 40) -> list[Tensor]:
        parameters = [parameter.requires_grad_() for parameter in starts()]
        optimizer, path = make(parameters), []
        for step in range(count):
            for parameter in parameters:
                parameter.grad = gradient_at(parameter.detach(), step)
            optimizer.step()
            path.append(joined(parameters))
        return path

    return walk


@pytest.fixture
def float_steps_of_each() -> Callable[..., list[Tensor]]:
    """float_steps_of_each(step, count): the same walk by ``step(t, values, gradient, memory)``.

    It is called for each parameter at t = 1, 2, ... with lists of floats and a dict of the parameter's own,
    empty at the start, and returns the new values.
    """

    def walk(step: Callable[..., list[float]], count: int = 40) -> list[Tensor]:
        parameters, path = starts(), []
        memories: list[dict[str, Any]] = [{} for _ in parameters]
        for t in range(1, count + 1):
            for index, parameter in enumerate(parameters):
                gradient = gradient_at(parameter, t - 1).flatten().tolist()
                values = step(t, parameter.flatten().tolist(), gradient, memories[index])
                parameters[index] = torch.tensor(values, dtype=torch.float64).view(parameter.shape)
            path.append(joined(parameters))
        return path

    return walk


@pytest.fixture
def float_steps() -> Callable[..., list[Tensor]]:
    """float_steps(step, count): the walk of ``steps`` by a ``step`` as in ``float_steps_of_each``."""

    def walk(step: Callable[..., list[float]], count: int = 40) -> list[Tensor]:
        parameter = torch.linspace(-1, 1, 12, dtype=torch.float64).view(3, 4)
        memory: dict[str, Any] = {}
        path = []
        for t in range(1, count + 1):
            gradient = gradient_at(parameter, t - 1).flatten().tolist()
            values = step(t, parameter.flatten().tolist(), gradient, memory)
            parameter = torch.tensor(values, dtype=torch.float64).view(3, 4)
            path.append(parameter)
        return path

    return walk
