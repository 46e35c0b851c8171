"""L2 beside torch's weight_decay on the matrices, and plain Python sums."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.regularizers import l2


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_follows_sgd_with_weight_decay_on_matrices_only(agrees_at):
    inputs, targets = normal(20, 4, seed=1), normal(20, 3, seed=2)
    ours = {"matrix": normal(4, 3).requires_grad_(), "bias": normal(3, seed=3).requires_grad_()}
    theirs = {role: value.detach().clone().requires_grad_() for role, value in ours.items()}
    witness = torch.optim.SGD(
        [{"params": [theirs["matrix"]], "weight_decay": 0.7}, {"params": [theirs["bias"]]}], lr=0.05
    )

    def loss(parameters):
        return (inputs @ parameters["matrix"] + parameters["bias"] - targets).square().mean()

    for _ in range(30):
        penalty = sum(l2.penalty(value, role, l2.Hyper(0.7)) for role, value in ours.items())
        gradients = torch.autograd.grad(loss(ours) + penalty, list(ours.values()))
        with torch.no_grad():
            for value, gradient in zip(ours.values(), gradients, strict=True):
                value -= 0.05 * gradient
        witness.zero_grad()
        loss(theirs).backward()
        witness.step()
        for role in ours:
            agrees_at(l2, "torch.optim.SGD", ours[role], theirs[role], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("role", ["matrix", "head", "embedding"])
def test_equals_plain_python(role):
    weights = normal(4, 3)
    expected = 0.3 / 2 * sum(float(w) ** 2 for w in weights.flatten())
    assert l2.penalty(weights, role, l2.Hyper(0.3)).item() == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("role", ["bias", "norm"])
def test_what_is_no_weight_costs_nothing(role):
    assert l2.penalty(normal(5), role, l2.Hyper(10.0)) == 0


@given(st.floats(1e-3, 1e3))
def test_is_quadratic_and_does_not_see_rotations(scale):
    weights, hyper = normal(4, 3), l2.Hyper(0.2)
    rotation, _ = torch.linalg.qr(normal(4, 4, seed=9))
    once = l2.penalty(weights, "matrix", hyper)
    torch.testing.assert_close(l2.penalty(scale * rotation @ weights, "matrix", hyper), scale**2 * once)
