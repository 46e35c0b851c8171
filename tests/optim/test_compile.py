"""torch.compile of a training step makes the steps that eager makes."""

import pytest
import torch
from torch import nn

from shoal import optim


@pytest.mark.parametrize("title", ["Adam", "LAMB", "Prodigy"])
def test_a_compiled_training_step_is_the_eager_one(title):
    def run(compiled: bool) -> torch.Tensor:
        torch.manual_seed(0)
        model = nn.Linear(4, 3, dtype=torch.float64)
        optimizer = getattr(optim, title)(model.parameters(), lr=0.01)

        def step(x: torch.Tensor, y: torch.Tensor) -> None:
            optimizer.zero_grad()
            ((model(x) - y) ** 2).mean().backward()
            optimizer.step()

        chosen = torch.compile(step, backend="aot_eager") if compiled else step
        generator = torch.Generator().manual_seed(1)
        for _ in range(4):
            x = torch.randn(5, 4, generator=generator, dtype=torch.float64)
            chosen(x, torch.randn(5, 3, generator=generator, dtype=torch.float64))
        return torch.cat([one.detach().reshape(-1) for one in model.parameters()])

    torch.testing.assert_close(run(True), run(False), rtol=1e-12, atol=1e-12)
