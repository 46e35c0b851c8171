"""Batch normalization beside torch.nn.functional.batch_norm, and the invariance it promises."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from shoal.techniques.normalizations import batch_norm

HYPER = batch_norm.Hyper(momentum=0.23, eps=1e-3)
SHAPES = [(8, 3), (8, 3, 5), (8, 3, 4, 2)]
shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


def batches(shape, count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    offset = torch.tensor([5.0, -1.0, 0.0], dtype=torch.float64).view(3, *(1,) * (len(shape) - 2))
    for _ in range(count):
        yield 2 * torch.randn(shape, generator=generator, dtype=torch.float64) + offset


def wide(state):
    return batch_norm.State(state.mean.double(), state.var.double())


@shapes
@pytest.mark.parametrize("counted", [8, 5, 2])
def test_training_follows_torch_on_the_rows_that_count(shape, counted, agrees_at):
    state = wide(batch_norm.init(3))
    mean, var = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    chosen = torch.randperm(8, generator=torch.Generator().manual_seed(1))[:counted].sort().values
    weight = torch.zeros(8, dtype=torch.float64).index_fill(0, chosen, 1.0)
    for x in batches(shape, 30):
        y, state = batch_norm.apply(x, state, weight, HYPER, True)
        witness = F.batch_norm(x[chosen], mean, var, training=True, momentum=0.23, eps=1e-3)
        agrees_at(batch_norm, "torch.nn.functional.batch_norm", y[chosen], witness, rtol=1e-11, atol=1e-12)
        agrees_at(batch_norm, "torch.nn.functional.batch_norm", state.mean, mean, rtol=1e-12, atol=1e-13)
        agrees_at(batch_norm, "torch.nn.functional.batch_norm", state.var, var, rtol=1e-12, atol=1e-13)


@shapes
def test_answering_follows_torch(shape, agrees_at):
    state = batch_norm.State(
        torch.tensor([4.0, -2.0, 0.3], dtype=torch.float64),
        torch.tensor([0.5, 9.0, 1e-4], dtype=torch.float64),
    )
    weight = torch.ones(8, dtype=torch.float64)
    for x in batches(shape, 5):
        y, after = batch_norm.apply(x, state, weight, HYPER, False)
        agrees_at(
            batch_norm,
            "torch.nn.functional.batch_norm",
            y,
            F.batch_norm(x, state.mean, state.var, eps=1e-3),
            rtol=1e-12,
            atol=1e-12,
        )
        assert torch.equal(after.mean, state.mean) and torch.equal(after.var, state.var)


@shapes
@pytest.mark.parametrize("counted", [8, 5])
def test_gradient_follows_torch(shape, counted, agrees_at):
    weight = (torch.arange(8) < counted).double()
    (x,) = batches(shape, 1)
    x.requires_grad_()
    y, state = batch_norm.apply(x, wide(batch_norm.init(3)), weight, HYPER, True)
    slope = torch.autograd.grad(y[:counted].sin().sum(), x)[0]
    witness = torch.autograd.grad(
        F.batch_norm(x[:counted], None, None, training=True, eps=1e-3).sin().sum(), x
    )[0]
    agrees_at(batch_norm, "torch.nn.functional.batch_norm", slope, witness, rtol=1e-10, atol=1e-12)
    assert not state.mean.requires_grad and not state.var.requires_grad


@given(st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_scale_and_shift_of_the_input_do_not_matter(scale, shift):
    """Exactly so when eps grows with the variance."""
    (x,) = batches((8, 3, 2), 1)
    weight, state = torch.ones(8, dtype=torch.float64), wide(batch_norm.init(3))
    y, _ = batch_norm.apply(x, state, weight, batch_norm.Hyper(eps=1e-3), True)
    same, _ = batch_norm.apply(scale * x + shift, state, weight, batch_norm.Hyper(eps=1e-3 * scale**2), True)
    torch.testing.assert_close(same, y, rtol=0, atol=1e-8)


def test_rows_that_do_not_count_change_nothing():
    x, other = batches((8, 3), 2)
    weight, state = (torch.arange(8) < 5).double(), wide(batch_norm.init(3))
    y, after = batch_norm.apply(x, state, weight, HYPER, True)
    mixed, same = batch_norm.apply(torch.cat([x[:5], 1e6 * other[5:]]), state, weight, HYPER, True)
    assert torch.equal(mixed[:5], y[:5])
    assert torch.equal(same.mean, after.mean) and torch.equal(same.var, after.var)


def test_batch_without_counted_rows_leaves_the_state_alone():
    (x,) = batches((8, 3), 1)
    state = batch_norm.State(torch.full((3,), 2.0), torch.full((3,), 7.0))
    y, after = batch_norm.apply(x, state, torch.zeros(8, dtype=torch.float64), HYPER, True)
    assert y.isfinite().all() and (after.mean == 2).all() and (after.var == 7).all()


def test_single_value_moves_the_mean_and_leaves_the_variance():
    (x,) = batches((1, 3), 1)
    state = batch_norm.State(torch.full((3,), 2.0).double(), torch.full((3,), 7.0).double())
    y, after = batch_norm.apply(x, state, torch.ones(1, dtype=torch.float64), HYPER, True)
    assert (y == 0).all() and (after.var == 7).all()
    torch.testing.assert_close(after.mean, 0.77 * state.mean + 0.23 * x[0])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("counted", [8, 5])
def test_scaled_is_apply_with_scale_and_shift(training, counted):
    weight = (torch.arange(8) < counted).double()
    scale, shift = torch.tensor([[0.5, -2.0, 1.5], [3.0, 0.1, -7.0]], dtype=torch.float64)
    state = batch_norm.State(
        torch.tensor([4.0, -2.0, 0.3], dtype=torch.float64),
        torch.tensor([0.5, 9.0, 1e-2], dtype=torch.float64),
    )
    for x in batches((8, 3, 4, 2), 3):
        y, after = batch_norm.apply(x, state, weight, HYPER, training)
        y = y * scale.view(3, 1, 1) + shift.view(3, 1, 1)
        found, state = batch_norm.scaled(x, state, weight, HYPER, training, scale, shift)
        assert torch.allclose(found, y, rtol=1e-11, atol=1e-11)
        for one, other in zip(state, after, strict=True):
            assert torch.allclose(one, other, rtol=1e-12)
