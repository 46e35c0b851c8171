"""A schedule beside a torch.optim.lr_scheduler, step by step."""

from collections.abc import Callable

import pytest
import torch


@pytest.fixture
def torch_multipliers() -> Callable[..., list[float]]:
    """torch_multipliers(make, steps): lr at each of ``steps`` + 1 steps, from an lr of 1."""

    def walk(make: Callable[..., torch.optim.lr_scheduler.LRScheduler], steps: int) -> list[float]:
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        scheduler, seen = make(optimizer), []
        for _ in range(steps + 1):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return seen

    return walk
