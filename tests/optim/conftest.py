"""A small regression that every optimizer can train."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors, and bits that must not depend on how many threads there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def network() -> Callable[..., nn.Module]:
    """network(dtype) → matrices, biases and an unused parameter; the same weights at every call."""

    def made(dtype: torch.dtype = torch.float64) -> nn.Module:
        generator = torch.Generator().manual_seed(3)
        model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
        model.register_parameter("unused", nn.Parameter(torch.ones(2)))
        for one in model.parameters():
            one.data = torch.randn(one.shape, generator=generator).to(dtype)
        return model

    return made


@pytest.fixture
def train() -> Callable[..., list[Tensor]]:
    """train(model, optimizer, steps, start) → the losses [] of steps on rows that their numbers fix."""

    def trained(model: nn.Module, optimizer: Any, steps: int, start: int = 0) -> list[Tensor]:
        dtype = next(model.parameters()).dtype
        losses = []
        for step in range(start, start + steps):
            generator = torch.Generator().manual_seed(step)
            x = torch.randn(8, 4, generator=generator, dtype=torch.float64).to(dtype)
            y = torch.randn(8, 3, generator=generator, dtype=torch.float64).to(dtype)
            optimizer.zero_grad()
            loss = ((model(x) - y) ** 2).mean()
            loss.backward()
            own = {"loss": loss} if type(optimizer).__module__ == "shoal.optim" else {}
            optimizer.step(**own)
            losses.append(loss.detach())
        return losses

    return trained


@pytest.fixture
def weights() -> Callable[[nn.Module], Tensor]:
    """weights(model) → all parameters as one vector."""
    return lambda model: torch.cat([one.detach().reshape(-1) for one in model.parameters()])
