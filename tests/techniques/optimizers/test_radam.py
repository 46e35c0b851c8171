"""RAdam beside torch.optim, and what its formula promises."""

import pytest
import pytorch_optimizer
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import radam, sgd

KEY = torch.zeros((), dtype=torch.int64)


@pytest.mark.parametrize("beta2", [0.6, 0.8, 0.95, 0.999, 0.9999])
def test_follows_torch(beta2, steps, torch_steps, agrees):
    """With and without the rectified phase: at 0.6 it never comes, at the others after 5 to 8 steps."""
    path = steps(radam, radam.Hyper(lr=0.02, beta1=0.8, beta2=beta2, eps=1e-3))
    witness = torch_steps(lambda parameters: torch.optim.RAdam(parameters, 0.02, (0.8, beta2), eps=1e-3))
    agrees(
        radam,
        "torch.optim.RAdam",
        path,
        witness,
        rtol=1e-12,
        known="the text's threshold is 4, torch's and the authors' program's 5; we follow them",
    )


def test_follows_pytorch_optimizer_told_to_step_before_it_is_rectified(steps, torch_steps, agrees):
    def walk(**form):
        return torch_steps(
            lambda parameters: pytorch_optimizer.RAdam(parameters, 0.02, (0.8, 0.95), eps=1e-3, **form)
        )

    default = walk()
    assert all(torch.equal(point, default[0]) for point in default[:5])
    agrees(
        radam,
        "pytorch_optimizer.RAdam(degenerated_to_sgd=True)",
        steps(radam, radam.Hyper(0.02, 0.8, 0.95, 1e-3)),
        walk(degenerated_to_sgd=True),
        known="by default pytorch_optimizer does not move for the first five steps, where the paper steps by "
        "momentum without scaling; we follow the paper",
    )


def test_rectification_in_float32_is_that_in_float64():
    """Its formula subtracts two numbers near 2/(1-β₂) to find one near the number of steps."""
    changes = []
    for dtype in (torch.float32, torch.float64):
        beta2 = torch.tensor(0.9999, dtype=torch.float32).to(dtype)
        parameter, hyper = torch.ones(2, dtype=dtype), radam.Hyper(1.0, 0.0, beta2, 0.0)
        state = radam.init(parameter, hyper)._replace(square=torch.ones(2, dtype=dtype))
        path = []
        for _ in range(12):
            change, after = radam.update(Seen(parameter, KEY, KEY), state, parameter, hyper)
            path.append(change.double() / (1 - beta2.double() ** after.step.double()).sqrt())
            state = after._replace(square=torch.ones(2, dtype=dtype))
        changes.append(torch.stack(path))
    torch.testing.assert_close(changes[0], changes[1], rtol=1e-3, atol=0)


def test_short_memory_without_momentum_is_sgd(steps):
    path = steps(radam, radam.Hyper(0.05, 0.0, 0.6))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
