"""A chain of one rule and links, walked step by step beside its witness."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from shoal.techniques.kinds import Seen

NO_KEY = torch.zeros((), dtype=torch.int64)


def gradient_at(parameter: Tensor, step: int) -> Tensor:
    """The gradient of a bent bowl, another one at every step, so that it often turns against the momentum."""
    tilt = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(step), dtype=parameter.dtype)
    steep = torch.logspace(-2, 1, parameter.numel(), dtype=parameter.dtype).view_as(parameter)
    return steep * parameter + 0.1 * parameter**3 + tilt


def starts(shapes: list[tuple[int, ...]]) -> list[Tensor]:
    return [torch.linspace(-1, 1, math.prod(shape), dtype=torch.float64).view(shape) for shape in shapes]


def joined(parameters: list[Tensor]) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in parameters])


class Chain:
    """One parameter's chain, composed by hand: gradient or point link → rule → change link."""

    def __init__(self, rule: ModuleType, hyper: Any, link: ModuleType, own: Any, parameter: Tensor) -> None:
        self.rule, self.hyper, self.link, self.own, self.parameter = rule, hyper, link, own, parameter
        self.rule_state, self.state = rule.init(parameter, hyper), link.init(parameter, own)

    def step(self, gradient: Callable[[Tensor], Tensor]) -> Tensor:
        """The parameter after one step where ``gradient`` gives the gradient at any point."""
        seen = Seen(gradient(self.parameter), torch.zeros((), dtype=torch.float64), NO_KEY)
        if self.link.PLACE == "gradient":
            made, self.state = self.link.apply(seen, self.state, self.parameter, self.own)
            seen = seen._replace(gradient=made)
        if self.link.PLACE == "point":
            self.state = self.link.probe(seen, self.state, self.parameter, self.own)
            point = self.link.look(self.state, self.parameter, self.own)
            seen = seen._replace(gradient=gradient(point))
        change, self.rule_state = self.rule.update(seen, self.rule_state, self.parameter, self.hyper)
        if self.link.PLACE == "change":
            change, self.state = self.link.apply(seen, change, self.state, self.parameter, self.own)
        self.parameter = self.parameter + change
        return self.parameter


@pytest.fixture
def chain_steps() -> Callable[..., list[Tensor]]:
    """chain_steps(rule, hyper, link, own, shapes, count): parameters after each step, joined."""

    def walk(
        rule: ModuleType,
        hyper: Any,
        link: ModuleType,
        own: Any,
        shapes: list[tuple[int, ...]],
        count: int = 40,
    ) -> list[Tensor]:
        chains = [Chain(rule, hyper, link, own, start) for start in starts(shapes)]
        return [
            joined([chain.step(lambda point, at=step: gradient_at(point, at)) for chain in chains])
            for step in range(count)
        ]

    return walk


@pytest.fixture
def torch_steps() -> Callable[..., list[Tensor]]:
    """torch_steps(make, shapes, count, after): the same walk by a torch.optim optimizer of all parameters.

    ``before(parameters)`` is called when the gradients stand and the step is not done, and its result with
    the parameters given to ``after`` when the step is done; it may change parameters in place.
    """

    def walk(
        make: Callable[[list[Tensor]], Any],
        shapes: list[tuple[int, ...]],
        count: int = 40,
        before: Callable[[list[Tensor]], Any] = lambda parameters: None,
        after: Callable[[list[Tensor], Any], None] = lambda parameters, saved: None,
    ) -> list[Tensor]:
        parameters = [start.requires_grad_() for start in starts(shapes)]
        optimizer, path = make(parameters), []
        for step in range(count):
            for parameter in parameters:
                parameter.grad = gradient_at(parameter.detach(), step)
            saved = before(parameters)
            optimizer.step()
            with torch.no_grad():
                after(parameters, saved)
            path.append(joined(parameters))
        return path

    return walk


@pytest.fixture
def gradient() -> Callable[[Tensor, int], Tensor]:
    """gradient(point, step): what the chains of ``chain_steps`` see."""
    return gradient_at


@pytest.fixture
def start() -> Tensor:
    """Where ``chain_steps`` starts with the single shape (12,)."""
    return starts([(12,)])[0]
