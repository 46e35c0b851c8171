"""A whole member followed step by step, for rules whose numbers are one for all its parameters.

A package is given several tensors, our rule the same numbers as one flat vector. The loss is a sum over
coordinates, never below 0, another one at every step; batches agree less and less about where its minimum is.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from shoal.techniques.kinds import Seen

SHAPES = ((3, 4), (4,), (2, 2, 2))
SIZES = [12, 4, 8]
START = torch.linspace(-1, 1, sum(SIZES), dtype=torch.float64)


def loss_at(flat: Tensor, step: int) -> Tensor:
    """The batch's loss [] at the parameters [24]."""
    generator = torch.Generator().manual_seed(step)
    center = 2 + torch.randn(flat.shape, generator=generator, dtype=flat.dtype) * (0.2 + 0.02 * step)
    steep = torch.logspace(-2, 1, flat.numel(), dtype=flat.dtype).flip(0)
    return (steep * (flat - center) ** 2 / 2 + (flat - center) ** 4 / 40).sum()


def seen_at(flat: Tensor, step: int, quiet: int = 0) -> Seen:
    """What a rule sees: for the first ``quiet`` steps a loss of 0 and gradients of zeros."""
    gradient, loss = torch.func.grad_and_value(loss_at)(flat, step)
    awake = float(step >= quiet)
    return Seen(gradient * awake, loss * awake, torch.zeros((), dtype=torch.int64))


def walk(
    rule: ModuleType,
    hyper: Any,
    count: int = 40,
    scale: Callable[[int], float] = lambda step: 1.0,
    quiet: int = 0,
) -> tuple[list[Tensor], list[Tensor]]:
    """After each of our steps: the parameters [24], and those that are evaluated.

    scale: what a schedule multiplies lr by at step 0, 1, ...
    """
    flat = START.clone()
    state, trained, evaluated = rule.init(flat, hyper), [], []
    for step in range(count):
        now = hyper._replace(lr=hyper.lr * scale(step))
        change, state = rule.update(seen_at(flat, step, quiet), state, flat, now)
        flat = flat + change
        trained.append(flat)
        evaluated.append(rule.read(state, flat, now) if hasattr(rule, "read") else flat)
    return trained, evaluated


def package_walk(
    make: Callable[[list[Tensor]], torch.optim.Optimizer],
    count: int = 40,
    scale: Callable[[int], float] = lambda step: 1.0,
    quiet: int = 0,
    look: Callable[[Any, list[Tensor]], list[Tensor]] = lambda optimizer, parameters: parameters,
    **shown: bool,
) -> tuple[list[Tensor], list[Tensor]]:
    """The same by a torch.optim optimizer, ``make(parameters)``, and by ``look(optimizer, parameters)``.

    With ``loss=True`` its step is called with the loss.
    """
    parameters = [
        nn.Parameter(part.clone().view(shape)) for part, shape in zip(START.split(SIZES), SHAPES, strict=True)
    ]
    optimizer, trained, evaluated = make(parameters), [], []
    (group,) = optimizer.param_groups
    lr = group["lr"]
    for step in range(count):
        seen = seen_at(joined(parameters), step, quiet)
        for parameter, part in zip(parameters, seen.gradient.split(SIZES), strict=True):
            parameter.grad = part.clone().view(parameter.shape)
        group["lr"] = lr * scale(step)
        optimizer.step(**{name: getattr(seen, name) for name, wanted in shown.items() if wanted})
        trained.append(joined(parameters))
        evaluated.append(joined(look(optimizer, parameters)))
    return trained, evaluated


def joined(parameters: list[Tensor]) -> Tensor:
    """All parameters as one new vector [24]."""
    return torch.cat([parameter.detach().flatten() for parameter in parameters])
