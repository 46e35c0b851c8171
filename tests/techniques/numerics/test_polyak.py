"""Polyak's step size on a case with a known answer, and at its edges."""

import pytest
import torch

from shoal.techniques.numerics.polyak import step_size


@pytest.mark.parametrize(
    ("gap", "square", "most", "expected"),
    [
        (3.0, 4.0, 1.0, 0.75),
        (3.0, 4.0, 0.5, 0.5),
        (-3.0, 4.0, 1.0, 0.0),
        (3.0, 0.0, 1.0, 0.0),
        (0.0, 0.0, 1.0, 0.0),
    ],
)
def test_share_of_the_gap_up_to_the_most_and_none_without_direction(gap, square, most, expected):
    gap, square = torch.tensor(gap), torch.tensor(square)
    assert step_size(gap, square, most) == step_size(gap, square, torch.tensor(most)) == expected


def test_step_reaches_the_minimum_of_a_cone():
    """A loss of constant slope falls to its bound in one step."""
    point = torch.tensor([3.0, -4.0], dtype=torch.float64)
    slope = 2 * point / point.norm()
    size = step_size(2 * point.norm(), slope.square().sum(), 1e9)
    torch.testing.assert_close(point - size * slope, torch.zeros(2, dtype=torch.float64))
