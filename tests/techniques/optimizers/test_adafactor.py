"""Adafactor beside torch.optim, on matrices, vectors and kernels at once, and what its state holds."""

import pytest
import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adafactor


@pytest.mark.parametrize(
    "numbers",
    [
        (0.05, -0.7, 1e-7, 1e-2, 1.5, 0.0),
        (0.5, -0.9, 1e-12, 1e-3, 1.0, 0.1),
        (0.02, -0.5, 0.9, 0.1, 2.0, 0.02),
    ],
    ids=["rate of lr", "rate of 1/√t, decay", "large eps"],
)
def test_follows_torch(numbers, steps_of_each, torch_steps_of_each, agrees):
    lr, beta2_decay, eps1, eps2, d, weight_decay = numbers
    agrees(
        adafactor,
        "torch.optim.Adafactor",
        steps_of_each(adafactor, adafactor.Hyper(*numbers)),
        torch_steps_of_each(
            lambda parameters: torch.optim.Adafactor(
                parameters, lr, beta2_decay, (eps1, eps2), d, weight_decay, foreach=False
            )
        ),
        known="the paper adds ε₁ to g², torch bounds √v by ε₁ from below; we follow torch",
    )


@pytest.mark.parametrize(
    ("shape", "kept"),
    [((6, 4), [(6, 1), (1, 4)]), ((5, 3, 2, 2), [(5, 3, 2, 1), (5, 3, 1, 2)]), ((7,), [(7,)])],
)
def test_keeps_rows_and_columns_of_the_last_two_dimensions(shape, kept):
    parameter = torch.ones(shape)
    state = adafactor.init(parameter, adafactor.Hyper())
    _, state = adafactor.update(
        Seen(parameter, parameter.sum(), torch.tensor(0)), state, parameter, adafactor.Hyper()
    )
    assert [tuple(part.shape) for part in state if part.dim()] == kept


def test_a_gradient_of_rank_one_is_scaled_to_signs():
    """Rows times columns is then g² itself, so the first step is sign descent, by α."""
    gradient = torch.outer(torch.tensor([1.0, -2.0, 3.0]), torch.tensor([0.5, -1.0])).double()
    parameter = torch.full((3, 2), 2.0, dtype=torch.float64)
    hyper = adafactor.Hyper(lr=0.1)
    seen = Seen(gradient, gradient.sum(), torch.tensor(0))
    change, _ = adafactor.update(seen, adafactor.init(parameter, hyper), parameter, hyper)
    torch.testing.assert_close(change, -0.1 * 2.0 * gradient.sign(), rtol=1e-12, atol=0)
