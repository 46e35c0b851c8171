"""An activation and a witness at the same points, values and slopes."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

ROWS = torch.linspace(-4, 2.5, 40, dtype=torch.float64)


@pytest.fixture
def values_and_slopes() -> Callable[[Callable[[Tensor], Tensor]], list[Tensor]]:
    """values_and_slopes(function): [2, 19] for each of 40 rows of points, from 1e-4 to 316 in size, and 0."""

    def walk(function: Callable[[Tensor], Tensor]) -> list[Tensor]:
        found = []
        for number, size in enumerate(ROWS):
            source = torch.Generator().manual_seed(number)
            half = 10**size * torch.rand(9, generator=source, dtype=torch.float64)
            x = torch.cat([-half, half.new_zeros(1), half.flip(0)]).requires_grad_()
            y = function(x)
            (slope,) = torch.autograd.grad(y.sum(), x)
            found.append(torch.stack([y.detach(), slope]))
        return found

    return walk
