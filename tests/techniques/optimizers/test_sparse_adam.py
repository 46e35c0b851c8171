"""SparseAdam beside torch.optim on sparse gradients, and what its formula promises."""

import torch

from shoal.techniques.kinds import Seen
from shoal.techniques.optimizers import adam, sgd, sparse_adam

KEY = torch.zeros((), dtype=torch.int64)
LR, BETAS, EPS = 0.02, (0.8, 0.95), 1e-3


def rows_at(parameter, step):
    """The gradient of an embedding [6, 4] of which this step's batch looks at some rows, at times at none."""
    source = torch.Generator().manual_seed(step)
    drawn = torch.rand(6, 1, generator=source) < (0.0 if step % 7 == 5 else 0.4)
    tilt = torch.randn(parameter.shape, generator=source, dtype=torch.float64)
    return torch.where(drawn, parameter + tilt, 0.0)


def start():
    return torch.linspace(-1, 1, 24, dtype=torch.float64).view(6, 4)


def test_follows_torch(agrees):
    parameter, hyper = start(), sparse_adam.Hyper(LR, *BETAS, EPS)
    state, path = sparse_adam.init(parameter, hyper), []
    weight = start().requires_grad_()
    optimizer, witness = torch.optim.SparseAdam([weight], lr=LR, betas=BETAS, eps=EPS), []
    for step in range(60):
        seen = Seen(rows_at(parameter, step), KEY, KEY)
        change, state = sparse_adam.update(seen, state, parameter, hyper)
        parameter = parameter + change
        path.append(parameter)
        weight.grad = rows_at(weight.detach(), step).to_sparse(1)
        optimizer.step()
        witness.append(weight.detach().clone())
    agrees(sparse_adam, "torch.optim.SparseAdam", path, witness)


def test_is_adam_where_no_gradient_is_zero(steps):
    """Without eps, which stands before the correction of v here and behind it in Adam."""
    path = steps(sparse_adam, sparse_adam.Hyper(LR, *BETAS, 1e-30))
    for one, other in zip(path, steps(adam, adam.Hyper(LR, *BETAS, 0.0)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


def test_an_element_without_gradient_keeps_its_value_and_moments():
    parameter, hyper = start(), sparse_adam.Hyper()
    state = sparse_adam.init(parameter, hyper)
    _, state = sparse_adam.update(Seen(parameter + 2, KEY, KEY), state, parameter, hyper)
    gradient = torch.where(parameter > 0, 1.0, 0.0)
    change, after = sparse_adam.update(Seen(gradient, KEY, KEY), state, parameter, hyper)
    still = gradient == 0
    assert (change[still] == 0).all() and (change[~still] != 0).all()
    assert torch.equal(after.mean[still], state.mean[still])
    assert torch.equal(after.square[still], state.square[still]) and after.step == 2


def test_large_eps_without_moments_is_sgd(steps):
    path = steps(sparse_adam, sparse_adam.Hyper(0.05 * 1e9, 0.0, 0.0, 1e9))
    for one, other in zip(path, steps(sgd, sgd.Hyper(0.05)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)
