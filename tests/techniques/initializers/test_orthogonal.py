"""Orthogonal beside torch.nn.init, and the lengths it promises to keep."""

import pytest
import torch

from shoal.errors import UserError
from shoal.techniques.initializers import orthogonal

SHAPES = [(5, 7), (64, 3), (8, 8), (1, 1), (6, 4, 3, 2), (40, 2, 3, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_torch_bit_by_bit(shape):
    ours = orthogonal.draw(shape, torch.Generator().manual_seed(7), orthogonal.Hyper(gain=1.7))
    witness = torch.nn.init.orthogonal_(torch.empty(shape), 1.7, generator=torch.Generator().manual_seed(7))
    assert torch.equal(ours, witness)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_shorter_side_is_orthonormal_times_gain(shape):
    matrix = orthogonal.draw(shape, torch.Generator().manual_seed(1), orthogonal.Hyper(gain=1.7)).flatten(1)
    matrix = (matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T).double()
    torch.testing.assert_close(
        matrix @ matrix.T, 1.7**2 * torch.eye(len(matrix), dtype=torch.float64), rtol=0, atol=1e-5
    )


def test_no_direction_is_preferred():
    """Without the sign correction, QR prefers one sign on the diagonal."""
    drawn = [
        orthogonal.draw((3, 3), torch.Generator().manual_seed(seed), orthogonal.Hyper())
        for seed in range(2000)
    ]
    standard_error = (1 / 3 / 2000) ** 0.5
    assert torch.stack(drawn).mean(0).abs().max().item() < 4 * standard_error


def test_vector_is_refused():
    with pytest.raises(UserError, match=r"shape \(3,\) cannot be orthogonal"):
        orthogonal.draw((3,), torch.Generator(), orthogonal.Hyper())
