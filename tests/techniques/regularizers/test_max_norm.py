"""Max-norm beside numpy unit by unit, and torch.renorm (which divides by the norm plus 10⁻⁷)."""

import numpy as np
import pytest
import torch

from shoal.techniques.regularizers import max_norm

SHAPES = [(6, 4), (6, 3, 2), (6, 3, 3, 2)]


def weight(shape):
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return drawn * torch.linspace(0.1, 3, shape[0], dtype=torch.float64).view(-1, *(1,) * (len(shape) - 1))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("bound", [0.5, 2.0, 1e3])
def test_equals_numpy_and_torchs_renorm(shape, bound, agrees_at):
    before = weight(shape)
    ours = max_norm.project(before, "matrix", max_norm.Hyper(torch.tensor(bound, dtype=torch.float64)))
    expected = before.numpy().copy()
    for unit in expected:
        unit *= min(1.0, bound / np.linalg.norm(unit.ravel()))
    agrees_at(max_norm, "numpy.linalg.norm", ours, torch.tensor(expected), rtol=1e-13)
    torch.testing.assert_close(ours, torch.renorm(before, 2, 0, bound), rtol=1e-6, atol=0)


@pytest.mark.parametrize("role", ["head", "embedding", "bias", "norm", "activation"])
def test_other_roles_are_left_alone(role):
    parameter = 100 * torch.ones(3, 2)
    assert max_norm.project(parameter, role, max_norm.Hyper()) is parameter


def test_a_unit_without_weights_stays_and_projecting_twice_is_projecting_once():
    before = torch.cat([torch.zeros(1, 4, dtype=torch.float64), weight((5, 4))])
    once = max_norm.project(before, "matrix", max_norm.Hyper(0.7))
    assert torch.equal(once[0], before[0]) and once.isfinite().all()
    torch.testing.assert_close(max_norm.project(once, "matrix", max_norm.Hyper(0.7)), once)
