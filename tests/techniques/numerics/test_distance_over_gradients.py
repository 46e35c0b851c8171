"""Distance over gradients on numbers with known roots, and its average against the sum written out."""

import pytest
import torch

from shoal.techniques.numerics import distance_over_gradients


def test_distance_is_the_farthest_and_gradients_are_summed():
    start = torch.tensor([3.0, 4.0], dtype=torch.float64)
    state = distance_over_gradients.begin(start, 0.5, 7.0)
    sizes = []
    for x in (0.0, 6.0, 2.0):
        gradient = torch.tensor([0.0, 3.0], dtype=torch.float64)
        size, state = distance_over_gradients.step_size(state, start + torch.tensor([x, 0.0]), gradient, 8.0)
        sizes.append(float(size))
    assert sizes == pytest.approx([3 / 16**0.5, 6 / 25**0.5, 6 / 34**0.5], rel=1e-14)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
def test_weights_of_the_average_grow_as_a_polynomial(gamma):
    """With gamma 0 all weigh the same, with 1 as 1, 2, 3, ..., with 2 as 1·2, 2·3, 3·4, ..."""
    points = torch.randn(9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    state = distance_over_gradients.begin(points[0], 0.1, 1.0)
    for step in range(1, 9):
        _, state = distance_over_gradients.step_size(state, points[step - 1], points[0], gamma)
        numbers = torch.arange(1, step + 1, dtype=torch.float64)
        weight = {0.0: numbers**0, 1.0: numbers, 2.0: numbers * (numbers + 1)}[gamma]
        expected = (weight[:, None] * points[1 : step + 1]).sum(0) / weight.sum()
        mean = distance_over_gradients.average(state, points[step], gamma)
        torch.testing.assert_close(mean, expected, rtol=1e-12, atol=1e-13)
